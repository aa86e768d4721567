"""Offers from strangers: what is wrong with one is said at once, and its candidates are not simply believed."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import re
import socket
from datetime import UTC, datetime

import pytest
from aiortc import RTCConfiguration, RTCPeerConnection
from hypothesis import given, settings
from hypothesis import strategies as st

from media.ice import MAX_CANDIDATES, IceSettings, filter_candidates
from media.offer import BadOffer, check_offer
from media.peer import Peer
from tests.media.peers import LOOPBACK, candidate, wall_clock


async def browser_offer(*, video: bool = True) -> str:
    async with candidate(video=video) as browser:
        return await browser.offer()


@pytest.fixture(scope="module")
def offer() -> str:
    return asyncio.run(browser_offer())


def candidate_line(address: str, *, protocol: str = "udp", component: int = 1, port: str = "50000") -> str:
    return f"a=candidate:1 {component} {protocol} 2130706431 {address} {port} typ host"


def with_candidates(offer: str, lines: list[str]) -> str:
    return offer + "".join(line + "\r\n" for line in lines)


def candidates(sdp: str) -> list[str]:
    return [line.split()[4] for line in sdp.splitlines() if line.startswith("a=candidate:")]


async def refuse(sdp: str) -> str:
    with pytest.raises(BadOffer) as caught:
        await Peer.answer(sdp, ice=LOOPBACK, clock=wall_clock(), want_video=True)
    return caught.value.reason


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda sdp: "", "no_audio"),
        (lambda sdp: "hello", "no_audio"),
        (lambda sdp: "v=0\r\nm=audio x y z\r\n", "malformed"),
        (lambda sdp: sdp.replace("m=audio", "m=message"), "no_audio"),
        (lambda sdp: sdp.replace("a=sendrecv", "a=recvonly"), "no_audio"),
        (lambda sdp: sdp.replace("m=video", "m=audio"), "unexpected_media"),
        (lambda sdp: sdp.replace("a=fingerprint", "a=nothing"), "malformed"),
        (lambda sdp: sdp.replace("a=ice-ufrag", "a=nothing"), "malformed"),
        (lambda sdp: sdp.replace("a=ice-pwd", "a=nothing"), "malformed"),
        (lambda sdp: sdp.replace("a=rtcp-mux", "a=nothing"), "malformed"),
        (lambda sdp: sdp.replace("a=setup", "a=nothing"), "malformed"),
        (lambda sdp: sdp.replace("a=setup:actpass", "a=setup:sideways"), "malformed"),
        (lambda sdp: sdp.replace("a=group:BUNDLE 0 1", "a=group:BUNDLE 7 1"), "malformed"),
        (lambda sdp: sdp.replace("a=group:BUNDLE 0 1", "a=nothing"), "malformed"),
        (lambda sdp: re.sub("opus|PCM.|G722", "speex", sdp), "no_common_codec"),
        (lambda sdp: sdp + "a=x:" + "y" * 70_000 + "\r\n", "too_large"),
        (lambda sdp: with_candidates(sdp, [candidate_line("8.8.8.8")] * 3_000), "too_large"),
    ],
)
async def test_a_bad_offer_is_refused_with_its_reason(offer: str, change, reason: str) -> None:  # type: ignore[no-untyped-def]
    assert await refuse(change(offer)) == reason


async def test_data_channels_are_refused() -> None:
    connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    connection.addTransceiver("audio")
    connection.createDataChannel("x")
    await connection.setLocalDescription(await connection.createOffer())
    assert await refuse(connection.localDescription.sdp) == "unexpected_media"
    await connection.close()


@settings(max_examples=150)
@given(data=st.data())
def test_no_mangled_offer_raises_anything_else(offer: str, data: st.DataObject) -> None:
    lines = offer.splitlines()
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(lines) - 1))
        kind = data.draw(st.sampled_from(["drop", "double", "cut", "garble"]))
        if kind == "drop":
            del lines[at]
        elif kind == "double":
            lines.insert(at, lines[at])
        elif kind == "cut":
            lines[at] = lines[at][: data.draw(st.integers(0, len(lines[at])))]
        else:
            lines[at] += data.draw(st.text(max_size=8))
    sdp = "\r\n".join(lines) + "\r\n"

    async def answer() -> None:
        try:
            peer = await Peer.answer(sdp, ice=LOOPBACK, clock=wall_clock(), want_video=True)
        except BadOffer:
            return
        await peer.close()

    asyncio.run(answer())


def test_hundreds_of_candidates_are_capped(offer: str) -> None:
    many = with_candidates(offer, [candidate_line(f"8.8.{n // 250}.{n % 250}") for n in range(700)])
    assert len(candidates(check_offer(many, allow_private=False))) == MAX_CANDIDATES


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.0.0.1",
        "192.168.1.1",
        "172.16.3.4",
        "169.254.169.254",
        "100.64.0.1",
        "::1",
        "fe80::1",
        "fd00::1",
        "::ffff:10.0.0.1",
        "64:ff9b::a00:1",
    ],
)
def test_private_addresses_are_believed_only_when_allowed(address: str) -> None:
    sdp = candidate_line(address)
    assert candidates(filter_candidates(sdp, allow_private=False)) == []
    assert candidates(filter_candidates(sdp, allow_private=True)) == [address]


@pytest.mark.parametrize(
    "line",
    [
        candidate_line("224.0.0.251"),
        candidate_line("0.0.0.0"),
        candidate_line("255f1c2a-3b4c-4d5e-8f60-112233445566.local"),
        candidate_line("internal.example.org"),
        candidate_line("8.8.8.8", protocol="tcp"),
        candidate_line("8.8.8.8", component=2),
        candidate_line("8.8.8.8", port="0"),
        candidate_line("8.8.8.8", port="99999"),
        candidate_line("8.8.8.8", port="9" * 5000),
        candidate_line("8.8.8.8", port="5") + " raddr 0.0.0.0 rport five",
        candidate_line("8.8.8.8").replace(" 8.8.8.8", "9" * 5000 + " 8.8.8.8"),
        "a=candidate:1 1 udp",
        "a=end-of-candidates",
    ],
)
def test_other_candidates_are_never_believed(line: str) -> None:
    assert filter_candidates(f"v=0\r\n{line}\r\n", allow_private=True) == "v=0\r\n"


def test_public_addresses_are_believed() -> None:
    for address in ("8.8.8.8", "2001:4860:4860::8888"):
        assert candidates(filter_candidates(candidate_line(address), allow_private=False)) == [address]


@pytest.mark.parametrize("allow_private", [False, True])
async def test_an_offer_cannot_make_the_server_send_into_its_own_network(allow_private: bool) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as victim:
        victim.bind(("127.0.0.1", 0))
        victim.setblocking(False)
        line = candidate_line("127.0.0.1", port=str(victim.getsockname()[1]))
        offer = with_candidates(await browser_offer(video=False), [line])
        ice = IceSettings(hosts=("127.0.0.1",), allow_private=allow_private)
        peer = await Peer.answer(offer, ice=ice, clock=wall_clock(), want_video=False)
        received = False
        try:
            async with asyncio.timeout(1.0):
                received = bool(await asyncio.get_running_loop().sock_recv(victim, 100))
        except TimeoutError:
            pass
        await peer.close()
    assert received == allow_private


def test_turn_credentials_are_short_lived_and_coturns() -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    ice = IceSettings(servers=("stun:s.example.org", "turn:t.example.org?transport=udp"), turn_secret="north")
    stun, turn = ice.ice_servers_for_browser(now)
    expires = str(int(now.timestamp()) + 600)
    digest = hmac.new(b"north", expires.encode(), hashlib.sha1).digest()
    assert stun == {"urls": ["stun:s.example.org"]}
    assert turn == {
        "urls": ["turn:t.example.org?transport=udp"],
        "username": expires,
        "credential": base64.b64encode(digest).decode(),
    }
    assert IceSettings().ice_servers_for_browser(now) == []
