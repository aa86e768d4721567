"""WHIP at the candidate's door, with a real WebRTC peer as the browser."""

from __future__ import annotations

import asyncio

import pytest
from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import AudioStreamTrack

from tests.candidate.conftest import House, error_of

SDP = {"Content-Type": "application/sdp"}
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
    assert response.headers["ETag"] == f'"{location.rsplit("/", 1)[1]}"'
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
