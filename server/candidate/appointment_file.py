"""The appointment as a file for the candidate's calendar."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from aiohttp import web

from server.candidate.appointment_text import appointment_of
from server.candidate.views import invitation_of
from server.errors import UserError
from server.i18n import MESSAGES
from server.keys import DATABASE, MAILER, SETTINGS
from server.mail.address import Mailbox
from server.mail.invited import read_invited
from server.mail.letter import CalendarMethod, LetterKind
from server.mail.letters import entry_of
from server.mail.writing import letter_about


async def download(request: web.Request) -> web.Response:
    """An .ics file. Raises UserError appointment_none (404), and as the invitation's page."""
    invitation = await invitation_of(request)
    appointment = await appointment_of(request, invitation.interview_id)
    if appointment is None:
        raise UserError("appointment_none", status=404)
    mailer, now = request.app[MAILER], datetime.now(UTC)
    async with request.app[DATABASE].read() as connection:
        invited = await read_invited(connection, invitation.interview_id)
    letter = letter_about(invited, mailer, LetterKind.SCHEDULED, now, appointment=appointment)
    letter = replace(letter, calendar=CalendarMethod.PUBLISH)
    link = mailer.link(request.match_info["token"])
    sender = Mailbox.parse(request.app[SETTINGS].mail_from)
    response = web.Response(
        body=entry_of(letter, link, request.app[MESSAGES], sender), content_type="text/calendar", charset="utf-8"
    )
    response.headers["Content-Disposition"] = 'attachment; filename="interview.ics"'
    response.headers["Cache-Control"] = "no-store"
    return response
