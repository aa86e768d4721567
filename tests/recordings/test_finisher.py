"""A recording is finished once, whatever dies in between, and never at the cost of its segments."""

from __future__ import annotations

import asyncio
import fcntl
import hashlib
import io
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from media.joining import check
from server.interview.events import RecordingFailed, RecordingStored
from server.interview.state import FaultKind
from server.recordings import finisher
from server.recordings.finisher import GIVE_NOTICE_AFTER, Due, Finisher, due
from server.recordings.making import Job
from server.recordings.spool import LOCK, segments_of
from server.recordings.store import Store, StoreAddress
from tests.interview.houses import eventually
from tests.recordings.conftest import INTERVIEW, House, S3Server, house_in, write_segments
from tests.recordings.keys import ONE, OTHER, ROTATED

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("untouched", "completed", "stored", "what"),
    [
        (timedelta(seconds=2), True, None, Due.NOTHING),
        (timedelta(seconds=6), True, None, Due.FINISH),
        (timedelta(hours=23), False, None, Due.NOTHING),
        (timedelta(hours=25), False, None, Due.FINISH),
        (timedelta(hours=25), False, timedelta(hours=1), Due.NOTHING),
        (timedelta(hours=25), True, timedelta(hours=1), Due.REMOVE),
        (timedelta(days=31), False, timedelta(days=30), Due.REMOVE),
        (timedelta(minutes=1), True, timedelta(hours=5), Due.FINISH),
        (timedelta(minutes=1), False, timedelta(hours=5), Due.NOTHING),
    ],
)
def test_what_is_due(untouched: timedelta, completed: bool, stored: timedelta | None, what: Due) -> None:
    stored_at = NOW - stored if stored is not None else None
    assert due(NOW, NOW - untouched, completed=completed, stored_at=stored_at) is what


async def only(house: House) -> RecordingStored:
    """The one recording that the log knows of."""
    [event] = await house.recorded()
    assert isinstance(event.body, RecordingStored)
    return event.body


async def assert_whole(house: House, seconds: float = 8) -> RecordingStored:
    """There is one recording, it plays, it is what the log says, and its segments are gone."""
    stored = await only(house)
    content = await house.content(stored)
    assert (len(content), hashlib.sha256(content).hexdigest()) == (stored.size_bytes, stored.sha256)
    facts = check(io.BytesIO(content))
    assert facts.duration_ms == stored.duration_ms == pytest.approx(seconds * 1000, abs=100)
    assert (stored.media_type, stored.has_video) == ("video/webm", True)
    assert house.spool.waiting() == []
    return stored


async def test_the_segments_of_a_completed_interview_become_one_stored_file(house: House, tmp_path: Path) -> None:
    await house.interview()
    write_segments(house.spool, INTERVIEW)
    await house.finisher().look()
    stored = await assert_whole(house)
    assert stored.key == f"{INTERVIEW}/{stored.sha256[:32]}.webm"
    assert (tmp_path / "recordings" / stored.key).stat().st_size == stored.size_bytes
    await house.finisher().look()
    assert await only(house) == stored


async def test_an_interview_that_goes_on_is_left_alone(house: House) -> None:
    await house.interview(completed=False)
    write_segments(house.spool, INTERVIEW)
    await house.finisher(later=timedelta(hours=5)).look()
    assert await house.recorded() == []
    assert house.spool.waiting() == [INTERVIEW]


async def test_one_that_was_left_is_stored_and_when_it_goes_on_stored_anew(house: House, tmp_path: Path) -> None:
    await house.interview(completed=False)
    write_segments(house.spool, INTERVIEW, seconds=[4])
    # The segment is of yesterday.
    old = (datetime.now(UTC) - timedelta(hours=25)).timestamp()
    segment = house.spool.of_interview(INTERVIEW) / "0001.segment"
    os.utime(segment, (old, old))
    await house.finisher(later=timedelta(0)).look()
    first = await only(house)
    assert first.duration_ms == pytest.approx(4000, abs=100)
    assert segment.exists()
    await house.finisher(later=timedelta(0)).look()
    assert await only(house) == first

    write_segments(house.spool, INTERVIEW, seconds=[6])
    await house.finisher(later=timedelta(hours=25)).look()
    second = (await house.state()).recording.stored
    assert second is not None
    assert second.duration_ms == pytest.approx(6000, abs=100)
    kept = [path.name for path in (tmp_path / "recordings" / INTERVIEW).iterdir()]
    assert kept == [second.key.split("/")[1]]


async def test_encrypted_from_the_first_byte_to_the_store_with_keys_rotated_meanwhile(
    s3: S3Server, tmp_path: Path
) -> None:
    async with house_in(tmp_path, s3.address(tmp_path / "unused"), ROTATED) as house:
        await house.interview()
        write_segments(house.spool, INTERVIEW, keys=ONE, seconds=[4])
        write_segments(house.spool, INTERVIEW, keys=OTHER, seconds=[6])
        segments = b"".join(path.read_bytes() for path in house.spool.of_interview(INTERVIEW).iterdir())
        assert b"matroska" not in segments
        await house.finisher().look()
        stored = await assert_whole(house, 6)
        assert s3.keys() == [f"kept/{stored.key}"]
        assert b"webm" not in s3.content(f"kept/{stored.key}")[:4096]


def lose(folder: Path, step: str, place: StoreAddress | None = None) -> subprocess.Popen[bytes]:
    job = [Job(folder, place, ROTATED).to_json()] if place else []
    command = [sys.executable, "-m", "tests.recordings.finishing_process", str(folder), step, *job]
    return subprocess.Popen(command, cwd=ROOT)


@pytest.mark.parametrize("step", ["made", "logged", "removed", "half removed"])
async def test_killed_between_any_two_steps_it_is_done_once_all_the_same(tmp_path: Path, step: str) -> None:
    async with house_in(tmp_path, StoreAddress(tmp_path / "recordings")) as house:
        await house.interview()
        write_segments(house.spool, INTERVIEW)
        process = lose(tmp_path, step)
        assert await asyncio.to_thread(process.wait, 60) == -9
        assert house.spool.waiting() == [INTERVIEW]
        assert len(await house.recorded()) == (0 if step == "made" else 1)
        await eventually(lambda: not is_locked(house))
        await house.finisher().look()
        await assert_whole(house)
        assert len(list((tmp_path / "recordings" / INTERVIEW).iterdir())) == 1


async def test_killed_while_it_uploads_the_work_ends_with_it_and_is_done_again(s3: S3Server, tmp_path: Path) -> None:
    async with house_in(tmp_path, s3.address(tmp_path / "unused")) as house:
        await house.interview()
        write_segments(house.spool, INTERVIEW)
        s3.stop()
        process = lose(tmp_path, "none", house.address)
        # A Python process that imports the server takes seconds to begin on a busy machine.
        await eventually(lambda: is_locked(house), 60)
        await asyncio.sleep(1)
        assert is_locked(house)
        process.kill()
        assert await asyncio.to_thread(process.wait, 60) == -9
        await eventually(lambda: not is_locked(house))
        s3.go_on()
        await house.finisher().look()
        stored = await assert_whole(house)
        assert s3.keys() == [f"kept/{stored.key}"]


def is_locked(house: House) -> bool:
    """Whether some process is at the interview."""
    path = house.spool.of_interview(INTERVIEW) / LOCK
    if not path.exists():
        return False
    with path.open() as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


async def test_of_several_at_once_one_does_the_work(house: House) -> None:
    await house.interview()
    write_segments(house.spool, INTERVIEW)
    await asyncio.gather(*(house.finisher().look() for _ in range(4)))
    await house.finisher().look()
    await assert_whole(house)


async def test_while_another_is_at_it_nothing_happens(house: House) -> None:
    await house.interview()
    write_segments(house.spool, INTERVIEW)
    with (house.spool.of_interview(INTERVIEW) / LOCK).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        await house.finisher().look()
        assert await house.recorded() == []
    await house.finisher().look()
    await assert_whole(house)


class Ahead:
    """A clock that tests turn."""

    def __init__(self) -> None:
        self.by = timedelta(seconds=30)

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.by


async def test_what_is_written_while_the_work_is_done_is_not_lost(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    await house.interview()
    write_segments(house.spool, INTERVIEW)

    @asynccontextmanager
    async def made_meanwhile(job: Job) -> AsyncIterator[dict[str, Any]]:
        async with made(job) as outcome:
            write_segments(house.spool, INTERVIEW, seconds=(4,))
            yield outcome

    made = finisher._made
    monkeypatch.setattr(finisher, "_made", made_meanwhile)
    await house.finisher().look()
    monkeypatch.undo()
    assert len(segments_of(house.spool.of_interview(INTERVIEW))) == 3
    await house.finisher().look()
    stored = await assert_whole(house)
    assert await Store(house.address).keys(f"{INTERVIEW}/") == [stored.key]


async def test_a_store_that_is_away_costs_nothing_but_time_and_is_told_after_a_while(
    s3: S3Server, tmp_path: Path
) -> None:
    async with house_in(tmp_path, s3.address(tmp_path / "unused", secret="wrong" * 8)) as house:
        await house.interview()
        write_segments(house.spool, INTERVIEW)
        now = Ahead()
        finisher = Finisher(house.spool, house.address, house.keys, house.log, house.hub, now=now)
        for attempt in range(1, GIVE_NOTICE_AFTER + 3):
            await finisher.look()
            # Not before its time comes.
            await finisher.look()
            assert len(await house.recorded()) == (0 if attempt < GIVE_NOTICE_AFTER else 1), attempt
            now.by += timedelta(hours=1, minutes=1)
        state = await house.state()
        assert state.recording.failed == "StoreUnavailable"
        assert [fault.kind for fault in state.faults] == [FaultKind.RECORDING_FAILED]
        assert house.spool.waiting() == [INTERVIEW]

        house.address = s3.address(tmp_path / "unused")
        await house.finisher(later=now.by).look()
        state = await house.state()
        assert state.recording.failed is None
        assert state.recording.stored is not None
        assert state.faults[0].lost_ms is not None
        assert house.spool.waiting() == []


async def test_a_key_that_is_gone_keeps_the_segments_and_is_told(tmp_path: Path) -> None:
    async with house_in(tmp_path, StoreAddress(tmp_path / "recordings"), OTHER) as house:
        await house.interview()
        write_segments(house.spool, INTERVIEW, keys=ONE)
        now = Ahead()
        finisher = Finisher(house.spool, house.address, OTHER, house.log, house.hub, now=now)
        for _ in range(GIVE_NOTICE_AFTER):
            await finisher.look()
            now.by += timedelta(hours=2)
        [event] = await house.recorded()
        assert event.body == RecordingFailed("KeyMissing")
        house.keys = ROTATED
        await house.finisher(later=now.by).look()
        assert (await house.state()).recording.stored is not None


async def test_one_interview_in_trouble_does_not_keep_the_others_waiting(house: House) -> None:
    broken, unknown = "0" * 32, "1" * 32
    await house.interview(interview_id=broken)
    await house.interview()
    for interview_id in (broken, unknown):
        folder = house.spool.of_interview(interview_id)
        folder.mkdir()
        (folder / "0001.segment").write_bytes(b"no recording" * 1000)
    write_segments(house.spool, INTERVIEW)
    await house.finisher().look()
    assert (await house.state()).recording.stored is not None
    assert house.spool.waiting() == [broken, unknown]
    assert await house.recorded(broken) == []


async def test_a_folder_in_which_nothing_was_recorded_goes_with_its_interview(house: House) -> None:
    await house.interview()
    house.spool.of_interview(INTERVIEW).mkdir()
    await house.finisher().look()
    assert house.spool.waiting() == []
    assert await house.recorded() == []


async def test_a_finisher_that_is_stopped_leaves_no_process_behind(s3: S3Server, tmp_path: Path) -> None:
    async with house_in(tmp_path, s3.address(tmp_path / "unused")) as house:
        await house.interview()
        write_segments(house.spool, INTERVIEW)
        s3.stop()
        running = asyncio.create_task(house.finisher().run())
        await eventually(lambda: is_locked(house))
        running.cancel()
        await asyncio.wait([running])
        assert not is_locked(house)
        assert house.spool.waiting() == [INTERVIEW]
        s3.go_on()
