"""Candidates as a list, and one candidate with all their interviews."""

from __future__ import annotations

from aiohttp import web

from server.hr.access import USER
from server.hr.interviews import asked_of, cursor_in, links_of
from server.hr.names import hides_names
from server.hr.visible import reviewer_of, shown_candidate, shown_candidates, shown_interviews
from server.keys import DATABASE, FLOWS
from server.pages import page_language, render
from server.storage.candidates import Candidates
from server.storage.interview_list import InterviewList, Wanted

BY_NAME = "name"


async def list_page(request: web.Request) -> web.StreamResponse:
    """Everybody who was ever invited."""
    asked, hidden, reviewer = asked_of(request, ("q", "sort")), hides_names(request), reviewer_of(request)
    by_name = asked["sort"] == BY_NAME and not hidden
    found = await Candidates(request.app[DATABASE]).page(
        asked["q"], cursor_in(request), by_name=by_name, reviewer_id=reviewer, by_id=hidden
    )
    of = await InterviewList(request.app[DATABASE]).of_candidates([one.id for one in found.rows], reviewer)
    return render(
        request,
        "hr_candidates.html",
        user=request[USER],
        asked=asked,
        by_name=by_name,
        can_sort=not hidden,
        rows=[(one, of[one.id]) for one in shown_candidates(request, found.rows)],
        total=found.total,
        links=links_of(request, found),
        jobs_of_flows=jobs_of_flows(request),
    )


async def page(request: web.Request) -> web.StreamResponse:
    """One candidate. Raises UserError candidate_not_listed (404)."""
    reviewer = reviewer_of(request)
    candidate = await Candidates(request.app[DATABASE]).get(request.match_info["candidate_id"], reviewer)
    wanted = Wanted(candidate_ids=[candidate.id], reviewer_id=reviewer)
    found = await InterviewList(request.app[DATABASE]).all(wanted)
    return render(
        request,
        "hr_candidate.html",
        user=request[USER],
        candidate=shown_candidate(request, candidate),
        rows=await shown_interviews(request, found),
        jobs_of_flows=jobs_of_flows(request),
    )


def jobs_of_flows(request: web.Request) -> dict[str, str]:
    """Flow → the job it is about, in the reader's language."""
    language = page_language(request)
    return {id_: flow.job[language] for id_, flow in request.app[FLOWS].items()}
