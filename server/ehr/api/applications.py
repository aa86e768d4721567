"""Applications over the API: opened, followed, closed by a person."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from server.ehr.api.declaring import Call, operation
from server.ehr.api.fields import Id, PageQuery, cursor_in
from server.ehr.api.record_models import (
    Application,
    ApplicationIn,
    ApplicationPage,
    ApplicationWithHistory,
    CloseIn,
    Happening,
)
from server.ehr.api.remote import remote_ids_of
from server.errors import UserError
from server.keys import DATABASE, RECORDS
from server.records import applications as stored
from server.records.application_events import ApplicationEventBody, ReportReceived, RuleFired, Step, encode
from server.records.application_log import ApplicationLog
from server.records.remote_ids import APPLICATION, RemoteIds
from server.storage.api_keys import Scope


class ApplicationsQuery(PageQuery):
    """Which applications."""

    step: Step | None = None
    is_open: bool | None = Field(None, description="Only open ones, or only closed ones.")
    job_id: Id | None = None
    candidate_id: Id | None = None


@operation("POST", "/applications", scope=Scope.APPLICATIONS_WRITE, refuses=(404,))
async def open_application(call: Call, body: ApplicationIn) -> Application:
    """Opens a candidate's application for a job; one that is open already is answered as it is.

    The console's rules carry it on from there, such as by ordering the interview.
    """
    database = call.app[DATABASE]
    applications, ids = stored.Applications(database), RemoteIds(database)
    application_id = await applications.open_for(body.candidate_id, body.job_id, call.key.system, call.now)
    if body.remote_id is not None:
        known = await ids.keep(call.key.system, APPLICATION, body.remote_id, application_id, call.now)
        if known != application_id:
            raise UserError("remote_id_taken", status=409, field="remote_id")
    await call.app[RECORDS].carry_on(application_id, call.now)
    return await _application(call, application_id)


@operation("GET", "/applications", scope=Scope.APPLICATIONS_READ)
async def list_applications(call: Call, query: ApplicationsQuery) -> ApplicationPage:
    """Lists applications, the newest first."""
    wanted = stored.Filter(step=query.step, is_open=query.is_open, job_id=query.job_id, candidate_id=query.candidate_id)
    page = await stored.Applications(call.app[DATABASE]).page(wanted, cursor_in(query), query.limit)
    theirs = await remote_ids_of(call, APPLICATION, [one.id for one in page.rows])
    return ApplicationPage(items=[_shown(call, one, theirs.get(one.id)) for one in page.rows], next=page.after)


@operation("GET", "/applications/{application_id}", scope=Scope.APPLICATIONS_READ, audited="application_read")
async def get_application(call: Call, application_id: str) -> ApplicationWithHistory:
    """Reads one application with its step and everything that happened to it."""
    shown = await _application(call, application_id)
    events = await ApplicationLog(call.app[DATABASE]).read(application_id)
    told = encode if call.sees_scores else without_totals
    history = [Happening(seq=one.seq, at=one.at, type=one.type, data=told(one.body)) for one in events]
    return ApplicationWithHistory(**shown.model_dump(), history=history)


@operation("POST", "/applications/{application_id}/close", scope=Scope.APPLICATIONS_WRITE)
async def close_application(call: Call, application_id: str, body: CloseIn) -> Application:
    """Closes an application: a person's act in your system, named with their reason.

    409 when it was closed otherwise before.
    """
    reason = f"{body.decided_by}: {body.reason}"
    await call.app[RECORDS].acts.close(application_id, body.outcome, call.by, reason, call.now)
    return await _application(call, application_id)


def without_totals(body: ApplicationEventBody) -> dict[str, Any]:
    """The event for keys that may not read reports: a report's total is not told, nor a rule's that looked at it."""
    data = encode(body)
    if isinstance(body, ReportReceived):
        data["total"] = None
    if isinstance(body, RuleFired):
        data["reason"] = {name: value for name, value in data["reason"].items() if name != "total"}
    return data


async def _application(call: Call, application_id: str) -> Application:
    found = await stored.Applications(call.app[DATABASE]).get(application_id)
    return _shown(call, found, (await remote_ids_of(call, APPLICATION, [found.id])).get(found.id))


def _shown(call: Call, one: stored.Application, remote_id: str | None) -> Application:
    return Application(
        id=one.id,
        remote_id=remote_id,
        candidate_id=one.candidate_id,
        job_id=one.job_id,
        source=one.source,
        step=one.step.value,
        step_since=one.step_since,
        outcome=one.outcome.value if one.outcome else None,
        total=one.total if call.sees_scores else None,
        stuck=one.stuck,
        created_at=one.created_at,
    )
