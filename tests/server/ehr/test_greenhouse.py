"""The assessment partner's four addresses and the completion call, against a strict Greenhouse."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from server.delivery.connector import BadSignature, Known, LookUp, Sent, Standing, Unreadable
from server.delivery.safe_client import SafeClient
from server.ehr.connectors.greenhouse import Greenhouse, GreenhouseSecrets, GreenhouseSettings
from server.records.incoming import InterviewOrdered
from tests.server.ehr.connecting import NOW, outgoing, reachable, received
from tests.server.ehr.fake_greenhouse import KEY, FakeGreenhouse, GreenhouseFailed
from tests.server.ehr.faults import Lost, Refusal

SECRETS = {"api_key": KEY}


def greenhouse(client: SafeClient | None = None, secrets: Mapping[str, str] = SECRETS) -> Greenhouse:
    settings = GreenhouseSettings(callback_domain="127.0.0.1")
    return Greenhouse(settings, GreenhouseSecrets.model_validate(secrets), client or SafeClient())


class Partner:
    """This server as Greenhouse reaches it: what the connector asks for is looked up here, what it keeps is kept."""

    def __init__(self, connector: Greenhouse | None = None) -> None:
        self.connector = connector or greenhouse()
        self.known = Known(flows={"retail": "Retail sales", "support": "Customer service"})
        self.inbox: dict[str, tuple[str, Mapping[str, Any]]] = {}
        self.looked_up: list[LookUp] = []

    async def ask(
        self, method: str, path: str, query: Mapping[str, str], headers: Mapping[str, str], raw: bytes
    ) -> tuple[int, Any]:
        request = received(raw, method=method, path=path, query=query, headers=headers)
        try:
            answer = self.connector.receive(request, NOW)
            if isinstance(answer, LookUp):
                self.looked_up.append(answer)
                answer = self.connector.receive(replace(request, known=self.known), NOW)
        except BadSignature:
            return 401, None
        except Unreadable as error:
            return 400, {"field": error.field}
        assert not isinstance(answer, LookUp)
        if answer.keep is not None:
            event_id, type_, body = answer.keep
            self.inbox.setdefault(event_id, (type_, body))
        return answer.status, answer.body

    def orders(self) -> list[InterviewOrdered]:
        """What the inbox means."""
        found = [one for type_, body in self.inbox.values() for one in self.connector.read(type_, body)]
        return [one for one in found if isinstance(one, InterviewOrdered)]


@pytest.fixture
def fake() -> FakeGreenhouse:
    one = FakeGreenhouse()
    one.url = "https://127.0.0.1"
    return one


async def test_the_flows_are_the_tests(fake: FakeGreenhouse) -> None:
    assert await fake.list_tests(Partner().ask) == {"retail": "Retail sales", "support": "Customer service"}


async def test_sending_the_same_test_again_orders_nothing_more(fake: FakeGreenhouse) -> None:
    partner = Partner()
    first = await fake.send_test(partner.ask, "retail", 7)
    assert await fake.send_test(partner.ask, "retail", 7) == first
    assert await fake.send_test(partner.ask, "retail", 8) != first
    mine, other = partner.orders()
    assert (mine.remote_id, mine.flow_id) == (fake.address(7), "retail")
    assert (mine.candidate.name, mine.candidate.email) == ("Harriet Doe", "harriet@example.org")
    assert other.candidate.remote_id == mine.candidate.remote_id


async def test_a_preferred_name_is_used(fake: FakeGreenhouse) -> None:
    partner = Partner()
    await fake.send_test(partner.ask, "retail", 7, preferred_name="Harry")
    assert [one.candidate.name for one in partner.orders()] == ["Harry Doe"]


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer x"}, {"Authorization": "Basic %%%"}])
async def test_without_the_key_there_is_nothing(fake: FakeGreenhouse, headers: dict[str, str]) -> None:
    partner = Partner()
    for method, path in (
        ("GET", "list_tests"),
        ("POST", "send_test"),
        ("GET", "test_status"),
        ("POST", "response_error"),
    ):
        assert (await partner.ask(method, path, {}, headers, b"{}"))[0] == 401
    assert (partner.inbox, partner.looked_up) == ({}, [])


async def test_a_wrong_key_is_refused_and_a_former_one_holds_while_it_stands_there(fake: FakeGreenhouse) -> None:
    fake.key = "another-key-0123456789"
    with pytest.raises(GreenhouseFailed, match="401"):
        await fake.list_tests(Partner().ask)
    changing = greenhouse(secrets={**SECRETS, "former_api_key": fake.key})
    assert await fake.list_tests(Partner(changing).ask)
    empty = {"Authorization": "Basic " + b64encode(b":").decode()}
    assert (await Partner().ask("GET", "list_tests", {}, empty, b""))[0] == 401


@pytest.mark.parametrize(
    ("test", "candidate", "field"),
    [
        ("unknown", {}, "partner_test_id"),
        ("retail", {"email": None}, "candidate.email"),
        ("retail", {"first_name": "x" * 201}, "candidate.first_name"),
    ],
)
async def test_an_order_that_cannot_be_kept_is_refused(
    fake: FakeGreenhouse, test: str, candidate: dict[str, Any], field: str
) -> None:
    partner = Partner()
    with pytest.raises(GreenhouseFailed, match="400"):
        await fake.send_test(partner.ask, test, 7, **candidate)
    assert partner.inbox == {}
    assert (await partner.ask("POST", "send_test", {}, fake.headers(), b"not json"))[1] == {"field": "body"}


@pytest.mark.parametrize(
    "url", ["https://evil.example.org", "https://127.0.0.1.evil.example.org", "file:///etc/passwd#"]
)
async def test_completion_is_told_to_greenhouse_only(fake: FakeGreenhouse, url: str) -> None:
    fake.url, partner = url, Partner()
    with pytest.raises(GreenhouseFailed, match="400"):
        await fake.send_test(partner.ask, "retail", 7)
    assert partner.inbox == {}


async def test_the_status_goes_from_ordered_to_complete(fake: FakeGreenhouse) -> None:
    partner = Partner()
    order = await fake.send_test(partner.ask, "retail", 7)
    with pytest.raises(GreenhouseFailed, match=r"404.*told: 200"):
        await fake.test_status(partner.ask, order)
    partner.known = Known(waiting=True)
    assert await fake.test_status(partner.ask, order) == {"partner_status": "ordered"}
    (event_id,) = [key for key, (type_, _) in partner.inbox.items() if type_ == "send_test"]
    assert partner.looked_up[-1] == LookUp(interview=fake.address(7), event_id=event_id)
    for status, shown in (("invited", "invited"), ("running", "in progress"), ("expired", "expired")):
        partner.known = Known(interview=Standing(status, "https://hr.example.org/1"))
        assert await fake.test_status(partner.ask, order) == {"partner_status": shown}
    done = Standing("completed", "https://hr.example.org/1", 8.1, {"Care": 8.0})
    partner.known = Known(interview=done)
    assert await fake.test_status(partner.ask, order) == {
        "partner_status": "complete",
        "partner_profile_url": "https://hr.example.org/1",
        "partner_score": 8.1,
        "metadata": {"Care": 8.0},
    }
    partner.known = Known(interview=replace(done, total=None))
    assert "partner_score" not in await fake.test_status(partner.ask, order)


@pytest.mark.parametrize("junk", ["", "%%", "/w==", "a" * 400])
async def test_an_id_that_was_never_given_out_is_refused(fake: FakeGreenhouse, junk: str) -> None:
    with pytest.raises(GreenhouseFailed, match="HTTP 400"):
        await fake.test_status(Partner().ask, junk)


async def test_another_address_of_the_connection_is_not_there(fake: FakeGreenhouse) -> None:
    assert (await Partner().ask("DELETE", "list_tests", {}, fake.headers(), b""))[0] == 404


async def test_completion_is_one_call_without_a_body_and_again_if_its_answer_is_lost(fake: FakeGreenhouse) -> None:
    fake.faults.coming.extend([Refusal(503), Lost()])
    async with reachable(fake.app) as (fake.url, client):
        connector, message = greenhouse(client), outgoing("report.ready", {}, interview=fake.address(7))
        assert [(await connector.deliver(message, NOW)).delivered for _ in range(3)] == [False, False, True]
        assert await connector.deliver(outgoing("report.ready", {}), NOW) == Sent()
    assert fake.patched == ["7", "7"]


async def test_completion_bears_the_key_also_while_it_changes_and_goes_to_greenhouse_only() -> None:
    fake = FakeGreenhouse(key="another-key-0123456789")
    async with reachable(fake.app) as (fake.url, client):
        told = outgoing("report.ready", {}, interview=fake.address(7))
        wrong = await greenhouse(client).deliver(told, NOW)
        assert (wrong.status, wrong.final) == (401, False)
        changing = greenhouse(client, {**SECRETS, "former_api_key": fake.key})
        assert (await changing.deliver(told, NOW)).delivered
        moved = outgoing("report.ready", {}, interview=fake.address(7).replace("127.0.0.1", "localhost"))
        assert await changing.deliver(moved, NOW) == Sent(error="no address of Greenhouse's", final=True)
    assert fake.patched == ["7"]


@pytest.mark.parametrize("status", [404, 410])
async def test_a_test_that_is_no_more_is_a_dead_letter_and_the_connection_goes_on(status: int) -> None:
    fake = FakeGreenhouse()
    fake.faults.coming.append(Refusal(status))
    async with reachable(fake.app) as (fake.url, client):
        sent = await greenhouse(client).deliver(outgoing("report.ready", {}, interview=fake.address(7)), NOW)
    assert (sent.status, sent.final, sent.gone) == (status, True, False)


async def test_an_error_without_values_is_taken(fake: FakeGreenhouse) -> None:
    nothing = json.dumps(dict.fromkeys(("api_call", "errors", "partner_test_id", "candidate_email"))).encode()
    assert (await Partner().ask("POST", "response_error", {}, fake.headers(), nothing))[0] == 200
