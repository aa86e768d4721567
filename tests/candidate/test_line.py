"""The candidate's own page in a real browser behind a bad network: it restores its line and says so."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import pairwise
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from media.frames import Codec, EncodedFrame
from scripts.bad_network import BadNetwork
from scripts.browsers import begin_speaking, chromium, speech_file
from scripts.local_server import VOICE_MODEL
from server.interview.events import ConnectionRestored
from server.interview.session import InterviewSession
from server.keys import INTERVIEWS
from server.settings import Settings
from tests.candidate.conftest import House, serving
from tests.interview.houses import eventually


@pytest.fixture
async def listening(tmp_path: Path) -> AsyncIterator[House]:
    """A server that understands speech."""
    settings = Settings(
        data_dir=tmp_path / "data",
        whisper_model=str(VOICE_MODEL),
        allow_synthetic_model=True,
        ice_hosts=["127.0.0.1"],
        # The one candidate is let in, whatever else this machine does.
        most_queue_wait_ms=60_000,
        most_loop_lag_ms=60_000,
        most_loop_load=1.0,
        _env_file=None,
    )
    async with serving(settings) as running:
        yield running


@asynccontextmanager
async def speaking(house: House, folder: Path) -> AsyncIterator[tuple[Page, BadNetwork, InterviewSession]]:
    """A candidate in Chromium who answers the first question aloud, over a relay."""
    interview_id, link = await house.invite()
    speech = speech_file(folder / "speech.wav", ["please tell me your order number"], "en")
    async with chromium(speech) as browsers:
        page = await browsers.page()
        async with BadNetwork(page) as network:
            await begin_speaking(page, str(house.running.make_url(link)))
            session = await house.app[INTERVIEWS].get(interview_id)
            await heard(session)
            yield page, network, session
        assert browsers.complaints == []


async def heard(session: InterviewSession, limit_s: float = 20.0) -> float:
    """Seconds until sound arrives over the present line."""
    began = time.monotonic()
    async with asyncio.timeout(limit_s):
        while True:
            peer = session.line._peer
            if peer is not None and peer.state == "connected" and peer.silent_s < 0.1:
                return time.monotonic() - began
            await asyncio.sleep(0.01)


async def test_the_page_trickles_and_goes_on_over_another_path_by_an_ice_restart(
    listening: House, tmp_path: Path
) -> None:
    async with speaking(listening, tmp_path) as (page, network, session):
        await eventually(lambda: network.trickled >= 1)
        await network.interrupt(everything=False)
        await expect(page.get_by_test_id("banner-banner_line_lost")).to_contain_text("Restoring the line", timeout=8000)
        await network.restore(change_path=True)
        await heard(session, 10.0)
        await expect(page.get_by_test_id("banner-banner_line_back")).to_contain_text(
            "Time lost does not count", timeout=8000
        )
        assert network.restarts >= 1
        restored = [fault for fault in session.state.faults if fault.lost_ms]
        assert restored


async def test_after_a_longer_outage_the_page_makes_a_new_line_for_the_same_interview(
    listening: House, tmp_path: Path
) -> None:
    async with speaking(listening, tmp_path) as (page, network, session):
        await network.interrupt()
        await asyncio.sleep(9)
        assert not session.state.connected
        await network.restore()
        seconds = await heard(session, 20.0)
        assert seconds < 5.0, seconds
        await eventually(lambda: session.state.connected)
        events = await listening.app[INTERVIEWS].event_log.read(session.interview_id)
        [restored] = [event.body for event in events if isinstance(event.body, ConnectionRestored)]
        assert restored.lost_ms > 8_000
        await expect(page.get_by_test_id("listening")).to_be_visible()


async def test_a_browser_sends_silence_as_it_sends_speech(listening: House, tmp_path: Path) -> None:
    """The answer forbids DTX: with it Chromium sends one packet in 400 ms while the candidate says nothing."""
    async with speaking(listening, tmp_path) as (_, _, session):
        peer = session.line.peer
        assert peer is not None
        frames: list[EncodedFrame] = []
        peer.tap(frames.append)
        # Longer than what is said and the pause behind it.
        async with asyncio.timeout(60):
            while len(sound := [frame for frame in frames if frame.codec is Codec.OPUS]) < 400:
                await asyncio.sleep(0.1)
        assert max(after.ticks - before.ticks for before, after in pairwise(sound)) < 0.2 * 48_000


async def test_a_full_server_is_told_in_its_own_words_and_tried_again(listening: House, tmp_path: Path) -> None:
    async with speaking(listening, tmp_path) as (page, network, session):
        words = "The server is full at the moment."
        refusals = 2

        async def full(route, request) -> None:  # type: ignore[no-untyped-def]
            nonlocal refusals
            if request.method == "POST" and refusals > 0:
                refusals -= 1
                body = '{"error": {"code": "server_full", "message": "' + words + '", "field": null}}'
                await route.fulfill(status=503, headers={"Retry-After": "1"}, body=body)
            else:
                await route.fallback()

        await page.route("**/api/interview/whip", full)
        peer = session.line._peer
        assert peer is not None
        await peer.close()
        await expect(page.get_by_test_id("banner-banner_line_excused")).to_contain_text(words, timeout=10_000)
        await heard(session, 20.0)
        assert refusals == 0
        assert len(network.lines) == 2
