"""Encoded frames over real connections: complete, in order, in time, and without a thread."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import pairwise

import av
import pytest
from aiortc import RTCRtpSender, RTCSessionDescription

from media.aiortc_fixes import host_addresses
from media.frames import Codec, EncodedFrame
from media.peer import BadOffer, Peer
from media.pictures import decode_key_frame
from tests.media.peers import LOOPBACK, Candidate, call, candidate, tone, wall_clock


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
        assert now - 5 < (known[-1].captured_s or 0.0) <= now
        skews.append(sorted(late)[len(late) // 2])
    # Both left the same machine: what came at one moment was captured at one moment.
    assert abs(skews[0] - skews[1]) <= 0.02


async def test_the_tapped_sound_is_what_was_said() -> None:
    async with call() as (browser, peer):
        tapped = Recorded()
        peer.tap(tapped)
        spoken = await browser.speech.say(tone(1.0))
        frames = await tapped.until(75, Codec.OPUS)
        loud = [frame for frame in frames if spoken.first_sent <= frame.arrived_s <= spoken.last_sent + 0.02]
        quiet = [frame for frame in frames if frame not in loud]
        assert 48 <= len(loud) <= 52
        assert min(len(frame.data) for frame in loud[2:-2]) > max(len(frame.data) for frame in quiet[2:-2])


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
