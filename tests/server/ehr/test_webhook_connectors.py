"""Standard Webhooks both ways, and the generic assessment and training systems, against a strict one over HTTP."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from question_flows.model import Language
from server.delivery.connector import BadSignature, Connector, Reply, Sent, Unreadable
from server.delivery.safe_client import SafeClient
from server.ehr.connectors.assessment import Assessment, AssessmentSettings
from server.ehr.connectors.checkr import CheckrSecrets
from server.ehr.connectors.feishu import FeishuSecrets
from server.ehr.connectors.frappe_settings import FrappeSecrets
from server.ehr.connectors.greenhouse import GreenhouseSecrets
from server.ehr.connectors.signed import SigningSecrets, prove
from server.ehr.connectors.signed import headers as signed
from server.ehr.connectors.standard_webhooks import StandardWebhooks, WebhookSettings
from server.ehr.connectors.training import Training, TrainingSettings, plan
from server.records.incoming import (
    ApplicationSeen,
    ApplicationWithdrawn,
    CandidateSeen,
    CompetencySeen,
    FollowUpReturned,
    InterviewOrdered,
    JobSeen,
)
from tests.server.ehr.connecting import (
    CANDIDATE,
    COMPETENCIES,
    NOW,
    kept,
    ordered,
    outgoing,
    reachable,
    received,
    replied,
)
from tests.server.ehr.fake_provider import FORMER, SECRET, FakeProvider
from tests.server.ehr.faults import Lost, Refusal

SECRETS = SigningSecrets.model_validate({"secret": SECRET})
CHANGING = SigningSecrets.model_validate({"secret": SECRET, "former_secret": FORMER})


def webhooks(url: str, client: SafeClient, secrets: SigningSecrets = SECRETS) -> StandardWebhooks:
    return StandardWebhooks(WebhookSettings.model_validate({"url": f"{url}/webhooks"}), secrets, client)


def unconnected(secrets: SigningSecrets = SECRETS) -> StandardWebhooks:
    """For what comes in only."""
    return webhooks("https://hr.example.org", SafeClient(), secrets)


async def deliver(fake: FakeProvider, message: Any = None, secrets: SigningSecrets = SECRETS) -> Sent:
    async with reachable(fake.app) as (url, client):
        return await webhooks(url, client, secrets).deliver(message or outgoing("report.ready", {"total": 8}), NOW)


async def test_a_message_arrives_whole_and_signed() -> None:
    fake = FakeProvider()
    sent = await deliver(fake, outgoing("report.ready", {"quote": "对不起，让您久等了"}))
    assert sent == Sent(status=201)
    assert fake.applied["msg_1"]["data"] == {"quote": "对不起，让您久等了"}


async def test_a_system_reads_what_it_calls_the_candidate_itself() -> None:
    fake = FakeProvider()
    told = outgoing("application.step_changed", {"candidate_id": "ours"}, candidate="c1", application="a1")
    assert await deliver(fake, told) == Sent(status=201)
    theirs = {"candidate": "c1", "application": "a1"}
    assert fake.applied["msg_1"]["data"] == {"candidate_id": "ours", "remote_ids": theirs}


@pytest.mark.parametrize("theirs", [SECRET, FORMER])
async def test_while_the_secret_changes_both_ends_may_have_either(theirs: str) -> None:
    fake = FakeProvider(theirs)
    assert (await deliver(fake, secrets=CHANGING)).delivered
    headers, raw = fake.tell("candidate.upserted", {"id": "c1", "name": "Kim"}, NOW)
    assert kept(unconnected(CHANGING).receive(received(raw, headers=headers), NOW))[0] == "msg_in_1"


async def test_a_lost_answer_is_tried_again_under_the_same_id_and_applied_once() -> None:
    fake = FakeProvider()
    fake.faults.coming.append(Lost())
    async with reachable(fake.app) as (url, client):
        connector = webhooks(url, client)
        assert not (await connector.deliver(outgoing("report.ready", {}), NOW)).delivered
        assert (await connector.deliver(outgoing("report.ready", {}), NOW + timedelta(minutes=5))).delivered
    assert list(fake.applied) == ["msg_1"]
    assert len(fake.faults.calls) == 2


async def test_a_day_later_it_is_signed_anew_and_still_the_same_message() -> None:
    fake, later = FakeProvider(), NOW + timedelta(days=1)
    fake.now = later
    async with reachable(fake.app) as (url, client):
        assert (await webhooks(url, client).deliver(outgoing("report.ready", {}), NOW)).status == 401
        assert (await webhooks(url, client).deliver(outgoing("report.ready", {}), later)).delivered
    assert list(fake.applied) == ["msg_1"]


@pytest.mark.parametrize(
    ("refusal", "sent"),
    [
        (
            Refusal(429, {"Retry-After": "90"}),
            Sent(error="HTTP 429", status=429, retry_after=timedelta(seconds=90)),
        ),
        (Refusal(410), Sent(error="HTTP 410", status=410, gone=True)),
        (Refusal(500), Sent(error="HTTP 500", status=500)),
        (Refusal(302, {"Location": "/elsewhere"}), Sent(error="HTTP 302", status=302)),
    ],
)
async def test_what_a_receiver_asks_for_is_passed_on(refusal: Refusal, sent: Sent) -> None:
    fake = FakeProvider()
    fake.faults.coming.append(refusal)
    assert await deliver(fake) == sent
    assert fake.faults.calls == ["POST /webhooks"]


async def test_a_receiver_with_another_secret_refuses_and_it_is_tried_again() -> None:
    sent = await deliver(FakeProvider(FORMER))
    assert (sent.delivered, sent.status, sent.final) == (False, 401, False)


@pytest.mark.parametrize("text", ["", "whsec_", "whsec_c2hvcnQ=", "whsec_%%%", "whsec_" + "QUFB" * 22])
def test_a_secret_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(ValidationError):
        SigningSecrets.model_validate({"secret": text})
    with pytest.raises(ValidationError):
        SigningSecrets.model_validate({"former_secret": SECRET})


def test_a_short_secret_proves_nothing_however_it_came_to_be_there() -> None:
    raw, now = b"{}", NOW
    for secret in ("", "whsec_", "whsec_c2hvcnQ="):
        secrets = [secret] if secret else []
        given = {}
        if secret != "whsec_" and secret:
            given = {name.lower(): value for name, value in signed(secrets, "m", raw, now).items()}
        with pytest.raises(BadSignature, match="no secret"):
            prove(secrets, raw, given, now)
    for model, key in (
        (FrappeSecrets, "webhook_secret"),
        (FeishuSecrets, "encrypt_key"),
        (FeishuSecrets, "verification_token"),
        (CheckrSecrets, "former_api_key"),
        (GreenhouseSecrets, "former_api_key"),
    ):
        needed = {"api_key": "k" * 16, "api_secret": "s", "app_secret": "s", "verification_token": "v" * 16}
        assert model.model_validate({**needed, key: "x" * 16})
        with pytest.raises(ValidationError):
            model.model_validate({**needed, key: "short"})


@pytest.mark.parametrize(
    "change",
    [
        {"webhook-signature": "v1,bm90IGl0"},
        {"webhook-signature": ""},
        {"webhook-signature": "v1a,not"},
        {"webhook-id": "msg_other"},
        {"webhook-id": ""},
        {"webhook-timestamp": str(int(NOW.timestamp()) + 1)},
        {"webhook-timestamp": "nan"},
        {"webhook-timestamp": "9" * 40},
        {"webhook-timestamp": ""},
    ],
)
def test_a_changed_header_is_refused(change: dict[str, str]) -> None:
    headers, raw = FakeProvider().tell("candidate.upserted", {"id": "c1", "name": "Kim"}, NOW)
    with pytest.raises(BadSignature):
        unconnected().receive(received(raw, headers={**headers, **change}), NOW)
    with pytest.raises(BadSignature):
        unconnected().receive(received(raw + b" ", headers=headers), NOW)
    with pytest.raises(BadSignature):
        unconnected().receive(received(b"\xff\xfe", headers=headers), NOW)


def test_the_former_secret_holds_no_longer_than_it_stands_there() -> None:
    headers, raw = FakeProvider(FORMER).tell("candidate.upserted", {"id": "c1", "name": "Kim"}, NOW)
    with pytest.raises(BadSignature):
        unconnected(SECRETS).receive(received(raw, headers=headers), NOW)


@pytest.mark.parametrize(("away", "holds"), [(-301, False), (-299, True), (299, True), (301, False)])
def test_clocks_may_differ_by_five_minutes(away: int, holds: bool) -> None:
    headers, raw = FakeProvider().tell("candidate.upserted", {"id": "c1", "name": "Kim"}, NOW + timedelta(seconds=away))
    request = received(raw, headers=headers)
    if holds:
        assert replied(unconnected().receive(request, NOW)).status == 204
    else:
        with pytest.raises(BadSignature):
            unconnected().receive(request, NOW)


def test_a_repeated_message_is_kept_under_the_id_it_had() -> None:
    fake, connector = FakeProvider(), unconnected()
    later = NOW + timedelta(minutes=30)
    first, second = (fake.tell("candidate.upserted", {"id": "c1", "name": "Kim"}, at) for at in (NOW, later))
    keys = {
        kept(connector.receive(received(raw, headers=headers), at))[0]
        for at, (headers, raw) in ((NOW, first), (later, second))
    }
    assert keys == {"msg_in_1"}


WHOLE = {
    "id": "a1",
    "candidate": {
        "id": "c1",
        "name": " 林晓雨 ",
        "email": "lin@example.org",
        "phone": "138 0013 8000",
        "language": "zh-CN",
        "time_zone": "Asia/Shanghai",
        "availability": [{"from": "2026-03-03T09:00:00+08:00", "to": "2026-03-03T12:00:00+08:00"}],
    },
    "job": {
        "id": "j1",
        "title": "客服",
        "competencies": [{"id": "k1", "name": "耐心", "weight": 2, "level": 0.8, "indicators": ["道歉", "给出办法"]}],
    },
    "order_interview": True,
}


def read(type_: str, data: Mapping[str, Any]) -> list[Any]:
    """What comes of a message on its way through the connector, as JSON in the inbox."""
    connector = unconnected()
    headers, raw = FakeProvider().tell(type_, data, NOW)
    _, kept_type, body = kept(connector.receive(received(raw, headers=headers), NOW))
    return list(connector.read(kept_type, json.loads(json.dumps(body))))


def test_an_application_brings_its_candidate_and_its_job() -> None:
    candidate, job, application = read("application.created", WHOLE)
    assert isinstance(candidate, CandidateSeen)
    assert (candidate.name, candidate.language, candidate.time_zone) == ("林晓雨", Language.CHINESE, "Asia/Shanghai")
    assert candidate.availability is not None
    assert [end - start for start, end in candidate.availability] == [timedelta(hours=3)]
    assert job == JobSeen("j1", "客服", competencies=[CompetencySeen("k1", "耐心", 2, 0.8, ["道歉", "给出办法"])])
    assert application == ApplicationSeen("a1", "c1", "j1", order_interview=True)


def test_the_other_messages_say_what_they_say() -> None:
    assert read("candidate.upserted", {"id": "c1", "name": "Kim"}) == [CandidateSeen("c1", "Kim")]
    assert read("job.upserted", {"id": "j1", "title": "Clerk", "is_open": False}) == [
        JobSeen("j1", "Clerk", is_open=False)
    ]
    assert read("application.created", {"id": "a1", "candidate_id": "c1", "job_id": "j1"}) == [
        ApplicationSeen("a1", "c1", "j1")
    ]
    assert read("application.withdrawn", {"id": "a1", "reason": "moved"}) == [ApplicationWithdrawn("a1", "moved")]
    assert read("interview.requested", {"id": "i1", "flow_id": "f", "candidate": {"id": "c1", "name": "Kim"}}) == [
        InterviewOrdered("i1", "f", CandidateSeen("c1", "Kim"))
    ]
    result = {"follow_up_id": "f1", "status": "completed", "score": 42, "max_score": 60, "result": "PASS"}
    assert read("follow_up.updated", {**result, "url": "https://tests.example.org/1"}) == [
        FollowUpReturned("f1", None, "completed", 42, 60, "pass", "https://tests.example.org/1")
    ]


@pytest.mark.parametrize(
    ("type_", "data", "field"),
    [
        ("candidate.upserted", {"id": "c1"}, "data.name"),
        ("candidate.upserted", {"id": "", "name": "Kim"}, "data.id"),
        ("candidate.upserted", {"id": "c1", "name": "Kim", "language": "tlh"}, "data.language"),
        ("candidate.upserted", {"id": "c1", "name": "Kim", "time_zone": "Mars/Base"}, "data.time_zone"),
        ("candidate.upserted", {"id": "c1", "name": "Kim", "time_zone": "../../etc/passwd"}, "data.time_zone"),
        ("candidate.upserted", {"id": "c1", "name": "Kim", "time_zone": "Europe"}, "data.time_zone"),
        (
            "candidate.upserted",
            {"id": "c1", "name": "Kim", "availability": [{"from": "2026-03-03T09:00:00", "to": "x"}]},
            "data.availability.0.from",
        ),
        ("job.upserted", {"id": "j1", "title": "x" * 201}, "data.title"),
        (
            "job.upserted",
            {"id": "j1", "title": "x", "competencies": [{"id": "k", "name": "k", "weight": -1}]},
            "data.competencies.0.weight",
        ),
        ("application.created", {"id": "a1", "candidate_id": "c1"}, "data"),
        ("follow_up.updated", {"follow_up_id": "f1", "status": "rejected"}, "data.status"),
        ("follow_up.updated", {"status": "completed"}, "data"),
        ("follow_up.updated", {"id": "f1", "status": "completed", "score": 11, "max_score": 10}, "data"),
        ("follow_up.updated", {"id": "f1", "status": "completed", "score": 5}, "data"),
        ("follow_up.updated", {"id": "f1", "status": "completed", "url": "javascript:alert(1)"}, "data.url"),
    ],
)
def test_what_cannot_be_read_is_refused_with_the_field_at_fault(type_: str, data: Any, field: str) -> None:
    headers, raw = FakeProvider().tell(type_, data, NOW)
    with pytest.raises(Unreadable) as refused:
        unconnected().receive(received(raw, headers=headers), NOW)
    assert refused.value.field == field


@pytest.mark.parametrize("raw", [b"", b"[]", b"{", b'{"type":"x"}', b'{"type":"","timestamp":"now","data":{}}'])
def test_signed_junk_is_refused(raw: bytes) -> None:
    with pytest.raises(Unreadable):
        unconnected().receive(received(raw, headers=signed([SECRET], "msg_1", raw, NOW)), NOW)


def test_a_type_nobody_knows_is_taken_and_left() -> None:
    headers, raw = FakeProvider().tell("payroll.run", {}, NOW)
    assert unconnected().receive(received(raw, headers=headers), NOW) == Reply(204)


async def test_an_assessment_provider_gets_what_it_needs_once_and_its_name_for_it_is_learned() -> None:
    fake = FakeProvider(fields={"follow_up_id", "kind", "test", "candidate", "job"}, name="order-77")
    fake.faults.coming.append(Lost())
    async with reachable(fake.app) as (url, client):
        settings = AssessmentSettings.model_validate({"url": f"{url}/webhooks", "test": "logic"})
        connector = Assessment(settings, SECRETS, client)
        assert not (await connector.deliver(ordered("assessment"), NOW)).delivered
        sent = await connector.deliver(ordered("assessment"), NOW)
        assert sent == Sent(status=201, learned={"follow_up": "order-77"})
        assert await connector.deliver(ordered("training"), NOW) == Sent(error="does no training", final=True)
    (order,) = fake.applied.values()
    assert order["data"] == {
        "follow_up_id": "follow-up-1",
        "kind": "assessment",
        "test": "logic",
        "candidate": CANDIDATE,
        "job": {"title": "Customer service"},
    }
    headers, raw = fake.tell(
        "follow_up.updated", {"id": "order-77", "status": "completed", "score": 7, "max_score": 10}, NOW
    )
    _, type_, body = kept(connector.receive(received(raw, headers=headers), NOW))
    assert connector.read(type_, body) == (FollowUpReturned(None, "order-77", "completed", 7, 10),)


@pytest.mark.parametrize("made", [Assessment, Training])
def test_a_provider_tells_results_and_nothing_else(made: type[Assessment] | type[Training]) -> None:
    connector: Connector = made(made.Settings.model_validate({"url": "https://t.example.org"}), SECRETS, SafeClient())  # type: ignore[arg-type]
    headers, raw = FakeProvider().tell("application.created", WHOLE, NOW)
    assert connector.receive(received(raw, headers=headers), NOW) == Reply(204)
    headers, raw = FakeProvider(FORMER).tell("follow_up.updated", {"id": "x", "status": "completed"}, NOW)
    with pytest.raises(BadSignature):
        connector.receive(received(raw, headers=headers), NOW)


async def test_a_training_plan_is_made_of_what_is_weak_and_of_what_was_not_shown() -> None:
    fake = FakeProvider(fields={"follow_up_id", "kind", "candidate", "job", "plan"})
    async with reachable(fake.app) as (url, client):
        settings = TrainingSettings.model_validate({"url": f"{url}/webhooks"})
        assert (await Training(settings, SECRETS, client).deliver(ordered("training"), NOW)).delivered
    assert [(one["competency"], one["because"]) for one in fake.applied["msg_1"]["data"]["plan"]] == [
        ("team", "below"),
        ("care", "below"),
        ("clear", "not_shown"),
    ]


def test_who_is_good_at_everything_has_an_empty_plan() -> None:
    assert plan([one for one in COMPETENCIES if one["points"] is not None], below=0) == []


async def test_there_is_nothing_to_ask() -> None:
    assert [page async for page in unconnected().poll({}, NOW)] == []
