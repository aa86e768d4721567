"""Every page of HR's that the router knows, in both languages, light and dark, at a desk and on a phone.

States that only a path leads to (a mistake in a form, a step being taken) are looked at where the path is.
"""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from playwright.async_api import BrowserContext, expect

from question_flows.model import Language
from scripts.benchmarks.pages import WEIGHT
from server.interview.commands import CallForHelp, Decide, OverrideScore, RateCompetency, SaveDraft, StartAnswer
from server.interview.events import AnswerMode
from server.interview.hr_events import Decision
from server.keys import DATABASE, INTERVIEWS
from server.records.application_events import FollowUpStatus
from server.storage.api_keys import ApiKeys
from server.storage.jobs import Jobs
from tests.e2e.axe import expect_accessible
from tests.hr.applied import a_connection, applied, blocked, came_back, happen, sent_to_assessment
from tests.hr.conftest import EMAIL, House, answer_all
from tests.hr.test_browser import browser as browser
from tests.hr.test_deliveries import attempted, queued
from tests.hr.test_hostile_words import PLACES, pages_of

LARGEST_BYTES = 200_000
"""Of a page with everything it fetches, as it is sent, its streams left out."""


async def invited(house: House, name: str, language: Language, job_id: str) -> str:
    """The id of an interview for the job."""
    found: str
    found, _ = await house.app[INTERVIEWS].invite(
        flow_id="store_manager" if name == "Grace Hopper" else "customer_service",
        language=language,
        candidate_name=name,
        email=f"{name.split()[0].lower()}@example.com",
        jurisdiction="EU",
        now=datetime.now(UTC),
        job_id=job_id,
    )
    return found


async def records(house: House, job_id: str, candidate_id: str | None) -> dict[str, str]:
    """What stands in a page's address → that of an application, a connection, a message and a rule that are there."""
    application_id = await applied(house, candidate_id or "", job_id, 20)
    await happen(house, application_id, *sent_to_assessment("f1", await a_connection(house, "codility")), days=9)
    await happen(house, application_id, came_back("f1", FollowUpStatus.FAILED), blocked())
    await queued(house, "msg_1", "codility", dead=True, last_error="answered 403", application_id=application_id)
    await attempted(house, "msg_1", status=403, error="answered 403")
    await ApiKeys(house.app[DATABASE]).create(
        name="Odoo", system="odoo", scopes=["candidates:read"], by="command", now=datetime.now(UTC)
    )
    return {
        PLACES["application_id"]: application_id,
        PLACES["connection_id"]: "codility",
        PLACES["message_id"]: "msg_1",
        PLACES["rule_id"]: "high_total_to_assessment",
    }


@pytest.mark.timeout(300)
@pytest.mark.parametrize("language", list(Language))
async def test_every_page_is_accessible_and_light(house: House, browser: BrowserContext, language: Language) -> None:
    job_id = await Jobs(house.app[DATABASE]).add("Customer service 客服", "Shop", "customer_service", datetime.now(UTC))
    done = [await invited(house, name, language, job_id) for name in ("Ada Lovelace", "李明")]
    running = await invited(house, "Grace Hopper", language, job_id)
    for interview_id in done:
        async with house.begun(interview_id) as session:
            await answer_all(session)
            first = session.state.asked[0]
            assert first.mode is AnswerMode.TYPED
            indicator_id = session.flow.question(first.question_id).indicator_ids[0]
            await session.execute(RateCompetency("empathy", 6.5, "Listened.", "manager@example.com", "shop"))
            await session.execute(OverrideScore(first.question_id, indicator_id, 4, "Not said.", EMAIL))
            await session.execute(Decide(Decision.ADVANCE, "Fits.", EMAIL))
    row = await house.app[INTERVIEWS].event_log.row(done[0])
    assert row is not None
    page = await browser.new_page()
    async with house.begun(running) as session:
        await session.execute(StartAnswer(session.state.question_id or ""))
        await session.execute(SaveDraft(session.state.question_id or "", "I would listen first."))
        await session.execute(CallForHelp("The sound is gone"))
        ours = {"1" * 32: job_id, "2" * 32: row.candidate_id or "", **await records(house, job_id, row.candidate_id)}
        paths = {f"/hr/interviews/{running}"}
        for path in pages_of(house, done[0]):
            for place, id_ in ours.items():
                path = path.replace(place, id_)
            paths.add(path)
        paths = {path for path in paths if "xss-probe" not in path}
        assert len(paths) > 28
        for path in sorted(paths):
            response = await page.goto(house.url(f"{path}{'&' if '?' in path else '?'}lang={language.value}"))
            assert response is not None
            if response.status in (404, 400):
                continue
            await expect(page.locator("html")).to_have_attribute("lang", language.value)
            # Colours are the same in both languages.
            await expect_accessible(page, path, all_colours=language is Language.ENGLISH)
            weight = await page.evaluate(WEIGHT)
            assert weight < LARGEST_BYTES, (path, weight)
