"""Whether the candidate is there: their pages and their line are counted, and a short absence is forgiven.

A line that was there and broke off is an outage even while the page is open: who speaks is not heard, and must not lose
time by it. Whoever types instead has given the line up, and so has a page that ended it.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from datetime import datetime, timedelta

from server.interview.events import ConnectionLost, ConnectionRestored, EventBody
from server.interview.journal import Journal
from server.interview.state import MISSED, UNDER_WAY, InterviewState


class Presence:
    """Counts what shows that the candidate is there; writes ConnectionLost after the grace time without it."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._count = 0
        self._changed = asyncio.Event()
        self._line_broke: _Moment | None = None
        self._gone = _Moment(journal.services.now())

    @property
    def somebody(self) -> bool:
        """Whether a page or a line of the candidate's is there now."""
        return self._count > 0

    @property
    def gone_since(self) -> datetime:
        """Since when nobody is there; meaningless while somebody is."""
        return self._gone.at

    async def arrive(self) -> None:
        """One more page or line; ends an outage, unless the line is still missed."""
        self._count += 1
        self._changed.set()
        await self._journal.record(self._restored)

    def leave(self) -> None:
        """One less."""
        self._count -= 1
        if self._count == 0:
            self._gone = _Moment(self._journal.services.now())
        self._changed.set()

    def line_broke(self, silent_s: float) -> None:
        """Nothing has come over the line for so many seconds, and nobody ended it."""
        if self._line_broke is None:
            self._line_broke = _Moment(self._journal.services.now(), silent_s)
            self._changed.set()

    def line_settled(self) -> None:
        """The line is back, or is not missed any more."""
        self._line_broke = None
        self._changed.set()

    def look_again(self) -> None:
        """The state has changed from elsewhere."""
        self._changed.set()

    async def watch(self) -> None:
        """Writes down every absence that lasts longer than the grace time, from its beginning."""
        while True:
            self._changed.clear()
            state = self._journal.state
            since = self._missing_since(state)
            if since is not None:
                grace_left_s = self._journal.services.grace_seconds - since.age_s
                if grace_left_s > 0:
                    await self._wait(grace_left_s)
                else:
                    await self._journal.record(self._lost, at=since.at)
            elif self.somebody and self._restored(state):
                # Another process thought that nobody is there, or the line is not missed any more.
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
        return [ConnectionLost()] if self._missing_since(state) is not None else []

    def _missing_since(self, state: InterviewState) -> _Moment | None:
        """Since when the candidate is cut off, if the log does not say so yet."""
        if not state.connected or state.status not in MISSED:
            return None
        return self._cut_off_since(state)

    def _cut_off_since(self, state: InterviewState) -> _Moment | None:
        line = self._line_broke if not _types(state) else None
        if not self.somebody:
            return min(self._gone, line, key=lambda moment: moment.at) if line is not None else self._gone
        return line

    def _restored(self, state: InterviewState) -> Sequence[EventBody]:
        if state.connected or state.status not in UNDER_WAY or self._cut_off_since(state) is not None:
            return []
        away = self._journal.now() - (state.disconnected_since or state.at)
        return [ConnectionRestored(lost_ms=max(0, away // timedelta(milliseconds=1)))]


class _Moment:
    """When something began, `ago_s` before now. at: wall clock (UTC)."""

    def __init__(self, now: datetime, ago_s: float = 0.0) -> None:
        self.at = now - timedelta(seconds=ago_s)
        self._began = time.monotonic() - ago_s

    @property
    def age_s(self) -> float:
        return time.monotonic() - self._began


def _types(state: InterviewState) -> bool:
    """Whether the open answer is being typed: then nobody waits for the line."""
    return state.answer is not None and bool(state.answer.draft.strip())
