"""Somebody who watches."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from server.live.messages import LiveEvent, LiveMessage, Signal


class Viewer:
    """What has been seen of a stream. ended: the stream is over."""

    def __init__(self) -> None:
        self.seen: list[LiveMessage] = []
        self.ended = False

    @property
    def seqs(self) -> list[int]:
        return [message.event.seq for message in self.seen if isinstance(message, LiveEvent)]

    @property
    def signals(self) -> list[tuple[str, object]]:
        return [(message.type, message.data.get("n")) for message in self.seen if isinstance(message, Signal)]

    async def until(self, condition: Callable[[], bool], seconds: float = 10.0) -> None:
        async with asyncio.timeout(seconds):
            while not condition():
                await asyncio.sleep(0.005)


@asynccontextmanager
async def watching(stream: AsyncIterator[LiveMessage]) -> AsyncIterator[Viewer]:
    """Reads the stream for the length of the context."""
    viewer = Viewer()

    async def read() -> None:
        async for message in stream:
            viewer.seen.append(message)
        viewer.ended = True

    task = asyncio.create_task(read())
    try:
        yield viewer
    finally:
        task.cancel()
        _, unended = await asyncio.wait([task], timeout=10)
        assert not unended, "the stream goes on although its reader was cancelled"


def signal(n: int, type_name: str = "level", interview_id: str = "a" * 32) -> Signal:
    return Signal(interview_id, type_name, 1, {"n": n})
