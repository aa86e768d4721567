"""A server that does not keep up takes no further spoken interview, keeps the place, and lets the running ones be."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from playwright.async_api import Error as PlaywrightError
from playwright.async_api import Page, expect

from analyzers.transcription.dispatcher import EngineStatus
from media.frames import SAMPLE_RATE
from question_flows.model import Language
from scripts.browsers import Browsers, chromium, speech_file
from scripts.local_server import VOICE_MODEL
from server.interview.events import Purpose
from server.keys import DATABASE, ENGINE
from server.settings import Settings
from server.storage.users import Users
from tests.analyzers.transcription.speech import utterance
from tests.candidate.conftest import House, error_of, serving


@pytest.fixture
async def busy(tmp_path: Path) -> AsyncIterator[House]:
    """A server for which waiting longer than a millisecond is too long."""
    settings = Settings(
        data_dir=tmp_path / "data",
        whisper_model=str(VOICE_MODEL),
        allow_synthetic_model=True,
        most_queue_wait_ms=1,
        ice_hosts=["127.0.0.1"],
        _env_file=None,
    )
    async with serving(settings) as running:
        yield running


async def fill(house: House) -> None:
    """Gives the engine more to do at once than it can: twice what fits into a batch."""
    engine = house.app[ENGINE]
    assert engine.status is EngineStatus.AVAILABLE
    noise = np.random.default_rng(1).normal(0, 1000, 3 * SAMPLE_RATE).astype(np.int16)
    await asyncio.gather(*(engine.decode(f"owner {n}", utterance(noise), Language.ENGLISH) for n in range(24)))


async def hr_wall(house: House, browsers: Browsers) -> Page:
    """HR's wall, in a browser of their own."""
    users, now = Users(house.app[DATABASE]), datetime.now(UTC)
    cookie = await users.create_account(await users.issue_link(now), "hr@example.com", "correct horse battery", now)
    page = await browsers.page()
    url = str(house.running.make_url("/hr"))
    await page.context.add_cookies([{"name": "hr_session", "value": cookie, "url": url}])
    await page.goto(url)
    return page


async def health(house: House) -> dict[str, object]:
    async with await house.browser().get("/healthz") as response:
        found: dict[str, object] = await response.json()
        return found


async def test_a_start_is_put_off_and_whoever_has_begun_goes_on(busy: House) -> None:
    begun, address = await busy.answering()
    assert (await health(busy))["admits"] is True
    await fill(busy)
    found = await health(busy)
    assert (found["admits"], found["recognition"]) == (False, "available")
    assert isinstance(found["queue_wait_ms"], int)
    assert found["queue_wait_ms"] >= 1
    waiting = await busy.candidate()
    before = await waiting.snapshot()
    async with await waiting.post("/api/interview/start") as response:
        assert response.status == 503
        assert response.headers["Retry-After"] == "60"
        error = await error_of(response)
    assert error["code"] == "server_full"
    assert error["message"] == ("The server is full at the moment. Your place is kept: please try again in a minute.")
    assert (await waiting.snapshot())["seq"] == before["seq"]
    # Answering, pausing and coming back are not a start.
    for path in ("/api/interview/start", "/api/interview/pause", "/api/interview/resume"):
        await begun.ok(path)
    await begun.ok(address + "/answer", {"mode": "typed", "text": "I would listen first."})
    typing = await busy.candidate(voice=False)
    assert (await typing.ok("/api/interview/start"))["status"] == "running"


async def test_the_page_keeps_the_place_and_starts_as_soon_as_there_is_room(
    busy: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, link = await busy.invite()
    async with chromium(speech_file(tmp_path / "speech.wav", ["I am sorry"], "en")) as browsers:
        page = await browsers.page()
        await page.goto(str(busy.running.make_url(link)))
        await page.get_by_test_id("landing-begin").click()
        for purpose in (Purpose.VOICE, Purpose.SCORING, Purpose.RECORDING):
            await page.get_by_test_id(f"consent-{purpose}-yes").check(force=True)
        await page.get_by_test_id("consent-continue").click()
        await expect(page.get_by_test_id("check-continue")).to_be_visible(timeout=20_000)
        await fill(busy)
        await page.get_by_test_id("check-continue").click()
        notice = page.get_by_test_id("server-full")
        await expect(notice).to_contain_text("Your place is kept")
        await expect(notice).to_contain_text("Next try in")
        await expect(page.get_by_test_id("check-continue")).to_be_hidden()
        wall = await hr_wall(busy, browsers)
        await expect(wall.get_by_test_id("full-notice")).to_contain_text("candidates who want to start")
        await expect(page.get_by_test_id("banner")).to_be_hidden()
        await page.get_by_test_id("full-retry").click()
        await expect(page.get_by_test_id("full-retry")).to_be_enabled()
        await expect(notice).to_be_visible()
        monkeypatch.setattr("analyzers.transcription.measured_load._REMEMBERED_S", 0.0)
        # On a busy machine the engine may really be too slow for a moment longer.
        for _ in range(15):
            with suppress(PlaywrightError):
                await page.get_by_test_id("full-retry").click(timeout=1_000)
            with suppress(AssertionError):
                await expect(page.get_by_test_id("question-text")).to_be_visible(timeout=2_000)
                break
        await expect(page.get_by_test_id("question-text")).to_be_visible()
        await expect(wall.get_by_test_id("full-notice")).to_be_hidden(timeout=10_000)
        assert browsers.complaints == []
