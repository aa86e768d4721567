"""The repairs hold, and the non-public parts they rest on are still what they were."""

from __future__ import annotations

import asyncio
import inspect
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aioice.ice
import aiortc.rtcrtpreceiver
import av
import numpy as np
import pytest
from aiortc import RTCConfiguration, RTCPeerConnection
from aiortc.codecs import get_decoder
from aiortc.jitterbuffer import JitterBuffer, JitterFrame
from aiortc.rtcrtpparameters import RTCRtpCodecParameters
from aiortc.rtp import RtcpByePacket, RtpPacket, is_rtcp
from hypothesis import given
from hypothesis import strategies as st

from media import aiortc_fixes
from media.aiortc_fixes import CONSENT_FAILURES, LibraryChanged, SteadyJitterBuffer, host_addresses, install
from media.audio import level_dbfs
from media.frames import AudioFrame
from media.peer import Peer
from tests.media.peers import LOOPBACK, Candidate, call, candidate, tone, wall_clock


def packet(number: int, data: bytes = b"x") -> RtpPacket:
    made = RtpPacket(sequence_number=number & 0xFFFF, timestamp=number * 960 & 0xFFFFFFFF)
    made._data = data  # type: ignore[attr-defined]
    return made


def play(buffer: JitterBuffer, order: list[int], first: int = 0) -> list[int]:
    """What comes out when packets go in so, as numbers."""
    out = [buffer.add(packet(first + number))[1] for number in order]
    return [(frame.timestamp // 960) - first for frame in out if frame is not None]


def lossy(count: int, share: float) -> list[int]:
    generator = random.Random(7)
    return [number for number in range(count) if generator.random() >= share]


def audio_buffer() -> SteadyJitterBuffer:
    return SteadyJitterBuffer(capacity=16, prefetch=4)


# What the library is: these fail when it changes.


async def test_the_receiver_makes_its_buffers_as_expected(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[dict[str, object]] = []

    class Spy(SteadyJitterBuffer):
        def __init__(self, **arguments: object) -> None:
            made.append(arguments)

    monkeypatch.setattr(aiortc.rtcrtpreceiver, "JitterBuffer", Spy)
    connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    for kind in ("audio", "video"):
        connection.addTransceiver(kind)
    assert {"capacity": 16, "prefetch": 4} in made
    assert {"capacity": 512, "is_video": True} in made


def test_the_stock_buffer_still_has_the_fault() -> None:
    """If this fails the library has been repaired and SteadyJitterBuffer can go."""
    sent = lossy(2_000, 0.02)
    assert len(play(JitterBuffer(capacity=16, prefetch=4), sent)) < len(sent) * 0.93


def test_what_is_replaced_is_in_use() -> None:
    install()
    source = inspect.getsource(aioice.ice)
    assert "if failures >= CONSENT_FAILURES:" in source
    assert "addresses = get_host_addresses(" in source
    assert "self.receiver.data_received(data, self.local_candidate.component)" in source
    assert "self._query_consent_task = asyncio.create_task(self.query_consent())" in source
    assert "await self._connection.connect()" in inspect.getsource(aiortc.rtcicetransport)
    receiver = inspect.getsource(aiortc.rtcrtpreceiver)
    assert "pli_flag, encoded_frame = self.__jitter_buffer.add(packet)" in receiver
    assert "packet._data = depayload(codec, packet.payload)" in receiver
    assert aioice.ice.CONSENT_FAILURES == CONSENT_FAILURES
    assert aiortc.rtcrtpreceiver.__dict__["JitterBuffer"] is SteadyJitterBuffer


def test_install_refuses_another_library(monkeypatch: pytest.MonkeyPatch) -> None:
    async def changed(self: object, packet: object, more: object) -> None: ...

    monkeypatch.setattr(aiortc_fixes, "_stock_handle_rtcp", changed)
    with pytest.raises(LibraryChanged, match="changed"):
        install()


def test_an_empty_packet_would_end_the_decoder() -> None:
    codec = RTCRtpCodecParameters(mimeType="audio/opus", clockRate=48_000, channels=2, payloadType=96)
    decoder = get_decoder(codec)
    decoder.decode(JitterFrame(data=b"", timestamp=0))
    with pytest.raises(av.FFmpegError, match="End of file"):
        decoder.decode(JitterFrame(data=b"\xf8\xff\xfe", timestamp=960))


# What the repairs do.


@pytest.mark.parametrize("share", [0.0, 0.01, 0.02, 0.05, 0.2])
def test_only_what_the_line_loses_is_lost(share: float) -> None:
    sent = lossy(2_000, share)
    assert play(audio_buffer(), sent) == sent[:-4]


@given(
    shuffled=st.lists(st.integers(0, 200), unique=True, max_size=80)
    .map(sorted)
    .flatmap(
        lambda kept: st.tuples(st.just(kept), st.lists(st.integers(0, 2), min_size=len(kept), max_size=len(kept)))
    ),
    first=st.sampled_from([0, 65_500]),
)
def test_small_disorder_is_put_right(shuffled: tuple[list[int], list[int]], first: int) -> None:
    kept, delays = shuffled
    order = [
        number
        for _, number in sorted(
            (at + delay, number) for at, (number, delay) in enumerate(zip(kept, delays, strict=True))
        )
    ]
    played = play(audio_buffer(), order, first)
    late = 1 if order and order[0] != kept[0] else 0
    assert played == sorted(played)
    assert len(played) >= len(kept) - 4 - 2 * late


def test_a_duplicate_and_a_latecomer_are_dropped() -> None:
    buffer = audio_buffer()
    assert play(buffer, [0, 1, 1, 2, 3, 4, 4, 5]) == [0, 1]
    assert play(buffer, [0, 6]) == [2]


def test_a_sender_that_starts_again_is_followed() -> None:
    assert play(audio_buffer(), [*range(5_000, 5_010), *range(10)])[-6:] == list(range(6))


def test_padding_is_left_out() -> None:
    buffer = audio_buffer()
    assert all(buffer.add(packet(number, b""))[1] is None for number in range(20))


def test_video_keeps_the_stock_buffer() -> None:
    buffer = SteadyJitterBuffer(capacity=512, is_video=True)
    stock = JitterBuffer(capacity=512, is_video=True)
    order = [0, 1, 2, 4, 3, 5, 6]
    assert play(buffer, order) == play(stock, order) != []


@asynccontextmanager
async def losing(share: float) -> AsyncIterator[tuple[Candidate, Peer]]:
    """A call whose line loses this share of the candidate's media packets."""
    async with call() as (browser, peer):
        ice = browser.connection.getSenders()[0].transport.transport
        generator, send = random.Random(3), ice._send

        async def maybe(data: bytes) -> None:
            if not (data[0] > 127 and not is_rtcp(data) and generator.random() < share):
                await send(data)

        ice._send = maybe
        yield browser, peer


async def test_a_losing_line_loses_no_more_and_stays_prompt() -> None:
    async with losing(0.05) as (browser, peer):
        heard: list[AudioFrame] = []
        saying = asyncio.create_task(browser.speech.say(tone(6.0)))
        async with asyncio.timeout(20):
            async for frame in peer.audio:
                heard.append(frame)
                if len(heard) > 250:
                    break
        loss = peer.packet_loss
        saying.cancel()
    began = next(at for at, frame in enumerate(heard) if level_dbfs(frame.samples) > -20)
    samples = np.concatenate([frame.samples for frame in heard[began:]])
    silent = float(np.mean((samples[1:] == 0) & (samples[:-1] == 0)))
    assert 0.01 < silent < 0.10
    assert 0.01 < loss < 0.12


async def test_a_goodbye_does_not_end_the_track() -> None:
    async with call() as (browser, peer):
        await anext(peer.audio)
        sender = browser.connection.getSenders()[0]
        await sender.transport._send_rtp(bytes(RtcpByePacket(sources=[sender._ssrc])))
        async with asyncio.timeout(5):
            for _ in range(150):
                await anext(peer.audio)
        assert peer.state == "connected"


@pytest.mark.parametrize("forged", [b"", b"\x16\xfe\xfd" + b"\x00" * 200, b"\x00\x01\x00\x00", b"\x80" * 40])
async def test_forged_datagrams_before_the_handshake_change_nothing(forged: bytes) -> None:
    async with candidate() as browser:
        peer = await Peer.answer(await browser.offer(), ice=LOOPBACK, clock=wall_clock(), want_video=False)
        line = next(line for line in peer.answer_sdp.splitlines() if line.startswith("a=candidate"))
        stranger, _ = await asyncio.get_running_loop().create_datagram_endpoint(
            asyncio.DatagramProtocol, remote_addr=("127.0.0.1", int(line.split()[5]))
        )
        for _ in range(50):
            stranger.sendto(forged)
        await browser.accept(peer.answer_sdp)
        for _ in range(50):
            stranger.sendto(forged)
            await asyncio.sleep(0.005)
        async with asyncio.timeout(10):
            await anext(peer.audio)
        assert peer.state == "connected"
        stranger.close()
        await peer.close()


def test_only_chosen_addresses_are_offered() -> None:
    with host_addresses(("127.0.0.1", "::1")):
        assert aioice.ice.get_host_addresses(True, True) == ["127.0.0.1", "::1"]
    assert "127.0.0.1" not in aioice.ice.get_host_addresses(True, True)
