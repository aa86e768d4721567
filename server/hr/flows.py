"""Question flows: the list, one looked at, tried out as a candidate would, and switched on for a job."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import sqlalchemy as sa
from aiohttp import web

from question_flows.model import Flow, Language, Question, Round
from question_flows.summary import summary_of
from server.errors import UserError
from server.hr.access import USER
from server.hr.forms import form_fields
from server.interview.flow_versions import is_generated, offered
from server.keys import DATABASE, FLOWS, INTERVIEWS, OWN_FLOWS, SETTINGS
from server.pages import LANGUAGE_NAMES, page_language, render
from server.storage import schema
from server.storage.jobs import Job, Jobs


async def list_page(request: web.Request) -> web.StreamResponse:
    """Every flow, and jobs whose flow is gone."""
    jobs = await Jobs(request.app[DATABASE]).all()
    known = request.app[FLOWS]
    flows = offered(known)
    return render(
        request,
        "hr_flows.html",
        user=request[USER],
        flows=list(flows.values()),
        origins={flow_id: _origin(request, flow_id) for flow_id in flows},
        summaries={flow.id: summary_of(flow) for flow in flows.values()},
        jobs={flow.id: _of(jobs, flow.id) for flow in flows.values()},
        language_names=LANGUAGE_NAMES,
        reader=page_language(request),
        gone=[job for job in jobs if job.flow_id is not None and job.flow_id not in known],
    )


async def page(request: web.Request) -> web.StreamResponse:
    """One flow; `?in=`: in which of its languages its texts are shown. Raises UserError flow_unknown (404)."""
    flow, jobs = _flow(request), await Jobs(request.app[DATABASE]).all()
    return render(
        request,
        "hr_flow.html",
        user=request[USER],
        flow=flow,
        shown=_shown_in(request, flow),
        reader=page_language(request),
        summary=summary_of(flow),
        origin=_origin(request, flow.id),
        jobs=_of(jobs, flow.id),
        other_jobs=[job for job in jobs if job.is_open and job.flow_id != flow.id],
        versions=await _versions(request, flow.id),
        language_names=LANGUAGE_NAMES,
        numbers={question.id: number for number, question in enumerate(flow.questions, start=1)},
        indicators={one.id: one for competency in flow.competencies for one in competency.indicators},
        scenarios={one.id: one for one in flow.scenarios},
        rounds=_rounds(flow),
    )


async def try_out(request: web.Request) -> web.StreamResponse:
    """Makes a trial interview and opens it as its candidate. Raises UserError as `Interviews.invite`."""
    flow, sent, user = _flow(request), await form_fields(request), request[USER]
    try:
        language = Language(sent.get("language", ""))
    except ValueError:
        raise UserError("language_not_offered", field="language") from None
    _, token = await request.app[INTERVIEWS].invite(
        flow_id=flow.id,
        language=language,
        candidate_name=user.shown,
        email="",
        jurisdiction=request.app[SETTINGS].jurisdiction,
        now=datetime.now(UTC),
        is_trial=True,
    )
    raise web.HTTPSeeOther(f"/i/{token}")


async def switch_on(request: web.Request) -> web.StreamResponse:
    """From now on, who is invited for the job gets this flow. Raises UserError job_unknown (404)."""
    flow, job_id = _flow(request), (await form_fields(request)).get("job", "")
    await Jobs(request.app[DATABASE]).switch_on(job_id, flow.id)
    raise web.HTTPSeeOther(f"/hr/jobs/{job_id}")


def _origin(request: web.Request, flow_id: str) -> str:
    """Key of `lists`: where the flow comes from."""
    if is_generated(flow_id):
        return "generated"
    return "own" if flow_id in request.app[OWN_FLOWS] else "shipped"


def _flow(request: web.Request) -> Flow:
    flow = request.app[FLOWS].get(request.match_info["flow_id"])
    if flow is None:
        raise UserError("flow_unknown", status=404)
    return flow


def _shown_in(request: web.Request, flow: Flow) -> Language:
    for wanted in (request.query.get("in"), page_language(request).value):
        if wanted in {language.value for language in flow.languages}:
            return Language(wanted)
    return flow.languages[0]


def _of(jobs: Sequence[Job], flow_id: str) -> list[Job]:
    return [job for job in jobs if job.flow_id == flow_id]


def _rounds(flow: Flow) -> list[tuple[Round | None, list[Question]]]:
    """Each round with its questions, in order; one without a name where the flow has none."""
    found: list[tuple[Round | None, list[Question]]] = []
    rounds = {one.id: one for one in flow.rounds}
    for question in flow.questions:
        part = rounds.get(question.round_id or "")
        if not found or found[-1][0] is not part:
            found.append((part, []))
        found[-1][1].append(question)
    return found


async def _versions(request: web.Request, flow_id: str) -> dict[int, int]:
    """Version → how many interviews were held with it, the newest first; trials do not count."""
    table = schema.interviews
    query = (
        sa.select(table.c.flow_version, sa.func.count().label("n"))
        .where(table.c.flow_id == flow_id, table.c.is_trial.is_(False))
        .group_by(table.c.flow_version)
        .order_by(table.c.flow_version.desc())
    )
    async with request.app[DATABASE].read() as connection:
        return {row.flow_version: row.n for row in (await connection.execute(query)).all()}
