"""Feishu Hire's flow of an exam vendor, against a Feishu that signs, encrypts, and whose tokens run out."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from question_flows.model import Language
from server.delivery.connector import BadSignature, Known, LookUp, Reply, Sent, Unreadable
from server.delivery.safe_client import SafeClient
from server.ehr.connectors.feishu import Feishu, FeishuSecrets, FeishuSettings
from server.ehr.connectors.feishu_cipher import decrypted
from server.records.incoming import CandidateSeen, InterviewOrdered
from tests.server.ehr.connecting import NOW, kept, outgoing, reachable, received, replied
from tests.server.ehr.fake_feishu import APP_ID, APP_SECRET, ENCRYPT_KEY, TOKEN, FakeFeishu, encrypted
from tests.server.ehr.faults import Lost, Refusal

EXAM = "7178536692385679677"
REPORT = {
    "interview_id": "i",
    "title": "门店客服",
    "started_at": "2026-03-02T08:30:00+00:00",
    "completed_at": "2026-03-02T09:00:00+00:00",
    "pass_mark": 7.5,
    "score": {
        "total": 8.25,
        "withheld": None,
        "competencies": [{"competency_id": "care", "points": 8.5}, {"competency_id": "calm", "points": None}],
    },
    "competencies": [{"id": "care", "name": "耐心"}, {"id": "calm", "name": "沉着"}],
    "people": {"total": {"combined": None, "corrected": 8.25}, "competencies": [], "decision": None},
}
PEOPLE: Mapping[str, Any] = REPORT["people"]  # type: ignore[assignment]
SIGNED = {"app_secret": APP_SECRET, "encrypt_key": ENCRYPT_KEY, "verification_token": TOKEN}
PLAIN = {"app_secret": APP_SECRET, "verification_token": TOKEN}


def feishu(
    url: str = "https://open.example.org", client: SafeClient | None = None, secrets: Mapping[str, str] = SIGNED
) -> Feishu:
    settings = FeishuSettings.model_validate({"url": url, "app_id": APP_ID})
    return Feishu(settings, FeishuSecrets.model_validate(secrets), client or SafeClient())


async def test_a_linked_account_gets_the_flows_as_its_papers() -> None:
    fake = FakeFeishu()
    async with reachable(fake.app) as (url, client):
        connector = feishu(url, client)
        headers, raw = fake.account_created(NOW)
        request = received(raw, headers=headers)
        assert connector.receive(request, NOW) == LookUp()
        known = Known(flows={"retail": "Retail", "support": "客服"})
        reply = replied(connector.receive(replace(request, known=known), NOW))
        assert kept(reply)[:2] == ("ev-1", "hire.eco_account.created_v1")
        assert connector.read(*kept(reply)[1:]) == ()
        assert reply.send is not None
        type_, owed = reply.send
        assert (await connector.deliver(outgoing(type_, owed), NOW)).delivered
    assert fake.papers == {
        "7147998241542539527": [{"id": "retail", "name": "Retail"}, {"id": "support", "name": "客服"}]
    }


async def test_an_exam_is_an_interview_whose_link_and_result_go_back() -> None:
    fake = FakeFeishu()
    async with reachable(fake.app) as (url, client):
        connector = feishu(url, client)
        headers, raw = fake.exam_created(NOW, "support", EXAM)
        _, type_, body = kept(connector.receive(received(raw, headers=headers), NOW))
        person = CandidateSeen(f"exam:{EXAM}", "林晓雨", "lin@example.org", "+8613800138000", Language.CHINESE)
        assert connector.read(type_, json.loads(json.dumps(body))) == (InterviewOrdered(EXAM, "support", person),)
        arranged = outgoing("interview.arranged", {"link": "https://hr.example.org/i/abc"}, interview=EXAM)
        assert (await connector.deliver(arranged, NOW)).delivered
        ready = outgoing("report.ready", REPORT, interview=EXAM, report_url="https://hr.example.org/r")
        assert await connector.deliver(ready, NOW) == Sent(status=200)
        people = {**REPORT, "people": {**PEOPLE, "total": {"combined": 7, "corrected": 8.25}}}
        assert (await connector.deliver(outgoing("report.updated", people, interview=EXAM), NOW)).delivered
    assert fake.logins[EXAM]["exam_login_info"] == {"exam_url": "https://hr.example.org/i/abc"}
    assert fake.results[EXAM]["result"] == "70"
    assert fake.results[EXAM]["detail_list"] == [{"id": "care", "name": "耐心", "result": "85"}]
    assert int(fake.results[EXAM]["result_time"]) == datetime(2026, 3, 2, 9, tzinfo=UTC).timestamp() * 1000
    assert fake.tokens_given == 1, "one token for all"


async def test_a_lost_answer_is_said_again_and_overwrites() -> None:
    fake = FakeFeishu()
    fake.exams.add(EXAM)
    fake.faults.coming.extend([None, Lost()])
    async with reachable(fake.app) as (url, client):
        connector, ready = feishu(url, client), outgoing("report.ready", REPORT, interview=EXAM)
        assert [(await connector.deliver(ready, NOW)).delivered for _ in range(2)] == [False, True]
    assert fake.results[EXAM]["result"] == "82.5"


async def test_a_token_is_renewed_when_it_runs_out_and_when_feishu_says_so() -> None:
    fake = FakeFeishu()
    fake.exams.add(EXAM)
    async with reachable(fake.app) as (url, client):
        connector, ready = feishu(url, client), outgoing("report.ready", REPORT, interview=EXAM)
        for at, tokens in ((0, 1), (100, 1), (111, 2)):
            assert (await connector.deliver(ready, NOW + timedelta(minutes=at))).delivered
            assert fake.tokens_given == tokens
        fake.expire_token()
        assert (await connector.deliver(ready, NOW + timedelta(minutes=112))).delivered
        assert fake.tokens_given == 3


async def test_what_people_said_of_a_competency_counts_as_it_does_in_the_total() -> None:
    fake = FakeFeishu()
    fake.exams.add(EXAM)
    said = {"id": "calm", "score": {"combined": 6.0, "corrected": None}}
    people = {**PEOPLE, "total": {"combined": 7.25, "corrected": 8.25}, "competencies": [said]}
    async with reachable(fake.app) as (url, client):
        message = outgoing("report.updated", {**REPORT, "people": people}, interview=EXAM)
        assert (await feishu(url, client).deliver(message, NOW)).delivered
    result = fake.results[EXAM]
    assert (result["result"], [(one["id"], one["result"]) for one in result["detail_list"]]) == (
        "72.5",
        [("care", "85"), ("calm", "60")],
    )


async def test_a_withheld_total_is_no_number_for_feishu() -> None:
    fake = FakeFeishu()
    fake.exams.add(EXAM)
    withheld = {**REPORT, "people": {**PEOPLE, "total": {"combined": None, "corrected": None}}}
    async with reachable(fake.app) as (url, client):
        sent = await feishu(url, client).deliver(outgoing("report.ready", withheld, interview=EXAM), NOW)
    assert sent == Sent(error="total withheld", final=True)
    assert (fake.results, fake.faults.calls) == ({}, [])


async def test_an_interview_of_others_is_none_of_feishus_business() -> None:
    assert await feishu().deliver(outgoing("report.ready", REPORT), NOW) == Sent()


@pytest.mark.parametrize(
    ("refusal", "sent"),
    [
        (
            Refusal(429, {"x-ogw-ratelimit-reset": "7"}, {"code": 99991400, "msg": "request trigger frequency limit"}),
            Sent(error="code 99991400", status=429, retry_after=timedelta(seconds=7)),
        ),
        (Refusal(502), Sent(error="HTTP 502", status=502)),
        (Refusal(403, {}, {"code": 1002001}), Sent(error="code 1002001", status=403)),
        # The app lacks a permission, which it may be given.
        (Refusal(400, {}, {"code": 99991672}), Sent(error="code 99991672", status=400)),
        (Refusal(400, {}, {"code": 1002001}), Sent(error="code 1002001", status=400, final=True)),
        (Refusal(200, {}, {"code": 1002001}), Sent(error="code 1002001", status=200, final=True)),
    ],
)
async def test_codes_say_whether_to_try_again(refusal: Refusal, sent: Sent) -> None:
    fake = FakeFeishu()
    fake.faults.coming.extend([None, refusal])
    async with reachable(fake.app) as (url, client):
        assert await feishu(url, client).deliver(outgoing("report.ready", REPORT, interview=EXAM), NOW) == sent


async def test_a_result_that_is_marked_there_is_a_dead_letter_and_a_wrong_app_secret_is_not() -> None:
    fake = FakeFeishu()
    fake.exams.add(EXAM)
    fake.marked.add(EXAM)
    async with reachable(fake.app) as (url, client):
        message = outgoing("report.updated", REPORT, interview=EXAM)
        assert (await feishu(url, client).deliver(message, NOW)).final
        wrong = feishu(url, client, {**SIGNED, "app_secret": "wrong"})
        assert await wrong.deliver(message, NOW) == Sent(error="code 10014", status=200)


@pytest.mark.parametrize("key", [ENCRYPT_KEY, ""])
def test_the_challenge_is_answered(key: str) -> None:
    fake, connector = FakeFeishu(key), feishu(secrets=SIGNED if key else PLAIN)
    _, raw = fake.challenge()
    assert connector.receive(received(raw), NOW) == Reply(200, {"challenge": "ajls384kdjx98XX"})
    _, raw = fake.challenge(token="wrong")
    with pytest.raises(BadSignature):
        connector.receive(received(raw), NOW)


def test_without_a_key_the_token_proves_an_event() -> None:
    fake, connector = FakeFeishu(""), feishu(secrets=PLAIN)
    headers, raw = fake.exam_created(NOW, "support")
    assert kept(connector.receive(received(raw, headers=headers), NOW))[0] == "ev-1"
    headers, raw = fake.exam_created(NOW, "support", token="wrong")
    with pytest.raises(BadSignature):
        connector.receive(received(raw, headers=headers), NOW)
    with pytest.raises(ValidationError):
        FeishuSecrets.model_validate({"app_secret": APP_SECRET})


def test_with_a_key_nothing_is_taken_that_is_not_encrypted_with_it_and_signed() -> None:
    fake, connector = FakeFeishu(), feishu()
    headers, raw = fake.exam_created(NOW, "support")
    with pytest.raises(BadSignature):
        connector.receive(received(raw, headers={**headers, "X-Lark-Signature": "0" * 64}), NOW)
    with pytest.raises(BadSignature):
        connector.receive(received(raw), NOW)
    with pytest.raises(BadSignature):
        connector.receive(received(raw + b" ", headers=headers), NOW)
    for other in (FakeFeishu(""), FakeFeishu("another-key")):
        headers, raw = other.exam_created(NOW, "support")
        with pytest.raises(BadSignature):
            connector.receive(received(raw, headers=headers), NOW)


@pytest.mark.parametrize("inside", [b"\xff\x00", b"[]", b'{"type": 7}', b'{"header": {}}', b"{}"])
def test_no_answer_tells_whether_something_unsigned_was_well_encrypted(inside: bytes) -> None:
    raw = json.dumps({"encrypt": encrypted(ENCRYPT_KEY, inside)}).encode()
    with pytest.raises(BadSignature):
        feishu(secrets={"app_secret": APP_SECRET, "encrypt_key": ENCRYPT_KEY}).receive(received(raw), NOW)


@pytest.mark.parametrize(
    ("away", "holds"),
    [
        # The last repetition comes six hours and more after the event.
        (timedelta(hours=-7), True),
        (timedelta(hours=-9), False),
        (timedelta(minutes=4), True),
        (timedelta(minutes=6), False),
    ],
)
def test_old_and_early_events_are_refused(away: timedelta, holds: bool) -> None:
    connector = feishu()
    headers, raw = FakeFeishu().exam_created(NOW + away, "support")
    if holds:
        assert kept(connector.receive(received(raw, headers=headers), NOW))
    else:
        with pytest.raises(BadSignature):
            connector.receive(received(raw, headers=headers), NOW)


def test_a_repeated_event_is_kept_under_its_event_id() -> None:
    fake, connector = FakeFeishu(), feishu()
    ids = set()
    for hours in (0, 1, 6):
        headers, raw = fake.exam_created(NOW + timedelta(hours=hours), "support")
        ids.add(kept(connector.receive(received(raw, headers=headers), NOW + timedelta(hours=hours)))[0])
    assert ids == {"ev-1"}


@pytest.mark.parametrize(
    "change",
    [{"exam_id": "../../auth"}, {"exam_id": ""}, {"paper_id": None}, {"candidate_info": {"name": ""}}],
)
def test_an_event_that_cannot_be_read_is_refused(change: dict[str, Any]) -> None:
    person = {"name": "林晓雨"}
    event = {"exam_id": EXAM, "account_id": "1", "paper_id": "p", "candidate_info": person, **change}
    headers, raw = FakeFeishu().event("hire.eco_exam.created_v1", event, NOW)
    with pytest.raises(Unreadable):
        feishu().receive(received(raw, headers=headers), NOW)


def test_other_events_are_taken_and_left() -> None:
    headers, raw = FakeFeishu().event("hire.offer.status_changed_v1", {}, NOW)
    assert feishu().receive(received(raw, headers=headers), NOW) == Reply(200, {})


@pytest.mark.parametrize("text", ["", "%%%", "AAAA", pytest.param(encrypted("another", b"{}"), id="another key"), 7])
def test_what_was_not_encrypted_with_the_key_is_not_opened(text: Any) -> None:
    raw = json.dumps({"encrypt": text}).encode()
    with pytest.raises(BadSignature):
        feishu().receive(received(raw), NOW)


def test_feishus_own_example_is_opened() -> None:
    # From Feishu's description of its event encryption: key "test key", text "hello world".
    assert decrypted("test key", "P37w+VZImNgPEO1RBhJ6RtKl7n6zymIbEG1pReEzghk=") == b"hello world"
