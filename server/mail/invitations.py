"""Inviting by e-mail: every letter is an outbox message, in one transaction with what it tells."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from server.errors import UserError
from server.mail.appointments import cancel_appointment, put_appointment, read_appointment
from server.mail.availability import choose, windows_of, zone_of
from server.mail.invited import CANCELLED, InvitedInterview, read_invited
from server.mail.letter import Appointment, CalendarMethod, Letter, LetterKind
from server.mail.mailer import Mailer
from server.mail.reminder_rows import forget_reminders, plan_reminders
from server.mail.writing import can_be_written_to, cancellation, issue_link, letter_about, minutes_of, post, with_link
from server.storage import schema
from server.storage.tokens import hash_of


@dataclass(frozen=True, slots=True)
class Slot:
    """When an interview is to be. starts_at: aware. time_zone: an IANA name, the candidate's."""

    starts_at: datetime
    time_zone: str


async def invite_by_mail(
    connection: AsyncConnection,
    mailer: Mailer | None,
    interview_id: str,
    token: str,
    now: datetime,
    *,
    slot: Slot | None = None,
    choose_slot: bool = True,
    kind: LetterKind = LetterKind.INVITED,
) -> bool:
    """Puts the invitation's letter into the outbox, in the caller's transaction, and plans its reminders.

    token: of the link, just issued. slot: the appointment; without one and with choose_slot it is chosen from the
    candidate's stated availability, if any. Gives False, and nothing is written, when letters cannot be sent
    (mailer is None) or the candidate has no address that mail can go to: the link has to be passed on by hand.
    Raises UserError interview_unknown (404), and as `schedule` for the slot.
    """
    if mailer is None:
        return False
    invited = await read_invited(connection, interview_id)
    if invited.is_trial or not can_be_written_to(invited.email):
        return False
    expires_at = await connection.scalar(
        sa.select(schema.invitations.c.expires_at).where(schema.invitations.c.token_hash == hash_of(token))
    )
    if expires_at is None:
        raise UserError("link_unknown", status=404)
    if slot is None and choose_slot:
        slot = chosen_slot(invited, mailer, now, expires_at)
    appointment = None
    if slot is not None:
        appointment = await _put(connection, mailer, invited, slot, now, expires_at)
    await plan_reminders(connection, interview_id, now, expires_at, appointment, anew=True)
    letter = letter_about(invited, mailer, kind, now, appointment=appointment)
    letter = replace(letter, sealed_link=mailer.sealed_link(token), expires_at=expires_at)
    await post(connection, invited, letter if appointment is None else _with_entry(letter), now)
    return True


async def schedule(
    connection: AsyncConnection, mailer: Mailer, interview_id: str, slot: Slot, now: datetime
) -> Appointment:
    """Makes or moves the appointment of an interview that was invited, and writes to the candidate.

    The same time again writes nothing. Raises UserError interview_unknown (404), interview_begun, interview_called_off,
    link_gone (no link works any more, invite again), address_missing (each 409), time_zone_unknown, appointment_past,
    appointment_after_expiry.
    """
    invited = await _not_begun(connection, interview_id)
    _needs_address(invited)
    # Once the link was opened the page stays open to its browser, however long ago the link expired.
    if invited.expires_at is None or (invited.expires_at <= now and not invited.is_opened):
        raise UserError("link_gone", status=409)
    kept = await read_appointment(connection, interview_id)
    before = kept.appointment if kept and kept.cancelled_at is None else None
    if before is not None and (before.starts_at, before.time_zone) == (slot.starts_at, slot.time_zone):
        return before
    appointment = await _put(connection, mailer, invited, slot, now, invited.expires_at)
    await plan_reminders(connection, interview_id, now, invited.expires_at, appointment)
    kind = LetterKind.RESCHEDULED if before else LetterKind.SCHEDULED
    letter = letter_about(invited, mailer, kind, now, appointment=appointment)
    await post(connection, invited, _with_entry(await with_link(connection, mailer, invited, letter, now)), now)
    return appointment


async def cancel(connection: AsyncConnection, mailer: Mailer | None, interview_id: str, now: datetime) -> bool:
    """Takes links, calendar entry and reminders back, and writes so; what calls an interview off is calling_off.py.

    Gives whether a letter tells the candidate; none does twice, nor without a mailer or an address. Raises UserError
    interview_unknown (404), interview_begun, interview_called_off (409).
    """
    invited = await _not_begun(connection, interview_id)
    ended = await _end_links(connection, interview_id, now)
    sessions = schema.candidate_sessions
    opened = await connection.execute(sessions.delete().where(sessions.c.interview_id == interview_id))
    appointment = await cancel_appointment(connection, interview_id, now)
    await forget_reminders(connection, interview_id)
    nothing_to_tell = not ended and not opened.rowcount and appointment is None
    if mailer is None or nothing_to_tell or invited.is_trial or not can_be_written_to(invited.email):
        return False
    await post(connection, invited, cancellation(invited, mailer, appointment, now), now)
    return True


async def invite_again(
    connection: AsyncConnection, mailer: Mailer | None, interview_id: str, now: datetime, expires_at: datetime
) -> tuple[str, bool]:
    """A new link in the place of earlier ones: (its token, whether a letter brings it).

    Raises UserError interview_unknown (404), interview_begun, interview_called_off (409).
    """
    await _not_begun(connection, interview_id)
    await _end_links(connection, interview_id, now)
    token = await issue_link(connection, interview_id, expires_at)
    kept = await read_appointment(connection, interview_id)
    slot = None
    if kept is not None and kept.cancelled_at is None and now < kept.appointment.starts_at < expires_at:
        slot = Slot(kept.appointment.starts_at, kept.appointment.time_zone)
    sent = await invite_by_mail(connection, mailer, interview_id, token, now, slot=slot, kind=LetterKind.INVITED_AGAIN)
    return token, sent


def chosen_slot(invited: InvitedInterview, mailer: Mailer, now: datetime, expires_at: datetime) -> Slot | None:
    """A time inside what the candidate has stated, on their own clock; None when nothing is stated, or nothing fits."""
    windows = windows_of(invited.availability)
    if not windows or invited.time_zone is None:
        return None
    try:
        zone = zone_of(invited.time_zone)
    except UserError:
        # As another system has it; people choose the time then.
        return None
    starts_at = choose(windows, zone, timedelta(minutes=minutes_of(invited, mailer)), now, expires_at)
    return Slot(starts_at, invited.time_zone) if starts_at else None


def _with_entry(letter: Letter) -> Letter:
    return replace(letter, calendar=CalendarMethod.REQUEST)


async def _not_begun(connection: AsyncConnection, interview_id: str) -> InvitedInterview:
    invited = await read_invited(connection, interview_id)
    if invited.status == CANCELLED:
        raise UserError("interview_called_off", status=409)
    if invited.has_begun:
        raise UserError("interview_begun", status=409)
    return invited


def _needs_address(invited: InvitedInterview) -> None:
    if invited.is_trial or not can_be_written_to(invited.email):
        raise UserError("address_missing", status=409)


async def _put(
    connection: AsyncConnection,
    mailer: Mailer,
    invited: InvitedInterview,
    slot: Slot,
    now: datetime,
    expires_at: datetime,
) -> Appointment:
    zone = zone_of(slot.time_zone)
    if slot.starts_at <= now:
        raise UserError("appointment_past", field="starts_at")
    ends_at = slot.starts_at + timedelta(minutes=minutes_of(invited, mailer))
    if ends_at > expires_at and not invited.is_opened:
        raise UserError("appointment_after_expiry", field="starts_at")
    uid = f"{invited.id}@{mailer.domain}"
    return await put_appointment(connection, invited.id, uid, slot.starts_at, ends_at, zone.key)


async def _end_links(connection: AsyncConnection, interview_id: str, now: datetime) -> int:
    """Unopened links open nothing from now on; how many there were."""
    table = schema.invitations
    changed = await connection.execute(
        table.update()
        .where(table.c.interview_id == interview_id, table.c.redeemed_at.is_(None), table.c.expires_at > now)
        .values(expires_at=now)
    )
    return changed.rowcount
