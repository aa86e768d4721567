"""The one thread that computes. It is a thread of its own, not a pool's, so that one that hangs can be left behind."""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

T = TypeVar("T")


class InferenceThread:
    """Runs calls one after the other, off the event loop. Made within a running loop; ended by `leave`."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._calls: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        # A daemon: a call that hangs in native code must not keep the process from ending.
        threading.Thread(target=self._run, name="whisper", daemon=True).start()

    def call(self, work: Callable[[], T]) -> asyncio.Future[T]:
        """What work returns or raises. Cancelling the future does not stop it."""
        future: asyncio.Future[T] = self._loop.create_future()

        def run() -> None:
            try:
                result = work()
            except Exception as error:  # noqa: BLE001 - handed on to whoever reads the future
                self._tell(future, error=error)
            else:
                self._tell(future, result)

        self._calls.put(run)
        return future

    def leave(self) -> None:
        """No further calls; the thread ends behind the one that is running."""
        self._calls.put(None)

    def _run(self) -> None:
        while (call := self._calls.get()) is not None:
            call()

    def _tell(self, future: asyncio.Future[T], result: T | None = None, error: Exception | None = None) -> None:
        def settle() -> None:
            if future.done():
                return
            if error is not None:
                future.set_exception(error)
            else:
                future.set_result(result)  # type: ignore[arg-type]

        with suppress(RuntimeError):  # The loop is closed: nobody waits any more.
            self._loop.call_soon_threadsafe(settle)
