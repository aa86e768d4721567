"""How soon the one too many is told to wait, and whether whoever has begun notices: a real server, all at once.

Candidates who have consented press start in the same instant while two others, with real WebRTC lines, are interviewed.

refused_after_ms   from pressing start to the 503, for those whom there was no room for
running            what the two lines carried from just before until some seconds after
"""

from __future__ import annotations

import argparse
import asyncio
import re
import tempfile
import time
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

import numpy as np
from aiohttp import ClientSession, CookieJar, TCPConnector
from prometheus_client.parser import text_string_to_metric_families

from scripts.local_server import LocalServer
from scripts.simulated_candidate import SimulatedCandidate

RUNNING = 2
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
            links = await invite(server, candidates + RUNNING)
            async with AsyncExitStack() as stack:
                for link in links[:RUNNING]:
                    await (await stack.enter_async_context(SimulatedCandidate(link))).begin(with_video=False)
                waiting = []
                for link in links[RUNNING:]:
                    http = await stack.enter_async_context(ClientSession(cookie_jar=CookieJar(unsafe=True)))
                    await consent(http, link)
                    waiting.append(http)
                await asyncio.sleep(SETTLE_SECONDS)
                return await burst(server, waiting)
        finally:
            await server.stop()


async def burst(server: LocalServer, waiting: list[ClientSession]) -> dict[str, object]:
    """All press start; what each was told, and what the lines carried meanwhile."""
    before = await figures(waiting[0], server)
    answers = await asyncio.gather(*(start(http, server) for http in waiting))
    await asyncio.sleep(AFTERWARDS_SECONDS)
    after = await figures(waiting[0], server)
    refused = [ms for status, ms in answers if status == 503]
    if not refused or {status for status, _ in answers} - {200, 503}:
        raise ValueError(f"nobody, or not only those without room, was refused: {answers}")
    async with waiting[0].get(server.url + "/healthz") as response:
        health = await response.json()
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


async def start(http: ClientSession, server: LocalServer) -> tuple[int, float]:
    """(status, milliseconds) of pressing start."""
    began = time.monotonic()
    async with http.post(server.url + "/api/interview/start") as response:
        await response.read()
        return response.status, (time.monotonic() - began) * 1000


async def figures(http: ClientSession, server: LocalServer) -> dict[str, float]:
    """/metrics by sample, without those that have labels."""
    async with http.get(server.url + "/metrics") as response:
        families = text_string_to_metric_families(await response.text())
        return {sample.name: sample.value for family in families for sample in family.samples if not sample.labels}


async def consent(http: ClientSession, link: str) -> None:
    """Opens the link and agrees to everything."""
    async with http.post(link) as response:
        response.raise_for_status()
    async with http.get(urljoin(link, "/api/interview")) as response:
        purposes = (await response.json())["policy"]["purposes"]
    body: dict[str, Any] = {"granted": dict.fromkeys(purposes, True)}
    async with http.post(urljoin(link, "/api/interview/consent"), json=body) as response:
        response.raise_for_status()


async def invite(server: LocalServer, number: int) -> list[str]:
    """So many links, by HR's own pages."""
    assert server.welcome_link is not None
    links = []
    async with ClientSession(cookie_jar=CookieJar(unsafe=True), connector=TCPConnector(limit=1)) as http:
        account = {"email": "bench@example.org", "password": "a password of the benchmark"}
        async with http.post(server.welcome_link, data=account) as response:
            response.raise_for_status()
        form = {"flow": "customer_service", "language": "en", "jurisdiction": "EU"}
        for count in range(number):
            async with http.post(server.url + "/hr/invitations", data=form | {"name": f"Bench {count}"}) as response:
                found = re.search(r"https?://[^\"<\s]+/i/[\w-]+", await response.text())
            if found is None:
                raise ValueError(f"the invitation was refused: {response.status}")
            links.append(urljoin(server.url, urlsplit(found.group()).path))
    return links
