"""How soon the one too many is told to wait, and whether whoever has begun notices: a real server, all at once.

Candidates who have consented press start in the same instant while two others, with real WebRTC lines, are interviewed.

refused_after_ms   from pressing start to the 503, for those whom there was no room for
running            what the two lines carried from just before until some seconds after
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path

import numpy as np
from aiohttp import ClientSession
from prometheus_client.parser import text_string_to_metric_families

from scripts.candidate_api import CandidateApi, Refused
from scripts.load_generator.invitations import invite
from scripts.local_server import LocalServer
from scripts.simulated_candidate import SimulatedCandidate

RUNNING = 2
EMAIL, PASSWORD = "bench@example.org", "a password of the benchmark"
SETTLE_SECONDS = 8.0
"""Until the start of the process and of the two lines has left the figures that admission is decided on."""
AFTERWARDS_SECONDS = 5.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """How many press start together."""
    parser.add_argument("--candidates", type=int, default=50, help="how many press start in the same moment")


def run(candidates: int = 50) -> dict[str, object]:
    """The figures of one burst."""
    return asyncio.run(measure(candidates))


async def measure(candidates: int) -> dict[str, object]:
    """Starts a server, lets two be interviewed, and all others press start at once."""
    with tempfile.TemporaryDirectory(prefix="interview-bench-") as folder:
        server = LocalServer(
            Path(folder) / "data", settings={"whisper_model": f"{folder}/none"}, log=Path(folder) / "server.log"
        )
        await server.start()
        try:
            await make_account(server)
            links = await invite(server.url, EMAIL, PASSWORD, "customer_service", ["en"] * (candidates + RUNNING))
            async with AsyncExitStack() as stack:
                for link in links[:RUNNING]:
                    await (await stack.enter_async_context(SimulatedCandidate(link))).begin(with_video=False)
                waiting = [await stack.enter_async_context(CandidateApi(link)) for link in links[RUNNING:]]
                for api in waiting:
                    await api.redeem()
                    await api.consent()
                await asyncio.sleep(SETTLE_SECONDS)
                return await burst(server, waiting)
        finally:
            await server.stop()


async def make_account(server: LocalServer) -> None:
    """HR's first account."""
    assert server.welcome_link is not None
    account = {"email": EMAIL, "password": PASSWORD}
    async with ClientSession() as http, http.post(server.welcome_link, data=account, allow_redirects=False) as response:
        if response.status != 303:
            raise ValueError(f"HR's account was refused: {response.status}")


async def burst(server: LocalServer, waiting: Sequence[CandidateApi]) -> dict[str, object]:
    """All press start; what each was told, and what the lines carried meanwhile."""
    async with ClientSession() as http:
        before = await figures(http, server)
        answers = await asyncio.gather(*(start(api) for api in waiting))
        await asyncio.sleep(AFTERWARDS_SECONDS)
        after = await figures(http, server)
        async with http.get(server.url + "/healthz") as response:
            health = await response.json()
    refused = [ms for admitted, ms in answers if not admitted]
    if not refused:
        raise ValueError("nobody was refused: let more candidates press start")
    return {
        "candidates": len(waiting),
        "admitted": len(answers) - len(refused),
        "refused": len(refused),
        "refused_after_ms": {
            "p50": round(float(np.percentile(refused, 50)), 1),
            "p95": round(float(np.percentile(refused, 95)), 1),
            "worst": round(max(refused), 1),
        },
        "running": {
            "lines": int(after["interview_lines"]),
            **{
                name: int(after[f"interview_line_{name}_total"] - before[f"interview_line_{name}_total"])
                for name in ("audio_frames", "packets_lost", "dropped_audio")
            },
        },
        "event_loop_lag_ms": health["loop_lag_ms"],
    }


async def start(api: CandidateApi) -> tuple[bool, float]:
    """(whether there was room, milliseconds) of pressing start. Raises Refused for another reason."""
    began, admitted = time.monotonic(), True
    try:
        await api.start()
    except Refused as refused:
        if refused.code != "server_full":
            raise
        admitted = False
    return admitted, (time.monotonic() - began) * 1000


async def figures(http: ClientSession, server: LocalServer) -> dict[str, float]:
    """/metrics by sample, without those that have labels."""
    async with http.get(server.url + "/metrics") as response:
        families = text_string_to_metric_families(await response.text())
        return {sample.name: sample.value for family in families for sample in family.samples if not sample.labels}
