"""Whatever interrupts an answer costs no time and no word: pauses, a refresh, a moment, starting again."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Page, expect

from question_flows.model import Language
from tests.e2e import journeys
from tests.e2e.axe import expect_accessible
from tests.e2e.house import House, asked, in_chinese, in_english, open_house, sample_of, without_speech

pytestmark = [pytest.mark.timeout(180), pytest.mark.asyncio(loop_scope="module")]

CLOCK = "async () => (await (await fetch('/api/interview')).json()).clock_ms"
"""The interview's clock by the server, in milliseconds."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    folder = tmp_path_factory.mktemp("house")
    async with open_house(folder, settings=without_speech(folder)) as opened:
        yield opened


@in_english
async def test_pausing_shows_what_is_left_and_costs_no_time(house: House, language: Language) -> None:
    """Two pauses: each is asked about first, the clock stands still, and after the second there is none.

    The report names both, and their time as given back.
    """
    page, interview_id = await house.candidate(language)
    await journeys.leave_practice(page)
    left, note = page.get_by_test_id("pauses-left"), page.get_by_test_id("clock-note")
    for remaining in ("2", "1"):
        await expect(left).to_contain_text(remaining)
        await page.get_by_test_id("pause").click()
        await expect(page.get_by_test_id("pause-ask-yes")).to_be_visible()
        if remaining == "2":
            await expect_accessible(page, "before a pause")
        await page.get_by_test_id("pause-ask-yes").click()
        await expect(page.get_by_test_id("paused")).to_be_visible()
        await expect(note).not_to_be_empty()
        stands = await page.evaluate(CLOCK)
        if remaining == "2":
            await expect_accessible(page, "paused")
        # A whole second has to pass, as less than that is not told.
        await page.wait_for_timeout(1100)
        assert await page.evaluate(CLOCK) == stands
        await page.get_by_test_id("resume").click()
        await asked(page, "story", language)
    await expect(note.first).to_contain_text(re.compile(r"\b\d:\d\d\b"))
    # It looks switched off and says why, and whom to turn to.
    await page.get_by_test_id("pause").click(force=True)
    await expect(page.get_by_test_id("no-pause-left")).to_be_visible()
    await expect(page.get_by_test_id("paused")).to_be_hidden()
    await asked(page, "story", language)
    await expect_accessible(page, "no pause left")
    report = await house.report(interview_id)
    pauses = [fault for fault in report["faults"] if fault["kind"] == "pause"]
    assert len(pauses) == 2
    assert all(pause["lost_ms"] >= 1100 for pause in pauses)
    assert report["given_back_ms"] == sum(pause["lost_ms"] for pause in pauses)
    hr = await house.read_report(interview_id)
    await expect(hr.locator(".fault")).to_have_count(len(report["faults"]))


@in_chinese
async def test_a_refresh_in_the_middle_of_an_answer_loses_nothing(house: House, language: Language) -> None:
    """The draft is on the server before the page is left; afterwards it stands there, and the clock did not jump."""
    page, interview_id = await house.candidate(language)
    await journeys.leave_practice(page)
    await journeys.start_answer(page)
    begun = sample_of("story", language)[:12]
    async with page.expect_response(lambda response: response.url.endswith("/questions/story/draft")) as saved:
        await page.get_by_test_id("answer-text").fill(begun)
    assert (await saved.value).ok
    assert house.log(interview_id, "AnswerDrafted")[-1][1]["text"] == begun
    before = await page.evaluate(CLOCK)
    # What this browser keeps is gone, as on another device: the server's own copy has to be enough.
    await page.evaluate("() => localStorage.clear()")
    await page.reload()
    await asked(page, "story", language)
    field = page.get_by_test_id("answer-text")
    await expect(field).to_have_value(begun)
    after = await page.evaluate(CLOCK)
    shown = await seconds_of(page, "elapsed")
    # The page counts on from where the server's clock stands, and the answer was not begun a second time.
    assert before < after < before + 60_000
    assert shown <= after / 1000 + 1
    begun_at = [data["question_id"] for _, data in house.log(interview_id, "AnswerStarted")]
    assert begun_at.count("story") == 1
    await field.press_sequentially("!")
    await journeys.on_to_the_next(page, "finish-answer")
    answer = (await house.report(interview_id))["answers"][0]
    assert (answer["text"], answer["mode"], answer["restarts"]) == (begun + "!", "typed", 0)


@in_chinese
async def test_a_moment_and_starting_again(house: House, language: Language) -> None:
    """A moment lengthens the thinking time; starting again empties the field, once, and counts in the report."""
    page, interview_id = await house.candidate(language)
    await journeys.leave_practice(page)
    before = await seconds_of(page, "thinking-left")
    await page.get_by_test_id("moment").click()
    await expect(page.get_by_test_id("moment-note")).not_to_be_empty()
    assert await seconds_of(page, "thinking-left") > before + 5
    await journeys.start_answer(page)
    await page.get_by_test_id("answer-text").fill("wrong")
    await expect(page.get_by_test_id("draft-state")).not_to_be_empty()
    await page.get_by_test_id("restart").click()
    await expect(page.get_by_test_id("restart-ask-yes")).to_be_visible()
    await expect_accessible(page, "before starting again")
    await page.get_by_test_id("restart-ask-yes").click()
    await journeys.start_answer(page)
    await expect(page.get_by_test_id("answer-text")).to_have_value("")
    await expect(page.get_by_test_id("restart")).to_be_hidden()
    await journeys.answer_typed(page, sample_of("story", language))
    await asked(page, "counter_1", language)
    story = (await house.report(interview_id))["answers"][0]
    assert (story["text"], story["restarts"]) == (sample_of("story", language), 1)
    assert story["extra_ms"] > 0


async def seconds_of(page: Page, test_id: str) -> int:
    """The m:ss that stands there, in seconds."""
    found = re.search(r"(\d+):(\d\d)", await page.get_by_test_id(test_id).text_content() or "")
    assert found is not None
    return int(found[1]) * 60 + int(found[2])
