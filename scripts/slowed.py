"""Slows a process down for a while, as a machine with too much to do would: stopped and continued by turns."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress


@asynccontextmanager
async def slowed(pid: int, *, stopped_s: float, running_s: float) -> AsyncIterator[None]:
    """For the length of the context the process stands still stopped_s of each stopped_s + running_s."""
    task = asyncio.create_task(_by_turns(pid, stopped_s, running_s))
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def _by_turns(pid: int, stopped_s: float, running_s: float) -> None:
    try:
        while True:
            os.kill(pid, signal.SIGSTOP)
            await asyncio.sleep(stopped_s)
            os.kill(pid, signal.SIGCONT)
            await asyncio.sleep(running_s)
    finally:
        os.kill(pid, signal.SIGCONT)
