"""When a candidate is reminded of what: pure; the table that holds it, and the worker, are in `reminders.py`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from server.mail.letter import Appointment, LetterKind

BEFORE_EXPIRY = timedelta(days=3)
AFTER_APPOINTMENT = timedelta(hours=2)
"""How long after a missed appointment the candidate is told that the link still works."""
STALE: Mapping[LetterKind, timedelta] = {
    LetterKind.DAY_BEFORE: timedelta(hours=12),
    LetterKind.HOUR_BEFORE: timedelta(minutes=50),
    LetterKind.UNUSED: timedelta(days=2),
    LetterKind.EXPIRED: timedelta(days=3),
}
"""How late a reminder may go out, the server having been down, say; after that it would only confuse."""


def plan(now: datetime, expires_at: datetime, appointment: Appointment | None) -> dict[LetterKind, datetime]:
    """Each reminder that is still to come, and when. expires_at: of the link."""
    due = {LetterKind.EXPIRED: expires_at, LetterKind.UNUSED: expires_at - min(BEFORE_EXPIRY, (expires_at - now) / 2)}
    if appointment is not None:
        due[LetterKind.DAY_BEFORE] = appointment.starts_at - timedelta(days=1)
        due[LetterKind.HOUR_BEFORE] = appointment.starts_at - timedelta(hours=1)
        due[LetterKind.UNUSED] = max(due[LetterKind.UNUSED], appointment.ends_at + AFTER_APPOINTMENT)
    if due[LetterKind.UNUSED] >= expires_at:
        del due[LetterKind.UNUSED]
    return {kind: at for kind, at in due.items() if at > now}


def is_stale(kind: LetterKind, due_at: datetime, now: datetime) -> bool:
    """Whether it is too late for it."""
    return now - due_at > STALE[kind]
