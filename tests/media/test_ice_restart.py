"""A browser changes its network: the same peer goes on over another path, and nobody else can move it."""

from __future__ import annotations

import asyncio
import inspect
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aioice.ice
import pytest
from aioice import stun

from media import aiortc_fixes
from media.ice import IceSettings
from media.ice_restart import MAX_FRAGMENT_BYTES, MAX_RESTARTS, Fragment, parse_fragment, write_fragment
from media.offer import BadOffer
from media.peer import Peer, PeerState
from scripts.lossy_line import LossyLine, server_address, through, without_candidates
from scripts.restarting import restart_ice
from tests.media.peers import LOOPBACK, Candidate, call, candidate, wall_clock

NEW = ("Abcd1234", "x" * 24)


@asynccontextmanager
async def relayed(*, ice: IceSettings = LOOPBACK) -> AsyncIterator[tuple[Candidate, Peer, LossyLine]]:
    """A call that can go only over the relay, and is connected."""
    async with candidate() as browser:
        offer = without_candidates(await browser.offer())
        peer = await Peer.answer(offer, ice=ice, clock=wall_clock(), want_video=False)
        try:
            async with LossyLine(server_address(peer.answer_sdp)) as line:
                await browser.accept(through(peer.answer_sdp, line.address))
                async with asyncio.timeout(20):
                    await anext(peer.audio)
                yield browser, peer, line
        finally:
            await peer.close()


async def restart(browser: Candidate, peer: Peer, line: LossyLine) -> None:
    async def exchange(fragment: str) -> str:
        return through(await peer.restart_ice(without_candidates(fragment)), line.address)

    await restart_ice(browser.connection, exchange)


async def seconds_until_sound(peer: Peer, limit_s: float = 10.0) -> float:
    """How long until sound arrives that was not waiting already."""
    began = time.monotonic()
    async with asyncio.timeout(limit_s):
        peer.audio._items.clear()  # type: ignore[attr-defined]
        await anext(peer.audio)
    return time.monotonic() - began


async def until(peer: Peer, state: PeerState, seconds: float = 10.0) -> None:
    """Returns once the peer is in this state."""
    async with asyncio.timeout(seconds):
        async for now in peer.states():
            if now == state:
                return


def server_ice(peer: Peer) -> aioice.ice.Connection:
    found: aioice.ice.Connection = aiortc_fixes._ice(peer._connection.getTransceivers()[0].receiver)
    return found


def fragment(username: str = NEW[0], password: str = NEW[1], candidates: list[str] | tuple[str, ...] = ()) -> str:
    return write_fragment(username, password, "0", candidates)


def named(address: str = "127.0.0.1", port: int = 50_000) -> str:
    return f"1 1 udp 2130706431 {address} {port} typ host"


# What the library is.


def test_what_a_restart_rests_on_is_still_there() -> None:
    source = inspect.getsource(aioice.ice.Connection)
    for part in (
        "self._local_username = local_username",
        "self._local_password = local_password",
        "self._early_checks: deque[",
        "self._check_list: list[CandidatePair] = []",
        "self._nominated: dict[int, CandidatePair] = {}",
        "self._remote_candidates: list[Candidate] = []",
        'f"{self.remote_username}:{self.local_username}"',
        "self._nominated[pair.component] = pair",
    ):
        assert part in source, part


async def test_aiortc_alone_still_ignores_a_restart() -> None:
    """If this fails aiortc can restart ICE by itself, and ours can go (aiortc#1367)."""
    async with call() as (_, peer):
        await anext(peer.audio)
        before = server_ice(peer).local_username
        offer = peer._connection.remoteDescription.sdp
        username = offer.split("a=ice-ufrag:")[1].split()[0]
        changed = type(peer._connection.remoteDescription)(
            offer.replace(f"ufrag:{username}", "ufrag:Other123"), "offer"
        )
        await peer._connection.setRemoteDescription(changed)
        await peer._connection.setLocalDescription(await peer._connection.createAnswer())
        assert server_ice(peer).local_username == before
        assert server_ice(peer).remote_username == username


# What a restart does.


@pytest.mark.parametrize("again", [1, 3])
async def test_a_new_path_is_taken_within_two_seconds_by_the_same_peer(again: int) -> None:
    async with relayed() as (browser, peer, line):
        for _ in range(again):
            before = server_ice(peer)._nominated[1]
            await line.change_path()
            await asyncio.sleep(0.3)
            await restart(browser, peer, line)
            assert await seconds_until_sound(peer) < 2.0
            async with asyncio.timeout(2):
                while server_ice(peer)._nominated[1] is before:
                    await asyncio.sleep(0.01)
            assert server_ice(peer)._nominated[1].remote_addr == line.outer_address
            assert len(server_ice(peer)._check_list) <= 2
        assert peer.state == "connected"


async def test_a_dead_path_for_longer_than_a_stall_comes_back_by_a_restart() -> None:
    async with relayed() as (browser, peer, line):
        line.down = True
        await until(peer, "lost")
        await line.change_path()
        line.down = False
        await restart(browser, peer, line)
        assert await seconds_until_sound(peer) < 2.0
        await until(peer, "connected", 2.0)


async def test_sound_goes_on_over_the_old_path_while_the_restart_is_under_way() -> None:
    async with relayed() as (_, peer, line):
        await peer.restart_ice(fragment())
        assert await seconds_until_sound(peer) < 0.5
        for _ in range(50):
            await anext(peer.audio)
        assert line.counts.dropped == 0


async def test_consent_is_asked_with_the_new_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(aioice.ice, "CONSENT_INTERVAL", 0.2)
    monkeypatch.setattr(aioice.ice, "CONSENT_FAILURES", 5)
    async with relayed() as (browser, peer, line):
        await line.change_path()
        await restart(browser, peer, line)
        await asyncio.sleep(2.5)
        assert await seconds_until_sound(peer) < 0.5
        line.down = True
        await until(peer, "closed", 20.0)


async def test_old_credentials_and_forged_ones_move_nothing() -> None:
    async with relayed() as (browser, peer, line):
        ice = server_ice(peer)
        old = (ice.remote_username, ice.remote_password, ice.local_username, ice.local_password)
        await restart(browser, peer, line)
        await seconds_until_sound(peer)
        async with asyncio.timeout(2):
            while ice._nominated[1].remote_candidate not in ice._remote_candidates:
                await asyncio.sleep(0.01)
        pair, known = ice._nominated[1], len(ice._check_list)
        answers: list[stun.Message] = []

        class Stranger(asyncio.DatagramProtocol):
            def datagram_received(self, data: bytes, addr: object) -> None:
                answers.append(stun.parse_message(data))

        stranger, _ = await asyncio.get_running_loop().create_datagram_endpoint(
            Stranger, remote_addr=server_address(peer.answer_sdp)
        )
        for local, remote, key in (
            (old[2], old[0], old[3]),
            (ice.local_username, ice.remote_username, "guessed" * 4),
            (ice.local_username, "Unknown1", ice.local_password),
        ):
            request = stun.Message(message_method=stun.Method.BINDING, message_class=stun.Class.REQUEST)
            request.attributes["USERNAME"] = f"{local}:{remote}"
            request.attributes["PRIORITY"] = 2**31
            request.attributes["ICE-CONTROLLING"] = 1
            request.attributes["USE-CANDIDATE"] = None
            request.add_message_integrity(key.encode())
            stranger.sendto(bytes(request))
        async with asyncio.timeout(5):
            while len(answers) < 3:
                await asyncio.sleep(0.01)
        stranger.close()
        assert [answer.attributes["ERROR-CODE"][0] for answer in answers] == [401, 401, 401]
        assert ice._nominated[1] is pair
        assert len(ice._check_list) == known


async def test_restarts_are_counted_and_need_a_new_name() -> None:
    async with relayed() as (_, peer, _line):
        current = peer._remote._username
        for username, reason in ((current, "malformed"), ("no", "malformed")):
            with pytest.raises(BadOffer) as caught:
                await peer.restart_ice(fragment(username))
            assert caught.value.reason == reason
        for number in range(MAX_RESTARTS):
            await peer.restart_ice(fragment(f"Name{number}"))
        with pytest.raises(BadOffer) as caught:
            await peer.restart_ice(fragment("NameMore"))
        assert caught.value.reason == "too_many"


# Trickle.


async def test_trickled_addresses_connect_a_browser_that_offered_none() -> None:
    ice = IceSettings(hosts=("127.0.0.1",), allow_private=True)
    async with candidate() as browser:
        offer = await browser.offer()
        peer = await Peer.answer(without_candidates(offer), ice=ice, clock=wall_clock(), want_video=False)
        # The browser learns none of the server's addresses: only the server's checks can connect them.
        await browser.accept(without_candidates(peer.answer_sdp))
        username, password = (offer.split(f"a=ice-{name}:")[1].split()[0] for name in ("ufrag", "pwd"))
        lines = [line.removeprefix("a=candidate:") for line in offer.splitlines() if line.startswith("a=candidate")]
        await peer.add_candidates(fragment(username, password, lines))
        async with asyncio.timeout(10):
            await anext(peer.audio)
        await peer.close()


async def test_trickle_of_another_generation_changes_nothing() -> None:
    async with relayed(ice=IceSettings(hosts=("127.0.0.1",), allow_private=True)) as (_, peer, _line):
        before = len(server_ice(peer).remote_candidates)
        await peer.add_candidates(fragment(candidates=[named()]))
        assert len(server_ice(peer).remote_candidates) == before


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "malformed"),
        ("a=ice-ufrag:Abcd1234\r\n", "malformed"),
        (fragment(password="short"), "malformed"),
        (fragment() + "a=ice-ufrag:Another1\r\n", "malformed"),
        (fragment(username="Ab d"), "malformed"),
        (fragment() + "a=x:" + "y" * MAX_FRAGMENT_BYTES, "too_large"),
    ],
)
def test_a_bad_fragment_is_refused_with_its_reason(text: str, reason: str) -> None:
    with pytest.raises(BadOffer) as caught:
        parse_fragment(text)
    assert caught.value.reason == reason


def test_a_fragment_is_read_as_it_was_written() -> None:
    assert parse_fragment(fragment(candidates=[named()])) == Fragment(*NEW, (f"candidate:{named()}",))
    both = fragment() + "m=video 9 UDP/TLS/RTP/SAVPF 0\r\na=mid:1\r\na=ice-ufrag:Abcd1234\r\n"
    assert parse_fragment(both).username == "Abcd1234"
