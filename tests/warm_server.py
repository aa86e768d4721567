"""A server that is there at once: forked off a process that has imported everything, instead of importing it again.

Importing takes seconds of CPU, and a whole run starts a hundred servers. What runs is `python -m server` all the same:
its own environment, folder and main(), a process to stop and kill. Tests of starting use the real command.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import signal
import sys
from contextlib import suppress
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import BinaryIO, cast

from scripts.local_server import LocalServer
from tests.empty_database import with_database

FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(["server.__main__", "tests.warm_server"])


class WarmServer(LocalServer):
    """As `LocalServer`, with a log file."""

    async def _spawn(self, log: BinaryIO | None) -> asyncio.subprocess.Process:
        assert log is not None
        await asyncio.to_thread(with_database, self.settings)
        said = self.data_dir / "stdout"
        os.mkfifo(said)
        # For reading and writing: open at once, and never at an end before the process is.
        reading = os.open(said, os.O_RDWR | os.O_NONBLOCK)
        forked = FORKS.Process(target=serve, args=(self.environment, str(self.data_dir), str(said), log.name))
        await asyncio.to_thread(forked.start)
        return cast(asyncio.subprocess.Process, Forked(forked, reading))


class Forked:
    """What tests use of asyncio's Process."""

    def __init__(self, process: BaseProcess, reading: int) -> None:
        assert process.pid is not None
        self.pid = process.pid
        self.returncode: int | None = None
        self.stdout = asyncio.StreamReader()
        self._process = process
        self._reading = reading
        loop = asyncio.get_running_loop()
        self._ended: asyncio.Future[int] = loop.create_future()
        loop.add_reader(reading, self._read)
        loop.add_reader(process.sentinel, self._end)

    def _read(self) -> None:
        with suppress(BlockingIOError):
            while data := os.read(self._reading, 1 << 16):
                self.stdout.feed_data(data)

    def _end(self) -> None:
        loop = asyncio.get_running_loop()
        loop.remove_reader(self._process.sentinel)
        loop.remove_reader(self._reading)
        self._process.join()
        self._read()
        self.stdout.feed_eof()
        os.close(self._reading)
        self.returncode = self._process.exitcode
        assert self.returncode is not None
        self._process.close()
        self._ended.set_result(self.returncode)

    async def wait(self) -> int:
        return await asyncio.shield(self._ended)

    def send_signal(self, number: int) -> None:
        if self.returncode is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


def serve(environment: dict[str, str], folder: str, said: str, log: str) -> None:
    """In the new process: what `python -m server` does in this folder and environment."""
    # Imported long before, by the process this one was forked off.
    from server.__main__ import main

    appending = os.O_APPEND | os.O_WRONLY
    for descriptor, path, mode in ((0, os.devnull, os.O_RDONLY), (1, said, os.O_WRONLY), (2, log, appending)):
        opened = os.open(path, mode)
        os.dup2(opened, descriptor)
        os.close(opened)
    Path(said).unlink()
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    # Flushed at each line, as PYTHONUNBUFFERED has it.
    sys.stdin, sys.stdout, sys.stderr = open(0), open(1, "w", buffering=1), open(2, "w", buffering=1)  # noqa: SIM115
    sys.argv = ["server"]
    signal.signal(signal.SIGINT, signal.default_int_handler)
    main()
