"""A line that breaks off stops the interview clock even while the page is open; whoever types goes on."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from scripts.lossy_line import LossyLine, server_address, through, without_candidates
from scripts.restarting import restart_ice
from server.interview.commands import SaveDraft, StartAnswer, SubmitAnswer
from server.interview.events import AnswerMode, ConnectionLost, ConnectionRestored, InterviewEvent
from server.interview.session import InterviewSession
from server.interview.state import FaultKind
from tests.interview.houses import Clock, House, eventually, house
from tests.media.peers import Candidate, candidate


async def outages(home: House, session: InterviewSession) -> list[InterviewEvent]:
    events = await home.events(session)
    return [event for event in events if isinstance(event.body, ConnectionLost | ConnectionRestored)]


@asynccontextmanager
async def speaking(home: House, clock: Clock) -> AsyncIterator[tuple[InterviewSession, str]]:
    """A candidate whose page is open, ten seconds into the first question."""
    session = await home.interviews.get(await home.invite())
    async with session.candidate_present():
        await home.start(session)
        question_id = session.state.question_id
        assert question_id is not None
        clock.turn(10)
        await session.execute(StartAnswer(question_id))
        clock.turn(5)
        yield session, question_id


async def cut_off(session: InterviewSession, silent_s: float = 2.0) -> None:
    session._presence.line_broke(silent_s)
    await eventually(lambda: not session.state.connected)


async def test_the_clock_stands_still_from_the_last_sound_on_though_the_page_is_open(
    strict_home: House, clock: Clock
) -> None:
    async with speaking(strict_home, clock) as (session, _):
        await cut_off(session, silent_s=2.0)
        clock.turn(60)
        assert session.state.clock_at(clock()) == 13_000
        session._presence.line_settled()
        await eventually(lambda: session.state.connected)
        clock.turn(1)
        assert session.state.clock_at(clock()) == 14_000
        [lost, restored] = await outages(strict_home, session)
        assert (lost.clock_ms, restored.clock_ms) == (13_000, 13_000)
        assert restored.body == ConnectionRestored(lost_ms=62_000)
        [fault] = [fault for fault in session.state.faults if fault.kind is FaultKind.OUTAGE]
        assert fault.lost_ms == 62_000


async def test_where_the_clock_is_turned_real_time_makes_nobody_absent(home: House, clock: Clock) -> None:
    session = await home.started()
    # What a busy machine takes over the commands of a test that opens no page.
    await asyncio.sleep(0.3)
    clock.turn(4)
    assert session.state.clock_at(clock()) == 4000
    assert await outages(home, session) == []


async def test_a_short_break_is_forgiven(home: House, clock: Clock) -> None:
    async with speaking(home, clock) as (session, _):
        session._presence.line_broke(2.0)
        await asyncio.sleep(0.2)
        assert session.state.connected
        session._presence.line_settled()
        await asyncio.sleep(0.05)
        assert await outages(home, session) == []


async def test_what_happened_before_does_not_shorten_the_grace(tmp_path: Path, clock: Clock) -> None:
    # Less than the clock has been turned by when the line breaks, more than a busy machine takes.
    async with house(tmp_path, clock=clock, grace_seconds=12.0) as home, speaking(home, clock) as (session, _):
        session._presence.line_broke(0.0)
        for _ in range(5):
            session._presence.look_again()
            await asyncio.sleep(0.01)
        assert session.state.connected


async def test_whoever_begins_to_type_goes_on(strict_home: House, clock: Clock) -> None:
    async with speaking(strict_home, clock) as (session, question_id):
        await cut_off(session)
        clock.turn(8)
        await session.execute(SaveDraft(question_id, "Then I will type."))
        await eventually(lambda: session.state.connected)
        clock.turn(2)
        assert session.state.clock_at(clock()) == 15_000
        assert [event.body for event in await outages(strict_home, session)][-1] == ConnectionRestored(lost_ms=10_000)


async def test_a_line_that_breaks_while_somebody_types_is_not_missed(strict_home: House, clock: Clock) -> None:
    async with speaking(strict_home, clock) as (session, question_id):
        await session.execute(SaveDraft(question_id, "I type anyway."))
        session._presence.line_broke(2.0)
        await asyncio.sleep(0.3)
        assert await outages(strict_home, session) == []


async def test_a_typed_answer_gives_the_line_up_and_a_spoken_one_does_not(strict_home: House, clock: Clock) -> None:
    async with speaking(strict_home, clock) as (session, question_id):
        await cut_off(session)
        await session.execute(SubmitAnswer(question_id, AnswerMode.TYPED, "A typed answer is taken in an outage."))
        await eventually(lambda: session.state.connected)
        following = session.state.question_id
        assert following not in (None, question_id)
        clock.turn(1)
        assert session.state.clock_at(clock()) == 14_000


async def test_a_page_that_comes_back_does_not_end_the_lines_outage(strict_home: House, clock: Clock) -> None:
    async with speaking(strict_home, clock) as (session, _):
        await cut_off(session)
        async with session.candidate_present():
            await asyncio.sleep(0.2)
            assert not session.state.connected
        session._presence.line_settled()
        await eventually(lambda: session.state.connected)


async def test_page_and_line_gone_are_one_outage_from_the_first(strict_home: House, clock: Clock) -> None:
    async with speaking(strict_home, clock) as (session, _):
        session._presence.line_broke(2.0)
        session._presence.leave()
        await eventually(lambda: not session.state.connected)
        clock.turn(30)
        await session._presence.arrive()
        await asyncio.sleep(0.2)
        assert not session.state.connected
        session._presence.line_settled()
        await eventually(lambda: session.state.connected)
        [lost, restored] = await outages(strict_home, session)
        assert (lost.clock_ms, restored.body) == (13_000, ConnectionRestored(lost_ms=32_000))


# With a real peer behind a bad line.


@asynccontextmanager
async def on_a_line(session: InterviewSession) -> AsyncIterator[tuple[Candidate, LossyLine, str]]:
    async with candidate() as browser:
        peer_id, answer = await session.attach(without_candidates(await browser.offer()))
        async with LossyLine(server_address(answer)) as line:
            await browser.accept(through(answer, line.address))
            await eventually(lambda: session._line._peer is not None and session._line._peer.state == "connected", 20)
            yield browser, line, peer_id


@pytest.fixture
async def real_time(tmp_path: Path) -> AsyncIterator[House]:
    async with house(tmp_path, grace_seconds=2.5) as home:
        yield home


async def test_a_dead_line_is_an_outage_and_comes_back_over_the_same_peer(real_time: House) -> None:
    session = await real_time.started()
    async with session.candidate_present(), on_a_line(session) as (browser, line, peer_id):
        peer = session._line._peer
        before = session._journal.clock_ms()
        line.down = True
        await eventually(lambda: not session.state.connected)
        stood = session._journal.clock_ms()
        # From the last sound on, not from when it was noticed.
        assert stood - before < 1000
        await asyncio.sleep(1.0)
        assert session._journal.clock_ms() == stood
        await line.change_path()
        line.down = False

        async def exchange(fragment: str) -> str:
            return through(await session.line.restart_ice(peer_id, without_candidates(fragment)), line.address)

        await restart_ice(browser.connection, exchange)
        await eventually(lambda: session.state.connected, 3.0)
        assert session._line._peer is peer
        [_, restored] = await outages(real_time, session)
        assert isinstance(restored.body, ConnectionRestored)
        assert 3_000 < restored.body.lost_ms < 9_000


async def test_a_line_that_the_page_ended_is_not_missed(real_time: House) -> None:
    session = await real_time.started()
    async with session.candidate_present(), on_a_line(session) as (_, _line, peer_id):
        await session.detach(peer_id)
        await asyncio.sleep(3.5)
        assert await outages(real_time, session) == []


async def test_a_browser_that_vanishes_is_missed(real_time: House) -> None:
    session = await real_time.started()
    async with session.candidate_present(), on_a_line(session) as (browser, _line, _):
        await browser.connection.close()
        await eventually(lambda: not session.state.connected)
