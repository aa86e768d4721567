"""The fold of an application's events."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import pytest

from server.records.application import ApplicationState, fold
from server.records.application_events import (
    ApplicationEvent,
    ApplicationEventBody,
    Applied,
    Closed,
    FollowUpKind,
    FollowUpMoved,
    FollowUpOrdered,
    FollowUpStatus,
    InterviewArranged,
    InterviewMoved,
    Outcome,
    Reopened,
    ReportReceived,
    RuleBlocked,
    RuleFired,
    Step,
    StepReached,
    decode,
    encode,
)
from server.records.application_log import stuck_because
from server.records.commands import reopen
from tests.records.conftest import NOW

APPLIED = Applied("c" * 32, "j" * 32, "console")


def after(*bodies: ApplicationEventBody) -> ApplicationState:
    """An event a minute, from NOW on."""
    every: Sequence[ApplicationEventBody] = (APPLIED, *bodies)
    return fold(ApplicationEvent(n + 1, NOW + timedelta(minutes=n), body) for n, body in enumerate(every))


def test_who_applied_stands_at_the_first_step() -> None:
    state = after()
    assert (state.step, state.step_since, state.step_by, state.outcome) == (Step.APPLIED, NOW, "console", None)
    assert (state.total, state.next_round) == (None, 1)


def test_the_last_rounds_total_counts() -> None:
    state = after(
        InterviewArranged("i1", 1, "f", "u"),
        ReportReceived("i1", "m1", 8.0),
        InterviewArranged("i2", 2, "g", "u"),
        InterviewMoved("i2", "running"),
    )
    assert (state.total, state.next_round) == (8.0, 3)
    assert [one.status for one in state.interviews] == ["invited", "running"]
    more = after(
        InterviewArranged("i1", 1, "f", "u"),
        InterviewArranged("i2", 2, "g", "u"),
        ReportReceived("i2", "m2", None),
        ReportReceived("i1", "m1", 8.0),
    )
    assert more.total is None
    assert more.heard == {"m1", "m2"}


def test_a_follow_up_keeps_what_came_back_and_when() -> None:
    state = after(
        FollowUpOrdered("f1", FollowUpKind.ASSESSMENT, "conn", "rule:r"),
        FollowUpMoved("f1", FollowUpStatus.COMPLETED, 0.7, "passed", "https://example.org/1", "inbox/1"),
    )
    [one] = state.follow_ups
    assert (one.status, one.score, one.result, one.is_open) == (FollowUpStatus.COMPLETED, 0.7, "passed", False)
    assert (one.ordered_at, one.moved_at) == (NOW + timedelta(minutes=1), NOW + timedelta(minutes=2))
    assert "inbox/1" in state.heard


def test_a_blocked_rule_waits_until_it_fires_or_a_person_moves_on() -> None:
    blocked = RuleBlocked("r", 1, "assessment", "no_connection")
    fired = RuleFired("r", 1, "assessment", {"total": 8}, Step.INTERVIEWED)
    assert stuck_because(after(blocked)) == "no_connection"
    assert stuck_because(after(blocked, StepReached(Step.INVITED, "rule:other"))) == "no_connection"
    assert stuck_because(after(blocked, fired)) is None
    assert stuck_because(after(blocked, StepReached(Step.ASSESSMENT, "u" * 32))) is None
    assert stuck_because(after(blocked, Closed(Outcome.WITHDRAWN, "u" * 32, ""))) is None


def test_a_failed_follow_up_is_stuck_until_another_is_ordered() -> None:
    ordered = FollowUpOrdered("f1", FollowUpKind.ASSESSMENT, "conn", "rule:r")
    failed = FollowUpMoved("f1", FollowUpStatus.FAILED)
    assert stuck_because(after(ordered, failed)) == "follow_up_failed"
    again = FollowUpOrdered("f2", FollowUpKind.ASSESSMENT, "conn", "u" * 32)
    assert stuck_because(after(ordered, failed, again)) is None


def test_what_was_closed_can_be_opened_again() -> None:
    closed = Closed(Outcome.REJECTED, "u" * 32, "not enough experience")
    state = after(closed)
    assert (state.outcome, state.closed_by, state.is_open) == (Outcome.REJECTED, "u" * 32, False)
    assert after(closed, Reopened("u" * 32, "a second look")).is_open


def test_every_event_survives_being_stored() -> None:
    for body in (
        APPLIED,
        InterviewArranged("i1", 1, "f", "u"),
        ReportReceived("i1", "m1", 8.0, NOW),
        FollowUpMoved("f1", FollowUpStatus.COMPLETED, 0.7),
        RuleFired("r", 2, "assessment", {"total": 8.1, "at_least": 7.5}, Step.INTERVIEWED),
        StepReached(Step.OFFERED, "u", "why"),
        Closed(Outcome.HIRED, "u", ""),
    ):
        assert decode(type(body).__name__, encode(body)) == body


def test_a_gap_is_refused() -> None:
    with pytest.raises(ValueError, match="does not follow"):
        fold([ApplicationEvent(1, NOW, APPLIED), ApplicationEvent(3, NOW, Reopened("u", ""))])
    with pytest.raises(ValueError, match="begins with Applied"):
        fold([ApplicationEvent(1, NOW, Reopened("u", ""))])


def test_an_interview_called_off_before_it_began_waits_for_a_person() -> None:
    arranged, off = InterviewArranged("i1", 1, "f", "u"), InterviewMoved("i1", "cancelled")
    state = after(arranged, StepReached(Step.INVITED, "u"), off)
    assert stuck_because(state) == "interview_cancelled"
    again = InterviewArranged("i2", 2, "f", "u")
    assert stuck_because(after(arranged, StepReached(Step.INVITED, "u"), off, again)) is None


def test_what_came_while_it_was_closed_holds_once_it_is_taken_up_again() -> None:
    invited = (InterviewArranged("i1", 1, "f", "u"), StepReached(Step.INVITED, "u"))
    closed = Closed(Outcome.WITHDRAWN, "u", "")
    reopened = Reopened("u", "back")
    for came, steps in (
        ((), []),
        ((InterviewMoved("i1", "cancelled"),), []),
        ((InterviewMoved("i1", "running"),), [StepReached(Step.INTERVIEW, "interview")]),
        ((ReportReceived("i1", "m1", 8.0),), [StepReached(Step.INTERVIEWED, "interview")]),
    ):
        assert reopen(after(*invited, closed, *came), "u", "back") == [reopened, *steps]
    further = after(*invited, StepReached(Step.ASSESSMENT, "u"), closed, ReportReceived("i1", "m1", 8.0))
    assert reopen(further, "u", "back") == [reopened]
    assert reopen(after(*invited), "u", "back") == []
