"""Measures every second what admission is decided on: lateness of timers, CPU of the event loop's thread and of all."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from time import monotonic, process_time, thread_time

from aiohttp import web

from server.admission import Sample
from server.keys import INTERVIEWS
from server.loop_lag import LOOP_LAG, percentile
from server.settings import available_cores

SAMPLE_SECONDS = 1.0


async def load_sampling(app: web.Application) -> AsyncIterator[None]:
    """For cleanup_ctx: samples while the server serves. Behind `interviews` and `loop_lag`."""
    task = asyncio.create_task(sample_load(app), name="load sampling")
    yield
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


async def sample_load(app: web.Application) -> None:
    """Runs until cancelled, in the event loop's own thread, whose CPU time it reads."""
    interviews, cores = app[INTERVIEWS], available_cores()
    late_ms: list[float] = []
    app[LOOP_LAG].on_tick(late_ms.append)
    at, thread_s, process_s = monotonic(), thread_time(), process_time()
    while True:
        await asyncio.sleep(SAMPLE_SECONDS)
        now, thread_now, process_now = monotonic(), thread_time(), process_time()
        interviews.room.admission.measured(
            Sample(
                loop_lag_ms=percentile(late_ms, 0.99),
                loop_load=(thread_now - thread_s) / (now - at),
                process_load=(process_now - process_s) / (now - at) / cores,
                lines=len(interviews.lines),
            )
        )
        late_ms.clear()
        at, thread_s, process_s = now, thread_now, process_now
