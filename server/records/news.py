"""What others say about an application, as events: news once, whatever the order and the repetition. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from server.interview.state import Status
from server.records.application import (
    ApplicationState,
    ArrangedInterview,
    follow_up_is_as_late,
    follow_up_is_later,
    interview_is_later,
)
from server.records.application_events import (
    BY_INTERVIEW,
    ApplicationEventBody,
    FollowUpKind,
    FollowUpMoved,
    FollowUpStatus,
    InterviewMoved,
    ReportReceived,
    Step,
)
from server.records.commands import step_on
from server.records.incoming import FollowUpReturned

STATUS_TOLD: Mapping[str, Status] = {
    "interview.started": Status.RUNNING,
    "interview.question_answered": Status.RUNNING,
    "interview.finished": Status.COMPLETED,
    "interview.cancelled": Status.CANCELLED,
    "report.ready": Status.COMPLETED,
    "report.updated": Status.COMPLETED,
}
"""How far an interview is at least, of which this is told."""
REPORTS = frozenset({"report.ready", "report.updated"})
RATED = "rated"
UNDELIVERED = "undelivered"
"""The result of a follow-up that failed because its order was given up on the way; a replay may bring it there yet."""
LONGEST_RESULT = 60
LONGEST_URL = 1000


def interview_news(
    state: ApplicationState, type_: str, data: Mapping[str, Any], message_id: str, made_at: datetime
) -> Sequence[ApplicationEventBody]:
    """What a message of one of its interviews adds; nothing if it is old or says what is known. made_at: aware."""
    arranged = state.interview(str(data.get("interview_id")))
    status = STATUS_TOLD.get(type_)
    if arranged is None or status is None:
        return []
    bodies: list[ApplicationEventBody] = []
    if interview_is_later(status.value, arranged.status):
        bodies.append(InterviewMoved(arranged.id, status.value))
    if type_ in REPORTS:
        if _is_newer(arranged, message_id, made_at):
            bodies.append(ReportReceived(arranged.id, message_id, total_of(data), made_at))
        bodies += _rated(state, arranged.id, data)
        return [*bodies, *step_on(state, Step.INTERVIEWED, BY_INTERVIEW)]
    if status is Status.CANCELLED:
        return bodies
    return [*bodies, *step_on(state, Step.INTERVIEW, BY_INTERVIEW)]


def _is_newer(arranged: ArrangedInterview, message_id: str, made_at: datetime) -> bool:
    """Reports may overtake each other on the way: the one that was made last holds, and none twice."""
    if arranged.reported_at is None or arranged.report_id is None:
        return True
    return (made_at, message_id) > (arranged.reported_at, arranged.report_id)


def total_of(report: Mapping[str, Any]) -> float | None:
    """A report's total, 0-10: people and machine combined; the machine's, as people corrected it; None: withheld."""
    people = (report.get("people") or {}).get("total") or {}
    for found in (people.get("combined"), people.get("corrected"), (report.get("score") or {}).get("total")):
        if isinstance(found, int | float) and not isinstance(found, bool):
            return float(found)
    return None


def _rated(state: ApplicationState, interview_id: str, report: Mapping[str, Any]) -> Sequence[ApplicationEventBody]:
    """A department's rating is done once somebody of it has finished theirs; its score is people's total."""
    done = departments_done(report)
    human = ((report.get("people") or {}).get("total") or {}).get("human")
    return [
        FollowUpMoved(one.id, FollowUpStatus.COMPLETED, score_of(human, 10.0), RATED)
        for one in state.follow_ups
        if one.kind is FollowUpKind.DEPARTMENT_RATING
        and one.is_open
        and one.interview_id in (None, interview_id)
        and one.department.casefold() in done
    ]


def departments_done(report: Mapping[str, Any]) -> frozenset[str]:
    """Departments of which somebody has said that their rating is finished, case-folded."""
    people = report.get("people") or {}
    finished = {one["rater"] for one in people.get("finished") or ()}
    rated = [*(people.get("competencies") or ()), *(report.get("dimensions") or ())]
    ratings = [rating for one in rated for rating in one.get("ratings") or ()]
    return frozenset(
        rating["department"].casefold() for rating in ratings if rating["rater"] in finished and rating["department"]
    )


def follow_up_news(
    state: ApplicationState, follow_up_id: str, returned: FollowUpReturned, message_id: str
) -> Sequence[ApplicationEventBody]:
    """What came back, once; a result counts more than a failure that crossed it. Raises ValueError: no such status."""
    known = state.follow_up(follow_up_id)
    status = FollowUpStatus(returned.status)
    if known is None or message_id in state.heard:
        return []
    got_there = status is FollowUpStatus.SENT and (known.status, known.result) == (FollowUpStatus.FAILED, UNDELIVERED)
    if not (got_there or follow_up_is_later(status, known.status) or follow_up_is_as_late(status, known.status)):
        return []
    moved = FollowUpMoved(
        follow_up_id,
        status,
        score_of(returned.score, returned.max_score),
        returned.result.strip().lower()[:LONGEST_RESULT],
        _address(returned.url),
        message_id,
    )
    said = (known.status, known.score, known.result, known.url)
    return [] if said == (moved.status, moved.score, moved.result, moved.url) else [moved]


def score_of(score: float | None, max_score: float | None) -> float | None:
    """The share of what was possible, 0-1; None for no score, and for one of which nobody said out of how much."""
    if score is None or max_score is None or max_score <= 0:
        return None
    return min(max(score / max_score, 0.0), 1.0)


def _address(url: str) -> str:
    """HR's pages make a link of it: nothing else than the web's addresses."""
    return url if url.startswith(("https://", "http://")) and len(url) <= LONGEST_URL and url.isprintable() else ""
