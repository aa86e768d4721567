"""Finishes recordings: of interviews that are over, and of those that were left for good; again after every crash."""

from __future__ import annotations

import asyncio
import json
import logging
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from server.interview.events import EventBody, InterviewEvent, RecordingFailed, RecordingStored
from server.interview.failures import describe
from server.interview.fold import fold
from server.interview.journal import ATTEMPTS, utc_now
from server.interview.state import InterviewState, Status
from server.live.hub import Hub
from server.recordings.keys import KeyRing
from server.recordings.making import Job
from server.recordings.spool import Spool
from server.recordings.store import Store, StoreAddress, StoreUnavailable
from server.storage.event_log import Conflict, EventLog

log = logging.getLogger(__name__)

LOOK_EVERY_SECONDS = 15.0
SETTLED_AFTER = timedelta(seconds=5)
"""A recorder that was told that the interview is over has closed its file by then."""
LEFT_AFTER = timedelta(hours=24)
"""An interview nobody has spoken in for so long counts as left; when it goes on after all, it is finished anew."""
FORGOTTEN_AFTER = timedelta(days=30)
"""The segments of one that was left are kept for so long, in case it goes on."""
LONGEST_SECONDS = 3600.0
FIRST_RETRY, LONGEST_RETRY = timedelta(minutes=1), timedelta(hours=1)
GIVE_NOTICE_AFTER = 5
"""Failures in a row until the interview's log says so; it is tried on after that."""
ROOT = Path(__file__).parents[2]


class Due(StrEnum):
    """What is to be done with an interview's segments."""

    NOTHING = "nothing"
    FINISH = "finish"
    REMOVE = "remove"


def due(now: datetime, last_written: datetime, *, completed: bool, stored_at: datetime | None) -> Due:
    """What is to be done. last_written: to the last segment; stored_at: when a recording was last stored."""
    untouched = now - last_written
    if stored_at is not None and stored_at >= last_written:
        return Due.REMOVE if completed or untouched >= FORGOTTEN_AFTER else Due.NOTHING
    return Due.FINISH if untouched >= (SETTLED_AFTER if completed else LEFT_AFTER) else Due.NOTHING


@dataclass(frozen=True, slots=True)
class Failure:
    """How often in a row an interview's recording could not be finished, and when it is tried again."""

    times: int
    again_at: datetime


class Finisher:
    """Looks at the spool, interview by interview. Any number of processes may: a lock lets one do the work."""

    def __init__(
        self,
        spool: Spool,
        address: StoreAddress,
        keys: KeyRing,
        event_log: EventLog,
        hub: Hub,
        *,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self._spool = spool
        self._address = address
        self._keys = keys
        self._log = event_log
        self._hub = hub
        self._now = now
        self._failures: dict[str, Failure] = {}

    async def run(self) -> None:
        """Looks now and every 15 s, until it is cancelled."""
        while True:
            await self.look()
            await asyncio.sleep(LOOK_EVERY_SECONDS)

    async def look(self) -> None:
        """Does what is due; never raises for one interview's trouble."""
        try:
            waiting = await asyncio.to_thread(self._spool.waiting)
        except OSError as error:
            log.warning("the recordings' spool cannot be read (%s)", type(error).__name__)
            return
        for interview_id in waiting:
            try:
                await self._look_at(interview_id)
            except (OSError, SQLAlchemyError, Conflict, StoreUnavailable, ValueError, LookupError) as error:
                log.warning("the recording of interview %s is looked at later: %s", interview_id, describe(error))

    async def _look_at(self, interview_id: str) -> None:
        failure = self._failures.get(interview_id)
        if failure is not None and self._now() < failure.again_at:
            return
        last_written = await asyncio.to_thread(self._spool.last_written, interview_id)
        if last_written is not None and self._now() - last_written < SETTLED_AFTER:
            return
        events = await self._log.read(interview_id)
        if not events:
            return
        state = fold(events)
        completed = state.status is Status.COMPLETED
        if last_written is None:
            # The segments were removed, and the process ended before the folder was; or nothing was ever recorded.
            if completed:
                await self._remove(interview_id)
            return
        what = due(self._now(), last_written, completed=completed, stored_at=_stored_at(events))
        if what is Due.FINISH:
            await self._finish(interview_id, last_written, remove=completed)
        elif what is Due.REMOVE:
            await self._remove(interview_id)

    async def _finish(self, interview_id: str, last_written: datetime, *, remove: bool) -> None:
        job = Job(self._spool.of_interview(interview_id).resolve(), self._address, self._keys)
        async with _made(job) as outcome:
            if "made" in outcome:
                self._failures.pop(interview_id, None)
                if await asyncio.to_thread(self._spool.last_written, interview_id) != last_written:
                    # It went on meanwhile, or the disk was slow: what came is not in this file, which is made anew.
                    return
                await self._stored(interview_id, RecordingStored(**outcome["made"]))
                await self._remove_others(interview_id)
                if remove:
                    await self._remove(interview_id)
            elif "failed" in outcome:
                await self._failed(interview_id, outcome["failed"])

    async def _stored(self, interview_id: str, stored: RecordingStored) -> None:
        await self._record(interview_id, lambda state: [stored])
        log.info("the recording of interview %s is stored", interview_id, extra={"bytes": stored.size_bytes})

    async def _remove(self, interview_id: str) -> None:
        """Removes the segments, once nothing but the recording that the log names is in the store."""
        await self._remove_others(interview_id)
        await asyncio.to_thread(self._spool.remove, interview_id)

    async def _remove_others(self, interview_id: str) -> None:
        """What was stored by a process that ended before it could say so, and what this recording replaces."""
        stored = fold(await self._log.read(interview_id)).recording.stored
        store = Store(self._address)
        for key in await store.keys(f"{interview_id}/"):
            if stored is None or key != stored.key:
                await store.delete(key)

    async def _failed(self, interview_id: str, reason: str) -> None:
        before = self._failures.get(interview_id)
        times = before.times + 1 if before else 1
        wait = min(LONGEST_RETRY, FIRST_RETRY * 2 ** min(times - 1, 10))
        self._failures[interview_id] = Failure(times, self._now() + wait)
        log.warning("the recording of interview %s cannot be finished (%s), attempt %d", interview_id, reason, times)
        if times >= GIVE_NOTICE_AFTER:
            await self._record(
                interview_id,
                lambda state: [] if state.recording.failed == reason else [RecordingFailed(reason)],
            )

    async def _record(self, interview_id: str, decide: Callable[[InterviewState], Sequence[EventBody]]) -> None:
        for attempt in range(1, ATTEMPTS + 1):
            state = fold(await self._log.read(interview_id))
            # Nobody has been there for hours, or the interview is over: its clock stands still, whatever the log says.
            bodies = [(state.clock_ms, body) for body in decide(state)]
            if not bodies:
                return
            try:
                events = await self._log.append(interview_id, state.seq, bodies, at=max(self._now(), state.at))
            except Conflict:
                if attempt == ATTEMPTS:
                    raise
                continue
            await self._hub.publish_events(interview_id, events)
            return


def _stored_at(events: Sequence[InterviewEvent]) -> datetime | None:
    return max((event.at for event in events if isinstance(event.body, RecordingStored)), default=None)


@asynccontextmanager
async def _made(job: Job) -> AsyncIterator[dict[str, Any]]:
    """What the process that does the job says; it keeps the lock until the end of this context."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "server.recordings.making",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        cwd=ROOT,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        line = b""
        try:
            async with asyncio.timeout(LONGEST_SECONDS):
                process.stdin.write(job.to_json().encode() + b"\n")
                await process.stdin.drain()
                line = await process.stdout.readline()
        except (TimeoutError, ConnectionError):
            pass
        yield json.loads(line) if line else {"failed": "ProcessEnded"}
    finally:
        process.stdin.close()
        with suppress(ProcessLookupError):
            if not await _ended_within(process, 2):
                process.kill()
        await process.wait()


async def _ended_within(process: asyncio.subprocess.Process, seconds: float) -> bool:
    try:
        async with asyncio.timeout(seconds):
            await process.wait()
    except TimeoutError:
        return False
    return True
