"""HR's page shows every way an interview can take, and its script's fold agrees with the server's on each of them."""

from __future__ import annotations

import asyncio
from pathlib import Path

from playwright.async_api import BrowserContext, expect

from analyzers.results import TranscriptWord
from question_flows.loader import load_flow
from server.interview.commands import (
    AcknowledgeHelp,
    CallForHelp,
    ConfirmTranscripts,
    ContinueInterview,
    CorrectTranscript,
    OpenHint,
    RestartAnswer,
    SkipQuestion,
    StartAnswer,
    SubmitAnswer,
    TakeMoment,
)
from server.interview.events import AnswerMode, UtteranceTranscribed
from server.interview.fold import fold
from server.interview.session import InterviewSession
from server.interview.snapshot import hr_snapshot
from server.keys import FLOWS, INTERVIEWS
from server.live.messages import event_json
from tests.e2e.axe import expect_accessible
from tests.hr.conftest import House, answer
from tests.hr.test_browser import FOLD, SHOWN, SHOWN_ANSWER
from tests.hr.test_browser import browser as browser

EVERY_PATH = load_flow(Path(__file__).parents[1] / "e2e" / "flows" / "every_path.yaml")
VAGUE = "A parcel was late, so I asked for the order number and checked it together with the driver."


async def say(session: InterviewSession, text: str, number: int) -> None:
    """An utterance, as the recogniser's side stores it."""
    at_ms = session.state.clock_at(session.now())
    spoken = tuple(TranscriptWord(word, at_ms, at_ms + 1, 0.9) for word in text.split())
    question_id = session.state.question_id or ""
    await session._journal.record(lambda _: [UtteranceTranscribed(question_id, number, spoken, 0.9)])


async def begun_again(session: InterviewSession) -> None:
    """The first question: a hint, a moment, a first attempt, and a second one that holds too little."""
    await session.execute(OpenHint("story", 0))
    await session.execute(TakeMoment("story"))
    await session.execute(StartAnswer("story"))
    await say(session, "Well, wait", 1)
    await asyncio.sleep(0.02)
    await session.execute(RestartAnswer("story"))
    await asyncio.sleep(0.02)
    await say(session, VAGUE, 2)
    await session.execute(SubmitAnswer("story", AnswerMode.VOICE))


async def test_the_scripts_fold_agrees_on_every_path(house: House, browser: BrowserContext) -> None:
    """Practice, hint, moment, beginning again, follow-up, skipping, a rest, code, a choice, help, the check."""
    house.app[FLOWS]["every_path"] = EVERY_PATH
    async with house.started(flow_id="every_path") as session:
        await session.execute(StartAnswer("-practice"))
        await say(session, "This works", 1)
        await session.execute(SubmitAnswer("-practice", AnswerMode.VOICE))
        await begun_again(session)
        assert session.state.question_id == "story-solve"
        await session.execute(SkipQuestion("story-solve"))
        await answer(session)
        await session.execute(CallForHelp("I am lost"))
        await session.execute(AcknowledgeHelp())
        await answer(session)
        await session.execute(ContinueInterview())
        await answer(session)
        await answer(session)
        await session.execute(SubmitAnswer("shifts", AnswerMode.CHOICE, option_id="not_now"))
        await session.execute(CorrectTranscript("story", VAGUE.replace("driver", "customer")))
        await session.execute(ConfirmTranscripts())
        async with asyncio.timeout(10):
            while session.state.report_id is None:
                await asyncio.sleep(0.01)
    events = await house.app[INTERVIEWS].event_log.read(session.interview_id)
    page = await browser.new_page()
    await page.goto(house.url("/hr"))
    shown = (*SHOWN, "practising", "next_round_id", "person_instead", "help", "confirmed")
    shown_answer = {*SHOWN_ANSWER, "extra_ms", "restarts", "earlier_attempts", "skipped", "option_id", "code", "heard"}
    # An answer's score while it is provisional comes by a signal, not with its events.
    shown_answer -= {"score"}
    first = hr_snapshot(session.interview_id, fold(events[:2]), EVERY_PATH)
    for known in range(3, len(events) + 1):
        after = hr_snapshot(session.interview_id, fold(events[:known]), EVERY_PATH)
        tail = [event_json(session.interview_id, event) for event in events[2:known]]
        view = await page.evaluate(FOLD, [first, tail])
        assert {key: view[key] for key in shown} == {key: after[key] for key in shown}, events[known - 1].type
        for one, other in zip(view["answers"], after["answers"], strict=True):
            assert {k: one[k] for k in shown_answer} == {k: other[k] for k in shown_answer}, events[known - 1].type


async def test_the_monitor_tells_where_the_candidate_is(house: House, browser: BrowserContext) -> None:
    """In a page that stays open: practice, round, follow-up, code, choice, rest, the check of the words."""
    house.app[FLOWS]["every_path"] = EVERY_PATH
    async with house.started(flow_id="every_path") as session:
        page, wall = await browser.new_page(), await browser.new_page()
        await page.goto(house.url(f"/hr/interviews/{session.interview_id}"))
        await wall.goto(house.url("/hr"))
        card = wall.get_by_test_id(f"wall-card-{session.interview_id}")
        stage, now = page.get_by_test_id("stage"), page.get_by_test_id("question-now")
        await expect(stage).to_contain_text("practice question")
        await expect(card).to_contain_text("Practice")
        await session.execute(SkipQuestion("-practice"))
        await expect(stage).to_be_hidden()
        await expect(page.get_by_test_id("round")).to_have_text("Round 1 of 2: Talking")
        await expect(page.locator(".answer__place").first).to_have_text("Talking · Question 1 of 6")
        await begun_again(session)
        await expect(now).to_have_text("What exactly did you offer in the end?")
        await expect(page.locator(".answer__place").first).to_have_text("Follow-up to question 1")
        story = page.locator("[data-question=story]")
        await expect(story).to_contain_text("Took 30 s more to think")
        await expect(story).to_contain_text("began this answer again (1×)")
        await expect(story.locator(".answer__earlier p")).to_have_text("Well, wait")
        await answer(session, "In the end I offered a refund and sent a new parcel on the same day.")
        await answer(session)
        await answer(session)
        await expect(stage).to_contain_text("Next: round 2 of 2, Writing.")
        await expect(card).to_contain_text("Next: round 2 of 2, Writing")
        await session.execute(ContinueInterview())
        await answer(session)
        code = EVERY_PATH.question("snippet").sample_answers[session.state.language][0]
        await answer(session, code)
        await expect(page.get_by_test_id("monitor-code")).to_have_count(7)
        block = page.locator("[data-question=snippet]").get_by_test_id("monitor-code")
        await expect(block).to_be_visible()
        assert await block.text_content() == code
        await session.execute(SubmitAnswer("shifts", AnswerMode.CHOICE, option_id="not_now"))
        shifts = page.locator("[data-question=shifts]")
        await expect(shifts).to_contain_text("Not at the moment")
        await expect(shifts.locator(".answer__open-point")).to_be_visible()
        await expect(page.get_by_test_id("provisional")).to_be_visible()
        await expect(stage).to_contain_text("checking what was heard")
        await session.execute(CorrectTranscript("story", "I offered nothing at all."))
        await expect(story.locator(".answer__heard p")).to_have_text(VAGUE)
        before = await page.locator("#answers").inner_text()
        await page.reload()
        await expect(stage).to_contain_text("checking what was heard")
        assert await page.locator("#answers").inner_text() == before
        await session.execute(ConfirmTranscripts())
        await expect(page.get_by_test_id("interview-done")).to_be_visible()
        await expect(page.get_by_test_id("provisional")).to_be_hidden()
        await expect_accessible(page, "monitor")
        await page.get_by_test_id("open-report").click()
        await expect(page.get_by_test_id("report")).to_be_visible()
