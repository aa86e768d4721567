"""The repairs hold, and the non-public parts they rest on are still what they were."""

from __future__ import annotations

import asyncio
import inspect
import queue
import random
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aioice.ice
import aiortc.rtcrtpreceiver
import av
import numpy as np
import pytest
from aiortc import RTCConfiguration, RTCPeerConnection, RTCRtpSender
from aiortc.jitterbuffer import JitterBuffer
from aiortc.rtcrtpreceiver import RemoteStreamTrack
from aiortc.rtp import RtcpByePacket, RtpPacket, is_rtcp

from media import aiortc_fixes
from media.aiortc_fixes import CONSENT_FAILURES, LibraryChanged, host_addresses, install
from media.audio import level_dbfs
from media.frames import AudioFrame, Codec, EncodedFrame
from media.opus import OpusDecoder
from media.peer import Peer
from tests.media.peers import Candidate, call, tone
from tests.media.test_packet_order import lossy


def stock_play(order: list[int]) -> list[int]:
    """What aiortc's own audio buffer gives when packets go in so, as numbers."""
    buffer = JitterBuffer(capacity=16, prefetch=4)
    out = []
    for number in order:
        packet = RtpPacket(sequence_number=number & 0xFFFF, timestamp=number * 960 & 0xFFFFFFFF)
        packet._data = b"x"  # type: ignore[attr-defined]
        if (frame := buffer.add(packet)[1]) is not None:
            out.append(frame.timestamp // 960)
    return out


# What the library is: these fail when it changes.


def test_the_stock_buffer_still_has_the_fault() -> None:
    """If this fails the library has been repaired and PacketOrder can go."""
    sent = lossy(2_000, 0.02)
    assert len(stock_play(sent)) < len(sent) * 0.93


async def test_a_receiver_still_has_what_a_tap_replaces() -> None:
    connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    receiver = connection.addTransceiver("video").receiver
    parts = vars(receiver)
    assert isinstance(parts["_RTCRtpReceiver__jitter_buffer"], JitterBuffer)
    assert isinstance(parts["_RTCRtpReceiver__decoder_queue"], queue.Queue)
    assert isinstance(RemoteStreamTrack(kind="video")._queue, asyncio.Queue)


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
    assert "target=decoder_worker," in receiver
    assert "self.__decoder_queue.put(None)" in receiver
    assert receiver.count("self.__decoder_queue") == 4
    assert receiver.count("self.__jitter_buffer") == 3
    assert aioice.ice.CONSENT_FAILURES == CONSENT_FAILURES
    assert aiortc.rtcrtpreceiver.decoder_worker is aiortc_fixes._decoder_worker


def test_install_refuses_another_library(monkeypatch: pytest.MonkeyPatch) -> None:
    async def changed(self: object, packet: object, more: object) -> None: ...

    monkeypatch.setattr(aiortc_fixes, "_stock_handle_rtcp", changed)
    with pytest.raises(LibraryChanged, match="changed"):
        install()


def test_an_empty_packet_would_end_the_decoder() -> None:
    decoder = OpusDecoder()
    decoder.decode(EncodedFrame(Codec.OPUS, b"", 0, 48_000, 0.0, None, key=True))
    with pytest.raises(av.FFmpegError, match="End of file"):
        decoder.decode(EncodedFrame(Codec.OPUS, b"\xf8\xff\xfe", 960, 48_000, 0.0, None, key=True))


def test_a_sender_reads_what_is_set_and_calls_what_is_replaced() -> None:
    source = inspect.getsource(RTCRtpSender)
    for name in ("ntp_timestamp", "rtp_timestamp", "packet_count", "octet_count"):
        assert f"{name}=self.__{name}" in source
    assert "await self._retransmit(seq)" in source
    assert "self._send_keyframe()" in source
    assert "await self.transport._send_rtp(packet_bytes)" in source


# What the repairs do.


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
        waited: list[float] = []
        peer.tap(lambda frame: waited.append(time.monotonic() - frame.arrived_s))
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
    # Behind a lost one three of four wait, 60 ms at most. In aiortc's buffer each waits, and soon 280 ms.
    assert sorted(waited)[len(waited) // 2] < 0.02
    assert sorted(waited)[int(len(waited) * 0.95)] < 0.15


async def test_a_goodbye_does_not_end_the_track() -> None:
    async with call() as (browser, peer):
        await anext(peer.audio)
        sender = browser.connection.getSenders()[0]
        await sender.transport._send_rtp(bytes(RtcpByePacket(sources=[sender._ssrc])))
        async with asyncio.timeout(5):
            for _ in range(150):
                await anext(peer.audio)
        assert peer.state == "connected"


def test_only_chosen_addresses_are_offered() -> None:
    with host_addresses(("127.0.0.1", "::1")):
        assert aioice.ice.get_host_addresses(True, True) == ["127.0.0.1", "::1"]
    assert "127.0.0.1" not in aioice.ice.get_host_addresses(True, True)
