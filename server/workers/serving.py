"""A worker's part beside serving: it keeps what it owns, tells its siblings how it is, and obeys the supervisor."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import socket
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import suppress

from aiohttp import web

from server.keys import DRAINING, INTERVIEWS, OWNERSHIP
from server.workers.directory import Heartbeat
from server.workers.place import Place

DRAIN = b"d"
STOP = b"s"


async def ownership(app: web.Application) -> AsyncIterator[None]:
    """For cleanup_ctx, around the interviews: what this worker owns is given back when they have ended."""
    yield
    await app[OWNERSHIP].close()


async def heartbeat(app: web.Application) -> AsyncIterator[None]:
    """For cleanup_ctx, behind the interviews: tells the siblings how this worker is, as long as it serves."""
    interviews, own = app[INTERVIEWS], app[OWNERSHIP]

    def load() -> Heartbeat:
        there = sum(session.somebody for session in interviews.running())
        full = interviews.room.refusal() is not None
        return Heartbeat(own.own, interviews=there, draining=app[DRAINING].is_set(), full=full)

    def held() -> list[str]:
        return [session.interview_id for session in interviews.running()]

    task = asyncio.create_task(own.keep(held, load, interviews.release), name="heartbeat")
    yield
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


class Lifeline:
    """A worker's line to its supervisor: orders come in, word of readiness goes out, and its end is the worker's end.

    A thread listens, so that a worker whose event loop is busy or stuck ends with its supervisor too.
    """

    def __init__(self, place: Place) -> None:
        self._place = place
        self._socket = socket.socket(fileno=place.lifeline_fd)

    def follow(self, on_order: Callable[[bytes], None]) -> None:
        """Calls on_order(DRAIN or STOP) on this event loop when the supervisor says so."""
        loop = asyncio.get_running_loop()
        threading.Thread(target=self._listen, args=(loop, on_order), name="lifeline", daemon=True).start()

    def ready(self, *, speech: bool, reason: str) -> None:
        """Tells the supervisor that this worker serves. speech: answers can be spoken; if not, reason says why."""
        with suppress(OSError):
            self._socket.sendall(json.dumps({"speech": speech, "reason": reason}).encode() + b"\n")

    def _listen(self, loop: asyncio.AbstractEventLoop, on_order: Callable[[bytes], None]) -> None:
        while order := self._receive():
            with suppress(RuntimeError):  # The loop has closed: this worker is at its end already.
                loop.call_soon_threadsafe(on_order, order)
        # The supervisor was killed. What is acknowledged is on disk; the next start takes the interviews up again.
        shutil.rmtree(self._place.folder, ignore_errors=True)
        os.kill(os.getpid(), signal.SIGKILL)

    def _receive(self) -> bytes:
        try:
            return self._socket.recv(1)
        except OSError:
            return b""
