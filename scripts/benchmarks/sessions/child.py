"""A process that answers requests: a line of JSON in, a line of JSON out."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Awaitable, Callable, Collection, Mapping
from contextlib import suppress
from types import TracebackType
from typing import Any, Self

from scripts.benchmarks.streaming.peer_process import PeerFailed

LONGEST_LINE = 1 << 20

Commands = Mapping[str, Callable[..., Awaitable[Any]]]


async def answer_requests(commands: Commands) -> None:
    """In the child: does what is asked, one thing after the other, until standard input closes."""
    reader = asyncio.StreamReader(limit=LONGEST_LINE)
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    async for line in reader:
        command, arguments = json.loads(line)
        print(json.dumps(await commands[command](**arguments)), flush=True)


class Child:
    """In the parent: `async with Child("package.module", cores)`; it is killed however the block is left.

    cores: the processors it may run on, with all its threads. variables: added to its environment, from which the
    server's own variables are left out.
    """

    def __init__(
        self, module: str, cores: Collection[int], *arguments: str, variables: Mapping[str, str] | None = None
    ) -> None:
        inherited = {key: value for key, value in os.environ.items() if not key.startswith("INTERVIEW_")}
        self._module = module
        self._cores = cores
        self._arguments = arguments
        self._environment = {**inherited, **(variables or {})}
        self._one = asyncio.Lock()

    async def __aenter__(self) -> Self:
        # Pinned before it starts: threads inherit it, also those that a library makes on import.
        former = os.sched_getaffinity(0)
        os.sched_setaffinity(0, self._cores)
        try:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", self._module, *self._arguments, limit=LONGEST_LINE, env=self._environment,
                stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
            )  # fmt: skip
        finally:
            os.sched_setaffinity(0, former)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # A saturated receiver would take long to end in order, and nothing of it is needed any more.
        with suppress(ProcessLookupError):
            self._process.kill()
        await self._process.wait()

    async def ask(self, command: str, **arguments: Any) -> Any:
        """The command's answer. Raises PeerFailed when the process has ended."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        async with self._one:
            try:
                self._process.stdin.write(json.dumps([command, arguments]).encode() + b"\n")
                await self._process.stdin.drain()
                line = await self._process.stdout.readline()
            except ConnectionError:
                line = b""
        if not line:
            raise PeerFailed(f"{self._module} has ended by itself; its message stands above")
        return json.loads(line)
