"""Stored cross-site scripting: whatever a candidate, a colleague or an HR system writes is shown as it was written.

Every page of HR's that there is, by the router, is opened after every field that can be filled holds markup. A page
must hold no element that came out of a text, and no script may have run: the first is the stronger, since the content
security policy alone would stop most scripts.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import sqlalchemy as sa
from playwright.async_api import BrowserContext, Page, expect

from server.interview.commands import (
    CallForHelp,
    ConfirmTranscripts,
    Decide,
    GiveFeedback,
    OverrideScore,
    RateCompetency,
    RateDimension,
    ReleaseFeedback,
    SaveDraft,
    StartAnswer,
    SubmitAnswer,
)
from server.interview.events import AnswerMode
from server.interview.hr_events import Decision
from server.interview.session import InterviewSession
from server.keys import DATABASE, INTERVIEWS
from server.records.application_events import (
    FollowUpKind,
    FollowUpMoved,
    FollowUpOrdered,
    FollowUpStatus,
    HrNotified,
    RuleBlocked,
    RuleFired,
    Step,
    StepReached,
)
from server.records.application_log import ApplicationLog, Firing, begin
from server.resumes.codec import encode
from server.resumes.resume import Contact, Found, Kind, Line, Resume, Where
from server.storage import record_tables as tables
from server.storage import schema
from tests.hr.conftest import House, answer, answer_all
from tests.hr.test_browser import browser as browser
from tests.hr.test_browser import say

MARKUP = (
    "</script></textarea></title>\"'><xss-probe></xss-probe><script>window.hacked = 1</script>"
    "<img src=x onerror=window.hacked=1> {{ 7 * 7 }} ${7*7} javascript:window.hacked=1"
)
MARKUP_ADDRESS = "<xss-probe>@example.com"
PLACES = {"hint": "0", "viewer_id": "x" * 32, "question_id": "experience", "dimension_id": "motivation", "token": "x"}
PLACES |= {"job_id": "1" * 32, "candidate_id": "2" * 32, "flow_id": "customer_service"}
PLACES |= {"application_id": "3" * 32, "connection_id": "4" * 32, "message_id": "msg_probe", "rule_id": "probe_rule"}
PLACES |= {"kind": "odoo"}
NOT_PAGES = ("/recording", "/resumes/", ".pdf", ".csv", "/sign-", "/welcome/")
"""What is no page, or is only for those who are not signed in."""


async def fill_everything(house: House) -> tuple[InterviewSession, str]:
    """(an interview under way, the id of a finished one), with markup wherever somebody can write."""
    async with house.app[DATABASE].begin() as connection:
        await connection.execute(schema.hr_users.update().values(name=MARKUP[:200], department=MARKUP[:100]))
    async with house.started(name=MARKUP[:200], email=MARKUP_ADDRESS) as done:
        await answer(done, f"I listened to the customer and apologised. {MARKUP}")
        await done.execute(CallForHelp(MARKUP))
        await answer_all(done)
        if done.state.is_checking:
            await done.execute(ConfirmTranscripts())
        await done.execute(GiveFeedback(3, MARKUP))
        await done.execute(RateDimension("motivation", 5, MARKUP, MARKUP))
        await done.execute(RateCompetency("empathy", 5, MARKUP, MARKUP, MARKUP[:100]))
        first = done.state.asked[0].question_id
        await done.execute(OverrideScore(first, done.flow.question(first).indicator_ids[0], 4, MARKUP, MARKUP))
        await done.execute(Decide(Decision.HOLD, MARKUP, MARKUP))
        await done.execute(ReleaseFeedback(MARKUP.replace("7 * 7", ""), MARKUP))
    running_id, _ = await house.invite(name=MARKUP[:200])
    async with house.app[DATABASE].begin() as connection:
        made = {"created_at": datetime.now(UTC), "search_key": MARKUP.lower()}
        job = {"title": MARKUP[:200], "department": MARKUP[:100], "is_open": True, "flow_id": MARKUP[:100]}
        await connection.execute(schema.jobs.insert().values(id=PLACES["job_id"], **job, **made))
        candidate = {"name": MARKUP[:200], "email": "<xss-probe>@example.org", "language": "en"}
        await connection.execute(schema.candidates.insert().values(id=PLACES["candidate_id"], **candidate, **made))
        theirs = {"job_id": PLACES["job_id"], "candidate_id": PLACES["candidate_id"]}
        await connection.execute(schema.interviews.update().values(**theirs))
    await fill_records(house)
    return await house.app[INTERVIEWS].get(running_id), done.interview_id


async def fill_records(house: House) -> None:
    """An application, a rule, a connection with a message, an API key and a résumé, with markup wherever it can be."""
    now, place = datetime.now(UTC), Where(path=MARKUP)
    found = Found(MARKUP, place, False)
    resume = Resume(Kind.TEXT, "en", (Line(place, MARKUP),), contact=Contact(name=found), skills=(found,))
    ids = {"candidate_id": PLACES["candidate_id"], "job_id": PLACES["job_id"]}
    since = {"step": Step.APPLIED.value, "step_since": now, "created_at": now}
    rule = {"name": {"en": MARKUP[:100], "zh-CN": MARKUP[:100]}, "when": {"event": "applied"}}
    rule["then"] = {"action": "notify", "text": MARKUP}
    connected = {"kind": "standard_webhooks", "name": MARKUP[:100], "settings": {"url": MARKUP}, "is_on": True}
    message = {"id": PLACES["message_id"], "destination": PLACES["connection_id"], "stream": "x", "position": 1}
    message |= {"type": MARKUP[:60], "body": {"data": {"text": MARKUP}}, "attempts": 1, "dead": True}
    key = {"id": "5" * 32, "key_hash": "x", "name": MARKUP[:100], "system": MARKUP[:60], "scopes": ["erase"]}
    file = {"id": "6" * 32, "file_name": MARKUP[:200], "media_type": "text/plain", "sha256": "", "content": b""}
    known = {"kind": "phone", "value": MARKUP_ADDRESS, "candidate_id": PLACES["candidate_id"]}
    attempt = {"outbox_id": PLACES["message_id"], "destination": "x", "at": now, "duration_ms": 1, "error": MARKUP}
    rows: list[tuple[sa.Table, dict[str, Any]]] = [
        (tables.applications, {"id": PLACES["application_id"], "source": "console", **ids, **since}),
        (tables.rules, {"id": PLACES["rule_id"], "version": 1, "body": rule, "is_on": True, "created_by": MARKUP[:32]}),
        (tables.connections, {"id": PLACES["connection_id"], "subscriptions": [], **connected}),
        (schema.outbox, {"next_attempt_at": now, "last_error": MARKUP, **message}),
        (tables.api_keys, {"created_by": MARKUP[:32], **key}),
        (tables.resumes, {"candidate_id": PLACES["candidate_id"], "parsed": encode(resume), **file}),
    ]
    async with house.app[DATABASE].begin() as connection:
        for table, row in rows:
            await connection.execute(table.insert().values(created_at=row.pop("created_at", now), **row))
        await connection.execute(tables.candidate_identities.insert().values(**known))
        await connection.execute(tables.deliveries.insert().values(**attempt))
        await begin(connection, PLACES["application_id"], ids["candidate_id"], ids["job_id"], MARKUP[:60], now)
    order = FollowUpOrdered("f", FollowUpKind.DEPARTMENT_RATING, None, MARKUP, MARKUP)
    moved = FollowUpMoved("f", FollowUpStatus.COMPLETED, 0.5, MARKUP, "javascript:window.hacked=1")
    fired = RuleFired(PLACES["rule_id"], 1, "notify", {"result": MARKUP}, Step.APPLIED)
    blocked = RuleBlocked(PLACES["rule_id"], 1, "notify", MARKUP)
    acts = (order, moved, fired, HrNotified(MARKUP, MARKUP), StepReached(Step.INVITED, MARKUP, MARKUP), blocked)
    firing = Firing(PLACES["rule_id"], 1, Step.APPLIED, {"result": MARKUP})
    log = ApplicationLog(house.app[DATABASE])
    await log.append(PLACES["application_id"], 1, acts, at=now, firings=[firing])


def pages_of(house: House, interview_id: str) -> list[str]:
    """The address of every page of HR's."""
    found = []
    for route in house.app.router.routes():
        path = route.resource.canonical if route.resource is not None else ""
        if route.method != "GET" or not path.startswith("/hr") or any(part in path for part in NOT_PAGES):
            continue
        for name, value in {**PLACES, "interview_id": interview_id}.items():
            path = path.replace(f"{{{name}}}", value)
        found.append(path)
    ids = [session.interview_id for session in house.app[INTERVIEWS].running()]
    compared = [f"{path}?{'&'.join(f'interview={id_}' for id_ in ids)}" for path in found if path.endswith("/compare")]
    return sorted([*found, *compared, f"/hr/interviews?q={quote(MARKUP[:100])}"])


async def harmless(page: Page) -> None:
    """No element came out of a text, and nothing ran."""
    found = await page.evaluate(
        "() => [document.querySelectorAll('xss-probe, img[src=x]').length, window.hacked ?? 0,"
        " document.body.innerText.includes('49') && !document.body.innerText.includes('7 * 7')]"
    )
    assert found == [0, 0, False], page.url


async def test_whatever_was_written_is_shown_as_it_was_written(house: House, browser: BrowserContext) -> None:
    running, finished_id = await fill_everything(house)
    wall, monitor = await browser.new_page(), await browser.new_page()
    await wall.goto(house.url("/hr"))
    await monitor.goto(house.url(f"/hr/interviews/{running.interview_id}"))
    async with house.begun(running.interview_id) as session:
        # What comes live goes through the scripts, not through the templates.
        question_id = session.state.question_id
        assert question_id is not None
        await session.execute(StartAnswer(question_id))
        await say(house, session, MARKUP, MARKUP)
        await session.execute(SaveDraft(question_id, MARKUP))
        await session.execute(CallForHelp(MARKUP))
        await expect(wall.get_by_text("window.hacked = 1").first).to_be_visible()
        await expect(monitor.get_by_text("window.hacked = 1").first).to_be_visible()
        await session.execute(SubmitAnswer(question_id, AnswerMode.TYPED, MARKUP))
        for page in (wall, monitor):
            await harmless(page)
        for interview_id in (running.interview_id, finished_id):
            for path in pages_of(house, interview_id):
                response = await monitor.goto(house.url(path))
                assert response is not None
                assert response.status < 500, path
                await harmless(monitor)
        await monitor.goto(house.url(f"/hr/interviews/{finished_id}/report"))
        await expect(monitor.locator("h1")).to_contain_text("<xss-probe>")
