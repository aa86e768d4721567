"""The broker of a single process: everyone who watches is here."""

from __future__ import annotations

from contextlib import AbstractContextManager

from server.live.fanout import Fanout, Subscription
from server.live.messages import LiveMessage, Signal


class MemoryBroker:
    """Loses nothing and needs nothing."""

    def __init__(self) -> None:
        self._fanout = Fanout()
        self.reachable = True
        self.dropped = 0

    async def open(self) -> None:
        """Nothing to do."""

    async def close(self) -> None:
        """Ends every stream."""
        self._fanout.end()

    def end_streams(self) -> None:
        """Ends every stream; publishing goes on."""
        self._fanout.end()

    def publish(self, message: LiveMessage) -> None:
        """Delivers at once."""
        self._fanout.deliver(message)

    def subscribe(self, interview_id: str | None) -> AbstractContextManager[Subscription]:
        """A stream of one interview, or of all with None."""
        return self._fanout.subscribe(interview_id)

    async def last_signals(self, interview_id: str) -> list[Signal]:
        """The last signal of each type."""
        return self._fanout.last_signals(interview_id)

    def forget(self, interview_id: str) -> None:
        """Drops the interview's last signals."""
        self._fanout.forget(interview_id)
