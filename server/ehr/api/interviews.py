"""Interviews over the API: ordered, looked at, called off."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from pydantic import Field
from sqlalchemy.ext.asyncio import AsyncConnection

from question_flows.model import Language
from server.calling_off import call_off
from server.ehr.api.addresses import base_url
from server.ehr.api.declaring import Call, operation
from server.ehr.api.fields import Id, PageQuery, cursor_in
from server.ehr.api.interview_models import CancelIn, Cancelled, Interview, InterviewIn, InterviewPage, Ordered
from server.errors import UserError
from server.interview.inviting import AlreadyInvited, Invited, Wanted
from server.interview.state import InterviewState, Status
from server.keys import DATABASE, INTERVIEWS, MAILER, RECORDS, SETTINGS
from server.mail.invitations import invite_by_mail
from server.storage import schema
from server.storage.api_keys import Scope
from server.storage.candidates import Candidates
from server.storage.jobs import Jobs
from server.storage.paging import Order, read_page


class InterviewsQuery(PageQuery):
    """Which interviews."""

    status: Status | None = Field(None, description="Only those that stand there.")
    job_id: Id | None = None
    candidate_id: Id | None = None
    application_id: Id | None = None


@operation("POST", "/interviews", scope=Scope.INTERVIEWS_WRITE, status=201, refuses=(404,))
async def order_interview(call: Call, body: InterviewIn) -> Ordered:
    """Orders an interview and answers with the candidate's link.

    With `application_id` it is the application's next round. Directly, `job_id` or `flow_id` says what is asked; who is
    known by `candidate_id` or by the e-mail address is the same candidate again. Where letters can be sent and there is
    an address, the candidate gets one.
    """
    if body.application_id is None:
        token, is_told = await _directly(call, body)
    else:
        token, is_told = await _for_application(call, body.application_id, body)
    row = await call.app[INTERVIEWS].event_log.row(call.operation_id)
    return Ordered(
        id=call.operation_id,
        candidate_id=row.candidate_id if row else None,
        is_told=is_told,
        link=f"{base_url(call.request)}/i/{token}" if token else None,
        expires_at=call.now + timedelta(days=call.app[SETTINGS].invitation_days),
    )


async def _for_application(call: Call, application_id: str, body: InterviewIn) -> tuple[str | None, bool]:
    """(the link's token, whether the candidate is told); no token for what was ordered before."""
    said = body.model_dump(exclude_defaults=True).keys() - {"application_id", "flow_id"}
    if said:
        field = min(said)
        raise UserError("field_unknown", field=field, params={"field": field})
    made = await call.app[RECORDS].acts.order_interview(
        application_id, call.by, call.now, flow_id=body.flow_id, interview_id=call.operation_id
    )
    return (made.token, made.is_told) if made else (None, False)


async def _directly(call: Call, body: InterviewIn) -> tuple[str | None, bool]:
    database, told = call.app[DATABASE], [False]
    candidate = await Candidates(database).get(body.candidate_id) if body.candidate_id else None
    job = await Jobs(database).get(body.job_id) if body.job_id else None
    flow_id = body.flow_id or (job.flow_id if job else None)
    if flow_id is None:
        raise UserError("field_missing", field="flow_id", params={"field": "flow_id"})
    language = body.language or (Language(candidate.language) if candidate else None)
    wanted = Wanted(
        flow_id=flow_id,
        language=language or call.app[SETTINGS].language,
        candidate_name=body.candidate_name or (candidate.name if candidate else ""),
        email=body.email or (candidate.email or "" if candidate else ""),
        jurisdiction=body.jurisdiction or call.app[SETTINGS].jurisdiction,
        job_id=job.id if job else None,
        candidate_id=candidate.id if candidate else None,
        interview_id=call.operation_id,
    )

    async def write(connection: AsyncConnection, made: Sequence[Invited]) -> None:
        mailer = call.app.get(MAILER)
        told[0] = await invite_by_mail(connection, mailer, made[0].interview_id, made[0].token, call.now)

    try:
        [made] = await call.app[INTERVIEWS].invite_all([wanted], call.now, write)
    except AlreadyInvited:
        # An order that was cut off with its server after it had been written.
        return None, False
    return made.token, told[0]


@operation("GET", "/interviews", scope=Scope.INTERVIEWS_READ)
async def list_interviews(call: Call, query: InterviewsQuery) -> InterviewPage:
    """Lists interviews, the newest first."""
    table = schema.interviews
    wanted = sa.select(table).where(table.c.is_trial.is_(False))
    for name in ("status", "job_id", "candidate_id", "application_id"):
        value = getattr(query, name)
        if value is not None:
            wanted = wanted.where(table.c[name] == value)
    order = Order(table.c.created_at, table.c.id, descending=True)
    page = await read_page(
        call.app[DATABASE], wanted, order, cursor_in(query), lambda row: _row(call, row), query.limit
    )
    return InterviewPage(items=list(page.rows), next=page.after)


@operation("GET", "/interviews/{interview_id}", scope=Scope.INTERVIEWS_READ)
async def get_interview(call: Call, interview_id: str) -> Interview:
    """Says where an interview stands."""
    table = schema.interviews
    async with call.app[DATABASE].read() as connection:
        found = (await connection.execute(sa.select(table).where(table.c.id == interview_id))).one_or_none()
    if found is None or found.is_trial:
        raise UserError("interview_unknown", status=404)
    return _row(call, found)


@operation("POST", "/interviews/{interview_id}/cancel", scope=Scope.INTERVIEWS_WRITE, refuses=(503,))
async def cancel_interview(call: Call, interview_id: str, body: CancelIn) -> Cancelled:
    """Calls an interview off, for good: as HR's "Cancel the interview" does.

    Before it begins, the candidate gets a letter, their calendar entry is cancelled (iCalendar CANCEL), and the link
    leads to a page that says so; to invite after all, order another interview. While it runs, nothing more is asked,
    and what was answered is scored and reported. 409 once it is over.
    """
    await known(call, interview_id)
    state = await call_off(call.app, interview_id, body.reason, call.by, call.now)
    row = await call.app[INTERVIEWS].event_log.row(interview_id)
    return Cancelled(id=interview_id, candidate_id=row.candidate_id if row else None, status=state.status.value)


async def known(call: Call, interview_id: str) -> InterviewState:
    """Where it stands. Raises UserError interview_unknown (404), also for one that HR only tries out."""
    row = await call.app[INTERVIEWS].event_log.row(interview_id)
    if row is None or row.is_trial:
        raise UserError("interview_unknown", status=404)
    state: InterviewState = await call.app[INTERVIEWS].state(interview_id)
    return state


def _row(call: Call, row: sa.Row[Any]) -> Interview:
    return Interview(
        id=row.id,
        candidate_id=row.candidate_id,
        candidate_name=row.candidate_name,
        job_id=row.job_id,
        application_id=row.application_id,
        round=row.round,
        flow_id=row.flow_id,
        language=Language(row.language),
        status=row.status,
        total=row.total if call.sees_scores else None,
        decision=row.decision if call.sees_scores else None,
        created_at=row.created_at,
        completed_at=row.completed_at,
    )
