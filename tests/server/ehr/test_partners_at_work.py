"""Connected systems through the real door, workers and records: what they order and answer takes effect once."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from server.records.application_events import FollowUpKind, Step
from server.storage import schema
from server.storage.database import Database
from server.storage.outbox import OutboxMessage, enqueue
from server.storage.record_tables import firings, follow_ups
from tests.records.conftest import database, empty_file
from tests.records.house import FLOWS, an_application, count, told
from tests.server.ehr import fake_checkr, fake_feishu, fake_greenhouse
from tests.server.ehr.connecting import reachable
from tests.server.ehr.fake_checkr import FakeCheckr
from tests.server.ehr.fake_feishu import FakeFeishu
from tests.server.ehr.fake_greenhouse import FakeGreenhouse
from tests.server.ehr.fake_provider import FORMER, SECRET, FakeProvider
from tests.server.ehr.faults import Lost, Refusal
from tests.server.ehr.works import Works, works

__all__ = ["database", "empty_file"]


@pytest.fixture
async def at_work(database: Database, tmp_path: Path) -> AsyncIterator[Works]:
    async with works(database, tmp_path) as running:
        yield running


async def test_greenhouse_orders_once_asks_how_it_stands_and_is_told(at_work: Works) -> None:
    fake = FakeGreenhouse()
    async with reachable(fake.app) as (fake.url, _):
        settings = {"callback_domain": "127.0.0.1"}
        connection = await at_work.connect("greenhouse", settings, {"api_key": fake_greenhouse.KEY})

        async def ask(
            method: str, path: str, query: Mapping[str, str], headers: Mapping[str, str], raw: bytes
        ) -> tuple[int, Any]:
            return await at_work.call(connection, raw, headers, method=method, path=path, query=query)

        assert set(await fake.list_tests(ask)) == set(FLOWS)
        order = await fake.send_test(ask, "software_engineer", 7)
        assert await fake.send_test(ask, "software_engineer", 7) == order
        assert await fake.test_status(ask, order) == {"partner_status": "ordered"}
        await at_work.settle()
        assert await fake.test_status(ask, order) == {"partner_status": "invited"}
        assert await fake.send_test(ask, "software_engineer", 7) == order
        await at_work.settle()
        assert await count(at_work.database, schema.interviews) == 1
        # This server writes to the candidate.
        letters = schema.outbox.c.type == "email.send"
        assert await count(at_work.database, schema.outbox, letters) == 1
        await _report_of(at_work, 8.1)
        fake.faults.coming.append(Lost())
        await at_work.settle()
        await at_work.settle()
        assert fake.patched == ["7", "7"], "its answer was lost once"
        wrong = {**fake.headers(), "Authorization": "Basic d3Jvbmc6"}
        assert (await at_work.call(connection, b"", wrong, method="GET", path="list_tests"))[0] == 401


async def test_feishu_gets_papers_a_link_and_a_result_for_an_event_that_it_repeats(at_work: Works) -> None:
    fake = FakeFeishu()
    async with reachable(fake.app) as (url, _):
        secrets = {"app_secret": fake_feishu.APP_SECRET, "encrypt_key": fake_feishu.ENCRYPT_KEY}
        connection = await at_work.connect("feishu", {"url": url, "app_id": fake_feishu.APP_ID}, secrets)
        _, raw = fake.challenge()
        assert await at_work.call(connection, raw, {}) == (200, {"challenge": "ajls384kdjx98XX"})
        for _ in range(2):
            headers, raw = fake.account_created(at_work.now_at_the_door, event_id="ev-account")
            assert (await at_work.call(connection, raw, headers))[0] == 200
        await at_work.settle()
        assert {one["id"] for papers in fake.papers.values() for one in papers} == set(FLOWS)
        for _ in range(3):
            headers, raw = fake.exam_created(at_work.now_at_the_door, "customer_service", "exam1")
            assert (await at_work.call(connection, raw, headers))[0] == 200
        fake.faults.coming.append(Refusal(429, {"x-ogw-ratelimit-reset": "60"}, {"code": 99991400}))
        await at_work.settle()
        await at_work.settle()
        assert fake.logins["exam1"]["exam_login_info"]["exam_url"].startswith("https://hr.example.org/i/")
        assert await count(at_work.database, schema.interviews) == 1
        # Feishu passes the link on; no letter of ours beside it.
        assert await count(at_work.database, schema.outbox, schema.outbox.c.type == "email.send") == 0


async def test_from_a_good_report_by_assessment_and_background_check_to_ready_for_an_offer(at_work: Works) -> None:
    provider, checkr = FakeProvider(name="order-1"), FakeCheckr()
    async with reachable(provider.app) as (their_url, _), reachable(checkr.app) as (checkr_url, _):
        assessing = await at_work.connect("assessment", {"url": f"{their_url}/webhooks"}, {"secret": SECRET})
        settings = {"url": checkr_url, "package": "basic_plus", "state": "CA"}
        checking = await at_work.connect("checkr", settings, {"api_key": fake_checkr.KEY})
        other = await at_work.connect("standard_webhooks", {"url": f"{their_url}/webhooks"}, {"secret": FORMER})
        application_id = await _reported(at_work, 8.0)

        provider.faults.coming.extend([Lost(), Refusal(500)])
        for _ in range(3):
            await at_work.settle()
        orders = [body for body in provider.applied.values() if body["type"] == "follow_up.ordered"]
        assert [order["data"]["kind"] for order in orders] == ["assessment"]
        result = {"status": "completed", "score": 45, "max_score": 60}
        for _ in range(2):
            headers, raw = provider.tell("follow_up.updated", {"id": "order-1", **result}, at_work.now_at_the_door)
            assert (await at_work.call(assessing, raw, headers))[0] == 204

        checkr.faults.coming.extend([None, Lost()])
        for _ in range(3):
            await at_work.settle()
        assert (len(checkr.candidates), len(checkr.invitations)) == (1, 1)
        assert (await at_work.records.log.state(application_id)).step is Step.BACKGROUND_CHECK

        # Who was not asked has nothing to say about it, signature or not.
        ours = str(checkr.candidates[0]["custom_id"])
        theirs = FakeProvider(FORMER)
        claim = {"follow_up_id": ours, "status": "completed", "result": "clear"}
        headers, raw = theirs.tell("follow_up.updated", claim, at_work.now_at_the_door, webhook_id="claim")
        assert (await at_work.call(other, raw, headers))[0] == 204
        await at_work.settle()
        assert (await at_work.records.log.state(application_id)).step is Step.BACKGROUND_CHECK

        for _ in range(2):
            headers, raw = checkr.event("report.completed", checkr.report("clear"))
            assert (await at_work.call(checking, raw, headers))[0] == 200
            await at_work.settle()
    state = await at_work.records.log.state(application_id)
    assert state.step is Step.READY_FOR_OFFER
    assert state.outcome is None, "an offer is a person's act"
    assert await count(at_work.database, firings) == 3
    assert await count(at_work.database, follow_ups) == 2


async def test_consider_is_for_a_person_to_read(at_work: Works) -> None:
    provider, checkr = FakeProvider(), FakeCheckr()
    async with reachable(provider.app) as (their_url, _), reachable(checkr.app) as (checkr_url, _):
        assessing = await at_work.connect("assessment", {"url": f"{their_url}/webhooks"}, {"secret": SECRET})
        settings = {"url": checkr_url, "package": "basic_plus", "state": "CA"}
        checking = await at_work.connect("checkr", settings, {"api_key": fake_checkr.KEY})
        application_id = await _reported(at_work, 8.0)
        await at_work.settle()
        [order] = provider.applied.values()
        data = {"follow_up_id": order["data"]["follow_up_id"], "status": "completed", "score": 1, "max_score": 1}
        headers, raw = provider.tell("follow_up.updated", data, at_work.now_at_the_door)
        await at_work.call(assessing, raw, headers)
        await at_work.settle()
        headers, raw = checkr.event("report.completed", checkr.report("consider"))
        await at_work.call(checking, raw, headers)
        await at_work.settle()
    state = await at_work.records.log.state(application_id)
    assert (state.step, state.outcome) == (Step.BACKGROUND_CHECK, None)


async def test_what_is_too_large_malformed_unsigned_or_replayed_later_changes_nothing(at_work: Works) -> None:
    fake = FakeProvider()
    connection = await at_work.connect("standard_webhooks", {"url": "https://hr.example.com/in"}, {"secret": SECRET})
    now = at_work.now_at_the_door
    headers, raw = fake.tell("candidate.upserted", {"id": "c1", "name": "x" * (1 << 20)}, now)
    assert (await at_work.call(connection, raw, headers))[0] == 413
    headers, raw = fake.tell("candidate.upserted", {"id": "c1"}, now)
    assert (await at_work.call(connection, raw, headers))[0] == 400
    headers, raw = FakeProvider(FORMER).tell("candidate.upserted", {"id": "c1", "name": "Kim"}, now)
    assert (await at_work.call(connection, raw, headers))[0] == 401
    assert await at_work.kept(connection) == []
    headers, raw = fake.tell("candidate.upserted", {"id": "c1", "name": "Kim"}, now)
    assert [(await at_work.call(connection, raw, headers))[0] for _ in range(3)] == [204] * 3
    await at_work.settle()
    # A recording of an old message under a new id does not hold; the signature is over the id.
    assert (await at_work.call(connection, raw, {**headers, "webhook-id": "msg_new"}))[0] == 401
    assert len(await at_work.kept(connection)) == 1
    assert await count(at_work.database, schema.candidates) == 1


async def _reported(at_work: Works, total: float) -> str:
    """An application whose interview is reported with this total."""
    application_id = await an_application(at_work.records)
    interview_id = "a" * 32
    await at_work.records.acts.order_interview(application_id, "console", at_work.now, interview_id=interview_id)
    message = {**told("report.ready", interview_id, total), "timestamp": at_work.now.isoformat()}
    await at_work.records.interview_told("msg_report", "report.ready", message, at_work.now)
    return application_id


async def _report_of(at_work: Works, total: float) -> None:
    """The only interview's report goes out."""
    async with at_work.database.begin() as connection:
        interview_id = str(await connection.scalar(sa.select(schema.interviews.c.id)))
        body = told("report.ready", interview_id, total)
        await enqueue(connection, [OutboxMessage("msg_report", interview_id, "report.ready", body)], at_work.now)


async def test_a_training_gets_a_plan_made_of_the_interviews_competencies(at_work: Works) -> None:
    provider = FakeProvider()
    async with reachable(provider.app) as (their_url, _):
        await at_work.connect("training", {"url": f"{their_url}/webhooks"}, {"secret": SECRET})
        application_id = await _reported(at_work, 7.0)
        await at_work.records.acts.order_follow_up(application_id, FollowUpKind.TRAINING, "console", at_work.now)
        await at_work.settle()
    [order] = provider.applied.values()
    # The message told a total; the log behind it holds no answer yet, so that nothing was shown.
    asked = [one.id for one in FLOWS["software_engineer"].competencies]
    assert [one["competency"] for one in order["data"]["plan"]] == asked
    assert {one["because"] for one in order["data"]["plan"]} == {"not_shown"}
