"""A candidate's page during the pictures: how it is led from one screen to the next."""

from __future__ import annotations

import re
from contextlib import suppress

from playwright.async_api import Locator, Page, expect
from playwright.async_api import TimeoutError as PlaywrightTimeout

from question_flows.model import Flow, Language
from scripts.sample_answers import sample_answer

SPOKEN_WORDS = re.compile(r"(\w+\W+){15,}|[\u4e00-\u9fff，。]{24,}")
"""What captions show when there is something to look at."""
SAYS_LITTLE = {
    Language.ENGLISH: "Yes, that can happen to everybody, one has to live with it.",
    Language.CHINESE: "是的，这种事谁都会遇到，也没有什么特别的。",
}
"""An answer that shows nothing, after which is asked further."""
WAIT_MS = 40_000


class PicturedCandidate:
    """One candidate in a browser; what is on the screen after each step is what the pictures show."""

    def __init__(self, page: Page, flow: Flow, language: Language) -> None:
        self.page = page
        self._flow = flow
        self._language = language

    def on(self, test_id: str) -> Locator:
        """A control of the page."""
        return self.page.get_by_test_id(test_id)

    async def consent(self) -> None:
        """Accepts everything that is asked for, and comes to the device check."""
        for control in await self.page.locator('[data-testid^="consent-"][data-testid$="-yes"]').all():
            await control.check(force=True)
        await self.on("consent-continue").click()

    async def begin_typing_here(self) -> None:
        """From the invitation's page to the first question that counts, by typing."""
        await self.on("landing-begin").click()
        await self.on("consent-continue").wait_for()
        await self.consent()
        await self.on("check-type-instead").click()
        await expect(self.on("practice")).to_be_visible()
        await self.press("skip")

    async def question_id(self) -> str:
        """What is open, as the server has it."""
        now = await (await self.page.request.get("/api/interview")).json()
        return str(now["question"]["id"])

    async def start_answer(self) -> None:
        """Ends the thinking time; a question without one opens by itself."""
        while not await self.on("finish-answer").is_visible():
            with suppress(PlaywrightTimeout):
                await self.on("answer-now").click(timeout=1000)

    async def type_sample(self) -> None:
        """Types a sample answer to the open question and leaves it there."""
        await self.type_text(sample_answer(self._flow, await self.question_id(), self._language))

    async def type_text(self, text: str) -> None:
        """Types this as the answer and leaves it there."""
        await self.start_answer()
        if await self.on("type-instead").is_visible():
            await self.on("type-instead").click()
        await self.on("answer-text").fill(text)

    async def press(self, test_id: str) -> None:
        """Presses what leads on, and waits for the next question, a rest, the check of the words, or the end."""
        before = await self.question_text()
        await self.on(test_id).click()
        await self.page.wait_for_function(
            """before => {
                const seen = (id) => document.querySelector(`[data-testid=${id}]`);
                if (["done", "transcript-check", "between-rounds"].some(seen)) return true;
                const text = seen("question-text")?.textContent;
                return Boolean(text) && text !== before;
            }""",
            arg=before,
            timeout=WAIT_MS,
        )

    async def question_text(self) -> str | None:
        """What is asked; None on another screen."""
        text = self.on("question-text")
        return await text.text_content() if await text.count() else None

    async def leave_out(self) -> None:
        """Goes on without an answer."""
        await self.on("skip").click()
        await self.press("skip-ask-yes")

    async def answer_until(self, test_id: str) -> None:
        """Types sample answers until this screen is there."""
        while not await self.on(test_id).count():
            await self.type_sample()
            await self.press("finish-answer")

    async def leave_out_until(self, question_id: str) -> None:
        """Leaves out what comes before this question, and ends the rests before it."""
        while True:
            if await self.on("round-continue").count():
                await self.on("round-continue").click()
                await expect(self.on("question-text")).to_be_visible(timeout=WAIT_MS)
            if await self.question_id() == question_id:
                return
            await self.leave_out()
