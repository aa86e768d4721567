"""Calling an interview off, the same at every door: for good, with who and why; candidate and records are told."""

from __future__ import annotations

from datetime import datetime

from aiohttp import web

from server.errors import UserError
from server.interview.hr_commands import CancelInterview
from server.interview.interventions import reason_of
from server.interview.state import InterviewState, Status
from server.keys import DATABASE, INTERVIEWS, MAILER, RECORDS
from server.mail.invitations import cancel
from server.records.application import ApplicationState
from server.records.application_events import ApplicationEventBody, InterviewMoved


async def call_off(app: web.Application, interview_id: str, reason: str, by: str, now: datetime) -> InterviewState:
    """Where it stands then; again, nothing more happens.

    Before it begins: its links lead to a page that says so, the candidate gets a letter with the calendar entry's
    CANCEL, and its application knows. It cannot be taken up again: another interview is ordered. Begun: it ends as by
    `EndInterview`. Raises UserError as the command does: end_reason_missing (400), questions_over (409).
    """
    session = await app[INTERVIEWS].get(interview_id)
    # Refused before anything is written.
    reason = reason_of(reason)
    if session.state.status in (Status.INVITED, Status.READY):
        # First the letter and the calendar: cut off behind it, the same request makes up for the rest.
        await _take_back(app, interview_id, now)
    state: InterviewState = await session.execute(CancelInterview(reason, by))
    application_id = await app[RECORDS].applications.of_interview(interview_id)
    if application_id is not None and state.status is Status.CANCELLED:
        await app[RECORDS].acts.record(application_id, lambda held: _called_off(held, interview_id), now)
    return state


async def _take_back(app: web.Application, interview_id: str, now: datetime) -> None:
    try:
        async with app[DATABASE].begin() as connection:
            await cancel(connection, app.get(MAILER), interview_id, now)
    except UserError as error:
        # It began this very moment: then it ends as a running one.
        if error.code != "interview_begun":
            raise


def _called_off(state: ApplicationState, interview_id: str) -> list[ApplicationEventBody]:
    arranged = state.interview(interview_id)
    is_news = arranged is not None and arranged.status != Status.CANCELLED.value
    return [InterviewMoved(interview_id, Status.CANCELLED.value)] if is_news else []
