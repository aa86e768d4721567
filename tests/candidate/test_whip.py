"""WHIP at the candidate's door, with a real WebRTC peer as the browser."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from aiohttp import ClientResponse
from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import AudioStreamTrack

from media.ice_restart import write_fragment
from scripts.restarting import restart_ice
from server.keys import INTERVIEWS
from server.settings import Settings
from tests.candidate.conftest import Browser, House, error_of, serving

SDP = {"Content-Type": "application/sdp"}
FRAGMENT = "application/trickle-ice-sdpfrag"
WHIP = "/api/interview/whip"


async def test_an_offer_gets_an_answer_a_place_and_an_end(house: House) -> None:
    browser, _ = await house.answering()
    peer = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    peer.addTrack(AudioStreamTrack())
    await peer.setLocalDescription(await peer.createOffer())
    response = await browser.post(WHIP, data=peer.localDescription.sdp, headers=SDP)
    assert response.status == 201, await response.text()
    assert response.content_type == "application/sdp"
    location = response.headers["Location"]
    assert location.startswith(WHIP + "/")
    assert response.headers["ETag"].startswith(f'"{location.rsplit("/", 1)[1]}')
    assert response.headers["Accept-Patch"] == FRAGMENT
    offered = {line.split()[4] for line in (await response.text()).splitlines() if line.startswith("a=candidate:")}
    assert offered == {"127.0.0.1"}
    await peer.setRemoteDescription(RTCSessionDescription(await response.text(), "answer"))
    async with asyncio.timeout(10):
        while peer.connectionState != "connected":
            await asyncio.sleep(0.05)
    assert (await browser.http.delete(browser.root + location)).status == 204
    await peer.close()
    assert (await browser.http.delete(browser.root + WHIP + "/unknown")).status == 404


async def test_no_sound_is_taken_without_consent(house: House) -> None:
    _, link = await house.invite()
    undecided = house.browser()
    await undecided.post(link)
    refusing = await house.candidate(voice=False)
    for browser in (undecided, refusing):
        response = await browser.post(WHIP, data="v=0\r\n", headers=SDP)
        assert (response.status, (await error_of(response))["code"]) == (403, "media_not_consented")


@pytest.mark.parametrize(("language", "end"), [("en", "."), ("zh-CN", "。")])
@pytest.mark.parametrize("offer", [b"", b"nonsense", b"v=0\r\n", b"\xff\xfe", b"v=0\r\nm=audio 9 RTP/AVP 0\r\n"])
async def test_a_malformed_offer_is_refused_in_the_persons_language(
    house: House, offer: bytes, language: str, end: str
) -> None:
    browser, _ = await house.answering()
    response = await browser.post(WHIP, data=offer, headers=SDP | {"Accept-Language": language})
    error = await error_of(response)
    assert (response.status, error["code"]) == (400, "offer_bad")
    assert error["message"].endswith(end)
    assert (await browser.snapshot())["status"] == "running"


async def test_other_types_and_sizes_are_refused(house: House) -> None:
    browser, _ = await house.answering()
    assert (await browser.post(WHIP, {"sdp": "v=0"})).status == 415
    large = await browser.post(WHIP, data=b"a=x\r\n" * 20_000, headers=SDP)
    assert (large.status, (await error_of(large))["code"]) == (413, "too_large")


async def test_ice_servers_are_a_list(house: House) -> None:
    browser = await house.candidate()
    assert await (await browser.get("/api/interview/ice")).json() == {"iceServers": []}


@dataclass
class OnTheLine:
    """A connected browser, its line's address and its ETag."""

    browser: Browser
    peer: RTCPeerConnection
    location: str
    etag: str

    async def patch(self, fragment: str, if_match: str | None, content_type: str = FRAGMENT) -> ClientResponse:
        headers = {"Content-Type": content_type} | ({"If-Match": if_match} if if_match is not None else {})
        return await self.browser.http.patch(self.browser.root + self.location, data=fragment, headers=headers)

    @property
    def credentials(self) -> tuple[str, str]:
        sdp = self.peer.localDescription.sdp
        username, password = (sdp.split(f"a=ice-{name}:")[1].split()[0] for name in ("ufrag", "pwd"))
        return username, password


@asynccontextmanager
async def on_the_line(house: House) -> AsyncIterator[OnTheLine]:
    browser, _ = await house.answering()
    peer = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    peer.addTrack(AudioStreamTrack())
    await peer.setLocalDescription(await peer.createOffer())
    response = await browser.post(WHIP, data=peer.localDescription.sdp, headers=SDP)
    await peer.setRemoteDescription(RTCSessionDescription(await response.text(), "answer"))
    async with asyncio.timeout(10):
        while peer.connectionState != "connected":
            await asyncio.sleep(0.05)
    yield OnTheLine(browser, peer, response.headers["Location"], response.headers["ETag"])
    await peer.close()


def named(username: str, password: str) -> str:
    return write_fragment(username, password, "0", ["1 1 udp 2130706431 8.8.8.8 50000 typ host"])


async def test_trickle_needs_the_line_it_is_for(house: House) -> None:
    async with on_the_line(house) as line:
        fragment = named(*line.credentials)
        assert (await line.patch(fragment, line.etag)).status == 204
        for if_match, status, code in (
            (None, 428, "ice_condition_missing"),
            ("", 428, "ice_condition_missing"),
            ('"another"', 412, "ice_changed"),
        ):
            response = await line.patch(fragment, if_match)
            assert (response.status, (await error_of(response))["code"]) == (status, code)
        assert (await line.patch(fragment, line.etag, "application/sdp")).status == 415
        large = await line.patch(fragment + "a=x\r\n" * 10_000, line.etag)
        assert (large.status, (await error_of(large))["code"]) == (413, "too_large")
        bad = await line.patch("nonsense", line.etag)
        assert (bad.status, (await error_of(bad))["code"]) == (400, "offer_bad")
        line.location = WHIP + "/unknown"
        assert (await line.patch(fragment, line.etag)).status == 404


@pytest.mark.parametrize("wildcard", ["*", '"*"'])
async def test_a_restart_has_an_answer_and_a_new_tag(house: House, wildcard: str) -> None:
    async with on_the_line(house) as line:
        tags = {line.etag}

        async def exchange(fragment: str) -> str:
            response = await line.patch(fragment, wildcard)
            assert response.status == 200, await response.text()
            assert response.content_type == FRAGMENT
            tags.add(response.headers["ETag"])
            return await response.text()

        for count in (2, 3):
            await restart_ice(line.peer, exchange)
            assert len(tags) == count
        # What was known before the restart is of no use any more.
        assert (await line.patch(named(*line.credentials), line.etag)).status == 412
        await asyncio.sleep(0.5)
        assert line.peer.connectionState == "connected"
        same = await line.patch(named("Same1234", "x" * 24), wildcard)
        assert same.status == 200
        again = await line.patch(named("Same1234", "x" * 24), wildcard)
        assert (again.status, (await error_of(again))["code"]) == (400, "offer_bad")
        assert (await line.browser.http.delete(line.browser.root + line.location)).status == 204
        assert (await line.patch(named("More1234", "x" * 24), wildcard)).status == 404


async def test_a_line_is_its_candidates_own(house: House) -> None:
    async with on_the_line(house) as line:
        stranger = await house.candidate()
        headers = {"Content-Type": FRAGMENT, "If-Match": "*"}
        fragment = named("Evil1234", "x" * 24)
        response = await stranger.http.patch(stranger.root + line.location, data=fragment, headers=headers)
        assert response.status == 404
        nobody = house.browser()
        response = await nobody.http.patch(nobody.root + line.location, data=fragment, headers=headers)
        assert response.status == 401


@pytest.mark.parametrize(("language", "end"), [("en", "."), ("zh-CN", "。")])
async def test_refused_patches_are_told_in_the_persons_language(house: House, language: str, end: str) -> None:
    async with on_the_line(house) as line:
        line.browser.http.headers["Accept-Language"] = language
        for if_match in (None, '"another"'):
            response = await line.patch(named(*line.credentials), if_match)
            assert (await error_of(response))["message"].endswith(end)


async def test_options_say_what_is_taken(house: House) -> None:
    browser = await house.candidate()
    endpoint = await browser.http.options(browser.root + WHIP)
    assert (endpoint.status, endpoint.headers["Accept-Post"]) == (204, "application/sdp")
    line = await browser.http.options(browser.root + WHIP + "/any")
    assert (line.status, line.headers["Accept-Patch"]) == (204, FRAGMENT)


async def test_ice_servers_come_as_links_with_credentials_that_expire(tmp_path: Path) -> None:
    settings = Settings(
        data_dir=tmp_path / "data",
        whisper_model=str(tmp_path / "no-model"),
        ice_hosts=["127.0.0.1"],
        ice_servers=["stun:127.0.0.1:9", "turn:127.0.0.1:9?transport=udp"],
        turn_secret="north",
        _env_file=None,
    )
    async with serving(settings) as house:
        browser, _ = await house.answering()
        peer = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        peer.addTrack(AudioStreamTrack())
        await peer.setLocalDescription(await peer.createOffer())
        before = time.time()
        response = await browser.post(WHIP, data=peer.localDescription.sdp, headers=SDP)
        await peer.close()
        assert response.status == 201, await response.text()
        stun, turn = response.headers.getall("Link")
        assert stun == '<stun:127.0.0.1:9>; rel="ice-server"'
        assert turn.startswith('<turn:127.0.0.1:9?transport=udp>; rel="ice-server"; username="')
        assert before + 590 < int(turn.split('username="')[1].split('"')[0]) < time.time() + 601
        assert 'credential-type="password"' in turn


async def test_what_is_believed_of_an_offer_is_as_the_settings_say(house: House, tmp_path: Path) -> None:
    ice = house.app[INTERVIEWS].ice
    assert (ice.allow_private, ice.most_candidates) == (False, 16)
    settings = Settings(
        data_dir=tmp_path / "other",
        whisper_model=str(tmp_path / "no-model"),
        ice_allow_private=True,
        ice_most_candidates=3,
        _env_file=None,
    )
    async with serving(settings) as other:
        ice = other.app[INTERVIEWS].ice
        assert (ice.allow_private, ice.most_candidates) == (True, 3)


async def test_a_flood_of_offers_is_refused_and_the_line_there_is_goes_on(house: House) -> None:
    async with on_the_line(house) as line:
        offer = line.peer.localDescription.sdp
        responses = await asyncio.gather(*(line.browser.post(WHIP, data=offer, headers=SDP) for _ in range(12)))
        refused = [response for response in responses if response.status == 429]
        # How many depends on how fast this machine answers the others meanwhile.
        assert refused
        assert all(int(response.headers["Retry-After"]) >= 1 for response in refused)
        # Whatever came of the flood, a page that asks once more is served.
        async with asyncio.timeout(20):
            while (response := await line.browser.post(WHIP, data=offer, headers=SDP)).status == 429:
                await asyncio.sleep(float(response.headers["Retry-After"]))
        assert response.status == 201
