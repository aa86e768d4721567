"""Feedback for the candidate: a draft without scores, edited and released by a person, read by the candidate."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from playwright.async_api import BrowserContext, expect

from question_flows.model import Language
from server.errors import UserError
from server.interview.commands import ReleaseFeedback
from server.interview.releasing import SCORES
from server.interview.strengths import strengths_of
from server.keys import INTERVIEWS
from tests.hr.conftest import EMAIL, House, answer_all
from tests.hr.test_browser import browser as browser

SCORE_LIKE = ("8/10", "7.5 out of 10", "You scored 8", "8 points", "85 %", "得分：8", "8.5分", "总分为 7")
NO_SCORES = ("for 15 minutes", "Within 24 hours", "15 分钟", "2 of the 3 customers", "in 2024")


@pytest.mark.parametrize("text", SCORE_LIKE)
def test_what_reads_like_a_score_is_found(text: str) -> None:
    assert SCORES.search(f"Good. {text} Bye.")


@pytest.mark.parametrize("text", NO_SCORES)
def test_other_numbers_may_stand(text: str) -> None:
    assert not SCORES.search(f"You called {text}.")


@pytest.mark.parametrize("language", list(Language))
async def test_the_draft_tells_strengths_in_the_candidates_words_and_one_thing_to_work_on(
    house: House, language: Language
) -> None:
    async with house.started(language=language) as session:
        with pytest.raises(UserError, match="interview_not_over"):
            await session.execute(ReleaseFeedback("Thank you.", EMAIL))
        await answer_all(session)
    report = await house.app[INTERVIEWS].report(session.interview_id)
    found = strengths_of(report, session.flow)
    assert 1 <= len(found.strengths) <= 3
    assert len({one.indicator_id for one in found.strengths}) == len(found.strengths)
    spoken = " ".join(answer.text for answer in report.answers)
    for one in found.strengths:
        assert one.quote in spoken
    path = f"/hr/interviews/{session.interview_id}/feedback"
    async with house.hr.get(house.url(path)) as response:
        page = await response.text()
    [draft] = re.findall(r"<textarea[^>]*>(.*?)</textarea>", page, re.DOTALL)
    assert found.strengths[0].name in draft
    assert not SCORES.search(draft)
    assert not re.search(r"\d[.,]\d", draft)


async def test_nothing_is_released_that_is_empty_too_long_or_holds_a_score(house: House) -> None:
    async with house.started() as session:
        await answer_all(session)
    address = house.url(f"/hr/interviews/{session.interview_id}/feedback")
    for text, told in ((" ", "write what"), ("x" * 4001, "4,000"), ("You got <b>8/10</b>.", "8/10")):
        async with house.hr.post(address, data={"text": text}) as response:
            assert response.status == 400
            [shown] = re.findall(r'id="letter-problem" role="alert">(.*?)</p>', await response.text())
            assert told in shown
    assert (await house.app[INTERVIEWS].state(session.interview_id)).letter is None


async def test_the_candidate_reads_what_was_released_while_their_page_is_open(
    house: House, browser: BrowserContext
) -> None:
    interview_id, token = await house.invite()
    async with house.begun(interview_id) as session:
        await answer_all(session)
    cookie = await house.app[INTERVIEWS].invitations.redeem(token, datetime.now(UTC))
    candidate = await browser.new_page()
    await candidate.context.add_cookies([{"name": "candidate_session", "value": cookie, "url": house.url("/")}])
    await candidate.goto(house.url("/interview"))
    await expect(candidate.get_by_test_id("done")).to_be_visible()
    await expect(candidate.get_by_test_id("letter")).to_have_count(0)
    hr = await browser.new_page()
    await hr.goto(house.url(f"/hr/interviews/{interview_id}/report"))
    await hr.get_by_role("link", name="Feedback for the candidate").click()
    await hr.get_by_test_id("letter-text").fill("Dear Ada,\n\nyou <b>listened</b> well.")
    await hr.get_by_test_id("letter-release").click()
    await expect(hr.get_by_test_id("letter-released")).to_contain_text(EMAIL)
    letter = candidate.get_by_test_id("letter")
    await expect(letter).to_contain_text("you <b>listened</b> well.")
    await hr.get_by_test_id("letter-text").fill("Dear Ada,\n\nthank you.")
    await hr.get_by_test_id("letter-release").click()
    await expect(letter).to_contain_text("thank you.")
    await candidate.reload()
    await expect(letter).not_to_contain_text("listened")
