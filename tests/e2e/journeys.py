"""What a candidate does in the browser, step by step."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from playwright.async_api import Page, expect
from playwright.async_api import TimeoutError as PlaywrightTimeoutError


async def tab_to(page: Page, test_id: str) -> None:
    """By the Tab key alone; fails when the control cannot be reached."""
    seen = []
    for _ in range(40):
        await page.keyboard.press("Tab")
        seen.append(
            await page.evaluate("() => document.activeElement.dataset.testid ?? document.activeElement.tagName")
        )
        if seen[-1] == test_id:
            return
    pytest.fail(f"{test_id} is not reached by Tab: {seen}")


async def consent(page: Page, link: str) -> None:
    """From the invitation to the device check, with every consent given."""
    await page.goto(link)
    await page.get_by_test_id("landing-begin").click()
    await page.get_by_test_id("consent-voice-yes").check(force=True)
    await page.get_by_test_id("consent-scoring-yes").check(force=True)
    await page.get_by_test_id("consent-recording-yes").check(force=True)
    if await page.get_by_test_id("consent-expression-yes").count():
        await page.get_by_test_id("consent-expression-yes").check(force=True)
    await page.get_by_test_id("consent-continue").click()


async def begin_interview(page: Page, link: str) -> None:
    """From the invitation to the first question that counts, by voice."""
    await consent(page, link)
    await page.get_by_test_id("check-continue").click(timeout=30_000)
    await leave_practice(page)


async def begin_typing(page: Page, link: str) -> None:
    """From the invitation to the practice question or, without one, the first."""
    await consent(page, link)
    await page.get_by_test_id("check-type-instead").click()
    await expect(page.get_by_test_id("question-text")).to_be_visible()


async def leave_practice(page: Page) -> None:
    """Skips the practice question when there is one."""
    await expect(page.get_by_test_id("question-text")).to_be_visible()
    if await page.get_by_test_id("practice").count():
        await on_to_the_next(page, "skip")


async def start_answer(page: Page) -> None:
    """Cuts the thinking time short; a question without one opens by itself."""
    now, finish = page.get_by_test_id("answer-now"), page.get_by_test_id("finish-answer")
    await expect(now.or_(finish)).to_be_visible()
    if await now.is_visible():
        # On a busy machine the time may be over before the click arrives, and the button is gone.
        with suppress(PlaywrightTimeoutError):
            await now.click(timeout=5_000)
    await expect(finish).to_be_visible()


async def hear_words(page: Page, at_least: int, timeout_s: float = 30) -> str:
    """Waits until the candidate's own captions show so many words (or Chinese characters), and returns them."""
    captions = page.get_by_test_id("captions")
    await page.wait_for_function(
        """([id, n]) => {
            const text = document.querySelector(`[data-testid=${id}]`)?.textContent ?? '';
            return (text.match(/[\\p{Script=Han}]|[\\p{L}\\p{N}]+/gu) ?? []).length >= n;
        }""",
        arg=["captions", at_least],
        timeout=timeout_s * 1000,
    )
    return (await captions.text_content() or "").strip()


async def finish_answer(page: Page) -> None:
    """Hands the answer in and waits for what comes next; what is asked further about it is skipped."""
    await on_to_the_next(page, "finish-answer")
    while await page.get_by_test_id("follow-up").count():
        await skip(page)


async def on_to_the_next(page: Page, test_id: str) -> None:
    """Presses this button and waits for the next question, a rest, the check of the words, or the end."""
    before = await page.get_by_test_id("question-text").text_content()
    await page.get_by_test_id(test_id).click()
    await page.wait_for_function(
        """before => {
            const ends = ["done", "transcript-check", "between-rounds"];
            if (ends.some((id) => document.querySelector(`[data-testid=${id}]`))) return true;
            const text = document.querySelector('[data-testid=question-text]')?.textContent;
            return Boolean(text) && text !== before;
        }""",
        arg=before,
        timeout=40_000,
    )


async def answer_typed(page: Page, text: str) -> None:
    """Types a whole answer and hands it in; a follow-up may come next."""
    await start_answer(page)
    await page.get_by_test_id("answer-text").fill(text)
    await on_to_the_next(page, "finish-answer")


async def skip(page: Page) -> None:
    """Leaves the question out, as the page asks once more."""
    await page.get_by_test_id("skip").click()
    await on_to_the_next(page, "skip-ask-yes")


async def confirm_words(page: Page, timeout_s: float = 40) -> None:
    """Confirms what was heard, when something was spoken, and sees the end."""
    check, done = page.get_by_test_id("transcript-check"), page.get_by_test_id("done")
    await expect(check.or_(done)).to_be_visible(timeout=timeout_s * 1000)
    if await check.is_visible():
        await page.get_by_test_id("transcripts-confirm").click()
    await expect(done).to_be_visible(timeout=timeout_s * 1000)


def own_answers(report: dict[str, Any]) -> list[dict[str, Any]]:
    """The report's answers to the flow's own questions: without follow-ups."""
    return [answer for answer in report["answers"] if "-" not in answer["question_id"]]
