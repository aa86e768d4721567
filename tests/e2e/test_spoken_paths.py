"""What was heard is put right by the candidate before it is rated; both versions reach the report."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from question_flows.loader import load_flow
from question_flows.model import Language
from scripts.browsers import chromium, speech_file
from tests.e2e import journeys
from tests.e2e.conftest import Receiver, ServerFactory

pytestmark = pytest.mark.timeout(180)

FLOWS = Path(__file__).parent / "flows"
FLOW = load_flow(FLOWS / "every_path.yaml")


@pytest.mark.parametrize("language", list(Language), ids=lambda language: language.value)
async def test_words_are_put_right_before_they_are_rated(
    start_server: ServerFactory, receiver: Receiver, tmp_path: Path, language: Language
) -> None:
    """One answer is spoken and corrected, undone, corrected again and still there after a refresh; one is typed."""
    server = await start_server(flows_dir=str(FLOWS))
    _, link = await server.invite("every_path", language.value, "Kim Doe", "EU")
    spoken = FLOW.question("story").sample_answers[language][0]
    typed = FLOW.question("letter").sample_answers[language][0]
    async with chromium(speech_file(tmp_path / "speech.wav", [spoken], language.value)) as browsers:
        page = await browsers.page(language.value)
        await journeys.begin_interview(page, link)
        await journeys.start_answer(page)
        await journeys.hear_words(page, 10)
        await journeys.finish_answer(page)
        await skip_all_but_the_letter(page, FLOW.question("letter").text[language], typed)
        field, heard = page.get_by_test_id("correction-story"), page.get_by_test_id("correction-story-heard")
        await expect(field).not_to_have_value("")
        await expect(field).to_be_editable(timeout=20_000)
        await expect(page.get_by_test_id("typed-letter")).to_have_text(typed)
        original = await field.input_value()
        await expect(heard).to_be_hidden()
        await field.fill("nonsense")
        await expect(heard).to_have_text(original)
        await page.get_by_test_id("correction-story-undo").click()
        await expect(field).to_have_value(original)
        # Chinese is read without spaces.
        corrected = f"{original}{' ' if language is Language.ENGLISH else ''}{spoken}"
        await field.fill(corrected)
        await page.reload()
        await expect(field).to_have_value(corrected)
        await expect(heard).to_have_text(original)
        await page.get_by_test_id("transcripts-confirm").click()
        await expect(page.get_by_test_id("done")).to_be_visible(timeout=20_000)
        assert browsers.complaints == []
    await receiver.arrived.wait()
    story = receiver.reports[0]["data"]["answers"][0]
    assert story["text"] == corrected


async def skip_all_but_the_letter(page: Page, letter: str, typed: str) -> None:
    """From the second question to the check of the words."""
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
