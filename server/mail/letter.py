"""One letter as it waits in the outbox: what it is about, to whom, with which link and appointment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from pydantic import TypeAdapter

from question_flows.model import Language

EMAIL_SEND = "email.send"
"""The type of the outbox message that carries a letter."""
DESTINATION = "email"
"""The connection that sends letters."""


class LetterKind(StrEnum):
    """What a letter tells; each has its own words in `web/locales/*/mail.json`."""

    INVITED = "invited"
    INVITED_AGAIN = "invited_again"
    """With a new link; earlier ones do not work any more."""
    SCHEDULED = "scheduled"
    RESCHEDULED = "rescheduled"
    CANCELLED = "cancelled"
    """The whole invitation is taken back."""
    DAY_BEFORE = "day_before"
    HOUR_BEFORE = "hour_before"
    UNUSED = "unused"
    """The link has not been opened and will soon expire."""
    EXPIRED = "expired"


class CalendarMethod(StrEnum):
    """As RFC 5546 has them."""

    REQUEST = "REQUEST"
    CANCEL = "CANCEL"
    PUBLISH = "PUBLISH"
    """To be looked at or kept, by whoever has the link."""


@dataclass(frozen=True, slots=True)
class Appointment:
    """A calendar entry. uid: the same for ever; sequence rises with every change. time_zone: an IANA name."""

    uid: str
    sequence: int
    starts_at: datetime
    ends_at: datetime
    time_zone: str


@dataclass(frozen=True, slots=True)
class Letter:
    """to: the address; name: of the candidate. job: what the interview is for. company, contact: may be empty.

    minutes: how long it takes at most. sealed_link: the address to open, readable with the mailer's key only; empty:
    there is none. expires_at: of the link. appointment: None: the candidate takes part whenever they like.
    calendar: which calendar entry goes along, None: none. written_at: the letter's date, and its entry's DTSTAMP.
    """

    kind: LetterKind
    to: str
    name: str
    language: Language
    job: str
    minutes: int
    company: str
    contact: str
    time_zone: str
    written_at: datetime
    sealed_link: str = ""
    expires_at: datetime | None = None
    appointment: Appointment | None = None
    calendar: CalendarMethod | None = None

    def is_outdated(self, now: datetime) -> bool:
        """Whether it tells nothing any more, having waited for a mail server: its link or its appointment is over."""
        if self.kind in (LetterKind.DAY_BEFORE, LetterKind.HOUR_BEFORE) and self.appointment is not None:
            return now >= self.appointment.starts_at
        return bool(self.sealed_link) and self.expires_at is not None and now >= self.expires_at


_LETTER = TypeAdapter(Letter)


def encode(letter: Letter) -> dict[str, Any]:
    """The letter as JSON-ready values: the `data` of its outbox message."""
    data: dict[str, Any] = _LETTER.dump_python(letter, mode="json")
    return data


def decode(data: Mapping[str, Any]) -> Letter:
    """The letter again. Raises pydantic.ValidationError."""
    return _LETTER.validate_python(data)
