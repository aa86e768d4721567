"""A rest between two rounds in a live interview: nobody is missed in it, and only going on ends it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from server.interview.commands import ContinueInterview, SkipQuestion
from server.interview.session import InterviewSession
from server.interview.snapshot import candidate_snapshot, hr_snapshot
from server.interview.state import FaultKind, Status
from tests.interview.houses import NO_GRACE_SECONDS, Clock, House, eventually, house
from tests.interview.test_ways import FLOW


@pytest.fixture
async def home(tmp_path: Path, clock: Clock) -> AsyncIterator[House]:
    async with house(tmp_path, clock=clock, flows={FLOW.id: FLOW}) as running:
        yield running


async def skip_all(session: InterviewSession) -> Status:
    """Skips every question that is open; where that leads."""
    while session.state.question_id is not None:
        await session.execute(SkipQuestion(session.state.question_id))
    return session.state.status


async def to_the_rest(session: InterviewSession) -> None:
    assert await skip_all(session) is Status.BETWEEN_ROUNDS


async def test_the_pages_say_what_comes_next(home: House) -> None:
    session = await home.started(flow_id=FLOW.id)
    assert candidate_snapshot(session)["next_round"] is None
    await to_the_rest(session)
    shown = candidate_snapshot(session)
    assert (shown["status"], shown["question"], shown["all_submitted"]) == ("between_rounds", None, False)
    assert shown["next_round"] == {
        "index": 1,
        "total": 2,
        "title": "Writing",
        "intro": "Now three short things in writing.",
    }
    assert hr_snapshot(session.interview_id, session.state, FLOW)["status"] == "between_rounds"
    await session.execute(ContinueInterview())
    shown = candidate_snapshot(session)
    assert (shown["status"], shown["next_round"], shown["question"]["round"]["index"]) == ("running", None, 1)


async def test_whoever_rests_elsewhere_is_not_missed_and_is_missed_again_afterwards(
    tmp_path: Path, clock: Clock
) -> None:
    async with house(tmp_path, clock=clock, flows={FLOW.id: FLOW}, grace_seconds=NO_GRACE_SECONDS) as home:
        await rest_elsewhere(home, clock)


async def rest_elsewhere(home: House, clock: Clock) -> None:
    session = await home.started(flow_id=FLOW.id)
    async with session.candidate_present():
        await to_the_rest(session)
    clock.turn(3600)
    await asyncio.sleep(0.2)
    assert session.state.connected
    before = session.state.clock_ms
    # Somebody goes on without a page: then they are cut off.
    await session.execute(ContinueInterview())
    await eventually(lambda: not session.state.connected)
    assert session.state.clock_ms == before
    async with session.candidate_present():
        assert session.state.connected
        clock.turn(2)
        assert session.state.clock_at(clock()) == before + 2000


async def test_a_rest_outlives_the_process_and_is_nothing_to_settle(tmp_path: Path, clock: Clock) -> None:
    flows = {FLOW.id: FLOW}
    async with house(tmp_path, clock=clock, flows=flows) as first:
        session = await first.started(flow_id=FLOW.id)
        await to_the_rest(session)
        interview_id = session.interview_id
    clock.turn(86_400)
    async with house(tmp_path, clock=clock, flows=flows) as second:
        await second.interviews.take_up_unsettled(clock())
        assert second.interviews.running() == ()
        session = await second.interviews.get(interview_id)
        async with session.candidate_present():
            assert session.state.status is Status.BETWEEN_ROUNDS
            assert FaultKind.RESTART not in [fault.kind for fault in session.state.faults]
            await session.execute(ContinueInterview())
            assert session.state.question_id == "letter"
            await skip_all(session)
            await eventually(lambda: session.state.report_id is not None)
