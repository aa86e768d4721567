"""The one place where what happens is published and watched: the log for what is stored, a broker for what is live."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractContextManager
from typing import Protocol

from server.interview.events import InterviewEvent
from server.live.fanout import Gap, Subscription
from server.live.messages import LiveEvent, LiveMessage, Signal
from server.storage.event_log import EventLog

__all__ = ["REACH", "Broker", "Hub", "LiveEvent", "LiveMessage", "Signal"]

REACH = "reach"
"""The hub's own signal to a viewer: {"limited": whether other processes' news come late, read from the log}."""


class Broker(Protocol):
    """Carries live messages to viewers here and, if it can, in other processes. It may lose them; the log does not.

    reachable: whether it can now. dropped: messages that never left this process.
    """

    reachable: bool
    dropped: int

    async def open(self) -> None:
        """Starts; never waits for another machine."""

    async def close(self) -> None:
        """Ends every stream."""

    def end_streams(self) -> None:
        """Ends every stream; publishing goes on."""

    def publish(self, message: LiveMessage) -> None:
        """Never blocks and never fails."""

    def subscribe(self, interview_id: str | None) -> AbstractContextManager[Subscription]:
        """A stream of one interview, or of all with None; a Gap in it says that messages may be missing."""

    async def last_signals(self, interview_id: str) -> list[Signal]:
        """The last signal of each type."""

    def forget(self, interview_id: str) -> None:
        """Drops the interview's last signals."""


class Hub:
    """Publishes after the log has committed; follows without a gap and without a duplicate."""

    def __init__(self, broker: Broker, event_log: EventLog) -> None:
        self._broker = broker
        self._log = event_log

    @property
    def reachable(self) -> bool:
        """Whether other processes can be reached."""
        return self._broker.reachable

    @property
    def dropped(self) -> int:
        """Messages that never left this process."""
        return self._broker.dropped

    async def open(self) -> None:
        """Starts the broker."""
        await self._broker.open()

    async def close(self) -> None:
        """Ends every stream."""
        await self._broker.close()

    def end_streams(self) -> None:
        """Sends every viewer away, before the server waits for open responses; publishing goes on."""
        self._broker.end_streams()

    async def publish_events(self, interview_id: str, events: Sequence[InterviewEvent]) -> None:
        """Events that are in the log already, in order."""
        for event in events:
            self._broker.publish(LiveEvent(interview_id, event))

    async def publish_signal(self, signal: Signal) -> None:
        """A perishable signal; the last of each type is kept for late joiners."""
        self._broker.publish(signal)

    def forget(self, interview_id: str) -> None:
        """Drops an interview's last signals: nobody speaks there any more."""
        self._broker.forget(interview_id)

    async def last_signals(self, interview_id: str) -> list[Signal]:
        """The last signal of each type, for a page that follows all interviews."""
        return await self._broker.last_signals(interview_id)

    async def follow(self, interview_id: str, after_seq: int = 0) -> AsyncIterator[LiveMessage]:
        """Every event behind after_seq, then the last signals, then what happens.

        Ends when the viewer is too slow or the hub closes; coming back with the last seq loses nothing.
        """
        told = False
        # Subscribed before the log is read: what happens in between is in both, and its seq says so.
        with self._broker.subscribe(interview_id) as subscription:
            # A number that was never given out would hide everything that comes: such a viewer begins anew.
            seq = after_seq if after_seq <= await self._log.last_seq(interview_id) else 0
            for event in await self._log.read(interview_id, seq):
                seq = event.seq
                yield LiveEvent(interview_id, event)
            for signal in await self._broker.last_signals(interview_id):
                yield signal
            if not self.reachable:
                told = True
                yield self.reach(interview_id)
            async for message in subscription:
                if isinstance(message, Signal):
                    yield message
                elif isinstance(message, LiveEvent) and message.event.seq <= seq:
                    continue
                elif isinstance(message, LiveEvent) and message.event.seq == seq + 1:
                    seq += 1
                    yield message
                else:
                    for event in await self._log.read(interview_id, seq):
                        seq = event.seq
                        yield LiveEvent(interview_id, event)
                if isinstance(message, Gap) and told == self.reachable:
                    told = not self.reachable
                    yield self.reach(interview_id)

    async def follow_all(self) -> AsyncIterator[LiveMessage]:
        """What happens in every interview from now on.

        Where messages may be missing stands the signal REACH, of no interview: what happened before it is to be read
        anew. Ends on overflow: the viewer comes back.
        """
        with self._broker.subscribe(None) as subscription:
            async for message in subscription:
                yield self.reach() if isinstance(message, Gap) else message

    def reach(self, interview_id: str = "") -> Signal:
        """The signal REACH as it is now."""
        return Signal(interview_id, REACH, 0, {"limited": not self.reachable})
