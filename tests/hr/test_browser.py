"""HR's pages in a real browser: the script's fold agrees with the server's, words move, quotes lead to their words."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
from playwright.async_api import BrowserContext, Page, async_playwright, expect

from analyzers.results import TranscriptWord
from scripts.browsers import CHROMIUM
from server.interview.commands import CorrectTranscript, OpenHint, Pause, Resume, SaveDraft, StartAnswer, SubmitAnswer
from server.interview.engine import ENGINE_FAILING
from server.interview.events import AnswerMode, RecognitionFailed, UtteranceLost, UtteranceTranscribed
from server.interview.fold import fold
from server.interview.session import InterviewSession
from server.interview.snapshot import hr_snapshot
from server.keys import HUB, INTERVIEWS
from server.live.hub import Signal
from server.live.messages import event_json
from tests.hr.conftest import House, answer, answer_all


@pytest.fixture
async def browser(house: House) -> AsyncIterator[BrowserContext]:
    """HR's browser, signed in. A script's error or a stopped script fails the test."""
    [cookie] = [cookie.value for cookie in house.hr.cookie_jar]
    complaints: list[str] = []
    async with async_playwright() as playwright:
        chromium = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        context = await chromium.new_context(locale="en", viewport={"width": 1280, "height": 800})
        await context.add_cookies([{"name": "hr_session", "value": cookie, "url": house.url("/")}])
        context.on("weberror", lambda error: complaints.append(str(error.error)))
        context.on(
            "console",
            lambda message: complaints.append(message.text) if "Content Security Policy" in message.text else None,
        )
        yield context
        await chromium.close()
    assert complaints == []


def words(text: str, start_ms: int = 0) -> list[dict[str, Any]]:
    """Words as signals carry them."""
    return [
        {"text": word, "start_ms": start_ms + i * 300, "end_ms": start_ms + i * 300 + 250, "confidence": 0.9}
        for i, word in enumerate(text.split())
    ]


async def say(house: House, session: InterviewSession, committed: str, tentative: str, number: int = 1) -> None:
    """A partial result, as the recogniser's side publishes it."""
    data = {
        "question_id": session.state.question_id,
        "utterance_number": number,
        "committed": words(committed),
        "tentative": words(tentative),
        "confidence": 0.9,
        "final": False,
    }
    await house.app[HUB].publish_signal(Signal(session.interview_id, "transcript", session.state.seq, data))


async def open_answer(session: InterviewSession) -> str:
    """Begins to answer the open question; its id."""
    question_id = session.state.question_id
    assert question_id is not None
    await session.execute(StartAnswer(question_id))
    return question_id


async def monitor(browser: BrowserContext, house: House, session: InterviewSession) -> Page:
    """The monitor's page."""
    page = await browser.new_page()
    await page.goto(house.url(f"/hr/interviews/{session.interview_id}"))
    return page


FOLD = """async ([before, messages]) => {
  const { fromSnapshot, apply } = await import("/static/hr/interview.js");
  const view = fromSnapshot(before);
  const results = messages.map((message) => apply(view, message.type, message));
  const { answers, faults, ...rest } = view;
  return { ...rest, faults, results, answers: [...answers.values()].map(({ live, ...answer }) => answer) };
}"""

SHOWN = ("status", "connected", "seq", "clock_ms", "consents", "question_id", "started_at", "completed_at", "report_id")
SHOWN_ANSWER = ("question_id", "index", "phase", "mode", "draft", "hints", "transcript", "score", "observations")


async def test_the_scripts_fold_of_any_tail_of_events_agrees_with_the_servers(
    house: House, browser: BrowserContext
) -> None:
    async with house.started() as session:
        question_id = await open_answer(session)
        await session.execute(OpenHint(question_id, 0))
        await session.execute(SaveDraft(question_id, "I was"))
        said = tuple(TranscriptWord(**word) for word in words("I was sorry"))
        await session._journal.record(lambda _: [UtteranceTranscribed(question_id, 1, said, 0.9)])
        await session._journal.record(lambda _: [UtteranceLost(question_id, 900, 1500, "RecognitionError")])
        await session.execute(Pause())
        await session.execute(Resume())
        await session.execute(SubmitAnswer(question_id, AnswerMode.VOICE))
        late = tuple(TranscriptWord(**word) for word in words("that you waited", 2000))
        for number in (3, 2):
            late_words = UtteranceTranscribed(question_id, number, late[: number - 1], 0.4)
            await session._journal.record(lambda _, body=late_words: [body])  # type: ignore[misc]
        await session._journal.record(lambda _: [RecognitionFailed("engine_failing")])
        while not session.state.is_checking:
            await answer(session)
        await session.execute(CorrectTranscript(question_id, "I was sorry that you had to wait"))
        unheeded = UtteranceTranscribed(question_id, 4, said, 0.4)
        await session._journal.record(lambda _: [unheeded])
        await answer_all(session)
    registry = house.app[INTERVIEWS]
    events = await registry.event_log.read(session.interview_id)
    after = hr_snapshot(session.interview_id, fold(events), session.flow)
    page = await browser.new_page()
    await page.goto(house.url("/hr"))
    for known in range(1, len(events), 3):
        before = hr_snapshot(session.interview_id, fold(events[:known]), session.flow)
        # The two events before the tail come twice, as after a reconnect.
        tail = [event_json(session.interview_id, event) for event in events[max(0, known - 2) :]]
        view = await page.evaluate(FOLD, [before, tail])
        assert view["results"][-1] == "applied"
        assert view["results"].count("old") == min(known, 2)
        assert {key: view[key] for key in SHOWN} == {key: after[key] for key in SHOWN}, f"from event {known}"
        for one, other in zip(view["answers"], after["answers"], strict=True):
            assert {key: one[key] for key in SHOWN_ANSWER} == {key: other[key] for key in SHOWN_ANSWER}
        times = ("at", "lost_ms")
        for one, other in zip(view["faults"], after["faults"], strict=True):
            assert {k: v for k, v in one.items() if k not in times} == {
                k: v for k, v in other.items() if k not in times
            }
            assert (one["lost_ms"] is None) == (other["lost_ms"] is None)
    missing = [event_json(session.interview_id, event) for event in events[5:]]
    before = hr_snapshot(session.interview_id, fold(events[:4]), session.flow)
    assert (await page.evaluate(FOLD, [before, missing]))["results"][0] == "gap"


async def test_words_appear_while_they_are_spoken_and_certain_ones_stay(house: House, browser: BrowserContext) -> None:
    async with house.started() as session:
        await open_answer(session)
        page = await monitor(browser, house, session)
        await expect(page.get_by_test_id("question-now")).to_contain_text("experience with customers")
        await say(house, session, "", "I was")
        await expect(page.get_by_test_id("tentative")).to_have_text("I was")
        await say(house, session, "I am", "sorry")
        await expect(page.get_by_test_id("committed")).to_have_text("I am")
        await expect(page.get_by_test_id("tentative")).to_have_text(" sorry", use_inner_text=False)
        first = await page.get_by_test_id("committed").locator("span").first.element_handle()
        assert first is not None
        await say(house, session, "I am sorry that", "you waited")
        await expect(page.get_by_test_id("committed")).to_have_text("I am sorry that")
        assert await first.evaluate("element => element.isConnected"), "certain words keep their elements"
        await expect(page.get_by_test_id("live-words")).to_contain_text("may still change")

        late = await monitor(browser, house, session)
        await expect(late.get_by_test_id("committed")).to_have_text("I am sorry that")
        await expect(late.get_by_test_id("tentative")).to_have_text("you waited")


async def test_each_utterance_and_uncertain_word_says_how_sure_it_is(house: House, browser: BrowserContext) -> None:
    async with house.started() as session:
        question_id = await open_answer(session)
        page = await monitor(browser, house, session)
        sure, unsure = (tuple(TranscriptWord(**word) for word in words(text)) for text in ("I was sorry", "you waited"))
        unsure = (replace(unsure[0], confidence=0.31), unsure[1])
        await session._journal.record(lambda _: [UtteranceTranscribed(question_id, 1, sure, 0.92)])
        await session._journal.record(lambda _: [UtteranceTranscribed(question_id, 2, unsure, 0.6)])
        heard = page.locator("[data-heard]")
        await expect(heard).to_have_text(["sorry", "waited"])
        assert [await one.get_attribute("data-heard") for one in await heard.all()] == ["92%", "60%, not quite sure"]
        marked = page.locator(".word--unsure")
        await expect(marked).to_have_text(["you"])
        await expect(marked).to_have_attribute("title", "Uncertain: recognised with 31% confidence")
        await expect(page.get_by_test_id("committed")).to_have_text("I was sorry you waited")
        await expect(page.get_by_test_id("heard-legend")).to_contain_text("how sure recognition is")


async def test_failing_recognition_is_told_with_what_becomes_of_the_words(
    house: House, browser: BrowserContext
) -> None:
    async with house.started() as session:
        question_id = await open_answer(session)
        page, wall = await monitor(browser, house, session), await browser.new_page()
        await wall.goto(house.url("/hr"))
        card = wall.get_by_test_id(f"wall-card-{session.interview_id}")
        await session._journal.record(lambda _: [RecognitionFailed(ENGINE_FAILING)])
        failing = {"available": False, "loading": False, "failing": True, "reason": ENGINE_FAILING}
        await session._journal.signal("recognition", failing)
        await session._journal.signal("waiting", {"questions": {question_id: 3}})
        await expect(page.get_by_test_id("recognition-notice")).to_contain_text("what candidates say is kept")
        await expect(page.get_by_test_id("attention")).to_be_hidden()
        await expect(page.get_by_test_id("faults")).to_contain_text("what was said was kept")
        await expect(page.locator(".answer__note")).to_contain_text("still to be written down: 3.")
        await expect(card).to_contain_text("Speech recognition is failing")
        await expect(wall.locator("#needing")).to_be_visible()
        # Submitted meanwhile: the words come late, and stand in their own answer.
        said = tuple(TranscriptWord(**word) for word in words("I was sorry"))
        await session._journal.record(lambda _: [UtteranceTranscribed(question_id, 1, said, 0.9)])
        await session.execute(SubmitAnswer(question_id, AnswerMode.VOICE))
        await session._journal.record(lambda _: [UtteranceTranscribed(question_id, 2, said[:2], 0.9)])
        await expect(page.locator(f"[data-question={question_id}] .words__certain")).to_have_text("I was sorry I was")
        await expect(page.locator(f"[data-question={question_id}] .answer__note")).to_contain_text("The score waits")
        assert session.state.question_id != question_id
        await expect(page.get_by_test_id("committed")).to_have_text("")


async def test_a_score_appears_after_the_answer_and_its_quote_leads_to_the_words(
    house: House, browser: BrowserContext
) -> None:
    async with house.started() as session:
        page = await monitor(browser, house, session)
        score = page.get_by_test_id("competency-score-empathy")
        await expect(score).to_have_text("Withheld")
        await expect(page.get_by_test_id("competency-empathy")).to_contain_text("Not answered yet")
        await answer(session)
        await answer(session)
        await expect(score).to_contain_text("/10")
        await expect(page.get_by_test_id("competency-empathy")).to_contain_text("confidence")
        quote = page.get_by_test_id("competency-empathy").get_by_test_id("evidence").get_by_role("button").first
        said = (await quote.locator("q").text_content() or "").strip()
        await quote.click()
        marked = page.locator(".word--quoted")
        assert "".join(await marked.all_text_contents()).strip() == said
        await expect(marked.first).to_be_in_viewport()


async def test_a_lost_connection_and_a_pause_are_told_in_words(house: House, browser: BrowserContext) -> None:
    async with house.started() as session:
        page = await monitor(browser, house, session)
        await expect(page.get_by_test_id("connection")).to_contain_text("Connected")
        await session.execute(Pause())
        await expect(page.get_by_test_id("status")).to_have_text("Paused")
        await expect(page.get_by_test_id("faults")).to_contain_text("Paused by the candidate")
        await session.execute(Resume())
    await expect(page.get_by_test_id("connection")).to_contain_text("Connection lost", timeout=10_000)
    await expect(page.get_by_test_id("attention")).to_contain_text("The candidate's connection is lost")
    async with session.candidate_present():
        await expect(page.get_by_test_id("connection")).to_contain_text("Connected")
        await expect(page.get_by_test_id("attention")).to_be_hidden()
        await expect(page.get_by_test_id("recognition-notice")).to_contain_text("Speech recognition is not available")


async def test_the_wall_puts_first_who_needs_a_person_and_shows_new_candidates(
    house: House, browser: BrowserContext
) -> None:
    page = await browser.new_page()
    await page.goto(house.url("/hr"))
    await expect(page.get_by_text("No interview is running right now")).to_be_visible()
    async with house.started(name="Grace Hopper") as steady:
        async with house.started(name="Ada Lovelace") as shaky:
            await open_answer(shaky)
            await say(house, shaky, "I am sorry", "that you")
            card = page.get_by_test_id(f"wall-card-{shaky.interview_id}")
            await expect(card).to_contain_text("I am sorry")
            await expect(card).to_contain_text("Question 1 of 6")
        names = page.locator("#needing .wall-card h3, #running .wall-card h3")
        await expect(names).to_have_text(["Ada Lovelace", "Grace Hopper"], timeout=10_000)
        await expect(card).to_contain_text("The candidate's connection is lost")
        await page.get_by_role("link", name="Grace Hopper").click()
        await page.wait_for_url(house.url(f"/hr/interviews/{steady.interview_id}"))


async def test_the_page_says_when_it_is_cut_off_itself_and_catches_up(house: House, browser: BrowserContext) -> None:
    async with house.started() as session:
        page = await monitor(browser, house, session)
        await expect(page.get_by_test_id("connection")).to_contain_text("Connected")
        # What happens arrives: the stream is really open.
        await session.execute(StartAnswer(session.state.question_id or ""))
        await expect(page.locator(".answer").first).to_contain_text("Answering")
        await browser.set_offline(True)
        # What is under way survives the switch; the server ends the stream as it does for a viewer too slow.
        await house.app[HUB].close()
        await expect(page.locator("#own-line")).to_be_visible()
        await session.execute(Pause())
        await house.app[HUB].open()
        await browser.set_offline(False)
        await expect(page.get_by_test_id("status")).to_have_text("Paused", timeout=15_000)
        await expect(page.locator("#own-line")).to_be_hidden()


async def test_the_invitation_is_made_in_the_browser(house: House, browser: BrowserContext) -> None:
    page = await browser.new_page()
    await page.goto(house.url("/hr/invitations"))
    await page.get_by_test_id("invite-name").fill("Ada Lovelace")
    await page.get_by_test_id("invite-flow").select_option("software_engineer")
    await page.get_by_test_id("invite-language").select_option("zh-CN")
    await page.get_by_test_id("invite-jurisdiction").select_option("CN")
    await page.get_by_test_id("invite-submit").click()
    assert house.url("/i/") in await page.get_by_test_id("invite-link").input_value()
    await page.get_by_test_id("invite-copy").click()
    await expect(page.locator("#copied")).not_to_be_empty()
