"""A real server that is really slow: the one too many is told so at once, and whoever has begun goes on."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession
from prometheus_client.parser import text_string_to_metric_families

from scripts.candidate_api import CandidateApi, Refused
from scripts.local_server import LocalServer
from scripts.slowed import slowed
from tests.media.peers import candidate
from tests.warm_server import WarmServer

STOPPED_S, RUNNING_S = 0.3, 0.1
"""Three quarters of the time the server stands still: its timers are late by three times what is allowed."""


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[LocalServer]:
    server = WarmServer(tmp_path / "data", settings={"whisper_model": str(tmp_path / "no-model")}, log=tmp_path / "log")
    await server.start()
    yield server
    await server.stop()


async def until(http: ClientSession, server: LocalServer, wanted: Callable[[dict[str, Any]], bool]) -> None:
    """Waits for what /healthz is to say."""
    async with asyncio.timeout(90):
        while True:
            async with http.get(server.url + "/healthz") as response:
                if wanted(await response.json()):
                    return
            await asyncio.sleep(0.25)


async def figures(http: ClientSession, server: LocalServer) -> dict[str, float]:
    """/metrics by sample, without those that have labels."""
    async with http.get(server.url + "/metrics") as response:
        families = text_string_to_metric_families(await response.text())
        return {sample.name: sample.value for family in families for sample in family.samples if not sample.labels}


async def refusal(asked: Awaitable[object]) -> Refused:
    """What the server says against it."""
    with pytest.raises(Refused) as refused:
        await asked
    return refused.value


async def test_the_one_too_many_waits_and_whoever_has_begun_goes_on(server: LocalServer) -> None:
    links = [(await server.invite("customer_service", "en", f"Candidate {number}"))[1] for number in range(4)]
    assert server.process is not None
    async with (
        ClientSession() as http,
        CandidateApi(links[0]) as begun,
        CandidateApi(links[1]) as late,
        CandidateApi(links[2]) as spoken,
        CandidateApi(links[3]) as typed,
        candidate() as browser,
    ):
        for api in (begun, late, spoken, typed):
            await api.redeem()
            await api.consent(lambda purpose, api=api: purpose != "voice" or api is not typed)  # type: ignore[misc]
        # Its own start costs a busy machine some seconds.
        await until(http, server, lambda found: found["admits"] and 0 < found["loop_load"] < 0.3)
        await begun.start()
        await browser.accept((await begun.offer(await browser.offer())).answer)
        await late.start()
        async with slowed(server.process.pid, stopped_s=STOPPED_S, running_s=RUNNING_S):
            await until(http, server, lambda found: found["refuses_for"] == "loop_lag")
            before = await figures(http, server)
            for _ in range(5):
                pressed = time.monotonic()
                refused = await refusal(spoken.start())
                # Measured by `scripts/bench admission`; here only that nobody waits for an answer.
                assert time.monotonic() - pressed < 2.0
                assert (refused.status, refused.code, refused.retry_after_s) == (503, "server_full", 60)
            # The one who has begun: commands are obeyed, and sound comes in.
            await begun.start_answer((await begun.snapshot())["question"]["id"])
            await asyncio.sleep(1.0)
            after = await figures(http, server)
            assert after["interview_lines"] == 1
            assert after["interview_line_audio_frames_total"] - before["interview_line_audio_frames_total"] > 25
            # A first line waits, too; one that is made anew does not (this one fails for its own emptiness).
            assert (await refusal(late.offer("v=0"))).code == "server_full"
            assert (await refusal(begun.offer("v=0"))).code == "offer_bad"
            # Typed answers cost next to nothing.
            await typed.start()
        await until(http, server, lambda found: found["admits"])
        await spoken.start()
        assert (await begun.snapshot())["status"] == "running"
