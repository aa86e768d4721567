"""Attacks on the media ports and by what an offer names, and the library's other faults: none does any harm."""

from __future__ import annotations

import asyncio
import re
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aioice.ice
import pytest
from aioice import stun

from media import aiortc_fixes
from media.aiortc_fixes import MOST_REMOTE_ADDRESSES
from media.ice import MAX_CANDIDATES, IceSettings
from media.ice_restart import write_fragment
from media.offer import BadOffer
from media.peer import Peer
from media.relay import Viewer
from scripts.lossy_line import server_address
from tests.media.peers import LOOPBACK, call, candidate, wall_clock
from tests.media.screens import screen

CLIENT_HELLO = b"\x16\xfe\xff" + bytes(8) + b"\x00\x7c\x01" + bytes(123)
"""Enough of a DTLS record for whoever reads it to take it for the beginning of a handshake."""
FORGED = [pytest.param(CLIENT_HELLO, id="client hello"), pytest.param(b"", id="empty")]


async def connects_under(forged: bytes, burst: int, limit_s: float) -> bool:
    """Whether sound arrives within so many seconds of the answer while a stranger, off the path, knows the port.

    burst: so many forged datagrams every 2 ms; of none, a single one was sent before the handshake.
    """
    async with candidate() as browser:
        peer = await Peer.answer(await browser.offer(), ice=LOOPBACK, clock=wall_clock(), want_video=False)
        # Not asyncio's: it does not send empty datagrams.
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
            stranger.connect(server_address(peer.answer_sdp))
            stranger.send(forged)
            await asyncio.sleep(0.05)

            async def attack() -> None:
                while True:
                    for _ in range(burst):
                        stranger.send(forged)
                    await asyncio.sleep(0.002)

            attacking = asyncio.create_task(attack())
            await browser.accept(peer.answer_sdp)
            try:
                async with asyncio.timeout(limit_s):
                    await anext(peer.audio)
            except (TimeoutError, StopAsyncIteration):
                return False
            finally:
                attacking.cancel()
                await peer.close()
    return True


@pytest.mark.parametrize("burst", [0, 1, 50])
@pytest.mark.parametrize("forged", FORGED)
async def test_forged_datagrams_do_not_keep_a_session_from_connecting(forged: bytes, burst: int) -> None:
    assert await connects_under(forged, burst, 20.0)


@pytest.mark.parametrize("forged", FORGED)
async def test_without_the_repair_one_forged_datagram_is_enough(forged: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """If this fails aioice has been repaired, and ours can go (ASVS 17.2.6)."""
    monkeypatch.setattr(aioice.ice.StunProtocol, "datagram_received", aiortc_fixes._stock_datagram_received)
    assert not await connects_under(forged, 0, 3.0)


@pytest.mark.parametrize("allow_private", [False, True])
@pytest.mark.parametrize("way", ["trickle", "restart"])
async def test_no_fragment_makes_the_server_send_into_its_own_network(way: str, allow_private: bool) -> None:
    ice = IceSettings(hosts=("127.0.0.1",), allow_private=allow_private)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as victim:
        victim.bind(("127.0.0.1", 0))
        victim.setblocking(False)
        named = f"1 1 udp 2130706431 127.0.0.1 {victim.getsockname()[1]} typ host"
        async with candidate() as browser:
            offer = await browser.offer()
            peer = await Peer.answer(offer, ice=ice, clock=wall_clock(), want_video=False)
            await browser.accept(peer.answer_sdp)
            async with asyncio.timeout(20):
                await anext(peer.audio)
            if way == "trickle":
                username, password = (offer.split(f"a=ice-{name}:")[1].split()[0] for name in ("ufrag", "pwd"))
                await peer.add_candidates(write_fragment(username, password, "0", [named]))
            else:
                await peer.restart_ice(write_fragment("Evil1234", "x" * 24, "0", [named]))
            received = False
            try:
                async with asyncio.timeout(1.0):
                    received = bool(await asyncio.get_running_loop().sock_recv(victim, 100))
            except TimeoutError:
                pass
            await peer.close()
    assert received == allow_private


async def test_a_flood_of_candidates_is_capped_over_the_offer_and_all_fragments() -> None:
    async with candidate() as browser:
        offer = await browser.offer()
        peer = await Peer.answer(offer, ice=LOOPBACK, clock=wall_clock(), want_video=False)
        username, password = (offer.split(f"a=ice-{name}:")[1].split()[0] for name in ("ufrag", "pwd"))
        many = [f"1 1 udp 1 8.8.{n // 250}.{n % 250} 50000 typ host" for n in range(3_000)]
        with pytest.raises(BadOffer) as caught:
            await peer.add_candidates(write_fragment(username, password, "0", many))
        assert caught.value.reason == "too_large"
        for batch in range(20):
            few = [f"1 1 udp 1 8.8.{batch}.{n} 50000 typ host" for n in range(10)]
            await peer.add_candidates(write_fragment(username, password, "0", few))
        ice = aiortc_fixes._ice(peer._connection.getTransceivers()[0].receiver)
        assert len(ice.remote_candidates) == MAX_CANDIDATES
        await peer.close()


async def test_checks_from_many_addresses_are_not_all_followed() -> None:
    async with call() as (_, peer):
        async with asyncio.timeout(20):
            await anext(peer.audio)
        ice = aiortc_fixes._ice(peer._connection.getTransceivers()[0].receiver)
        sockets = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(60)]
        for knocking in sockets:
            request = stun.Message(message_method=stun.Method.BINDING, message_class=stun.Class.REQUEST)
            request.attributes["USERNAME"] = f"{ice.local_username}:{ice.remote_username}"
            request.attributes["PRIORITY"] = 1
            request.attributes["ICE-CONTROLLING"] = 1
            request.add_message_integrity(ice.local_password.encode())
            knocking.sendto(bytes(request), server_address(peer.answer_sdp))
        await asyncio.sleep(0.5)
        assert len(ice.remote_candidates) == MOST_REMOTE_ADDRESSES
        assert peer.state == "connected"
        for knocking in sockets:
            knocking.close()


# Faults that need no attacker.


@asynccontextmanager
async def answered(to: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[list[aioice.ice.Connection]]:
    """A candidate's or a viewer's offer has been answered; the ICE connections that were made for it."""
    made: list[aioice.ice.Connection] = []
    make = aioice.ice.Connection.__init__

    def note(self: aioice.ice.Connection, *arguments: Any, **options: Any) -> None:
        make(self, *arguments, **options)
        made.append(self)

    async with candidate(video=True) as browser, screen() as watcher:
        offer, watchers_offer = await browser.offer(), await watcher.offer()
        monkeypatch.setattr(aioice.ice.Connection, "__init__", note)
        peer = await Peer.answer(offer, ice=LOOPBACK, clock=wall_clock(), want_video=True)
        if to == "viewer":
            made.clear()
            viewer = await Viewer.answer(watchers_offer, peer=peer, ice=LOOPBACK)
            yield made
            await viewer.close()
        else:
            yield made
        await peer.close()


@pytest.mark.parametrize("to", ["candidate", "viewer"])
async def test_gathering_asks_no_public_stun_server(to: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """aiortc's default is a public STUN server, for whose answer an offer waits up to 5 s."""
    async with answered(to, monkeypatch) as made:
        assert {connection.stun_server for connection in made} == {None}


@pytest.mark.parametrize("to", ["candidate", "viewer"])
async def test_sound_and_picture_have_one_transport_from_the_beginning(
    to: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """BALANCED, aiortc's default, makes one for each and throws them away again (#1414)."""
    async with answered(to, monkeypatch) as made:
        assert len(made) == 1


async def test_a_second_video_section_is_refused() -> None:
    """BALANCED bundling of two is broken in aiortc (#1414), and their REMBs would fight each other."""
    async with candidate(video=True) as browser:
        browser.connection.addTransceiver("video")
        with pytest.raises(BadOffer) as caught:
            await Peer.answer(await browser.offer(), ice=LOOPBACK, clock=wall_clock(), want_video=True)
        assert caught.value.reason == "unexpected_media"


async def test_silence_is_never_left_out() -> None:
    """With DTX the last syllable can arrive 1.2 s late (a real browser's silence: tests/candidate/test_line.py)."""
    async with candidate() as browser:
        offer = await browser.offer()
        number = next(line for line in offer.splitlines() if "opus" in line).removeprefix("a=rtpmap:").split()[0]
        wishes = offer.replace("opus/48000/2\r\n", f"opus/48000/2\r\na=fmtp:{number} usedtx=1\r\n")
        assert "usedtx=1" in wishes
        peer = await Peer.answer(wishes, ice=LOOPBACK, clock=wall_clock(), want_video=False)
        assert re.findall("^a=fmtp:.*", peer.answer_sdp, re.MULTILINE) == [f"a=fmtp:{number} usedtx=0\r"]
        await browser.accept(peer.answer_sdp)
        async with asyncio.timeout(20):
            await anext(peer.audio)
        await peer.close()


@pytest.mark.parametrize(("failures", "survives"), [(aioice.ice.CONSENT_FAILURES, True), (6, False)])
async def test_a_long_outage_is_survived_by_long_consent(
    monkeypatch: pytest.MonkeyPatch, failures: int, survives: bool
) -> None:
    """Checks ten times as often as in reality: 24 of them unanswered are two minutes, aioice's 6 are 28 s."""
    monkeypatch.setattr(aioice.ice, "CONSENT_INTERVAL", 0.05)
    monkeypatch.setattr(aioice.ice, "CONSENT_FAILURES", failures)
    async with call() as (_, peer):
        async with asyncio.timeout(20):
            await anext(peer.audio)
        ice = aiortc_fixes._ice(peer._connection.getTransceivers()[0].receiver)
        [protocol] = ice._protocols
        monkeypatch.setattr(protocol, "datagram_received", lambda data, addr: None)
        await asyncio.sleep(5.5)
        assert (peer.state != "closed") == survives
