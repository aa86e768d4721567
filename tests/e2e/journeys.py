"""What a candidate does in the browser, step by step."""

from __future__ import annotations

from playwright.async_api import Page, expect


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
    """From the invitation to the first question, by voice."""
    await consent(page, link)
    await page.get_by_test_id("check-continue").click(timeout=30_000)
    await expect(page.get_by_test_id("question-text")).to_be_visible()


async def start_answer(page: Page) -> None:
    """Cuts the thinking time short."""
    await page.get_by_test_id("answer-now").click()
    await expect(page.get_by_test_id("finish-answer")).to_be_visible()


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
    """Hands the answer in and waits for the next question, or the end."""
    before = await page.get_by_test_id("question-text").text_content()
    await page.get_by_test_id("finish-answer").click()
    await page.wait_for_function(
        """before => {
            if (document.querySelector('[data-testid=done]')) return true;
            const text = document.querySelector('[data-testid=question-text]')?.textContent;
            return Boolean(text) && text !== before;
        }""",
        arg=before,
        timeout=40_000,
    )
