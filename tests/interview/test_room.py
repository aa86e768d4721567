"""The way into a process: what is asked, in which order, and what a place costs until the interview has begun."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from server.admission import KEPT, Limits, Reason, Sample
from server.errors import UserError
from server.interview.commands import GiveConsent, Start
from server.interview.events import Purpose
from server.interview.room import Room
from server.interview.session import InterviewSession
from tests.interview.houses import House, eventually, house

FULL = Sample(loop_load=1.0)


def fill(room: Room, sample: Sample = FULL) -> None:
    for _ in range(KEPT):
        room.admission.measured(sample)


async def ready(place: House, *, voice: bool = True) -> InterviewSession:
    """A session whose consent is given."""
    session = await place.interviews.get(await place.invite())
    granted = dict.fromkeys(session.purposes, True) | {Purpose.VOICE: voice}
    await session.execute(GiveConsent(granted))
    return session


async def refused(session: InterviewSession) -> bool:
    """Presses start; whether the answer is that there is no room."""
    before = session.state.seq
    try:
        await session.execute(Start())
    except UserError as error:
        if (error.code, error.status, error.retry_after_s, session.state.seq) != ("server_full", 503, 60, before):
            raise
        return True
    return False


async def test_a_full_process_refuses_spoken_starts_and_nothing_else(tmp_path: Path) -> None:
    async with house(tmp_path) as place:
        room = place.interviews.room
        begun = await place.started()
        assert room.admitted == 1
        fill(room)
        spoken, typed = await ready(place), await ready(place, voice=False)
        assert await refused(spoken)
        assert not await refused(typed)
        # Sent twice, it counts once, whatever the process has to bear by now.
        assert not await refused(begun)
        assert not await refused(typed)
        assert room.refused == {Reason.LOOP_LOAD: 1}
        assert room.admitted == 2
        fill(room, Sample())
        assert not await refused(spoken)


async def test_the_fixed_number_counts_typed_ones_too_and_those_who_are_there(tmp_path: Path) -> None:
    async with house(tmp_path, limits=Limits(interviews=1), grace_seconds=0.1) as place:
        first, second = await ready(place, voice=False), await ready(place, voice=False)
        async with first.candidate_present():
            assert not await refused(first)
            assert await refused(second)
            assert place.interviews.room.refused == {Reason.INTERVIEWS: 1}
        # Away for longer than the grace time, they take nobody's place; they come back to it all the same.
        await eventually(lambda: not first.under_way)
        assert not await refused(second)


async def test_a_place_is_given_back_when_the_interview_does_not_begin(tmp_path: Path) -> None:
    async with house(tmp_path) as place:
        room = place.interviews.room
        fill(room, Sample(loop_load=0.75))
        undecided = await place.interviews.get(await place.invite())
        with pytest.raises(UserError, match="consent_first"):
            await undecided.execute(Start())
        with room.entrance() as entrance:
            assert entrance.ask(spoken=True)
            assert entrance.ask(spoken=True)
            with room.entrance() as other:
                assert not other.ask(spoken=True)
        assert not await refused(await ready(place))
        assert await refused(await ready(place))


async def test_fifty_at_once_are_let_in_as_far_as_there_is_room(tmp_path: Path) -> None:
    async with house(tmp_path) as place:
        sessions = [await ready(place) for _ in range(20)]
        turned_away = await asyncio.gather(*(refused(session) for session in sessions))
        assert sum(turned_away) == 6
        assert place.interviews.room.refused == {Reason.LOOP_LOAD: 6}
