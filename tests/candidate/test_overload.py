"""A real server that is really slow: the one too many is told so at once, and whoever has begun goes on."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import pytest
from aiohttp import ClientSession, CookieJar
from prometheus_client.parser import text_string_to_metric_families

from scripts.local_server import LocalServer
from scripts.simulated_candidate import SimulatedCandidate
from scripts.slowed import slowed

STOPPED_S, RUNNING_S = 0.3, 0.1
"""Three quarters of the time the server stands still: its timers are late by three times what is allowed."""


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[LocalServer]:
    server = LocalServer(
        tmp_path / "data", settings={"whisper_model": str(tmp_path / "no-model")}, log=tmp_path / "log"
    )
    await server.start()
    yield server
    await server.stop()


async def health(http: ClientSession, server: LocalServer) -> dict[str, Any]:
    async with http.get(server.url + "/healthz") as response:
        found: dict[str, Any] = await response.json()
        return found


async def until(http: ClientSession, server: LocalServer, *, admits: bool) -> dict[str, Any]:
    """What /healthz says once the server refuses, or admits again."""
    async with asyncio.timeout(60):
        while (found := await health(http, server))["admits"] is not admits:
            await asyncio.sleep(0.25)
    return found


async def figures(http: ClientSession, server: LocalServer) -> dict[str, float]:
    """/metrics by sample, without those that have labels."""
    async with http.get(server.url + "/metrics") as response:
        families = text_string_to_metric_families(await response.text())
        return {sample.name: sample.value for family in families for sample in family.samples if not sample.labels}


async def redeem(http: ClientSession, link: str, *, voice: bool) -> None:
    """Opens the link and consents; the interview can be started now."""
    async with http.post(link) as response:
        assert response.status == 200
    async with http.get(urljoin(link, "/api/interview")) as response:
        purposes = (await response.json())["policy"]["purposes"]
    granted = {"granted": {**dict.fromkeys(purposes, True), "voice": voice}}
    async with http.post(urljoin(link, "/api/interview/consent"), json=granted) as response:
        assert response.status == 200


async def start(http: ClientSession, server: LocalServer) -> tuple[int, float]:
    """(status, seconds) of pressing start."""
    began = time.monotonic()
    async with http.post(server.url + "/api/interview/start") as response:
        if response.status == 503:
            assert response.headers["Retry-After"] == "60"
            assert (await response.json())["error"]["code"] == "server_full"
        return response.status, time.monotonic() - began


async def line(http: ClientSession, server: LocalServer) -> int:
    """The status of an offer without use."""
    headers = {"Content-Type": "application/sdp"}
    async with http.post(server.url + "/api/interview/whip", data="v=0", headers=headers) as response:
        return response.status


async def test_the_one_too_many_waits_and_whoever_has_begun_goes_on(server: LocalServer) -> None:
    links = [(await server.invite("customer_service", "en", f"Candidate {number}"))[1] for number in range(4)]
    assert server.process is not None
    async with (
        SimulatedCandidate(links[0]) as begun,
        ClientSession(cookie_jar=CookieJar(unsafe=True)) as spoken,
        ClientSession(cookie_jar=CookieJar(unsafe=True)) as typed,
        ClientSession(cookie_jar=CookieJar(unsafe=True)) as late,
    ):
        await begun.begin(with_video=False)
        await redeem(spoken, links[1], voice=True)
        await redeem(typed, links[2], voice=False)
        await redeem(late, links[3], voice=True)
        await until(spoken, server, admits=True)
        assert (await start(late, server))[0] == 200
        async with slowed(server.process.pid, stopped_s=STOPPED_S, running_s=RUNNING_S):
            found = await until(spoken, server, admits=False)
            assert found["refuses_for"] == "loop_lag"
            before = await figures(spoken, server)
            refused = [await start(spoken, server) for _ in range(5)]
            assert {status for status, _ in refused} == {503}
            # Measured by `scripts/bench admission`; here only that nobody waits for an answer.
            assert max(seconds for _, seconds in refused) < 2.0
            # The one who has begun: commands are obeyed, and sound comes in.
            await begun._api._call("POST", "/api/interview/pause")
            await begun._api._call("POST", "/api/interview/resume")
            await asyncio.sleep(1.0)
            after = await figures(spoken, server)
            assert after["interview_lines"] == 1
            sound = after["interview_line_audio_frames_total"] - before["interview_line_audio_frames_total"]
            assert sound > 25
            # A first line waits, too; one that is made anew does not (this one fails for its own emptiness).
            assert await line(late, server) == 503
            assert await line(begun._api._http, server) == 400
            # Typed answers cost next to nothing.
            assert (await start(typed, server))[0] == 200
        await until(spoken, server, admits=True)
        assert (await start(spoken, server))[0] == 200
        assert (await begun.snapshot())["status"] == "running"
