"""Calling an interview off: before it began nothing is to come, afterwards it ends as by HR's `end`."""

from __future__ import annotations

import pytest

from server.interview import hr_events as by_hr
from server.interview.commands import CallForHelp, Start
from server.interview.hr_commands import CancelInterview, GiveTime, HandOver
from server.interview.state import Status
from server.interview.timeline import timeline
from server.interview.timeline_entry import EntryKind
from tests.interview.decided import BEGUN, FLOW, YES, Interview

BY = "key:1"
CANCEL = CancelInterview(" The position is filled ", BY)


@pytest.mark.parametrize("agreed", [False, True])
def test_before_it_begins_nothing_is_to_come_and_nobody_can_begin(agreed: bool) -> None:
    interview = Interview(flow=FLOW)
    if agreed:
        interview.do(YES)
    assert interview.do(CANCEL) == [by_hr.InterviewCancelled("The position is filled", BY)]
    assert interview.state.status is Status.CANCELLED
    assert interview.do(CancelInterview("Again", BY)) == []
    assert interview.refuses(Start()) == ("interview_cancelled", 409, None)
    assert interview.refuses(YES) == ("interview_cancelled", 409, None)
    assert interview.refuses(GiveTime(60, BY)) == ("interview_cancelled", 409, None)
    assert interview.refuses(HandOver("Join us", BY)) == ("interview_cancelled", 409, None)
    assert interview.do(CallForHelp("Why?"))
    [entry] = [one for one in timeline(interview.events, FLOW, interview.state.language) if one.kind is EntryKind.ENDED]
    assert (entry.text, entry.by) == ("The position is filled", BY)


def test_once_it_runs_it_ends_as_by_hr_and_afterwards_it_is_too_late() -> None:
    interview = Interview(flow=FLOW)
    interview.do(*BEGUN)
    assert interview.refuses(CancelInterview("  ", BY)) == ("end_reason_missing", 400, "reason")
    assert interview.do(CANCEL)[0] == by_hr.InterviewEnded("The position is filled", BY)
    assert interview.do(CANCEL) == []
