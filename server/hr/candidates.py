"""Candidates as a list, and one candidate with all their interviews."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from aiohttp import web

from server.errors import UserError
from server.hr.access import USER, may
from server.hr.identities import identities_of
from server.hr.interviews import asked_of, cursor_in, links_of
from server.hr.merging import possible_duplicates
from server.hr.names import hides_names
from server.hr.process import hidden_applications, shown_applications
from server.hr.process_list import ProcessList
from server.hr.process_list import Wanted as WantedApplications
from server.hr.resume_fit import fits_of
from server.hr.resume_shown import resumes_of
from server.hr.rights import Right
from server.hr.suiting_shown import times_shown
from server.hr.texts import sentence
from server.hr.visible import reviewer_of, shown_candidate, shown_candidates, shown_interviews
from server.keys import DATABASE, FLOWS
from server.pages import page_language, render, texts
from server.resumes.limits import LARGEST_FILE
from server.storage.candidates import Candidates
from server.storage.interview_list import InterviewList, Wanted
from server.storage.jobs import Jobs

BY_NAME = "name"


async def list_page(request: web.Request) -> web.StreamResponse:
    """Everybody who was invited, applied, or was told of by a connected system."""
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
    return await candidate_page(request)


async def candidate_page(
    request: web.Request, error: UserError | None = None, sent: Mapping[str, str] | None = None
) -> web.Response:
    """The page with what is wrong with a form of it, and what was sent. Raises UserError candidate_not_listed (404)."""
    reviewer = reviewer_of(request)
    candidate = await Candidates(request.app[DATABASE]).get(request.match_info["candidate_id"], reviewer)
    wanted = Wanted(candidate_ids=[candidate.id], reviewer_id=reviewer)
    database, now = request.app[DATABASE], datetime.now(UTC)
    found = await InterviewList(database).all(wanted)
    applied = WantedApplications(
        candidate_id=candidate.id,
        closed="all",
        reviewer_id=reviewer,
        without=await hidden_applications(request),
    )
    applications = await ProcessList(database).page(applied, None)
    # What says who it is, is for those who may know.
    named, t = not hides_names(request), texts(request, page_language(request))["t"]
    decides = may(request[USER], Right.DECIDE)
    suits = times_shown(await Candidates(database).suits(candidate.id), now) if named else None
    return render(
        request,
        "hr_candidate.html",
        status=error.status if error else 200,
        user=request[USER],
        candidate=shown_candidate(request, candidate),
        rows=await shown_interviews(request, found),
        jobs_of_flows=jobs_of_flows(request),
        applications=await shown_applications(request, applications.rows, now),
        open_jobs=[job for job in await Jobs(database).all() if job.is_open] if decides else [],
        identities=await identities_of(database, candidate.id) if named else [],
        settles=named and decides,
        duplicates=await possible_duplicates(request, candidate) if named and decides else [],
        suits=suits,
        sent=sent or {"time_zone": suits.time_zone if suits else ""},
        field=error.field if error else None,
        problem=sentence(request, error),
        adds_resumes=named and may(request[USER], Right.INVITE),
        largest_megabytes=LARGEST_FILE // 1_000_000,
        resumes=await resumes_of(database, candidate.id, t) if named else [],
        fits=await fits_of(database, candidate.id, page_language(request), t) if named else [],
    )


def jobs_of_flows(request: web.Request) -> dict[str, str]:
    """Flow → the job it is about, in the reader's language."""
    language = page_language(request)
    return {id_: flow.job[language] for id_, flow in request.app[FLOWS].items()}
