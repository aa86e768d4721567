"""Jobs: the list, making and changing one, and one job with everybody who was invited for it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from aiohttp import web

from server.errors import UserError
from server.hr.access import USER
from server.hr.candidates import jobs_of_flows
from server.hr.forms import form_fields
from server.hr.interviews import asked_of, cursor_in, links_of
from server.hr.visible import reviewer_of, shown_interviews
from server.i18n import MESSAGES
from server.interview.flow_versions import offered
from server.keys import DATABASE, FLOWS
from server.pages import page_language, render
from server.storage.interview_list import InterviewList, Wanted
from server.storage.jobs import Jobs

MOST_SHOWN = 200
STATES = {"open": True, "closed": False}


async def list_page(request: web.Request) -> web.StreamResponse:
    """The list with the form for a new one."""
    return await _list(request)


async def add(request: web.Request) -> web.StreamResponse:
    """Makes a job, then shows it."""
    sent = await form_fields(request)
    try:
        flow_id = _flow(request, sent.get("flow", ""))
        jobs, now = Jobs(request.app[DATABASE]), datetime.now(UTC)
        job_id = await jobs.add(sent.get("title", ""), sent.get("department", ""), flow_id, now)
    except UserError as error:
        return await _list(request, sent, error)
    raise web.HTTPSeeOther(f"/hr/jobs/{job_id}")


async def page(request: web.Request) -> web.StreamResponse:
    """One job. Raises UserError job_unknown (404)."""
    return await _job(request)


async def change(request: web.Request) -> web.StreamResponse:
    """Keeps what the form says, then shows the job again."""
    sent, job_id = await form_fields(request), request.match_info["job_id"]
    jobs = Jobs(request.app[DATABASE])
    former = await jobs.get(job_id)
    try:
        # A flow whose file is gone may stay as it is.
        same = sent.get("flow", "") == (former.flow_id or "")
        flow_id = former.flow_id if same else _flow(request, sent.get("flow", ""))
        await jobs.change(
            job_id,
            title=sent.get("title", ""),
            department=sent.get("department", ""),
            flow_id=flow_id,
            is_open=sent.get("is_open") == "yes",
        )
    except UserError as error:
        return await _job(request, sent, error)
    raise web.HTTPSeeOther(f"/hr/jobs/{job_id}")


def _flow(request: web.Request, flow_id: str) -> str | None:
    if flow_id and flow_id not in request.app[FLOWS]:
        raise UserError("flow_unknown", field="flow")
    return flow_id or None


async def _list(
    request: web.Request, sent: Mapping[str, str] | None = None, error: UserError | None = None
) -> web.Response:
    asked = asked_of(request, ("q", "state"))
    jobs = Jobs(request.app[DATABASE])
    found = await jobs.page(asked["q"], cursor_in(request), is_open=STATES.get(asked["state"]))
    return render(
        request,
        "hr_jobs.html",
        status=error.status if error else 200,
        user=request[USER],
        asked=asked,
        rows=found.rows,
        total=found.total,
        links=links_of(request, found),
        counts=await jobs.counts([one.id for one in found.rows], reviewer_of(request)),
        flows=_titles(request),
        sent=sent or {},
        field=error.field if error else None,
        problem=_sentence(request, error),
    )


async def _job(
    request: web.Request, sent: Mapping[str, str] | None = None, error: UserError | None = None
) -> web.Response:
    job = await Jobs(request.app[DATABASE]).get(request.match_info["job_id"])
    lists = InterviewList(request.app[DATABASE])
    wanted = Wanted(job_id=job.id, reviewer_id=reviewer_of(request))
    found = await lists.all(wanted, MOST_SHOWN)
    former = {"title": job.title, "department": job.department, "flow": job.flow_id or ""}
    return render(
        request,
        "hr_job.html",
        status=error.status if error else 200,
        user=request[USER],
        job=job,
        flows=_titles(request),
        states=await lists.states(wanted),
        rows=await shown_interviews(request, found),
        most=MOST_SHOWN,
        jobs_of_flows=jobs_of_flows(request),
        sent={**former, "is_open": "yes" if job.is_open else ""} if sent is None else sent,
        field=error.field if error else None,
        problem=_sentence(request, error),
    )


def _titles(request: web.Request) -> dict[str, str]:
    language = page_language(request)
    return {id_: flow.title[language] for id_, flow in offered(request.app[FLOWS]).items()}


def _sentence(request: web.Request, error: UserError | None) -> str:
    return request.app[MESSAGES].text(page_language(request), f"error.{error.code}", error.params) if error else ""
