"""Hands messages to the viewers of this process, each through a bounded queue of its own."""

from __future__ import annotations

import asyncio
from collections import OrderedDict, deque
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum

from server.live.messages import LiveMessage, Signal

QUEUE_LENGTH = 1000
"""Messages one viewer may be behind; at ten a second more than a minute and a half."""

REMEMBERED_INTERVIEWS = 1000


class Gap(Enum):
    """Stands in a stream where messages may be missing."""

    GAP = "gap"


SUPERSEDED = frozenset({"transcript", "connection", "observations"})
"""Signals that say all there is to say: of one interview's, a viewer who is behind needs the newest only."""


@dataclass(slots=True)
class _Queued:
    """item: None once a newer one has come."""

    item: LiveMessage | Gap | None


class Subscription:
    """One viewer's stream. It ends when the viewer is too far behind: they come back with their last seq."""

    def __init__(self, length: int = QUEUE_LENGTH) -> None:
        self._queued: deque[_Queued] = deque()
        self._newest: dict[tuple[str, str], _Queued] = {}
        self._length = length
        self._ended = False
        self._wake = asyncio.Event()

    def offer(self, item: LiveMessage | Gap) -> None:
        """Queues one item; ends the stream instead when the queue is full."""
        if len(self._queued) >= self._length:
            self._leave_out_superseded()
        if len(self._queued) >= self._length:
            self._queued.clear()
            self.end()
        if not self._ended:
            queued = _Queued(item)
            if isinstance(item, Signal) and item.type in SUPERSEDED:
                key = (item.interview_id, item.type)
                if (before := self._newest.get(key)) is not None:
                    before.item = None
                self._newest[key] = queued
            self._queued.append(queued)
            self._wake.set()

    def _leave_out_superseded(self) -> None:
        self._queued = deque(one for one in self._queued if one.item is not None)

    def end(self) -> None:
        """Ends the stream after what is queued."""
        self._ended = True
        self._wake.set()

    async def __aiter__(self) -> AsyncIterator[LiveMessage | Gap]:
        while True:
            while self._queued:
                item = self._queued.popleft().item
                if item is None:
                    continue
                if isinstance(item, Signal):
                    self._forget(item)
                yield item
            if self._ended:
                return
            self._wake.clear()
            await self._wake.wait()

    def _forget(self, signal: Signal) -> None:
        key = (signal.interview_id, signal.type)
        newest = self._newest.get(key)
        if newest is not None and newest.item is signal:
            del self._newest[key]


class Fanout:
    """The viewers of this process, and the last signal of each type for those who come late."""

    def __init__(self) -> None:
        self._viewers: dict[str | None, set[Subscription]] = {}
        self._signals: OrderedDict[str, dict[str, Signal]] = OrderedDict()

    def deliver(self, message: LiveMessage) -> None:
        """To everyone who follows this interview, or all."""
        if isinstance(message, Signal):
            self._signals.setdefault(message.interview_id, {})[message.type] = message
            self._signals.move_to_end(message.interview_id)
            if len(self._signals) > REMEMBERED_INTERVIEWS:
                self._signals.popitem(last=False)
        for viewer in self._subscriptions(message.interview_id, None):
            viewer.offer(message)

    def gap(self) -> None:
        """Tells every viewer that messages may be missing."""
        for viewer in self._subscriptions(*self._viewers):
            viewer.offer(Gap.GAP)

    def end(self) -> None:
        """Ends every stream."""
        for viewer in self._subscriptions(*self._viewers):
            viewer.end()

    def last_signals(self, interview_id: str) -> list[Signal]:
        """The last signal of each type."""
        return list(self._signals.get(interview_id, {}).values())

    def forget(self, interview_id: str) -> None:
        """Drops the interview's last signals."""
        self._signals.pop(interview_id, None)

    @contextmanager
    def subscribe(self, interview_id: str | None) -> Iterator[Subscription]:
        """A stream of one interview's messages, or of all with None, for the length of the context."""
        subscription = Subscription()
        self._viewers.setdefault(interview_id, set()).add(subscription)
        try:
            yield subscription
        finally:
            viewers = self._viewers[interview_id]
            viewers.discard(subscription)
            if not viewers:
                del self._viewers[interview_id]

    def _subscriptions(self, *keys: str | None) -> list[Subscription]:
        return [viewer for key in keys for viewer in self._viewers.get(key, ())]
