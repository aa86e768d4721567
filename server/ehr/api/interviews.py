"""Interviews over the API: ordered, looked at, called off."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from pydantic import Field

from question_flows.model import Language
from server.ehr.api.addresses import base_url
from server.ehr.api.declaring import Call, operation
from server.ehr.api.fields import Id, PageQuery
from server.ehr.api.interview_models import CancelIn, Cancelled, Interview, InterviewIn, InterviewPage, Ordered
from server.errors import UserError
from server.interview.hr_commands import CancelInterview
from server.interview.inviting import AlreadyInvited, Wanted
from server.interview.state import InterviewState, Status
from server.keys import DATABASE, INTERVIEWS, SETTINGS
from server.storage import schema
from server.storage.api_keys import Scope
from server.storage.candidates import Candidates
from server.storage.jobs import Jobs
from server.storage.paging import Order, cursor_of, read_page


class InterviewsQuery(PageQuery):
    """Which interviews."""

    status: Status | None = Field(None, description="Only those that stand there.")
    job_id: Id | None = None
    candidate_id: Id | None = None
    application_id: Id | None = None


@operation("POST", "/interviews", scope=Scope.INTERVIEWS_WRITE, status=201, refuses=(404,))
async def order_interview(call: Call, body: InterviewIn) -> Ordered:
    """Orders an interview and answers with the candidate's link.

    With `job_id` its flow is asked; else name a `flow_id`. Who is known by `candidate_id` or by the e-mail address is
    the same candidate again.
    """
    database, interviews = call.app[DATABASE], call.app[INTERVIEWS]
    candidate = await Candidates(database).get(body.candidate_id) if body.candidate_id else None
    job = await Jobs(database).get(body.job_id) if body.job_id else None
    flow_id = body.flow_id or (job.flow_id if job else None)
    if flow_id is None:
        raise UserError("field_missing", field="flow_id", params={"field": "flow_id"})
    wanted = Wanted(
        flow_id=flow_id,
        language=body.language,
        candidate_name=body.candidate_name or (candidate.name if candidate else ""),
        email=body.email or (candidate.email or "" if candidate else ""),
        jurisdiction=body.jurisdiction or call.app[SETTINGS].jurisdiction,
        job_id=job.id if job else None,
        candidate_id=candidate.id if candidate else None,
        interview_id=call.operation_id,
    )
    link = None
    try:
        [made] = await interviews.invite_all([wanted], call.now)
        link = f"{base_url(call.request)}/i/{made.token}"
    except AlreadyInvited:
        # An order that was cut off with its server after it had been written.
        pass
    row = await interviews.event_log.row(call.operation_id)
    return Ordered(
        id=call.operation_id,
        candidate_id=row.candidate_id if row else None,
        link=link,
        expires_at=call.now + timedelta(days=call.app[SETTINGS].invitation_days),
    )


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
    page = await read_page(call.app[DATABASE], wanted, order, cursor_of(query.cursor), _row, query.limit)
    return InterviewPage(items=list(page.rows), next=page.after)


@operation("GET", "/interviews/{interview_id}", scope=Scope.INTERVIEWS_READ)
async def get_interview(call: Call, interview_id: str) -> Interview:
    """Says where an interview stands."""
    table = schema.interviews
    async with call.app[DATABASE].read() as connection:
        found = (await connection.execute(sa.select(table).where(table.c.id == interview_id))).one_or_none()
    if found is None or found.is_trial:
        raise UserError("interview_unknown", status=404)
    return _row(found)


@operation("POST", "/interviews/{interview_id}/cancel", scope=Scope.INTERVIEWS_WRITE, refuses=(503,))
async def cancel_interview(call: Call, interview_id: str, body: CancelIn) -> Cancelled:
    """Calls an interview off.

    Before it begins, the link leads to a page that says so. While it runs, nothing more is asked, and what was answered
    is scored and reported. 409 once it is over.
    """
    await known(call, interview_id)
    session = await call.app[INTERVIEWS].get(interview_id)
    state = await session.execute(CancelInterview(body.reason, call.by))
    row = await call.app[INTERVIEWS].event_log.row(interview_id)
    return Cancelled(id=interview_id, candidate_id=row.candidate_id if row else None, status=state.status.value)


async def known(call: Call, interview_id: str) -> InterviewState:
    """Where it stands. Raises UserError interview_unknown (404), also for one that HR only tries out."""
    row = await call.app[INTERVIEWS].event_log.row(interview_id)
    if row is None or row.is_trial:
        raise UserError("interview_unknown", status=404)
    state: InterviewState = await call.app[INTERVIEWS].state(interview_id)
    return state


def _row(row: sa.Row[Any]) -> Interview:
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
        total=row.total,
        decision=row.decision,
        created_at=row.created_at,
        completed_at=row.completed_at,
    )
