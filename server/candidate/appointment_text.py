"""When the interview is planned, as the candidate's pages say it."""

from __future__ import annotations

from datetime import UTC, datetime

from aiohttp import web

from server.keys import DATABASE, INTERVIEWS, MAILER
from server.mail.appointments import read_appointment
from server.mail.letter import Appointment
from server.mail.letters import moment_text
from server.pages import page_language


async def appointment_of(request: web.Request, interview_id: str) -> Appointment | None:
    """The appointment that holds and is still to come, or None."""
    if MAILER not in request.app:
        return None
    async with request.app[DATABASE].read() as connection:
        kept = await read_appointment(connection, interview_id)
    if kept is None or kept.cancelled_at is not None or kept.appointment.ends_at <= datetime.now(UTC):
        return None
    return kept.appointment


async def appointment_text(request: web.Request, interview_id: str) -> str:
    """On the candidate's own clock, in the reader's language; empty: whenever they like."""
    appointment = await appointment_of(request, interview_id)
    if appointment is None:
        return ""
    state = await request.app[INTERVIEWS].state(interview_id)
    return moment_text(appointment.starts_at, appointment.time_zone, page_language(request, state.language))
