"""Background checks by Checkr: ordered once whatever happens in between, and signed events that say how they ended."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from pydantic import ValidationError

from server.delivery.connector import BadSignature, Reply, Sent, Unreadable
from server.delivery.safe_client import SafeClient
from server.ehr.connectors.checkr import Checkr, CheckrSecrets, CheckrSettings
from server.records.incoming import FollowUpReturned
from tests.server.ehr.connecting import CANDIDATE, NOW, kept, ordered, reachable, received
from tests.server.ehr.fake_checkr import KEY, RETRIES, FakeCheckr
from tests.server.ehr.faults import Lost, Refusal

ORDER = ordered("background_check")


def checkr(
    url: str = "https://api.example.org", client: SafeClient | None = None, former: str = "", **more: str
) -> Checkr:
    settings = CheckrSettings.model_validate({"url": url, "package": "basic_plus", "state": "CA", **more})
    secrets = CheckrSecrets.model_validate({"api_key": KEY, "former_api_key": former})
    return Checkr(settings, secrets, client or SafeClient())


async def test_a_check_is_a_candidate_and_an_invitation() -> None:
    fake = FakeCheckr()
    async with reachable(fake.app) as (url, client):
        sent = await checkr(url, client).deliver(ORDER, NOW)
    (candidate,), (invitation,) = fake.candidates, fake.invitations
    assert sent == Sent(status=201, learned={"follow_up": candidate["id"]})
    # Checkr asks the candidate for the rest; it gets no name that would have to be taken apart, no score, and no number
    # that its ten digits cannot hold.
    assert candidate == {
        "id": candidate["id"],
        "object": "candidate",
        "email": CANDIDATE["email"],
        "custom_id": "follow-up-1",
    }
    assert invitation["work_locations"] == [{"country": "US", "state": "CA"}]


async def test_a_number_of_the_us_goes_along_and_a_node_where_the_account_has_nodes() -> None:
    fake = FakeCheckr(nodes=("WEST",))
    async with reachable(fake.app) as (url, client):
        order = ordered("background_check", candidate={**CANDIDATE, "phone": "+14155550100"})
        assert (await checkr(url, client).deliver(order, NOW)).status == 400
        assert (await checkr(url, client, node="WEST").deliver(order, NOW)).delivered
    assert [one["phone"] for one in fake.candidates] == ["4155550100"]
    assert [one["node"] for one in fake.invitations] == ["WEST"]


@pytest.mark.parametrize("where", [{}, {"country": "CN", "state": "", "city": "Shanghai"}])
@pytest.mark.parametrize("lost_at", range(4))
async def test_whichever_answer_is_lost_there_is_one_candidate_and_one_invitation(
    lost_at: int, where: dict[str, str]
) -> None:
    """Elsewhere than in the US Checkr lists neither of them."""
    fake = FakeCheckr()
    fake.faults.coming.extend([None] * lost_at + [Lost()])
    # Somebody of the same address was checked before, several times.
    fake.candidates = [{"id": f"old{n}", "email": CANDIDATE["email"], "custom_id": f"other-{n}"} for n in range(3)]
    async with reachable(fake.app) as (url, client):
        connector = checkr(url, client, **where)
        lost = [await connector.deliver(ORDER, NOW) for _ in range(3)]
    assert [one.delivered for one in lost if one.delivered] != []
    assert [one["custom_id"] for one in fake.candidates].count("follow-up-1") == 1
    assert len(fake.invitations) == 1
    assert lost[-1].learned == {"follow_up": fake.invitations[0]["candidate_id"]}


@pytest.mark.parametrize("lost_at", range(4))
async def test_a_day_later_when_checkr_has_forgotten_the_keys_nothing_is_made_twice(lost_at: int) -> None:
    fake = FakeCheckr()
    fake.faults.coming.extend([None] * lost_at + [Lost()])
    async with reachable(fake.app) as (url, client):
        for _ in range(2):
            await checkr(url, client).deliver(ORDER, NOW)
            fake.answered.clear()
    assert (len(fake.candidates), len(fake.invitations)) == (1, 1)


async def test_a_candidate_who_was_made_is_known_although_the_invitation_was_refused() -> None:
    fake = FakeCheckr(packages=())
    async with reachable(fake.app) as (url, client):
        refused = await checkr(url, client).deliver(ORDER, NOW)
        assert (refused.status, refused.final) == (404, True)
        assert refused.learned == {"follow_up": fake.candidates[0]["id"]}
        fake.faults.calls.clear()
        again = replace(ORDER, remote_ids=refused.learned)
        await checkr(url, client).deliver(again, NOW)
    assert fake.faults.calls == ["GET /v1/invitations", "POST /v1/invitations"]


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ({"X-Ratelimit-Reset": "2026-03-02T09:30:40Z"}, timedelta(seconds=40)),
        ({"X-Ratelimit-Reset": "2026-03-02T09:29:00"}, timedelta()),
        ({"X-Ratelimit-Reset": "soon"}, None),
        ({"Retry-After": "30"}, timedelta(seconds=30)),
    ],
)
async def test_429_waits_until_checkrs_limit_is_reset_and_orders_nothing_yet(
    headers: dict[str, str], wait: timedelta | None
) -> None:
    fake = FakeCheckr()
    fake.faults.coming.append(Refusal(429, headers))
    async with reachable(fake.app) as (url, client):
        sent = await checkr(url, client).deliver(ORDER, NOW)
    assert sent == Sent(error="HTTP 429", status=429, retry_after=wait)
    assert fake.candidates == []


async def test_409_says_that_the_same_is_under_way_and_is_asked_again() -> None:
    fake = FakeCheckr()
    fake.faults.coming.extend([None, Refusal(409)])
    async with reachable(fake.app) as (url, client):
        sent = await checkr(url, client).deliver(ORDER, NOW)
    assert (sent.status, sent.final, sent.gone) == (409, False, False)


@pytest.mark.parametrize("state", ["", "California", "ca"])
def test_the_us_need_a_state(state: str) -> None:
    with pytest.raises(ValidationError) as raised:
        checkr(state=state)
    assert [error["loc"] for error in raised.value.errors()] == [("state",)]
    assert checkr(country="CN", state="")


async def test_a_wrong_key_can_be_set_right_and_a_wrong_package_is_a_dead_letter() -> None:
    wrong_key, wrong_package = FakeCheckr("another-key-0123456789"), FakeCheckr(packages=())
    async with reachable(wrong_key.app) as (url, client):
        sent = await checkr(url, client).deliver(ORDER, NOW)
        assert (sent.status, sent.final) == (401, False)
    async with reachable(wrong_package.app) as (url, client):
        sent = await checkr(url, client).deliver(ORDER, NOW)
        assert (sent.status, sent.final) == (404, True)


async def test_what_cannot_be_checked_is_a_dead_letter_that_hr_sees() -> None:
    fake = FakeCheckr()
    async with reachable(fake.app) as (url, client):
        nobody = ordered("background_check", candidate={**CANDIDATE, "email": None})
        assert await checkr(url, client).deliver(nobody, NOW) == Sent(error="no e-mail address", final=True)
        other = await checkr(url, client).deliver(ordered("assessment"), NOW)
        assert other == Sent(error="does no assessment", final=True)
    assert fake.faults.calls == []


async def test_an_answer_that_is_no_checkrs_is_tried_again() -> None:
    fake = FakeCheckr()
    fake.faults.coming.append(Refusal(200, body=["what"]))
    async with reachable(fake.app) as (url, client):
        sent = await checkr(url, client).deliver(ORDER, NOW)
    assert (sent.error, sent.final) == ("answer not understood", False)


@pytest.mark.parametrize(("result", "word"), [("clear", "clear"), ("consider", "consider"), (None, "")])
def test_a_completed_report_says_its_result(result: str | None, word: str) -> None:
    fake, connector = FakeCheckr(), checkr()
    headers, raw = fake.event("report.completed", fake.report(result, "c-1"))
    answer = connector.receive(received(raw, headers=headers), NOW)
    event_id, type_, body = kept(answer)
    assert event_id == "evt-1"
    assert connector.read(type_, body) == (
        FollowUpReturned(
            None,
            "c-1",
            "completed",
            result=word,
            url="https://dashboard.checkr.com/reports/4722c07dd9a10c3985ae432a",
        ),
    )
    # A repeated event is kept under the same id, as often as Checkr repeats it.
    assert {kept(connector.receive(received(raw, headers=headers), NOW + after))[0] for after in RETRIES} == {event_id}


def test_a_report_that_is_clear_but_not_whole_is_for_a_person_to_read() -> None:
    fake, connector = FakeCheckr(), checkr()
    headers, raw = fake.event("report.completed", {**fake.report("clear", "c-1"), "includes_canceled": True})
    _, type_, body = kept(connector.receive(received(raw, headers=headers), NOW))
    [returned] = connector.read(type_, body)
    assert isinstance(returned, FollowUpReturned)
    assert returned.result == "clear_includes_canceled"


def test_an_event_without_its_object_is_refused_so_that_checkr_says_it_again() -> None:
    fake = FakeCheckr()
    headers, raw = fake.event("report.completed", fake.report("clear", "c-1"), include_object=False)
    with pytest.raises(Unreadable, match=r"data\.object\.candidate_id"):
        checkr().receive(received(raw, headers=headers), NOW)


@pytest.mark.parametrize(
    ("type_", "status", "result"),
    [("invitation.expired", "failed", "expired"), ("invitation.deleted", "cancelled", "deleted")],
)
def test_an_invitation_that_comes_to_nothing_is_told(type_: str, status: str, result: str) -> None:
    fake, connector = FakeCheckr(), checkr()
    headers, raw = fake.event(type_, {"id": "i-1", "object": "invitation", "candidate_id": "c-1"})
    _, kept_type, body = kept(connector.receive(received(raw, headers=headers), NOW))
    assert connector.read(kept_type, body) == (FollowUpReturned(None, "c-1", status, result=result),)


def test_other_events_are_taken_and_left() -> None:
    headers, raw = FakeCheckr().event("candidate.created", {"id": "c-1"})
    assert checkr().receive(received(raw, headers=headers), NOW) == Reply(200)


@pytest.mark.parametrize("signature", ["", "0" * 64, "ü"])
def test_a_wrong_signature_is_refused(signature: str) -> None:
    fake = FakeCheckr()
    _, raw = fake.event("report.completed", fake.report("clear", "c-1"))
    with pytest.raises(BadSignature):
        checkr().receive(received(raw, headers={"X-Checkr-Signature": signature}), NOW)


def test_changed_bytes_and_another_accounts_key_are_refused_and_a_former_key_holds_while_it_stands_there() -> None:
    fake = FakeCheckr("another-key-0123456789")
    headers, raw = fake.event("report.completed", fake.report("clear", "c-1"))
    with pytest.raises(BadSignature):
        checkr().receive(received(raw, headers=headers), NOW)
    assert kept(checkr(former=fake.key).receive(received(raw, headers=headers), NOW))
    with pytest.raises(BadSignature):
        checkr(former=fake.key).receive(received(raw.replace(b"clear", b"CLEAR"), headers=headers), NOW)


@pytest.mark.parametrize("about", [{}, {"id": "r"}, {"id": "", "candidate_id": "c"}, {"id": "r", "candidate_id": 7}])
def test_a_signed_event_that_cannot_be_read_is_refused(about: dict[str, object]) -> None:
    headers, raw = FakeCheckr().event("report.completed", about)
    with pytest.raises(Unreadable):
        checkr().receive(received(raw, headers=headers), NOW)
