"""From the signal to the stop: nothing new is begun, and what is under way may go on for a while."""

from __future__ import annotations

import asyncio
import signal

from aiohttp import web

from server.errors import UserError
from server.interview.session import InterviewSession
from server.interview.state import Status
from server.keys import DRAINING, INTERVIEWS

LOOK_SECONDS = 0.2
LAST_NEWS_SECONDS = 2.0
"""A page whose interview has just ended still asks how it stands."""
RETRY_AFTER_S = 10
"""A candidate who wants to start while the server drains: by then another process, or the next one, takes the call."""


class Stopping:
    """The orders to end. SIGTERM drains and a second one stops; SIGINT stops at once."""

    def __init__(self) -> None:
        self._told = asyncio.Event()
        self._at_once = asyncio.Event()

    def follow_signals(self, *, second_stops: bool = True) -> None:
        """second_stops: not for a worker, which a service manager may tell beside its supervisor."""
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGINT, self.stop)
        loop.add_signal_handler(signal.SIGTERM, self.terminate if second_stops else self.drain)

    def terminate(self) -> None:
        """Drains; when that is under way already, stops."""
        if self._told.is_set():
            self.stop()
        self.drain()

    def drain(self) -> None:
        """Begins nothing new."""
        self._told.set()

    def stop(self) -> None:
        """Ends now."""
        self._at_once.set()
        self._told.set()

    def has_begun(self) -> bool:
        """Whether there was an order."""
        return self._told.is_set()

    async def told(self) -> None:
        """Returns at the first order."""
        await self._told.wait()

    async def told_to_stop(self) -> None:
        """Returns at the order to end now."""
        await self._at_once.wait()

    async def drained(self, app: web.Application, seconds: float) -> None:
        """From the first order on: returns when no candidate is being interviewed, or `seconds` are over."""
        await self.told()
        app[DRAINING].set()
        now = asyncio.get_running_loop().time
        limit = now() + seconds
        until, at_once = now(), asyncio.create_task(self._at_once.wait())
        while not at_once.done():
            if any(session.under_way for session in app[INTERVIEWS].running()):
                until = now() + LAST_NEWS_SECONDS
            left = min(until, limit) - now()
            if left <= 0:
                break
            await asyncio.wait((at_once,), timeout=min(LOOK_SECONDS, left))
        at_once.cancel()


def refuse_start(app: web.Application, session: InterviewSession) -> None:
    """Raises UserError server_draining (503) when this interview has not begun and the process is about to end."""
    if app[DRAINING].is_set() and session.state.status is Status.READY:
        raise UserError("server_draining", status=503, retry_after_s=RETRY_AFTER_S)
