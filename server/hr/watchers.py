"""Who of HR has an interview's monitor open: each process tells the others of its own, and forgets who fell silent."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web

from server.live.hub import Signal
from server.storage.users import HrUser

PRESENT = "present:"
"""Begins the type of the signals between processes; each has its own, so that the last one of each is kept."""
BEAT_SECONDS = 5.0
FORGOTTEN_SECONDS = 16.0
"""A process that has said nothing for so long has ended without a word; three beats may be lost."""

Person = tuple[str, str]
"""(account id, how they are shown)."""


class Watchers:
    """The people at each interview's monitor, here and in other processes.

    publish: reaches every process that follows the interview, this one too. now: seconds, the same on every machine.
    """

    def __init__(
        self,
        publish: Callable[[Signal], Awaitable[None]],
        now: Callable[[], float] = time.time,
        beat_seconds: float = BEAT_SECONDS,
    ) -> None:
        self._publish = publish
        self._now = now
        self._beat_seconds = beat_seconds
        self._process = uuid.uuid4().hex
        self._here: dict[str, Counter[Person]] = {}
        self._elsewhere: dict[str, dict[str, tuple[float, tuple[Person, ...]]]] = {}
        self._beats: dict[str, asyncio.Task[None]] = {}

    @asynccontextmanager
    async def watching(self, interview_id: str, user: HrUser) -> AsyncIterator[None]:
        """This person has a monitor of the interview open for the length of the context."""
        here, person = self._here.setdefault(interview_id, Counter()), (user.id, user.shown)
        here[person] += 1
        if interview_id not in self._beats:
            self._beats[interview_id] = asyncio.create_task(self._beat(interview_id), name="watchers-beat")
        try:
            await self._tell(interview_id)
            yield
        finally:
            here[person] -= 1
            if here.total() == 0:
                del self._here[interview_id]
                self._beats.pop(interview_id).cancel()
            await self._tell(interview_id)
            if interview_id not in self._here:
                self._elsewhere.pop(interview_id, None)

    def hear(self, signal: Signal) -> Signal | None:
        """A signal for pages with everybody, made of one between processes; None when it is none of those."""
        if not signal.type.startswith(PRESENT):
            return None
        process = signal.type.removeprefix(PRESENT)
        if process != self._process:
            people = tuple((str(one["id"]), str(one["name"])) for one in signal.data["users"])
            self._elsewhere.setdefault(signal.interview_id, {})[process] = (float(signal.data["at"]), people)
        return self.now(signal.interview_id)

    def now(self, interview_id: str) -> Signal:
        """The signal `watchers` for pages: {"users": [{"id", "name"}]}, each person once, by name."""
        people = {person for person, times in self._here.get(interview_id, Counter()).items() if times > 0}
        since = self._now() - FORGOTTEN_SECONDS
        for at, others in self._elsewhere.get(interview_id, {}).values():
            if at >= since:
                people |= set(others)
        return Signal(interview_id, "watchers", 0, {"users": _json(people)})

    async def _tell(self, interview_id: str) -> None:
        people = {person for person, times in self._here.get(interview_id, Counter()).items() if times > 0}
        data: dict[str, Any] = {"at": self._now(), "users": _json(people)}
        await self._publish(Signal(interview_id, PRESENT + self._process, 0, data))

    async def _beat(self, interview_id: str) -> None:
        while True:
            await asyncio.sleep(self._beat_seconds)
            await self._tell(interview_id)


WATCHERS = web.AppKey("watchers", Watchers)


def _json(people: set[Person]) -> list[dict[str, str]]:
    by_id = dict(people)  # Somebody who was renamed meanwhile is still one person.
    return [{"id": id_, "name": name} for id_, name in sorted(by_id.items(), key=lambda one: (one[1], one[0]))]
