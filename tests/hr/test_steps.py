"""HR's steps on the monitor: the script's fold agrees with the server's, refusals are in words, rights count."""

from __future__ import annotations

import asyncio
import json
import re
from datetime import UTC, datetime
from typing import Any

from playwright.async_api import BrowserContext, expect

from server.interview.commands import Pause, Resume, SkipQuestion, StartAnswer, SubmitAnswer
from server.interview.events import AnswerMode, PausedBy
from server.interview.fold import fold
from server.interview.hr_commands import AskProbe, AskQuestion, EndInterview, GiveTime, HandOver, MarkMoment, SendHint
from server.interview.session import InterviewSession
from server.interview.snapshot import hr_snapshot
from server.keys import DATABASE, FLOWS, INTERVIEWS
from server.live.messages import event_json
from server.storage.assignments import Assignments
from server.storage.users import Role, Users
from tests.e2e.axe import expect_accessible
from tests.hr.conftest import PASSWORD, House, answer
from tests.hr.test_browser import FOLD, SHOWN
from tests.hr.test_browser import browser as browser
from tests.hr.test_monitor_paths import EVERY_PATH

ANN, BOB = "ann@example.com", "bob@example.com"
STEPS = ("interventions", "requested", "paused_by", "handed_over", "ended")
ANSWERED = ("question_id", "phase", "asked_by", "probe", "wording", "given_thinking_ms", "given_answering_ms")


def told(view: dict[str, Any]) -> dict[str, Any]:
    """What both sides must agree on; the same moment may be written in two ways."""
    interventions = [{**one, "at": datetime.fromisoformat(one["at"])} for one in view["interventions"]]
    return {**{key: view[key] for key in (*SHOWN, *STEPS)}, "interventions": interventions}


async def stepped(session: InterviewSession) -> None:
    """Everything but the end."""
    await session.execute(SkipQuestion("-practice"))
    for command in (
        GiveTime(60, ANN),
        Pause(),
        Pause(PausedBy.HR, BOB),
        Resume(PausedBy.HR, ANN),
        StartAnswer("story"),
        GiveTime(30, BOB),
        SendHint("Think of last week.", ANN),
        AskProbe("solve", 0, ANN),
        AskQuestion("Why this shop?", BOB),
        MarkMoment("mentions the counter", BOB),
    ):
        await session.execute(command)
    await session.execute(SubmitAnswer("story", AnswerMode.TYPED, "A parcel was late, so I asked for the number."))
    assert session.state.question_id == "story-solve"


async def test_the_scripts_fold_agrees_on_every_step(house: House, browser: BrowserContext) -> None:
    house.app[FLOWS]["every_path"] = EVERY_PATH
    page = await browser.new_page()
    await page.goto(house.url("/hr"))
    for last in (EndInterview("The shop closes.", ANN), HandOver("Join me at 3 pm.", BOB)):
        async with house.started(flow_id="every_path") as session:
            await stepped(session)
            if isinstance(last, HandOver):
                await session.execute(Pause())
            await session.execute(last)
            async with asyncio.timeout(10):
                while session.state.report_id is None:
                    await asyncio.sleep(0.01)
        events = await house.app[INTERVIEWS].event_log.read(session.interview_id)
        first = hr_snapshot(session.interview_id, fold(events[:2]), EVERY_PATH)
        for known in range(3, len(events) + 1):
            after = hr_snapshot(session.interview_id, fold(events[:known]), EVERY_PATH)
            tail = [event_json(session.interview_id, event) for event in events[2:known]]
            view = await page.evaluate(FOLD, [first, tail])
            assert told(view) == told(after), events[known - 1].type
            for one, other in zip(view["answers"], after["answers"], strict=True):
                assert [one[key] for key in ANSWERED] == [other[key] for key in ANSWERED], events[known - 1].type
            ours, theirs = ([(f["kind"], f["lost_ms"] is None) for f in one["faults"]] for one in (view, after))
            assert ours == theirs, events[known - 1].type


async def test_what_does_not_fit_is_refused_in_words_and_what_is_written_stays(
    house: House, browser: BrowserContext
) -> None:
    house.app[FLOWS]["every_path"] = EVERY_PATH
    interview_id, _ = await house.invite(flow_id="every_path")
    page = await browser.new_page()
    await page.goto(house.url(f"/hr/interviews/{interview_id}"))
    status, why = page.get_by_test_id("step-status"), page.get_by_test_id("steps-why")
    await expect(why).to_have_text("You can step in once the interview has begun.")
    await page.get_by_test_id("step-pause").press("Enter")
    await expect(status).to_have_text("You can step in once the interview has begun.")
    async with house.begun(interview_id) as session:
        await expect(why).to_be_hidden()
        await expect(page.get_by_test_id("step-ask")).to_have_attribute("aria-disabled", "true")
        await expect(page.get_by_test_id("step-ask")).to_have_attribute("title", "The candidate is still practising.")
        await session.execute(SkipQuestion("-practice"))
        await page.get_by_test_id("step-ask").click()
        await page.get_by_test_id("step-ask-text").fill("Why this shop?")
        await expect_accessible(page, "the monitor's steps")
        # The next question makes the panel anew: what has been written is still there, and so is the place in it.
        await page.get_by_test_id("step-ask-text").focus()
        await answer(session, "A parcel was late, so I asked for the order number and offered a refund.")
        await expect(page.get_by_test_id("probes-solve")).to_contain_text("has evidence")
        await expect(page.get_by_test_id("step-ask-text")).to_be_focused()
        await expect(page.get_by_test_id("step-ask-text")).to_have_value("Why this shop?")
        await page.keyboard.press("Escape")
        await expect(page.get_by_test_id("step-panel")).to_be_hidden()
        await expect(page.get_by_test_id("step-ask")).to_be_focused()
        # The server's own sentence is shown, and the text can be sent again.
        await page.get_by_test_id("step-ask").click()
        await page.route("**/ask", lambda route: route.abort())
        await page.get_by_test_id("step-ask-send").click()
        await expect(status).to_have_text("Ask next: that did not get through. Please try again.")
        await page.unroute("**/ask")
        await page.evaluate("""document.querySelector("[data-testid=step-ask-text]").removeAttribute("maxlength")""")
        await page.get_by_test_id("step-ask-text").fill("x" * 501)
        await page.get_by_test_id("step-ask-send").click()
        await expect(status).to_have_text("Please write at most 500 characters.")
        await page.get_by_test_id("step-ask-text").fill("Why this shop?")
        await page.get_by_test_id("step-ask-send").click()
        await expect(page.get_by_test_id("requested")).to_contain_text("Why this shop?")
        await expect(page.get_by_test_id("step-panel")).to_be_hidden()


async def test_a_reviewer_may_mark_and_nothing_else(house: House, browser: BrowserContext) -> None:
    users, now = Users(house.app[DATABASE]), datetime.now(UTC)
    token = await users.issue_link(now, role=Role.REVIEWER, name="Rita")
    cookie = await users.create_account(token, "rita@example.com", PASSWORD, now)
    rita = await users.user_of(cookie, now)
    assert rita is not None
    async with house.started() as session:
        await Assignments(house.app[DATABASE]).set(session.interview_id, [rita.id], rita.id, now)
        await browser.clear_cookies()
        await browser.add_cookies([{"name": "hr_session", "value": cookie, "url": house.url("/")}])
        page = await browser.new_page()
        await page.goto(house.url(f"/hr/interviews/{session.interview_id}"))
        await expect(page.locator("#steps button:visible")).to_have_count(1)
        await page.get_by_test_id("step-mark").click()
        await page.get_by_test_id("step-mark-send").click()
        await expect(page.get_by_test_id("entries")).to_contain_text("Marked this moment")
        found = re.search(r'id="initial">(.*?)</script>', await page.content(), re.S)
        assert found is not None
        initial = json.loads(found[1])
        assert (initial["rights"], initial["steps"]) == ({"intervene": False, "mark": True}, {})
