"""The page that shows two to six candidates of a job side by side."""

from __future__ import annotations

from aiohttp import web

from server.errors import UserError
from server.hr.access import USER
from server.hr.audited import NOTE
from server.hr.compared import FEWEST, MOST, column_of, compared, versions_of
from server.hr.names import shown_report
from server.hr.visible import reviewer_of
from server.i18n import MESSAGES
from server.keys import DATABASE, FLOWS
from server.pages import page_language, render
from server.storage.interview_list import InterviewList, Wanted
from server.storage.jobs import Job, Jobs


async def page(request: web.Request) -> web.StreamResponse:
    """`?interview=` names each; `?competency=`: the one a phone shows. Raises UserError job_unknown (404)."""
    job = await Jobs(request.app[DATABASE]).get(request.match_info["job_id"])
    chosen = list(dict.fromkeys(request.query.getall("interview", [])))
    if not FEWEST <= len(chosen) <= MOST:
        params = {"fewest": str(FEWEST), "most": str(MOST)}
        return _refused(request, job, UserError("compare_number", params=params))
    wanted = Wanted(job_id=job.id, ids=chosen, reviewer_id=reviewer_of(request))
    listed = {one.id: one for one in await InterviewList(request.app[DATABASE]).all(wanted)}
    # A page never says whether an interview that this person may not see exists.
    known = [listed[id_] for id_ in chosen if id_ in listed]
    with_flow = [one for one in known if one.flow_id in request.app[FLOWS]]
    if len(with_flow) < FEWEST:
        return _refused(request, job, UserError("compare_gone" if len(known) > len(with_flow) else "compare_unknown"))
    columns = [column_of(await shown_report(request, one.id)) for one in with_flow]
    rows = compared(columns, request.app[FLOWS], page_language(request))
    request[NOTE].detail["interviews"] = [one.id for one in with_flow]
    asked = request.query.get("competency", "")
    return render(
        request,
        "hr_compare.html",
        user=request[USER],
        job=job,
        columns=columns,
        rows=rows,
        shown=asked if asked in {row.id for row in rows} else rows[0].id,
        versions=versions_of(columns),
        gone=len(known) - len(with_flow),
        query=[("interview", one.id) for one in with_flow],
    )


def _refused(request: web.Request, job: Job, error: UserError) -> web.Response:
    problem = request.app[MESSAGES].text(page_language(request), f"error.{error.code}", error.params)
    return render(request, "hr_compare_refused.html", status=error.status, user=request[USER], job=job, problem=problem)
