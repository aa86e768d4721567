"""What HR's forms say of letters: whether one is sent, and for when the interview is planned."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncConnection

from question_flows.expected_time import expected_minutes
from question_flows.model import Language
from server.errors import UserError
from server.i18n import MESSAGES
from server.interview.inviting import Invited
from server.keys import FLOWS, MAILER, SETTINGS
from server.mail.availability import zone_of
from server.mail.invitations import Slot, invite_by_mail
from server.mail.letter import Letter, LetterKind
from server.mail.letters import messenger_text
from server.mail.mailer import Mailer
from server.mail.writing import can_be_written_to


class Letters:
    """Writes a letter for each new interview, in its transaction. told: those that one was written for."""

    def __init__(self, mailer: Mailer, now: datetime, slot: Slot | None = None) -> None:
        self.told: set[str] = set()
        self._mailer = mailer
        self._now = now
        self._slot = slot

    async def __call__(self, connection: AsyncConnection, made: Sequence[Invited]) -> None:
        for one in made:
            if await invite_by_mail(connection, self._mailer, one.interview_id, one.token, self._now, slot=self._slot):
                self.told.add(one.interview_id)


def letters_of(request: web.Request, sent: Mapping[str, str], now: datetime) -> Letters | None:
    """What the form asks for; None: no letters. Raises UserError appointment_time_wrong, time_zone_unknown."""
    mailer = request.app.get(MAILER)
    if mailer is None or not sent.get("by_mail"):
        return None
    return Letters(mailer, now, slot_of(sent))


def slot_of(sent: Mapping[str, str]) -> Slot | None:
    """The appointment of the form's fields; None: no time is given. Raises UserError as `letters_of`."""
    text = sent.get("starts_at", "").strip()
    if not text:
        return None
    zone = zone_of(sent.get("time_zone", ""))
    try:
        # As <input type="datetime-local"> sends it: a clock's time, without a zone.
        starts_at = datetime.strptime(text, "%Y-%m-%dT%H:%M").replace(tzinfo=zone)
    except ValueError:
        raise UserError("appointment_time_wrong", field="starts_at") from None
    return Slot(starts_at, zone.key)


def check_address(sent: Mapping[str, str], letters: Letters | None) -> None:
    """Raises UserError letter_needs_address: a letter is wanted, and there is no address that mail can go to."""
    if letters is not None and not can_be_written_to(sent.get("email", "")):
        raise UserError("letter_needs_address", field="email")


def mail_fields(request: web.Request, sent: Mapping[str, str]) -> dict[str, Any]:
    """For the template: whether letters can be sent, and whether one is asked for, as it is unless somebody says no."""
    return {"can_mail": MAILER in request.app, "by_mail": bool(sent.get("by_mail")) or "form_id" not in sent}


def text_to_pass_on(
    request: web.Request, name: str, language: Language, flow_id: str, job: str, link: str, expires_at: datetime
) -> str:
    """The invitation as a few lines for any messenger, in the candidate's language. job: empty: the flow's."""
    flow, settings = request.app[FLOWS][flow_id], request.app[SETTINGS]
    letter = Letter(
        kind=LetterKind.INVITED,
        to="",
        name=name,
        language=language,
        job=job or flow.job[language],
        minutes=expected_minutes(flow)[1],
        company=settings.company_name,
        contact=settings.privacy_contact,
        time_zone="UTC",
        written_at=expires_at,
        expires_at=expires_at,
    )
    return messenger_text(letter, link, request.app[MESSAGES])
