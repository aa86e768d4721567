"""Spoken paths in both languages: the camera refused, a refresh while speaking, what was heard put right, time over."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Page, expect

from question_flows.model import Language
from scripts.browsers import chromium, speech_file
from tests.e2e import journeys
from tests.e2e.axe import expect_accessible
from tests.e2e.house import House, in_both_languages, in_chinese, open_house, sample_of, text_of

pytestmark = [pytest.mark.timeout(240), pytest.mark.asyncio(loop_scope="module")]

TEN_MINUTES = {Language.ENGLISH: "10 minutes", Language.CHINESE: "10 分钟"}
TWELVE_SECONDS = {Language.ENGLISH: "12 seconds", Language.CHINESE: "12 秒"}
THE_CAMERA = {Language.ENGLISH: "use the camera", Language.CHINESE: "摄像头"}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    async with open_house(tmp_path_factory.mktemp("house")) as opened:
        yield opened


def story_file(folder: Path, language: Language) -> Path:
    """The microphone's sound: a good answer to the first question, over and over."""
    return speech_file(folder / f"story-{language.value}.wav", [sample_of("story", language)], language.value)


def words_of(text: str) -> str:
    """Without spaces, which pages set by language."""
    return "".join(text.split())


@in_both_languages
async def test_what_was_heard_without_a_camera_is_put_right(house: House, language: Language) -> None:
    """The camera is refused, the page is loaded again in the middle of speaking, and what was heard is corrected.

    The report holds both versions and sound without a picture; HR reads what was changed.
    """
    interview_id, link = await house.invite(language)
    spoken, typed = sample_of("story", language), sample_of("letter", language)
    async with chromium(story_file(house.folder, language), grants=["microphone"]) as browsers:
        page = await browsers.page(language.value)
        await journeys.consent(page, link)
        refused = page.locator("[data-testid=media-problem][data-problem=denied]")
        await expect(refused).to_contain_text(THE_CAMERA[language])
        await expect_accessible(page, "check with the camera refused")
        await page.get_by_test_id("check-continue").click()
        await journeys.leave_practice(page)
        await journeys.start_answer(page)
        captions = await journeys.hear_words(page, 10)
        assert language is Language.ENGLISH or " " not in captions  # Chinese is written without
        await expect_accessible(page, "answering by voice")
        kept = await first_utterance(house, interview_id)
        await page.reload()
        await expect(page.get_by_test_id("question-text")).to_have_text(text_of("story", language))
        # The words from before stand there again, and new ones come behind them.
        await page.wait_for_function(
            """(kept) => {
                const words = document.querySelector("[data-testid=captions]").textContent.replace(/\\s/g, "");
                return words.startsWith(kept) && words.length > kept.length + 10;
            }""",
            arg=kept,
        )
        await journeys.finish_answer(page)
        await skip_the_rest(page, text_of("letter", language), typed)
        corrected, original = await put_right(page, spoken, language)
        await expect(page.get_by_test_id("typed-letter")).to_have_text(typed)
        await page.get_by_test_id("transcripts-confirm").click()
        await expect(page.get_by_test_id("done")).to_be_visible(timeout=20_000)
        assert browsers.complaints == []
    await expect_both_versions(house, interview_id, corrected, original)
    assert words_of(original).startswith(kept)


async def first_utterance(house: House, interview_id: str) -> str:
    """Waits until words of the story are in the log, and gives them without spaces."""
    async with asyncio.timeout(30):
        while True:
            for _, data in house.log(interview_id, "UtteranceTranscribed"):
                if data["question_id"] == "story" and data["words"]:
                    return words_of("".join(word["text"] for word in data["words"]))
            await asyncio.sleep(0.1)


async def put_right(page: Page, spoken: str, language: Language) -> tuple[str, str]:
    """Changes, takes back, changes again, loads the page again. Gives the words as they stand, and as they were."""
    await expect(page.get_by_test_id("check-lasts")).to_contain_text(TEN_MINUTES[language])
    field, heard = page.get_by_test_id("correction-story"), page.get_by_test_id("correction-story-heard")
    await expect(field).not_to_have_value("")
    await expect(field).to_be_editable(timeout=20_000)
    original = await field.input_value()
    await expect(heard).to_be_hidden()
    await field.fill("nonsense")
    await expect(heard).to_have_text(original)
    await page.get_by_test_id("correction-story-undo").click()
    await expect(field).to_have_value(original)
    # Chinese is read without spaces.
    corrected = f"{original}{' ' if language is Language.ENGLISH else ''}{spoken}"
    await field.fill(corrected)
    await expect_accessible(page, "check of what was heard")
    await page.reload()
    await expect(field).to_have_value(corrected)
    await expect(heard).to_have_text(original)
    return corrected, original


async def expect_both_versions(house: House, interview_id: str, corrected: str, original: str) -> None:
    """In the report, for machines and for people; the score stands on the corrected words."""
    report = await house.report(interview_id)
    story = report["answers"][0]
    assert (story["text"], report["confirmed"]) == (corrected, "candidate")
    assert words_of("".join(word["text"] for word in story["heard"]["words"])) == words_of(original)
    assert 0 < story["changed_share"] <= 1
    assert story["score"] is not None
    assert not report["recording"]["has_video"]
    assert report["consents"]["recording"] is True
    hr = await house.read_report(interview_id)
    both = hr.get_by_test_id("corrected-story")
    await expect(both.locator("ins").first).to_be_visible()
    shown = "".join(await both.locator(".words").all_text_contents())
    assert words_of(original)[:10] in words_of(shown)
    await expect_accessible(hr, "report with a correction")
    await hr.goto(f"{house.server.url}/hr/interviews/{interview_id}")
    await expect(hr.locator("main")).to_contain_text("Kim Doe")
    await expect_accessible(hr, "one interview, finished")


async def skip_the_rest(page: Page, letter: str = "", typed: str = "") -> None:
    """From the second question to the check of the words; the letter, where one is given, is answered."""
    check, rest = page.get_by_test_id("transcript-check"), page.get_by_test_id("between-rounds")
    question = page.get_by_test_id("question-text")
    while True:
        await expect(check.or_(rest).or_(question)).to_be_visible()
        if await check.is_visible():
            return
        if await rest.is_visible():
            await page.get_by_test_id("round-continue").click()
            await expect(question).to_be_visible()
        elif await question.text_content() == letter:
            await journeys.answer_typed(page, typed)
        else:
            await journeys.skip(page)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def hasty(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    """A server on which the check is over after 12 seconds without a change."""
    async with open_house(tmp_path_factory.mktemp("hasty"), settings={"check_minutes": "0.2"}) as opened:
        yield opened


@in_chinese
async def test_who_checks_nothing_comes_to_the_end_by_itself(hasty: House, language: Language) -> None:
    """The page says how long there is; when it is over, the words stand as they were heard, and the report says so."""
    interview_id, link = await hasty.invite(language)
    async with chromium(story_file(hasty.folder, language)) as browsers:
        page = await browsers.page(language.value)
        await journeys.begin_interview(page, link)
        await journeys.start_answer(page)
        await journeys.hear_words(page, 5)
        await journeys.finish_answer(page)
        await skip_the_rest(page)
        await expect(page.get_by_test_id("check-lasts")).to_contain_text(TWELVE_SECONDS[language])
        await expect(page.get_by_test_id("done")).to_be_visible(timeout=40_000)
        assert browsers.complaints == []
    report = await hasty.report(interview_id)
    assert (report["status"], report["confirmed"], report["answers"][0]["heard"]) == ("completed", "time", None)
    assert report["answers"][0]["text"]
