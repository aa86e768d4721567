"""What a report says to an application: the total that counts, and which departments have rated."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from server.records.application_events import (
    FollowUpKind,
    FollowUpMoved,
    FollowUpOrdered,
    FollowUpStatus,
    InterviewArranged,
    ReportReceived,
)
from server.records.incoming import FollowUpReturned
from server.records.news import UNDELIVERED, departments_done, follow_up_news, interview_news, score_of, total_of
from tests.records.conftest import NOW
from tests.records.test_application import after


def report(*, human: float | None = None, combined: float | None = None, finished: bool = True) -> dict[str, Any]:
    ratings = [{"rater": "u1", "department": "Sales"}, {"rater": "u2", "department": ""}]
    return {
        "interview_id": "i1",
        "score": {"total": 6.0},
        "people": {
            "total": {"machine": 6.0, "corrected": 6.5, "human": human, "combined": combined},
            "competencies": [{"id": "c", "ratings": ratings}],
            "finished": [{"rater": "u1", "at": NOW.isoformat()}] if finished else [],
        },
        "dimensions": [{"id": "d", "ratings": [{"rater": "u3", "department": "Support"}]}],
    }


def test_people_and_machine_combined_count_most() -> None:
    assert total_of(report(combined=7.5)) == 7.5
    assert total_of(report()) == 6.5
    assert total_of({"score": {"total": 6}}) == 6.0
    assert total_of({"score": {"total": None}}) is None
    assert total_of({}) is None


@pytest.mark.parametrize(
    ("score", "most", "share"), [(18, 30, 0.6), (40, 30, 1.0), (-1, 30, 0.0), (5, None, None), (5, 0, None)]
)
def test_scores_are_shares_of_what_was_possible(score: float, most: float | None, share: float | None) -> None:
    assert score_of(score, most) == share


def test_a_departments_rating_is_done_when_somebody_of_it_has_finished() -> None:
    assert departments_done(report()) == {"sales"}
    assert departments_done({}) == frozenset()
    ordered = [
        FollowUpOrdered(id_, FollowUpKind.DEPARTMENT_RATING, None, "u", department, "i1")
        for id_, department in (("f1", "sales"), ("f2", "Support"))
    ]
    state = after(InterviewArranged("i1", 1, "f", "u"), *ordered)
    later = NOW + timedelta(hours=1)
    moved = [
        body
        for body in interview_news(state, "report.updated", report(human=8.0), "m1", later)
        if isinstance(body, FollowUpMoved)
    ]
    assert moved == [FollowUpMoved("f1", FollowUpStatus.COMPLETED, 0.8, "rated")]
    unfinished = interview_news(state, "report.updated", report(finished=False), "m1", later)
    assert not any(isinstance(body, FollowUpMoved) for body in unfinished)


def test_an_old_report_is_no_news() -> None:
    state = after(InterviewArranged("i1", 1, "f", "u"), ReportReceived("i1", "m2", 7.0, NOW + timedelta(hours=2)))
    old = interview_news(state, "report.ready", report(), "m1", NOW + timedelta(hours=1))
    assert not any(isinstance(body, ReportReceived) for body in old)
    assert interview_news(state, "report.ready", {"interview_id": "another"}, "m3", NOW) == []
    assert interview_news(state, "interview.invited", {"interview_id": "i1"}, "m4", NOW) == []


def test_an_order_that_was_given_up_and_got_there_after_all_is_no_failure() -> None:
    ordered = FollowUpOrdered("f1", FollowUpKind.ASSESSMENT, "assess", "u")
    sent = FollowUpReturned("f1", None, "sent")
    given_up = after(ordered, FollowUpMoved("f1", FollowUpStatus.FAILED, result=UNDELIVERED, message_id="m1"))
    [moved] = follow_up_news(given_up, "f1", sent, "m2")
    assert isinstance(moved, FollowUpMoved)
    assert (moved.status, moved.result) == (FollowUpStatus.SENT, "")
    # The other system's own failure stays one: what it says comes behind its having got there.
    failed = after(ordered, FollowUpMoved("f1", FollowUpStatus.FAILED, result="aborted", message_id="m1"))
    assert follow_up_news(failed, "f1", sent, "m2") == []
