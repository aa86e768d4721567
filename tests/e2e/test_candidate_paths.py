"""Each path that a candidate can take, in a real browser and in both languages, on one server for all of them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Page, expect

from question_flows.loader import load_flow
from question_flows.model import Language
from scripts.browsers import Browsers, chromium, sign_in_first
from scripts.local_server import LocalServer
from tests.e2e import journeys

pytestmark = [pytest.mark.timeout(180), pytest.mark.asyncio(loop_scope="module")]

FLOWS = Path(__file__).parent / "flows"
FLOW = load_flow(FLOWS / "every_path.yaml")
PHONE = {"width": 390, "height": 844}
DESKTOP = {"width": 1280, "height": 800}

in_both_languages = pytest.mark.parametrize("language", list(Language), ids=lambda language: language.value)


@dataclass
class House:
    """A server without a speech model, HR's signed-in page and a browser."""

    server: LocalServer
    browsers: Browsers
    hr: Page

    async def candidate(
        self, language: Language, flow: str = "every_path", size: dict[str, int] = DESKTOP
    ) -> tuple[Page, str]:
        """A candidate's page at the practice question, answering by typing. Gives it and the interview's id."""
        interview_id, link = await self.server.invite(flow, language.value, "Kim Doe", "EU")
        page = await self.browsers.page(language.value, viewport=size)
        await journeys.begin_typing(page, link)
        return page, interview_id

    async def report(self, interview_id: str) -> dict[str, Any]:
        """The report as HR's page reads it."""
        response = await self.hr.request.get(f"{self.server.url}/api/hr/interviews/{interview_id}/report")
        data: dict[str, Any] = await response.json()
        return data


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    """One server for the whole file: what is tested here is one interview at a time."""
    folder = tmp_path_factory.mktemp("house")
    flows = folder / "flows"
    flows.mkdir()
    text = (FLOWS / "every_path.yaml").read_text("utf-8")
    (flows / "every_path.yaml").write_text(text, "utf-8")
    recorded = text.replace("id: every_path", "id: recorded_only\nrecording_required: true", 1)
    (flows / "recorded_only.yaml").write_text(recorded, "utf-8")
    settings = {"whisper_model": str(folder / "no-such-model"), "flows_dir": str(flows)}
    server = LocalServer(folder / "data", settings=settings, log=folder / "server.log")
    await server.start()
    async with chromium() as browsers:
        hr = await browsers.page()
        assert server.welcome_link is not None
        await sign_in_first(hr, server.welcome_link)
        yield House(server, browsers, hr)
        assert browsers.complaints == []
    await server.stop()


def text_of(question_id: str, language: Language) -> str:
    """What the candidate is asked."""
    return FLOW.question(question_id).text[language]


def sample_of(question_id: str, language: Language) -> str:
    """A good answer."""
    return FLOW.question(question_id).sample_answers[language][0]


async def asked(page: Page, question_id: str, language: Language) -> None:
    """The page asks this question, and nothing has to be scrolled sideways to read it."""
    await expect(page.get_by_test_id("question-text")).to_have_text(text_of(question_id, language))
    await fits(page)


async def fits(page: Page) -> None:
    """Nothing is wider than the page."""
    wider = await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wider <= 0


@in_both_languages
async def test_pausing_shows_what_is_left(house: House, language: Language) -> None:
    """Two pauses: each is asked about first, the clock stands still, and after the second there is none."""
    page, _ = await house.candidate(language)
    await journeys.leave_practice(page)
    left = page.get_by_test_id("pauses-left")
    for remaining in ("2", "1"):
        await expect(left).to_contain_text(remaining)
        await page.get_by_test_id("pause").click()
        await page.get_by_test_id("pause-ask-yes").click()
        await expect(page.get_by_test_id("paused")).to_be_visible()
        await expect(page.get_by_test_id("clock-note")).not_to_be_empty()
        await page.wait_for_timeout(1100)
        await page.get_by_test_id("resume").click()
        await asked(page, "story", language)
    await expect(page.get_by_test_id("clock-note").first).to_contain_text("0:0")
    # It looks switched off and says why, and whom to turn to.
    await page.get_by_test_id("pause").click(force=True)
    await expect(page.get_by_test_id("no-pause-left")).to_be_visible()
    await expect(page.get_by_test_id("paused")).to_be_hidden()
    await asked(page, "story", language)


@in_both_languages
async def test_a_refresh_in_the_middle_of_an_answer_loses_nothing(house: House, language: Language) -> None:
    page, _ = await house.candidate(language)
    await journeys.leave_practice(page)
    await journeys.start_answer(page)
    await page.get_by_test_id("answer-text").fill(sample_of("story", language)[:12])
    await page.reload()
    await asked(page, "story", language)
    await expect(page.get_by_test_id("answer-text")).to_have_value(sample_of("story", language)[:12])


@in_both_languages
async def test_a_call_for_help_reaches_hr_at_once(house: House, language: Language) -> None:
    """The wall shows it with its message; "I am on it" reaches the candidate, who may withdraw it as well."""
    page, interview_id = await house.candidate(language, size=PHONE)
    wall = house.hr
    await wall.goto(f"{house.server.url}/hr")
    await page.get_by_test_id("help-open").click()
    await page.get_by_test_id("help-message").fill("I cannot hear the question")
    await page.get_by_test_id("help-send").click()
    await expect(page.get_by_test_id("help-status")).not_to_be_empty()
    told = await page.get_by_test_id("help-status").text_content() or ""
    await fits(page)
    call = wall.get_by_test_id(f"help-call-{interview_id}")
    await expect(call).to_contain_text("I cannot hear the question")
    await expect(wall.locator("#needing")).to_contain_text("Kim Doe")
    await wall.get_by_test_id(f"help-acknowledge-{interview_id}").click()
    await expect(page.get_by_test_id("help-status")).not_to_have_text(told)
    await page.get_by_test_id("help-withdraw").click()
    await expect(page.get_by_test_id("help-status")).to_be_empty()
    await expect(call).to_be_hidden()
    await page.get_by_test_id("help-open").click()
    await page.get_by_test_id("help-send").click()
    await wall.goto(f"{house.server.url}/hr/interviews/{interview_id}")
    await expect(wall.get_by_test_id(f"help-call-{interview_id}")).to_be_visible()
