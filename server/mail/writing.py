"""Writing a letter about an interview, and putting it into the outbox in the caller's transaction."""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from question_flows.expected_time import expected_minutes
from server.errors import UserError
from server.mail.address import Mailbox
from server.mail.availability import zone_of
from server.mail.invited import InvitedInterview
from server.mail.letter import DESTINATION, EMAIL_SEND, Appointment, CalendarMethod, Letter, LetterKind, encode
from server.mail.mailer import Mailer
from server.storage import schema
from server.storage.outbox import OutboxMessage, enqueue
from server.storage.tokens import hash_of, new_token

USUAL_MINUTES = 45
"""How long an interview is taken to be whose flow is not there any more."""


def can_be_written_to(email: str) -> bool:
    """Whether a mail server would take the address."""
    try:
        Mailbox.of(email)
    except ValueError:
        return False
    return True


def minutes_of(invited: InvitedInterview, mailer: Mailer) -> int:
    """How long it takes at most."""
    flow = mailer.flows.get(invited.flow_id)
    return expected_minutes(flow)[1] if flow else USUAL_MINUTES


def letter_about(
    invited: InvitedInterview,
    mailer: Mailer,
    kind: LetterKind,
    now: datetime,
    *,
    appointment: Appointment | None = None,
) -> Letter:
    """The letter without a link and without a calendar entry."""
    flow = mailer.flows.get(invited.flow_id)
    job = invited.job_title or (flow.job[invited.language] if flow else invited.flow_id)
    zone = appointment.time_zone if appointment else known_zone(invited.time_zone)
    return Letter(
        kind=kind,
        to=invited.email,
        name=invited.name,
        language=invited.language,
        job=job,
        minutes=minutes_of(invited, mailer),
        company=mailer.company,
        contact=mailer.contact,
        time_zone=zone,
        written_at=now,
        expires_at=invited.expires_at,
        appointment=appointment,
    )


def known_zone(name: str | None) -> str:
    """The zone if it is one, else UTC."""
    try:
        return zone_of(name).key if name else "UTC"
    except UserError:
        return "UTC"


def cancellation(invited: InvitedInterview, mailer: Mailer, appointment: Appointment | None, now: datetime) -> Letter:
    """The letter that takes an invitation back. appointment: that was cancelled with it."""
    letter = letter_about(invited, mailer, LetterKind.CANCELLED, now, appointment=appointment)
    return replace(letter, calendar=CalendarMethod.CANCEL) if appointment else letter


async def with_link(
    connection: AsyncConnection, mailer: Mailer, invited: InvitedInterview, letter: Letter, now: datetime
) -> Letter:
    """With a link of its own, which expires when the earlier ones do; without one when they have.

    Links are kept as hashes, so that none can be sent twice.
    """
    if invited.expires_at is None or invited.expires_at <= now:
        return letter
    token = await issue_link(connection, invited.id, invited.expires_at)
    return replace(letter, sealed_link=mailer.sealed_link(token))


async def post(connection: AsyncConnection, invited: InvitedInterview, letter: Letter, now: datetime) -> None:
    """Puts the letter into the outbox, in the caller's transaction, behind the interview's earlier ones."""
    message = OutboxMessage(
        id=f"msg_{uuid.uuid4().hex}",
        interview_id=invited.id,
        application_id=invited.application_id,
        type=EMAIL_SEND,
        body={"type": EMAIL_SEND, "timestamp": now.isoformat(), "data": encode(letter)},
        destination=DESTINATION,
    )
    await enqueue(connection, [message], now)


async def issue_link(connection: AsyncConnection, interview_id: str, expires_at: datetime) -> str:
    """The token of one more link to the interview."""
    token = new_token()
    await connection.execute(
        schema.invitations.insert().values(token_hash=hash_of(token), interview_id=interview_id, expires_at=expires_at)
    )
    return token
