"""How long the event loop kept others waiting: measured all the time, told by /healthz."""

from __future__ import annotations

import asyncio
import gc
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import suppress

from aiohttp import web

TICK_SECONDS = 0.01
KEPT = 6000
"""Ticks that are remembered: about a minute."""


class LoopLag:
    """Lateness of a timer that fires every 10 ms, milliseconds."""

    def __init__(self) -> None:
        self._late_ms: deque[float] = deque(maxlen=KEPT)
        self.worst_ms = 0.0
        self._listeners: list[Callable[[float], None]] = []

    def on_tick(self, listener: Callable[[float], None]) -> None:
        """Calls listener with the lateness of every tick, milliseconds."""
        self._listeners.append(listener)

    async def measure(self) -> None:
        """Runs until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            due = loop.time() + TICK_SECONDS
            await asyncio.sleep(TICK_SECONDS)
            late = max(0.0, (loop.time() - due) * 1000)
            self._late_ms.append(late)
            self.worst_ms = max(self.worst_ms, late)
            for listener in self._listeners:
                listener(late)

    def percentile(self, share: float) -> float:
        """The lateness, in milliseconds, that this share (0-1) of the last minute's ticks stayed under; 0 at first."""
        return percentile(self._late_ms, share)

    def summary(self) -> dict[str, float]:
        """p50, p99 and worst (since the start), rounded to a tenth of a millisecond."""
        return {
            "p50": round(self.percentile(0.5), 1),
            "p99": round(self.percentile(0.99), 1),
            "worst": round(self.worst_ms, 1),
        }


def percentile(values: Iterable[float], share: float) -> float:
    """The value that this share (0-1) of them stays under; 0 when there are none."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0


LOOP_LAG = web.AppKey("loop_lag", LoopLag)


async def loop_lag(app: web.Application) -> AsyncIterator[None]:
    """For cleanup_ctx: measures while the server serves. Start-up's objects are put out of the collector's way."""
    gc.collect()
    gc.freeze()
    task = asyncio.create_task(app[LOOP_LAG].measure(), name="loop lag")
    yield
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
