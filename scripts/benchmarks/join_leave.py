"""Candidates that come and go a thousand times: does the server keep a thread, a file, a task or memory of them?

The server is whole and in a process of its own. A few interviews are under way; each posts an offer to the WHIP
endpoint, sends sound and pictures until the server says that it hears them and half a second longer, ends its line by
DELETE, and begins again. "flat": threads, descriptors and tasks are what they were after the warm-up, and memory has
grown by at most 50 MB.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import tempfile
import time
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

from scripts.benchmarks.sessions.child import Child
from scripts.benchmarks.streaming.peer_process import PeerFailed
from scripts.candidate_api import CandidateApi
from scripts.load_generator.encoding import face, room
from scripts.load_generator.line import CandidateLine, Sight, Way
from scripts.load_generator.tracks import Lateness, Microphone
from scripts.local_server import VOICE_MODEL

AT_ONCE = 4
STAY_S = 0.5
FPS = 15
WARM_UP = 24
"""Cycles before the start values are taken: what is made once, on first use, is there then."""
SETTLE_S = 20.0
"""How long after the last DELETE everything may take to be gone."""
JOIN_S = 30.0
MOST_GROWTH_MB = 50.0
COUNTED = ("threads", "descriptors", "tasks")
SETTINGS = {
    "INTERVIEW_WHISPER_MODEL": str(VOICE_MODEL),
    "INTERVIEW_ALLOW_SYNTHETIC_MODEL": "true",
    "INTERVIEW_ICE_HOSTS": '["127.0.0.1"]',
    # Who comes so often is otherwise told to wait.
    "INTERVIEW_MOST_OFFERS_PER_INTERVIEW": "100000",
    "INTERVIEW_MOST_OFFERS_PER_ADDRESS": "100000",
    "INTERVIEW_MOST_OFFERS": "100000",
    "INTERVIEW_MOST_WRITES_PER_INTERVIEW": "100000",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command line's options; they are run's arguments."""
    parser.add_argument("--cycles", type=int, default=1_000, help="how often somebody joins and leaves")


def run(cycles: int) -> dict[str, object]:
    """Joins and leaves so often, and compares what the server holds. Raises PeerFailed where that cannot be done."""
    return asyncio.run(measure(cycles))


async def measure(cycles: int, *, warm_up: int = WARM_UP) -> dict[str, object]:
    """One server and its candidates."""
    async with AsyncExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="interview-bench-"))
        variables = SETTINGS | {"INTERVIEW_DATA_DIR": str(Path(folder) / "data")}
        module, cores = "scripts.benchmarks.sessions.counted_server", os.sched_getaffinity(0)
        server = await stack.enter_async_context(Child(module, cores, variables=variables))
        url = await server.ask("start")
        joiners = [
            await stack.enter_async_context(Joiner(urljoin(url, await server.ask("invite", number=number)), number))
            for number in range(AT_ONCE)
        ]
        await _all_cycle(joiners, warm_up)
        await asyncio.sleep(2)
        start = await server.ask("counts")
        began = time.monotonic()
        await _all_cycle(joiners, cycles)
        seconds = time.monotonic() - began
        end = await _settled(server, start)
    return {
        "cycles": cycles,
        **{name: [start[name], end[name]] for name in (*COUNTED, "rss_mb")},
        "flat": is_flat(start, end),
        "left_over": left_over(start, end),
        "seconds": round(seconds, 1),
    }


async def _all_cycle(joiners: list[Joiner], cycles: int) -> None:
    async with asyncio.TaskGroup() as group:
        for number, joiner in enumerate(joiners):
            group.create_task(joiner.cycle(len(range(number, cycles, len(joiners)))))


async def _settled(server: Child, start: dict[str, Any]) -> dict[str, Any]:
    """The counts as soon as none is above its start, or when the time for that is over."""
    deadline = time.monotonic() + SETTLE_S
    while True:
        counts: dict[str, Any] = await server.ask("counts")
        if all(counts[name] <= start[name] for name in COUNTED) or time.monotonic() > deadline:
            return counts
        await asyncio.sleep(1)


def is_flat(start: dict[str, Any], end: dict[str, Any]) -> bool:
    """Nothing is left over, and memory has grown by no more than 50 MB."""
    grown = end["rss_mb"] - start["rss_mb"]
    return grown <= MOST_GROWTH_MB and all(end[name] <= start[name] for name in COUNTED)


def left_over(start: dict[str, Any], end: dict[str, Any]) -> dict[str, int]:
    """Tasks that are more than at the start, by name."""
    return {
        name: count - start["task_names"].get(name, 0)
        for name, count in end["task_names"].items()
        if count > start["task_names"].get(name, 0)
    }


class Joiner:
    """One interview under way whose line comes and goes; `async with Joiner(link, number)`."""

    def __init__(self, link: str, number: int) -> None:
        self._api = CandidateApi(link)
        self._number = number
        self._microphone = Microphone(room())
        self._sight = Sight(face(FPS), FPS)
        self._line: CandidateLine | None = None

    async def __aenter__(self) -> Joiner:
        await self._api.__aenter__()
        await self._api.redeem()
        await self._api.consent()
        self._listening = asyncio.create_task(self._listen())
        await self._api.start()
        return self

    async def __aexit__(self, *exc: object) -> None:
        self._listening.cancel()
        await asyncio.wait([self._listening])
        await self._api.__aexit__(*exc)

    async def cycle(self, times: int) -> None:
        """Joins and leaves so often. Raises PeerFailed when the server does not hear it."""
        for _ in range(times):
            line = CandidateLine(self._api, self._microphone, self._sight, Way(), Lateness(), self._number)
            self._line = line
            holding = asyncio.create_task(line.run())
            try:
                async with asyncio.timeout(JOIN_S):
                    await line.up.wait()
                await asyncio.sleep(STAY_S)
                await line.end()
            except TimeoutError as error:
                wrong = "; ".join(line.figures.errors)
                raise PeerFailed(f"a candidate could not join within {JOIN_S:.0f} s: {wrong}") from error
            finally:
                holding.cancel()
                await asyncio.wait([holding])

    async def _listen(self) -> None:
        async for name, data in self._api.events():
            if name == "connection" and self._line is not None:
                self._line.server_says(data["line"])
