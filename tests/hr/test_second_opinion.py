"""The second opinion on HR's report page and in its JSON, with the scorer that the settings name."""

from __future__ import annotations

import asyncio
import html
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from playwright.async_api import Browser, async_playwright, expect
from pydantic import ValidationError

from analyzers.scoring.scorer import ScorerFailure
from question_flows.model import Language
from scripts.browsers import CHROMIUM
from server.interview.commands import GiveConsent, Start
from server.interview.session import InterviewSession
from server.keys import INTERVIEWS
from server.settings import Settings
from tests.analyzers.scoring.chat_server import KEY, MODEL, Answerer, chat_server, good_answer, text_answer
from tests.hr.conftest import UNHURRIED, House, answer_all, serving


@asynccontextmanager
async def house_with(folder: Path, answer: Answerer) -> AsyncIterator[House]:
    """A server whose settings name a second scorer."""
    async with chat_server(answer) as chat:
        settings = Settings(
            _env_file=None,
            data_dir=folder,
            whisper_model=str(folder / "none"),
            scorer_url=chat.url,
            scorer_model=MODEL,
            scorer_key=KEY,
            **UNHURRIED,
        )
        async with serving(settings) as home:
            yield home


async def interviewed(home: House) -> InterviewSession:
    """A finished interview of a candidate who was told."""
    interview_id, _ = await home.invite()
    session: InterviewSession = await home.app[INTERVIEWS].get(interview_id)
    async with session.candidate_present():
        await session.execute(GiveConsent(dict.fromkeys(session.purposes, True), second_scorer=True))
        await session.execute(Start())
        await answer_all(session)
    return session


async def pages(home: House, session: InterviewSession) -> dict[str, str]:
    found = {}
    for language in ("en", "zh-CN"):
        async with home.hr.get(home.url(f"/hr/interviews/{session.interview_id}/report?lang={language}")) as response:
            assert response.status == 200
            found[language] = html.unescape(await response.text())
    return found


async def test_both_scores_and_what_is_far_apart_are_on_the_page_in_both_languages(tmp_path: Path) -> None:
    async with house_with(tmp_path, good_answer(points=0.5)) as home:
        session = await interviewed(home)
        report = await home.json(f"/api/hr/interviews/{session.interview_id}/report")
        shown = await pages(home, session)
    apart = sum(one["disagreement"] for answer in report["answers"] for one in answer["second_opinion"]["comparisons"])
    assert apart > 0
    for page in shown.values():
        assert page.count('data-testid="opinion-apart"') == apart
        assert 'data-testid="opinions-apart"' in page
        assert MODEL in page
        assert KEY not in page
    assert "It names what was done." in shown["en"]
    assert "The second opinion never changes it" in shown["en"]
    assert f"in {apart} places" in shown["en"]
    assert "说明了所做的事。" in shown["zh-CN"]
    assert "第二意见绝不会改变得分" in shown["zh-CN"]


async def test_a_failed_opinion_says_why_and_that_the_built_in_result_stands(tmp_path: Path) -> None:
    async with house_with(tmp_path, text_answer("ten points")) as home:
        session = await interviewed(home)
        report = await home.json(f"/api/hr/interviews/{session.interview_id}/report")
        shown = await pages(home, session)
    assert report["score"]["total"] is not None
    assert {answer["second_opinion"]["failed"] for answer in report["answers"]} == {"unusable"}
    times = len(report["answers"])
    assert shown["en"].count("<strong>No second opinion: the built-in result stands.</strong>") == times
    assert shown["en"].count("The second scorer’s reply was not usable.</p>") == times
    assert shown["zh-CN"].count("<strong>没有第二意见，以内置评分为准。</strong>") == times
    assert 'data-testid="opinions-apart"' not in shown["en"]


async def test_what_a_model_explains_is_text_and_no_markup(tmp_path: Path) -> None:
    async with house_with(tmp_path, good_answer(explanation_en="<script>alert(1)</script>")) as home:
        session = await interviewed(home)
        async with home.hr.get(home.url(f"/hr/interviews/{session.interview_id}/report?lang=en")) as response:
            page = await response.text()
    assert "&lt;script&gt;alert(1)" in page
    assert "<script>alert(1)" not in page


@pytest.mark.parametrize("reason", list(ScorerFailure))
def test_every_failure_has_its_sentence_in_both_languages(reason: ScorerFailure) -> None:
    for language in Language:
        texts = json.loads(Path(f"web/locales/{language.value}/hr.json").read_text(encoding="utf-8"))
        assert texts[f"opinion_failed_{reason.value}"]


@pytest.mark.parametrize(
    "wrong",
    [{"scorer_url": "http://localhost/v1"}, {"scorer_model": "m"}, {"scorer_url": "ftp://a", "scorer_model": "m"}],
)
def test_address_and_model_go_together(wrong: dict[str, str]) -> None:
    with pytest.raises(ValidationError, match=r"(?i)scorer_url"):
        Settings(_env_file=None, **wrong)  # type: ignore[arg-type]


@pytest.fixture
async def chromium() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        yield browser
        await browser.close()


@pytest.mark.parametrize(
    ("language", "sentence"), [("en", "sent to a second program"), ("zh-CN", "发送给公司选定的另一个程序")]
)
async def test_the_candidate_reads_of_it_before_agreeing_and_that_is_in_the_log(
    tmp_path: Path, chromium: Browser, language: str, sentence: str
) -> None:
    async with house_with(tmp_path, good_answer(Language(language), points=0.5)) as home:
        interview_id, token = await home.invite(language=Language(language))
        candidate = await chromium.new_page(locale=language)
        await candidate.goto(home.url(f"/i/{token}"))
        await candidate.get_by_test_id("landing-begin").click()
        await expect(candidate.get_by_test_id("consent-second-scorer")).to_contain_text(sentence)
        for purpose in ("voice", "scoring", "recording"):
            await candidate.get_by_test_id(f"consent-{purpose}-yes").check(force=True)
        await candidate.get_by_test_id("consent-continue").click()
        session: InterviewSession = await home.app[INTERVIEWS].get(interview_id)
        async with asyncio.timeout(10):
            while session.state.consents is None:
                await asyncio.sleep(0.01)
        assert session.state.told_of_second_scorer
        async with session.candidate_present():
            await session.execute(Start())
            await answer_all(session)
        [cookie] = [cookie.value for cookie in home.hr.cookie_jar]
        page = await chromium.new_page(locale=language, viewport={"width": 1280, "height": 900})
        await page.context.add_cookies([{"name": "hr_session", "value": cookie, "url": home.url("/")}])
        await page.goto(home.url(f"/hr/interviews/{interview_id}/report"))
        opinion = page.get_by_test_id(f"opinion-{session.state.asked[0].question_id}").first
        await expect(opinion.get_by_test_id("opinion-apart").first).to_be_visible()
        await opinion.get_by_role("button").first.click()
