"""Encoded frames over real connections: complete, in order, in time, and without a thread."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from fractions import Fraction
from itertools import pairwise
from typing import Any

import av
import pytest
from aiortc import RTCRtpSender, RTCSessionDescription
from aiortc.mediastreams import MediaStreamTrack
from aiortc.rtp import is_rtcp

from media.aiortc_fixes import host_addresses
from media.audio import level_dbfs
from media.frames import Codec, EncodedFrame
from media.peer import BadOffer, Peer
from media.pictures import decode_key_frame
from tests.media.peers import LOOPBACK, Candidate, call, candidate, tone, wall_clock
from tests.media.test_incoming import opus_packets, vp8_frames

OPUS, VP8, RTX = 96, 97, 98
"""The payload types in an aiortc offer; RTX is VP8 that is sent again."""


def is_media(data: bytes) -> bool:
    return 127 < data[0] < 192 and not is_rtcp(data)


class Recorded:
    """A sink that keeps what it gets."""

    def __init__(self) -> None:
        self.frames: list[EncodedFrame] = []

    def __call__(self, frame: EncodedFrame) -> None:
        self.frames.append(frame)

    def of(self, *codecs: Codec) -> list[EncodedFrame]:
        return [frame for frame in self.frames if frame.codec in codecs]

    async def until(self, count: int, *codecs: Codec, seconds: float = 20.0) -> list[EncodedFrame]:
        async with asyncio.timeout(seconds):
            while len(self.of(*codecs)) < count:
                await asyncio.sleep(0.02)
        return self.of(*codecs)


def recording(peer: Peer) -> Recorded:
    tapped = Recorded()
    peer.tap(tapped)
    return tapped


@asynccontextmanager
async def h264_call() -> AsyncIterator[tuple[Candidate, Peer]]:
    """A browser that prefers H.264."""
    async with candidate(video=True) as browser:
        video = browser.connection.getTransceivers()[1]
        known = RTCRtpSender.getCapabilities("video").codecs
        video.setCodecPreferences([codec for codec in known if codec.mimeType in ("video/H264", "video/rtx")])
        peer = await Peer.answer(await browser.offer(), ice=LOOPBACK, clock=wall_clock(), want_video=True)
        try:
            await browser.accept(peer.answer_sdp)
            yield browser, peer
        finally:
            await peer.close()


async def test_every_frame_is_tapped_in_order_and_in_time() -> None:
    async with call(video=True) as (_, peer):
        tapped = Recorded()
        peer.tap(tapped)
        sound = await tapped.until(100, Codec.OPUS)
        pictures = await tapped.until(45, Codec.VP8)
        assert peer.codecs == {"audio": Codec.OPUS, "video": Codec.VP8}
        stats = peer.stats
    assert all(after.ticks - before.ticks == 960 for before, after in pairwise(sound))
    assert all(frame.key and frame.clock_rate == 48_000 for frame in sound)
    steps = [after.ticks - before.ticks for before, after in pairwise(pictures)]
    # A busy machine's camera leaves pictures out; aiortc rounds by a tick.
    assert all(step > 5000 and (step + 1) % 6000 <= 2 for step in steps)
    assert pictures[0].key
    assert pictures[0].clock_rate == 90_000
    assert all(before.arrived_s <= after.arrived_s <= time.monotonic() for before, after in pairwise(pictures))
    assert stats.packets_lost == stats.freezes == stats.undecodable == 0
    assert stats.audio_frames >= 100
    assert stats.video_frames >= 45
    assert 2 <= stats.key_frames < 10
    assert stats.bytes > sum(len(frame.data) for frame in sound + pictures)
    assert stats.jitter_ms < 20


async def test_sound_and_picture_are_brought_together_by_sender_reports() -> None:
    async with call(video=True) as (_, peer):
        tapped = Recorded()
        peer.tap(tapped)
        await tapped.until(200, Codec.OPUS)
        now = time.time()
    skews = []
    for codec in (Codec.OPUS, Codec.VP8):
        known = [frame for frame in tapped.of(codec) if frame.captured_s is not None]
        assert known, codec
        late = [frame.arrived_s - (frame.captured_s or 0.0) for frame in known]
        assert abs(now - (known[-1].captured_s or 0.0)) < 5
        skews.append(sorted(late)[len(late) // 2])
    # Both left the same machine: what came at one moment was captured at one moment.
    assert abs(skews[0] - skews[1]) <= 0.02


async def test_the_tapped_sound_is_what_was_said() -> None:
    async with call() as (browser, peer):
        tapped = recording(peer)
        await tapped.until(20, Codec.OPUS)
        spoken = await browser.speech.say(tone(1.0))
        frames = await tapped.until(100, Codec.OPUS)
    # Opus spends next to nothing on silence.
    loud = [frame for frame in frames if len(frame.data) > 60]
    assert 48 <= len(loud) <= 60
    assert loud[0].arrived_s == pytest.approx(spoken.first_sent, abs=0.2)
    assert loud[-1].ticks - loud[0].ticks < 60 * 960


async def test_h264_is_tapped_and_its_key_frames_become_pictures() -> None:
    async with h264_call() as (_, peer):
        assert peer.codecs == {"audio": Codec.OPUS, "video": Codec.H264}
        tapped = Recorded()
        peer.tap(tapped)
        async with asyncio.timeout(20):
            shown = [await anext(peer.video), await anext(peer.video)]
        frames = await tapped.until(15, Codec.H264)
    assert all(picture.rgb.shape == (120, 160, 3) for picture in shown)
    assert frames[0].key
    assert not all(frame.key for frame in frames)
    assert all(decode_key_frame(frame) is not None for frame in frames if frame.key)


async def test_a_browser_without_opus_is_refused() -> None:
    async with candidate() as browser:
        known = RTCRtpSender.getCapabilities("audio").codecs
        telephone = [codec for codec in known if codec.mimeType == "audio/PCMU"]
        browser.connection.getTransceivers()[0].setCodecPreferences(telephone)
        with pytest.raises(BadOffer) as refused:
            await Peer.answer(await browser.offer(), ice=LOOPBACK, clock=wall_clock(), want_video=False)
    assert refused.value.reason == "no_common_codec"


async def test_a_peer_has_no_thread_of_its_own() -> None:
    before = set(threading.enumerate())
    async with call(video=True) as (_, peer):
        peer.pictures_wanted = False
        await recording(peer).until(30, Codec.VP8)
        begun = [thread.name for thread in set(threading.enumerate()) - before]
        # What is left is the simulated browser's: it encodes in asyncio's threads.
        assert [name for name in begun if not name.startswith("asyncio_")] == []


async def test_a_tap_that_fails_is_removed_and_disturbs_nobody(caplog: pytest.LogCaptureFixture) -> None:
    calls = 0

    def fails(frame: EncodedFrame) -> None:
        nonlocal calls
        calls += 1
        raise RuntimeError("full")

    async with call() as (_, peer):
        peer.tap(fails)
        tapped = recording(peer)
        await tapped.until(20, Codec.OPUS)
        assert calls == 1
        assert "a tap failed" in caplog.text
        assert peer.state == "connected"


async def test_a_removed_tap_gets_nothing_more() -> None:
    async with call() as (_, peer):
        gone, stays = Recorded(), Recorded()
        remove = peer.tap(gone)
        peer.tap(stays)
        await stays.until(5, Codec.OPUS)
        remove()
        remove()
        count = len(gone.frames)
        await stays.until(15, Codec.OPUS)
        assert len(gone.frames) == count >= 5


class EncodedTrack(MediaStreamTrack):
    """A camera or microphone that sends given frames, encoded already, in a loop from the second time on."""

    def __init__(self, kind: str, frames: list[bytes], every_s: float, *, loop_from: int = 0) -> None:
        super().__init__()
        self.kind = kind
        self._frames, self._every_s, self._loop_from = frames, every_s, loop_from
        self._next = self._sent = 0
        self._began = time.monotonic()

    async def recv(self) -> av.Packet[Any]:
        await asyncio.sleep(max(0.0, self._began + self._sent * self._every_s - time.monotonic()))
        packet = av.Packet(self._frames[self._next])
        self._next = self._next + 1 if self._next + 1 < len(self._frames) else self._loop_from
        packet.pts, packet.time_base = round(self._sent * self._every_s * 90_000), Fraction(1, 90_000)
        self._sent += 1
        return packet

    def begin_anew(self) -> None:
        """The next frame is the first."""
        self._next = 0


@asynccontextmanager
async def sparing_call() -> AsyncIterator[tuple[RTCRtpSender, Peer, Recorded]]:
    """A call whose camera makes a key frame at first and when it is asked for one, and at no other time."""
    async with call(video=True) as (browser, peer):
        sender = browser.connection.getSenders()[1]
        camera = EncodedTrack("video", vp8_frames(30), 1 / 30, loop_from=1)
        sender._send_keyframe = camera.begin_anew  # type: ignore[method-assign]
        peer.pictures_wanted = False
        tapped = recording(peer)
        # The first camera's packets are decodable, the other's are from its key frame on.
        await tapped.until(3, Codec.VP8)
        sender.replaceTrack(camera)
        await tapped.until(len(tapped.of(Codec.VP8)) + 20, Codec.VP8)
        yield sender, peer, tapped


async def test_garbage_in_sound_and_picture_does_not_end_the_line() -> None:
    garbage = [b"\xff" * 300, b"\x00\x00\x00\x9d\x01\x2a" + b"\xa5" * 3000, b"\x13"]
    sound = [*opus_packets(0.4), garbage[0], garbage[2]]
    # A second after the key frame comes a false one, and a second later the key frame again: both are decoded.
    real = vp8_frames(54)
    pictures = [*real[:30], *garbage, b"\x11" + b"\x5a" * 900, *real[30:]]
    async with call(video=True) as (browser, peer):
        microphone, camera = browser.connection.getSenders()
        microphone.replaceTrack(EncodedTrack("audio", sound, 0.02))
        camera.replaceTrack(EncodedTrack("video", pictures, 1 / 30))
        tapped = recording(peer)
        frames = await tapped.until(2 * len(pictures), Codec.VP8)
        assert {bytes(frame.data) for frame in frames} > set(garbage)
        async with asyncio.timeout(20):
            heard = [await anext(peer.audio) for _ in range(100)]
            shown = [await anext(peer.video) for _ in range(2)]
        assert max(level_dbfs(frame.samples) for frame in heard) > -20
        assert shown[-1].rgb.shape == (120, 160, 3)
        assert peer.state == "connected"


async def test_pictures_come_back_soon_after_an_outage_though_nothing_is_sent_again() -> None:
    """aiortc's own buffer would wait for 512 packets: half a minute of this camera."""
    async with sparing_call() as (sender, peer, tapped):
        ice = sender.transport.transport
        send, is_down = ice._send, True

        async def maybe(data: bytes) -> None:
            if not (is_media(data) and (is_down or len(data) < 12 or data[1] & 0x7F == RTX)):
                await send(data)

        ice._send = maybe
        await asyncio.sleep(1.0)
        before = len(tapped.of(Codec.VP8))
        is_down = False
        frames = await tapped.until(before + 10, Codec.VP8, seconds=3.0)
        assert frames[before].key
        assert peer.stats.packets_lost > 0
        assert peer.stats.freezes >= 1


async def test_a_picture_that_never_comes_costs_a_second_at_most() -> None:
    """One packet is lost, and lost again whenever it is sent again."""
    async with sparing_call() as (sender, peer, tapped):
        ice = sender.transport.transport
        send, has_lost = ice._send, False

        async def lose_one(data: bytes) -> None:
            nonlocal has_lost
            kind = data[1] & 0x7F if is_media(data) else None
            if kind == VP8 and not has_lost:
                has_lost = True
            elif kind != RTX:
                await send(data)

        before = len(tapped.of(Codec.VP8))
        keys = peer.stats.key_frames
        ice._send = lose_one
        frames = await tapped.until(before + 60, Codec.VP8, seconds=20)
        assert has_lost
        assert peer.stats.key_frames > keys
        gaps = [after.arrived_s - earlier.arrived_s for earlier, after in pairwise(frames[before - 1 :])]
        assert 0.2 < max(gaps) < 2.0


async def test_what_is_sent_again_is_counted_once() -> None:
    """aiortc's own figures are those of the retransmissions alone, and have no bytes: the tap counts."""
    async with call(video=True) as (browser, peer):
        ice = browser.connection.getSenders()[0].transport.transport
        send = ice._send
        sent: set[bytes] = set()
        lost = again = 0

        async def lose_every_fourth(data: bytes) -> None:
            nonlocal lost, again
            kind = data[1] & 0x7F if is_media(data) else None
            again += kind == RTX
            if kind in (OPUS, VP8):
                sent.add(data[1:4] + data[8:12])
            if kind == VP8 and len(sent) % 4 == 0 and lost < 8:
                lost += 1
            else:
                await send(data)

        ice._send = lose_every_fourth
        async with asyncio.timeout(30):
            while lost < 8 or len(sent) < 250:
                await asyncio.sleep(0.02)
        for sender in browser.connection.getSenders():
            sender.replaceTrack(None)
        async with asyncio.timeout(10):
            while peer.stats.packets_received < len(sent):
                await asyncio.sleep(0.02)
        assert again >= lost == 8
        stats = peer.stats
        assert (stats.packets_received, stats.packets_lost) == (len(sent), 0)
        assert stats.bytes > 0
        assert peer._camera is not None
        # If this fails aiortc counts as it should, and may be asked.
        [counted] = [entry for entry in (await peer._camera.getStats()).values() if entry.type == "inbound-rtp"]
        assert counted.ssrc != peer._seeing.ssrc
        assert not hasattr(counted, "bytesReceived")


async def test_untapped_receivers_in_the_same_process_still_decode() -> None:
    async with candidate(video=True) as one, candidate() as other:
        other.connection.addTransceiver("video", direction="recvonly")
        await other.connection.setRemoteDescription(RTCSessionDescription(await one.offer(), "offer"))
        with host_addresses(("127.0.0.1",)):
            await other.connection.setLocalDescription(await other.connection.createAnswer())
        await one.accept(other.connection.localDescription.sdp)
        video = next(r.track for r in other.connection.getReceivers() if r.track and r.track.kind == "video")
        async with asyncio.timeout(10):
            frame = await video.recv()
        assert isinstance(frame, av.VideoFrame)
        assert frame.width == 160
