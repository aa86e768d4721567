"""Floods and guessing run into caps; the many candidates behind one address do not."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from server.caps import CAPS, Caps
from server.errors import UserError
from server.interview.line import MOST_OFFERS_AT_ONCE
from server.keys import INTERVIEWS
from server.settings import Settings
from tests.candidate.conftest import Browser, House, error_of, serving
from tests.candidate.test_whip import named, on_the_line
from tests.media.peers import candidate

SDP = {"Content-Type": "application/sdp"}
WHIP = "/api/interview/whip"


def settings_for(folder: Path, **caps: int) -> Settings:
    values: dict[str, Any] = {
        "data_dir": folder / "data",
        "whisper_model": str(folder / "no-model"),
        "trusted_proxies": ["127.0.0.1/32"],
        "ice_hosts": ["127.0.0.1"],
        **caps,
    }
    return Settings(_env_file=None, **values)


@pytest.fixture
async def strict(tmp_path: Path) -> AsyncIterator[House]:
    """A server that takes two offers of an interview, three of an address, five of all; four changes; two bad links."""
    caps = {
        "most_offers_per_interview": 2,
        "most_offers_per_address": 3,
        "most_offers": 5,
        "most_writes_per_interview": 8,
        "most_unknown_links_per_address": 2,
    }
    async with serving(settings_for(tmp_path, **caps)) as running:
        yield running


async def offer(browser: Browser, address: str) -> tuple[int, dict[str, Any], str | None]:
    """(status, error, Retry-After) of an offer without use, which counts all the same; the proxy names its address."""
    async with await browser.post(WHIP, data="v=0\r\n", headers=SDP | {"X-Forwarded-For": address}) as response:
        return response.status, await error_of(response), response.headers.get("Retry-After")


async def test_offers_are_capped_by_interview_by_address_and_altogether(strict: House) -> None:
    candidates = [(await strict.answering())[0] for _ in range(5)]
    first, second, third, fourth, fifth = candidates
    for address in ("192.0.2.1", "192.0.2.2"):
        assert (await offer(first, address))[0] == 400
    status, error, retry_after = await offer(first, "192.0.2.3")
    assert (status, error["code"]) == (429, "offers_too_many")
    assert 50 <= int(retry_after or "0") <= 60
    # The address of the first has one left for the others, and a neighbour in an IPv6 network is the same address.
    for browser in (second, third):
        assert (await offer(browser, "192.0.2.1"))[0] == 400
    assert (await offer(fourth, "192.0.2.1"))[0] == 429
    assert (await offer(fourth, "2001:db8::1"))[0] == 400
    # That was the fifth: now everybody waits.
    assert (await offer(fifth, "192.0.2.9"))[0] == 429
    assert strict.app[CAPS].refused == {"offers_per_interview": 1, "offers_per_address": 1, "offers": 1}


async def test_a_restart_of_ice_counts_as_an_offer(strict: House) -> None:
    async with on_the_line(strict) as line:
        taken = await line.patch(named("Name0001", "x" * 24), "*")
        assert taken.status == 200
        refused = await line.patch(named("Name0002", "x" * 24), "*")
        assert (refused.status, (await error_of(refused))["code"]) == (429, "offers_too_many")
        assert int(refused.headers["Retry-After"]) > 50
        assert (await line.patch(named("Name0001", "x" * 24), taken.headers["ETag"])).status == 204


async def test_changes_are_capped_by_interview_and_reading_is_not(strict: House) -> None:
    flood, address = await strict.answering()
    other = await strict.candidate()
    statuses = [(await flood.http.put(f"{flood.root}{address}/draft", json={"text": str(n)})).status for n in range(8)]
    assert statuses == [200] * 5 + [429] * 3
    async with await flood.post(address + "/answer", {"mode": "typed", "text": "x"}) as response:
        assert response.status == 429
        assert int(response.headers["Retry-After"]) > 50
        assert (await error_of(response))["code"] == "requests_too_many"
    assert (await flood.snapshot())["status"] == "running"
    assert (await other.ok("/api/interview/start"))["status"] == "running"


async def test_whoever_guesses_at_links_waits_and_no_real_link_counts(strict: House) -> None:
    guesser = strict.browser(**{"X-Forwarded-For": "192.0.2.66"})
    _, link = await strict.invite()
    for _ in range(4):
        assert (await guesser.get(link)).status == 200
    assert (await guesser.get("/i/guess")).status == 404
    assert (await guesser.post("/i/guess-again")).status == 404
    for response in (await guesser.get(link), await guesser.post(link)):
        assert response.status == 429
        assert int(response.headers["Retry-After"]) > 50
        assert "unknown links" in await response.text()
    elsewhere = strict.browser(**{"X-Forwarded-For": "192.0.2.67"})
    assert (await elsewhere.post(link)).status == 303


async def test_an_address_that_strangers_make_up_counts_for_nobody(tmp_path: Path) -> None:
    """Without a trusted proxy the header is nothing: the flood has one address, whatever it claims."""
    settings = settings_for(tmp_path, most_unknown_links_per_address=2).model_copy(update={"trusted_proxies": []})
    async with serving(settings) as house:
        browser = house.browser()
        statuses = [
            (await browser.get("/i/guess", headers={"X-Forwarded-For": f"192.0.2.{n}"})).status for n in range(3)
        ]
        assert statuses == [404, 404, 429]


async def test_an_interview_has_few_offers_under_way(house: House) -> None:
    interview_id, link = await house.invite()
    browser = house.browser()
    await browser.post(link)
    purposes = (await browser.snapshot())["policy"]["purposes"]
    await browser.ok("/api/interview/consent", {"granted": dict.fromkeys(purposes, True)})
    await browser.ok("/api/interview/start")
    session = await house.app[INTERVIEWS].get(interview_id)
    async with candidate() as peer:
        sdp = await peer.offer()
        outcomes = await asyncio.gather(*(session.attach(sdp) for _ in range(10)), return_exceptions=True)
    refused = [outcome for outcome in outcomes if isinstance(outcome, UserError)]
    assert {(error.code, error.status) for error in refused} == {("offers_too_many", 429)}
    assert len(outcomes) - len(refused) == MOST_OFFERS_AT_ONCE


async def test_a_hall_of_candidates_behind_one_address_starts_within_a_minute() -> None:
    """A hundred people, each with a line and two new ones in the same minute."""
    caps = Caps(Settings(_env_file=None), clock=lambda: 0.0)
    for number in range(200):
        caps.offer(str(number % 100), "192.0.2.1")
        caps.link("192.0.2.1")
        for _ in range(100):
            caps.write(str(number % 100))
