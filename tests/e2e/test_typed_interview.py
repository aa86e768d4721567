"""Without a speech model interviews go on by typing, and every page says so; a refresh loses nothing."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.async_api import expect

from question_flows.loader import shipped_flows
from question_flows.model import Language
from scripts.browsers import chromium, sign_in_first
from tests.e2e import journeys
from tests.e2e.conftest import Receiver, ServerFactory

pytestmark = pytest.mark.timeout(180)


async def test_typed_answers_without_a_model(start_server: ServerFactory, receiver: Receiver, tmp_path: Path) -> None:
    """The hub is out of reach: a whole interview is typed, with a refresh and a closed tab in between."""
    flow = shipped_flows()["customer_service"]
    server = await start_server(whisper_model=str(tmp_path / "no-such-model"))
    interview_id, link = await server.invite("customer_service", "zh-CN", "王敏", "EU")
    answers = [question.sample_answers[Language.CHINESE][0] for question in flow.questions]
    async with chromium() as browsers:
        hr = await browsers.page()
        assert server.welcome_link is not None
        await sign_in_first(hr, server.welcome_link)
        await expect(hr.get_by_text(re.compile("recognition", re.I)).first).to_be_visible()
        candidate = await browsers.page("zh-CN")
        await journeys.begin_typing(candidate, link)
        await journeys.leave_practice(candidate)
        for index, answer in enumerate(answers):
            await expect(candidate.get_by_test_id("question-text")).to_have_text(
                flow.questions[index].text[Language.CHINESE]
            )
            await journeys.start_answer(candidate)
            field = candidate.get_by_test_id("answer-text")
            await field.fill(answer)
            if index == 1:
                await candidate.reload()
                await expect(field).to_have_value(answer)
            if index == 2:
                await candidate.wait_for_timeout(3000)
                context = candidate.context
                await candidate.close()
                candidate = await context.new_page()
                await candidate.goto(link)
                await expect(candidate.get_by_test_id("answer-text")).to_have_value(answer)
            await journeys.finish_answer(candidate)
        await expect(candidate.get_by_test_id("done")).to_be_visible(timeout=20_000)
        stranger = await browsers.page("en")
        await stranger.goto(link)
        await expect(stranger.get_by_text(re.compile("already opened")).first).to_be_visible()
        assert browsers.complaints == []
    await receiver.arrived.wait()
    report = receiver.reports[0]["data"]
    assert report["interview_id"] == interview_id
    assert [answer["mode"] for answer in journeys.own_answers(report)] == ["typed"] * len(answers)
    assert [answer["text"] for answer in journeys.own_answers(report)] == answers


async def test_plain_http_beyond_localhost_says_so(start_server: ServerFactory, tmp_path: Path) -> None:
    """Browsers give no microphone to such a page: it says so, names the way out, and the interview is typed."""
    server = await start_server(whisper_model=str(tmp_path / "no-such-model"))
    _, link = await server.invite("software_engineer", "en", "Jo Ray", "EU")
    async with chromium(more=["--host-resolver-rules=MAP interviews.test 127.0.0.1"]) as browsers:
        candidate = await browsers.page()
        await journeys.consent(candidate, link.replace("127.0.0.1", "interviews.test"))
        await expect(candidate.get_by_text("opened without https")).to_be_visible()
        await candidate.get_by_test_id("check-type-instead").click()
        await journeys.leave_practice(candidate)
        await journeys.start_answer(candidate)
        await candidate.get_by_test_id("answer-text").fill("I wrote a test and found the bug in two days.")
        await journeys.finish_answer(candidate)
        assert browsers.complaints == []
