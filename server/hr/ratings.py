"""What people enter about an interview: ratings, points in a score's place, the end of their review, a decision."""

from __future__ import annotations

from collections.abc import Mapping
from math import nan

from aiohttp import web

from server.errors import UserError
from server.hr.access import USER
from server.hr.forms import form_fields
from server.hr.monitor import session_of
from server.hr.report import Refused, report_page
from server.interview.commands import (
    Command,
    Decide,
    FinishReview,
    OverrideScore,
    RateCompetency,
    RateDimension,
)
from server.interview.hr_events import Decision
from server.interview.session import InterviewSession


async def rate_dimension(request: web.Request) -> web.StreamResponse:
    """Takes this person's rating of what people alone rate."""
    user, place = request[USER], request.match_info["dimension_id"]
    session, sent = await session_of(request), await form_fields(request)
    points, reason = _points(sent), sent.get("reason", "")
    command = RateDimension(place, points, reason, user.email, user.department, user.only_assigned)
    return await _obeyed(request, session, command, f"dimension-{place}", sent)


async def rate_competency(request: web.Request) -> web.StreamResponse:
    """Takes this person's rating of a competency."""
    user, place = request[USER], request.match_info["competency_id"]
    session, sent = await session_of(request), await form_fields(request)
    points, reason = _points(sent), sent.get("reason", "")
    command = RateCompetency(place, points, reason, user.email, user.department, user.only_assigned)
    return await _obeyed(request, session, command, f"rating-{place}", sent)


async def override(request: web.Request) -> web.StreamResponse:
    """Puts this person's points in the machine's place for one indicator of one answer; none takes them back."""
    question_id, indicator_id = request.match_info["question_id"], request.match_info["indicator_id"]
    session, sent = await session_of(request), await form_fields(request)
    points = _points(sent) if sent.get("points", "").strip() else None
    command = OverrideScore(question_id, indicator_id, points, sent.get("reason", ""), request[USER].email)
    return await _obeyed(request, session, command, f"override-{question_id}-{indicator_id}", sent)


async def finish_review(request: web.Request) -> web.StreamResponse:
    """This person has rated what they had to; where they rated blind, they see the scores from now on."""
    session, sent = await session_of(request), await form_fields(request)
    return await _obeyed(request, session, FinishReview(request[USER].email), "own-review", sent)


async def decide(request: web.Request) -> web.StreamResponse:
    """Takes a decision about the candidate. Nothing follows from it by itself."""
    session, sent = await session_of(request), await form_fields(request)
    chosen = sent.get("decision", "")
    decision = Decision(chosen) if chosen in list(Decision) else None
    return await _obeyed(
        request, session, Decide(decision, sent.get("reason", ""), request[USER].email), "decision", sent
    )


async def _obeyed(
    request: web.Request, session: InterviewSession, command: Command, form: str, sent: Mapping[str, str]
) -> web.StreamResponse:
    """Back to the page with the form (`back`: report or review), or the report with what was wrong at its field."""
    try:
        await session.execute(command)
    except UserError as error:
        if error.field is None:
            raise
        return await report_page(request, Refused(form, sent, error))
    back = "review" if sent.get("back") == "review" else "report"
    raise web.HTTPSeeOther(f"/hr/interviews/{session.interview_id}/{back}#{form}")


def _points(sent: Mapping[str, str]) -> float:
    """What was entered; no number at all is none that is allowed."""
    try:
        return float(sent.get("points", "").replace(",", "."))
    except ValueError:
        return nan
