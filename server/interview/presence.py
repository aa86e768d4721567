"""Whether the candidate is there: their pages and their line are counted, and a short absence is forgiven."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta

from server.interview.events import ConnectionLost, ConnectionRestored, EventBody
from server.interview.journal import Journal
from server.interview.state import InterviewState, Status

UNFINISHED = (Status.RUNNING, Status.PAUSED)


class Presence:
    """Counts what shows that the candidate is there; writes ConnectionLost after the grace time without any."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._count = 0
        self._changed = asyncio.Event()
        self.gone_since: datetime = journal.services.now()
        """Since when nobody is there; meaningless while somebody is."""

    @property
    def somebody(self) -> bool:
        """Whether the candidate is there now."""
        return self._count > 0

    async def arrive(self) -> None:
        """One more page or line; ends an outage."""
        self._count += 1
        self._changed.set()
        await self._journal.record(self._restored)

    def leave(self) -> None:
        """One less."""
        self._count -= 1
        if self._count == 0:
            self.gone_since = self._journal.services.now()
        self._changed.set()

    def look_again(self) -> None:
        """The state has changed from elsewhere."""
        self._changed.set()

    async def watch(self) -> None:
        """Writes down every absence that lasts longer than the grace time, from its beginning."""
        while True:
            self._changed.clear()
            if self._missing(self._journal.state):
                await self._wait(self._journal.services.grace_seconds)
                await self._journal.record(self._lost, at=self.gone_since)
            elif self.somebody and self._restored(self._journal.state):
                # Another process thought that nobody is there.
                await self._journal.record(self._restored)
            else:
                await self._changed.wait()

    async def _wait(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._changed.wait()
        except TimeoutError:
            pass

    def _lost(self, state: InterviewState) -> Sequence[EventBody]:
        return [ConnectionLost()] if self._missing(state) else []

    def _missing(self, state: InterviewState) -> bool:
        return state.connected and state.status in UNFINISHED and not self.somebody

    def _restored(self, state: InterviewState) -> Sequence[EventBody]:
        if state.connected or state.status not in UNFINISHED:
            return []
        away = self._journal.now() - (state.disconnected_since or state.at)
        return [ConnectionRestored(lost_ms=max(0, away // timedelta(milliseconds=1)))]
