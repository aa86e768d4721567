"""One invitation after it was sent: was its link opened, its appointment, its letters; moved, cancelled, made anew."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncConnection

from server.calling_off import call_off
from server.errors import UserError
from server.hr.access import USER
from server.hr.by_mail import slot_of, text_to_pass_on
from server.hr.forms import form_fields
from server.hr.invitations import link_of
from server.hr.monitor import state_of
from server.i18n import MESSAGES
from server.keys import DATABASE, FLOWS, MAILER, SETTINGS
from server.mail.appointments import read_appointment
from server.mail.invitations import invite_again, schedule
from server.mail.invited import CANCELLED, InvitedInterview, read_invited
from server.mail.letter import DESTINATION
from server.mail.letters import moment_text
from server.mail.writing import can_be_written_to, known_zone
from server.pages import page_language, render
from server.storage import schema


@dataclass(frozen=True, slots=True)
class SentLetter:
    """A letter as HR's page lists it. state: "delivered", "waiting" or "given_up"; error: of the last attempt."""

    kind: str
    at: datetime
    state: str
    error: str


async def page(request: web.Request) -> web.StreamResponse:
    """How the invitation stands."""
    return await _page(request)


async def plan(request: web.Request) -> web.StreamResponse:
    """Makes or moves the appointment, and writes to the candidate."""
    await state_of(request)
    sent, now = await form_fields(request), datetime.now(UTC)
    try:
        mailer = request.app.get(MAILER)
        if mailer is None:
            raise UserError("mail_not_set_up", status=409)
        slot = slot_of(sent)
        if slot is None:
            raise UserError("appointment_time_wrong", field="starts_at")
        async with request.app[DATABASE].begin() as connection:
            await schedule(connection, mailer, request.match_info["interview_id"], slot, now)
    except UserError as error:
        return await _page(request, sent, error)
    raise web.HTTPSeeOther(_address(request))


async def take_back(request: web.Request) -> web.StreamResponse:
    """Calls the interview off for good: the candidate is told, its link opens nothing any more."""
    await state_of(request)
    sent, interview_id = await form_fields(request), request.match_info["interview_id"]
    try:
        async with request.app[DATABASE].read() as connection:
            invited = await read_invited(connection, interview_id)
            if invited.has_begun and invited.status != CANCELLED:
                # Pages end a running interview on its own page, where it is seen.
                raise UserError("interview_begun", status=409)
        await call_off(request.app, interview_id, sent.get("reason", ""), request[USER].email, datetime.now(UTC))
    except UserError as error:
        return await _page(request, sent, error)
    raise web.HTTPSeeOther(_address(request))


async def again(request: web.Request) -> web.StreamResponse:
    """A new link in the place of earlier ones, shown once."""
    await state_of(request)
    now, interview_id = datetime.now(UTC), request.match_info["interview_id"]
    expires_at = now + timedelta(days=request.app[SETTINGS].invitation_days)
    try:
        async with request.app[DATABASE].begin() as connection:
            token, told = await invite_again(connection, request.app.get(MAILER), interview_id, now, expires_at)
            invited = await read_invited(connection, interview_id)
    except UserError as error:
        return await _page(request, error=error)
    link = link_of(request, token)
    text = ""
    if invited.flow_id in request.app[FLOWS]:
        text = text_to_pass_on(
            request, invited.name, invited.language, invited.flow_id, invited.job_title or "", link, expires_at
        )
    return render(
        request,
        "hr_invited.html",
        user=request[USER],
        name=invited.name,
        interview_id=interview_id,
        link=link,
        expires_at=expires_at,
        told=invited.email if told else "",
        can_mail=MAILER in request.app,
        message=text,
        message_language=invited.language.value,
    )


async def _page(
    request: web.Request, sent: Mapping[str, str] | None = None, error: UserError | None = None
) -> web.Response:
    await state_of(request)
    interview_id, now, language = request.match_info["interview_id"], datetime.now(UTC), page_language(request)
    async with request.app[DATABASE].read() as connection:
        invited = await read_invited(connection, interview_id)
        kept = await read_appointment(connection, interview_id)
        letters = await _letters(connection, interview_id)
    appointment = kept.appointment if kept and kept.cancelled_at is None else None
    zone = appointment.time_zone if appointment else invited.time_zone
    return render(
        request,
        "hr_invitation.html",
        status=error.status if error else 200,
        user=request[USER],
        interview_id=interview_id,
        name=invited.name,
        email=invited.email,
        has_begun=invited.has_begun,
        link_state=_link_state(invited, now),
        expires_at=invited.expires_at,
        when=moment_text(appointment.starts_at, appointment.time_zone, language) if appointment else "",
        letters=letters,
        can_mail=MAILER in request.app,
        can_write=can_be_written_to(invited.email) and not invited.is_trial,
        sent=sent or {"time_zone": known_zone(zone) if zone else ""},
        field=error.field if error else None,
        problem=request.app[MESSAGES].text(language, f"error.{error.code}", error.params) if error else "",
    )


def _link_state(invited: InvitedInterview, now: datetime) -> str:
    if invited.status == CANCELLED:
        return "called_off"
    if invited.has_begun:
        return "begun"
    if invited.waits(now):
        return "waiting"
    return "opened" if invited.is_opened else "expired"


async def _letters(connection: AsyncConnection, interview_id: str) -> list[SentLetter]:
    table = schema.outbox.c
    query = (
        sa.select(table.body, table.created_at, table.delivered_at, table.dead, table.last_error)
        .where(table.interview_id == interview_id, table.destination == DESTINATION)
        .order_by(table.position)
    )
    return [
        SentLetter(
            row.body["data"]["kind"],
            row.created_at,
            "delivered" if row.delivered_at else "given_up" if row.dead else "waiting",
            row.last_error or "",
        )
        for row in (await connection.execute(query)).all()
    ]


def _address(request: web.Request) -> str:
    return f"/hr/interviews/{request.match_info['interview_id']}/invitation"
