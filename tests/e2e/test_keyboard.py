"""A whole interview by the keyboard alone, in both languages: Tab, Enter, Space, arrows, Escape and letters."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Page, expect

from question_flows.model import Language
from tests.e2e.house import House, asked, in_chinese, open_house, sample_of, without_speech
from tests.e2e.journeys import tab_to

pytestmark = [pytest.mark.timeout(240), pytest.mark.asyncio(loop_scope="module")]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    folder = tmp_path_factory.mktemp("house")
    async with open_house(folder, settings=without_speech(folder)) as opened:
        yield opened


async def press(page: Page, test_id: str, key: str = "Enter") -> None:
    """Goes to the control by Tab, and presses the key on it."""
    await tab_to(page, test_id)
    await page.keyboard.press(key)


async def write(page: Page, test_id: str, text: str) -> None:
    """Goes to the field, unless the page has put the cursor there, and types."""
    field = page.get_by_test_id(test_id)
    await expect(field).to_be_visible()
    if not await field.evaluate("(field) => field === document.activeElement"):
        await tab_to(page, test_id)
    await page.keyboard.insert_text(text)
    await expect(field).to_have_value(text)


async def answer(page: Page, question_id: str, language: Language) -> None:
    """From the question, whose heading has the focus, to its answer handed in."""
    await asked(page, question_id, language)
    await expect(page.get_by_test_id("question-text")).to_be_focused()
    await press(page, "answer-now")
    await write(page, "answer-text", sample_of(question_id, language))
    if question_id == "snippet":
        # Tab would indent the code.
        await page.keyboard.press("Escape")
    await press(page, "finish-answer")


@in_chinese
async def test_a_whole_interview_by_the_keyboard_alone(house: House, language: Language) -> None:
    interview_id, link = await house.invite(language)
    page = await house.browsers.page(language.value)
    heading = page.locator("h1")
    await page.goto(link)
    await press(page, "landing-begin")
    await expect(heading).to_be_focused()
    for purpose in ("voice", "scoring", "recording"):
        await press(page, f"consent-{purpose}-yes", "Space")
    await page.keyboard.press("ArrowRight")
    await expect(page.get_by_test_id("consent-recording-no")).to_be_checked()
    await press(page, "consent-continue")
    await expect(page.get_by_test_id("check-level")).to_be_visible()
    await expect(heading).to_be_focused()
    await press(page, "check-type-instead")
    await expect(page.get_by_test_id("practice")).to_be_visible()
    await press(page, "skip")

    await asked(page, "story", language)
    await press(page, "hint-open")
    await expect(page.get_by_test_id("hint-0")).to_be_visible()
    await press(page, "answer-now")
    await write(page, "answer-text", sample_of("story", language))
    await press(page, "pause")
    await press(page, "pause-ask-yes")
    await expect(page.get_by_test_id("paused")).to_be_visible()
    await expect(heading).to_be_focused()
    await press(page, "resume")
    await expect(page.get_by_test_id("answer-text")).to_have_value(sample_of("story", language))
    await press(page, "finish-answer")

    await answer(page, "counter_1", language)
    await asked(page, "counter_2_calm", language)
    await press(page, "help-open")
    await expect(page.get_by_test_id("help-message")).to_be_focused()
    await page.keyboard.press("Escape")
    await expect(page.get_by_test_id("help-open")).to_be_focused()
    await press(page, "skip")
    await expect(page.get_by_test_id("skip-ask")).to_be_focused()
    await page.keyboard.press("Escape")
    await expect(page.get_by_test_id("skip")).to_be_focused()
    await page.keyboard.press("Enter")
    await press(page, "skip-ask-yes")

    await expect(page.get_by_test_id("between-rounds")).to_be_visible()
    await expect(heading).to_be_focused()
    await press(page, "round-continue")
    await answer(page, "letter", language)
    await answer(page, "snippet", language)
    await asked(page, "shifts", language)
    await press(page, "option-yes_always", "Space")
    await page.keyboard.press("ArrowDown")
    await expect(page.get_by_test_id("option-not_now")).to_be_checked()
    await press(page, "finish-answer")

    await expect(page.get_by_test_id("done")).to_be_visible()
    await expect(heading).to_be_focused()
    await press(page, "feedback-1", "Space")
    for _ in range(3):
        await page.keyboard.press("ArrowDown")
    await expect(page.get_by_test_id("feedback-4")).to_be_checked()
    await press(page, "feedback-send")
    await expect(page.get_by_test_id("feedback-thanks")).to_be_visible()

    report = await house.report(interview_id)
    told = {
        one["question_id"]: one["text"] for one in report["answers"] if not one["skipped"] and one["mode"] == "typed"
    }
    assert told.keys() == {"story", "counter_1", "letter", "snippet"}
    assert all(text.split() == sample_of(question_id, language).split() for question_id, text in told.items())
    assert report["answers"][-1]["option_id"] == "not_now"
    assert report["feedback"]["rating"] == 4
