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
from tests.e2e.conftest import UNHURRIED

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
    settings = {**UNHURRIED, "whisper_model": str(folder / "no-such-model"), "flows_dir": str(flows)}
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
async def test_the_whole_way_on_a_phone(house: House, language: Language) -> None:
    """Practice, hint, probe, role-play with its branch, a rest, text, code, a fact, the end, the survey: all typed."""
    page, interview_id = await house.candidate(language, size=PHONE)
    await expect(page.get_by_test_id("practice")).to_be_visible()
    await fits(page)
    await journeys.answer_typed(page, "Hello, this works.")
    await asked(page, "story", language)
    await page.get_by_test_id("hint-open").click()
    await expect(page.get_by_test_id("hint-0")).to_contain_text(FLOW.question("story").hints[0].text[language])
    nothing_offered = {
        Language.ENGLISH: "A parcel was late, so I asked for the order number and checked it together with the driver.",
        Language.CHINESE: "有一个包裹晚到了，我先问了顾客的订单号，然后和司机一起查了它在哪里。",
    }
    await journeys.answer_typed(page, nothing_offered[language])
    await asked(page, "story-solve", language)
    await expect(page.get_by_test_id("follow-up")).to_be_visible()
    await expect(page.get_by_test_id("progress")).to_contain_text("1")
    await journeys.answer_typed(page, sample_of("counter_2_calm", language))
    await asked(page, "counter_1", language)
    await expect(page.get_by_test_id("scenario")).to_be_visible()
    await journeys.answer_typed(page, sample_of("counter_1", language))
    await asked(page, "counter_2_calm", language)
    earlier = page.get_by_test_id("exchanges")
    await expect(earlier).not_to_have_attribute("open", "")
    await earlier.locator("summary").click()
    await expect(earlier).to_contain_text(sample_of("counter_1", language))
    await fits(page)
    await journeys.answer_typed(page, sample_of("counter_2_calm", language))
    await expect(page.get_by_test_id("next-round")).to_contain_text(FLOW.rounds[1].title[language])
    await fits(page)
    await page.get_by_test_id("round-continue").click()
    await asked(page, "letter", language)
    await journeys.start_answer(page)
    await expect(page.get_by_test_id("speak-instead")).to_be_hidden()
    await journeys.answer_typed(page, sample_of("letter", language))
    await write_code(page, language)
    await asked(page, "shifts", language)
    await expect(page.get_by_test_id("option-not_now")).to_be_visible()
    await page.get_by_test_id("option-not_now").check()
    await fits(page)
    await page.get_by_test_id("finish-answer").click()
    await expect(page.get_by_test_id("done")).to_be_visible()
    await fits(page)
    await page.get_by_test_id("feedback-4").check()
    await page.get_by_test_id("survey-fairness-5").check(force=True)
    await page.get_by_test_id("feedback-send").click()
    await expect(page.get_by_test_id("feedback-thanks")).to_be_visible()
    report = await house.report(interview_id)
    ids = ["story", "story-solve", "counter_1", "counter_2_calm", "letter", "snippet", "shifts"]
    assert [answer["question_id"] for answer in report["answers"]] == ids
    assert report["answers"][0]["hints_opened"] == 1
    assert report["answers"][5]["text"].endswith("  return 2")
    assert report["answers"][-1]["mode"] == "choice"
    assert report["feedback"]["answers"] == {"fairness": 5}


async def write_code(page: Page, language: Language) -> None:
    """Tab inserts two spaces; Escape, then Tab leaves the field."""
    await asked(page, "snippet", language)
    await journeys.start_answer(page)
    field = page.get_by_test_id("answer-text")
    await field.focus()
    await page.keyboard.type("def two():\n")
    await page.keyboard.press("Tab")
    await page.keyboard.type("return 2")
    await expect(field).to_have_value("def two():\n  return 2")
    await page.keyboard.press("Escape")
    await page.keyboard.press("Tab")
    await expect(field).not_to_be_focused()
    await expect(field).to_have_value("def two():\n  return 2")
    await journeys.finish_answer(page)


@in_both_languages
async def test_who_does_not_apologise_meets_an_angrier_customer(house: House, language: Language) -> None:
    page, interview_id = await house.candidate(language)
    await journeys.leave_practice(page)
    await asked(page, "story", language)
    await journeys.skip(page)
    await asked(page, "counter_1", language)
    cold = {
        Language.ENGLISH: "It is somewhere on its way, please wait until it comes, I do not know more.",
        Language.CHINESE: "应该在路上，您等着就行，别的我也不清楚，到了会通知您的。",
    }
    await journeys.answer_typed(page, cold[language])
    await asked(page, "counter_2_angry", language)
    await expect(page.get_by_test_id("exchanges")).to_contain_text(cold[language])
    story = (await house.report(interview_id))["answers"][0]
    assert story["skipped"] is True


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
async def test_a_moment_and_starting_again(house: House, language: Language) -> None:
    """A moment lengthens the thinking time; starting again empties the field, once, and counts in the report."""
    page, interview_id = await house.candidate(language)
    await journeys.leave_practice(page)
    before = await seconds_left(page)
    await page.get_by_test_id("moment").click()
    await expect(page.get_by_test_id("moment-note")).not_to_be_empty()
    assert await seconds_left(page) > before + 5
    await journeys.start_answer(page)
    await page.get_by_test_id("answer-text").fill("wrong")
    await expect(page.get_by_test_id("draft-state")).not_to_be_empty()
    await page.get_by_test_id("restart").click()
    await page.get_by_test_id("restart-ask-yes").click()
    await journeys.start_answer(page)
    await expect(page.get_by_test_id("answer-text")).to_have_value("")
    await expect(page.get_by_test_id("restart")).to_be_hidden()
    await journeys.answer_typed(page, sample_of("story", language))
    await asked(page, "counter_1", language)
    story = (await house.report(interview_id))["answers"][0]
    assert story["text"] == sample_of("story", language)


async def seconds_left(page: Page) -> int:
    """What the countdown says."""
    text = await page.get_by_test_id("thinking-left").text_content() or ""
    minutes, seconds = next(word for word in text.split() if ":" in word).split(":")
    return int(minutes) * 60 + int(seconds)


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


@in_both_languages
async def test_who_refuses_a_required_recording_is_met_by_a_person(house: House, language: Language) -> None:
    _, link = await house.server.invite("recorded_only", language.value, "Kim Doe", "EU")
    page = await house.browsers.page(language.value, viewport=PHONE)
    await page.goto(link)
    await page.get_by_test_id("landing-begin").click()
    await page.get_by_test_id("consent-recording-no").check(force=True)
    for control in await page.locator('[data-testid^="consent-"][data-testid$="-yes"]').all():
        if await control.get_attribute("data-testid") != "consent-recording-yes":
            await control.check(force=True)
    await page.get_by_test_id("consent-continue").click()
    await expect(page.get_by_test_id("person-instead")).to_be_visible()
    await fits(page)
