"""A form that invites carries an id, from which those of its interviews follow: sent twice, it invites once."""

from __future__ import annotations

import secrets
from hashlib import sha256

LONGEST = 64


def new_form_id() -> str:
    """For a form that is shown for the first time."""
    return secrets.token_hex(16)


def interview_id_of(form_id: str, user_id: str, row: int) -> str | None:
    """The id of the interview that this row of the form makes; None, a new one each time, without the form's id."""
    if not form_id:
        return None
    return sha256(f"{user_id} {form_id[:LONGEST]} {row}".encode()).hexdigest()[:32]
