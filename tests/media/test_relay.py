"""Live view over loopback: what the candidate sends reaches HR's browsers as it is, and none disturbs another."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from itertools import pairwise
from typing import Any

import av
import numpy as np
import pytest
from aiortc import RTCRtpSender
from aiortc.rtp import is_rtcp

from media import relay
from media.aiortc_fixes import send_rtp, unsent_bytes
from media.audio import level_dbfs
from media.frames import Codec, EncodedFrame
from media.peer import BadOffer, Peer
from media.relay import MOST_UNSENT, Viewer
from tests.media.peers import LOOPBACK, Candidate, call, candidate, tone, wall_clock
from tests.media.screens import Screen, screen, watching


def tapped(peer: Peer) -> list[EncodedFrame]:
    """Every encoded frame from now on."""
    frames: list[EncodedFrame] = []
    peer.tap(frames.append)
    return frames


def is_key(data: bytes) -> bool:
    return data[3:6] == b"\x9d\x01\x2a" and not data[0] & 1


async def first_picture(screen: Screen) -> None:
    await screen.picture.until(lambda: screen.picture.frames)


@asynccontextmanager
async def call_in(codec: str) -> AsyncIterator[tuple[Candidate, Peer]]:
    """A call whose candidate's browser sends this video codec."""
    async with candidate(video=True) as browser:
        codecs = RTCRtpSender.getCapabilities("video").codecs
        wanted = [one for one in codecs if one.mimeType.lower() == f"video/{codec}"]
        browser.connection.getTransceivers()[1].setCodecPreferences(wanted)
        peer = await Peer.answer(await browser.offer(), ice=LOOPBACK, clock=wall_clock(), want_video=True)
        try:
            await browser.accept(peer.answer_sdp)
            yield browser, peer
        finally:
            await peer.close()


async def test_what_the_candidate_sends_arrives_as_it_was() -> None:
    async with call(video=True) as (_, peer):
        given = tapped(peer)
        async with watching(peer) as (screen, viewer):
            await screen.picture.until(lambda: len(screen.picture.frames) >= 30)
            pictures, sounds = screen.picture.frames, [packet.data for packet in screen.sound.packets]
            assert viewer.dropped_frames == 0
        seen, heard = (
            passage(given, codec, data)
            for codec, data in (
                (Codec.VP8, [data for _, data in pictures]),
                (Codec.OPUS, sounds),
            )
        )
        assert seen[0].key
        assert len(heard) >= 90
        # Distances in time are the candidate's own.
        began, ticks = pictures[0][0], seen[0].ticks
        assert [(at - began) & 0xFFFFFFFF for at, _ in pictures] == [frame.ticks - ticks for frame in seen]


def passage(given: list[EncodedFrame], codec: Codec, arrived: list[bytes]) -> list[EncodedFrame]:
    """The frames that arrived, none left out and none changed, among those that were given."""
    frames = [frame for frame in given if frame.codec is codec]
    for begin in range(len(frames) - len(arrived) + 1):
        if [frame.data for frame in frames[begin : begin + len(arrived)]] == arrived:
            return frames[begin : begin + len(arrived)]
    raise AssertionError("something was lost or changed on its way")


@pytest.mark.parametrize("codec", ["vp8", "h264"])
async def test_a_browser_sees_and_hears(codec: str) -> None:
    async with call_in(codec) as (browser, peer), watching(peer, decode=True) as (screen, _):
        saying = asyncio.create_task(browser.speech.say(tone(4.0)))
        async with asyncio.timeout(15):
            for _ in range(10):
                picture = await screen.receiver("video").track.recv()
            assert isinstance(picture, av.VideoFrame)
            assert (picture.width, picture.height) == (160, 120)
            loud: list[np.ndarray[Any, Any]] = []
            while len(loud) < 50:
                frame = await screen.receiver("audio").track.recv()
                assert isinstance(frame, av.AudioFrame)
                samples = frame.to_ndarray().reshape(-1, 2)[:, 0].astype(np.int16)
                if level_dbfs(samples) > -25:
                    loud.append(samples)
        spectrum = np.abs(np.fft.rfft(np.concatenate(loud)))
        assert np.argmax(spectrum) * 24_000 / (len(spectrum) - 1) == pytest.approx(440, abs=5)
        assert peer.codecs["video"] is Codec(codec)
        saying.cancel()


async def test_a_late_joiner_sees_a_whole_picture_within_a_second() -> None:
    async with call(video=True) as (_, peer):
        # Nobody else asks for key frames here.
        peer.pictures_wanted = False
        async with watching(peer) as (first, _):
            await first.picture.until(lambda: len(first.picture.frames) >= 20)
            async with watching(peer) as (late, _):
                async with asyncio.timeout(10):
                    while late.connection.connectionState != "connected":
                        await asyncio.sleep(0.01)
                await late.picture.until(lambda: late.picture.frames, seconds=1.0)
                assert is_key(late.picture.frames[0][1])


async def test_a_viewer_who_lost_a_picture_gets_a_key_frame_but_not_ten() -> None:
    async with call(video=True) as (_, peer):
        peer.pictures_wanted = False
        async with watching(peer) as (screen, _):
            await first_picture(screen)
            await asyncio.sleep(1.0)
            keys = sum(is_key(data) for _, data in screen.picture.frames)
            ssrc = screen.picture.packets[0].ssrc
            began = asyncio.get_running_loop().time()
            for _ in range(20):
                await screen.receiver("video")._send_rtcp_pli(ssrc)
                await asyncio.sleep(0.1)
            await screen.picture.until(lambda: sum(is_key(data) for _, data in screen.picture.frames) > keys)
            passed = asyncio.get_running_loop().time() - began
            more = sum(is_key(data) for _, data in screen.picture.frames) - keys
            assert 1 <= more <= passed + 1


async def test_what_the_line_to_a_viewer_loses_is_sent_again() -> None:
    async with call(video=True) as (_, peer):
        given = tapped(peer)
        async with watching(peer) as (screen, viewer):
            ice = viewer._streams["video"].sender.transport.transport
            send, count = ice._send, 0

            async def lose_every_seventh(data: bytes) -> None:
                nonlocal count
                is_media = data[0] > 127 and not is_rtcp(data)
                count += is_media
                if not (is_media and count % 7 == 0):
                    await send(data)

            ice._send = lose_every_seventh
            await screen.picture.until(lambda: len(screen.picture.frames) >= 60, seconds=20)
            await asyncio.sleep(0.5)
            numbers = sorted({packet.sequence_number for packet in screen.picture.packets})
            missing = set(range(numbers[0], numbers[-1] - 5)) - set(numbers)
            # A retransmission may be lost as well; few are for long.
            assert len(missing) <= len(numbers) * 0.05
            assert given


async def test_five_viewers_and_one_whose_socket_takes_nothing() -> None:
    async with AsyncExitStack() as stack:
        _, peer = await stack.enter_async_context(call(video=True))
        given = tapped(peer)
        viewers = [await stack.enter_async_context(watching(peer)) for _ in range(5)]
        for screen, _ in viewers:
            await first_picture(screen)
        stuck_screen, stuck = viewers[0]
        sound = next(frame for frame in given if frame.codec is Codec.OPUS)
        ice: Any = stuck._streams["video"].sender.transport.transport
        transport = ice._connection._nominated[1].protocol.transport
        with blocked(transport):
            # What 128 KB hold of these small pictures would take a minute.
            for sender in (stream.sender for stream in stuck._streams.values()):
                while unsent_bytes(sender) <= MOST_UNSENT:
                    send_rtp(sender, stuck._streams["audio"].rtp.pack(sound)[0])
            seen = [len(screen.picture.frames) for screen, _ in viewers]
            heard = [len(screen.sound.packets) for screen, _ in viewers]
            full = transport.get_write_buffer_size()
            # Three seconds' worth: on a busy machine the candidate's browser sends it more slowly.
            async with asyncio.timeout(30):
                while stuck.dropped_frames <= 100 or any(
                    len(screen.picture.frames) - seen[number] < 30 or len(screen.sound.packets) - heard[number] < 130
                    for number, (screen, _) in enumerate(viewers[1:], start=1)
                ):
                    await asyncio.sleep(0.1)
            assert transport.get_write_buffer_size() <= full + 4_000  # Nothing but reports has been put behind.
            assert [viewer.dropped_frames for _, viewer in viewers[1:]] == [0] * 4
        # After a gap the picture begins anew. What was held up comes in one burst, of which a busy machine's receiver
        # may lose a packet: the first picture behind the gap is whole once that has been sent again.
        known, picture = len(stuck_screen.picture.frames), stuck_screen.picture
        await picture.until(lambda: is_key(b"".join(data for _, data in picture.frames[known : known + 1])))


class blocked:
    """Within it, the operating system takes nothing from this transport's socket."""

    def __init__(self, transport: Any) -> None:
        self._transport = transport
        self._socket = transport._sock

    def __enter__(self) -> None:
        real = self._socket

        class Full:
            def sendto(self, *_: object) -> int:
                raise BlockingIOError

            def __getattr__(self, name: str) -> Any:
                return getattr(real, name)

        self._transport._sock = Full()

    def __exit__(self, *_: object) -> None:
        self._transport._sock = self._socket


async def test_a_viewer_that_vanished_without_a_word_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relay, "DEAF_S", 3.0)
    monkeypatch.setattr(relay, "LOOK_S", 0.2)
    async with call(video=True) as (_, peer), watching(peer) as (alive, kept), watching(peer) as (dead, viewer):
        await first_picture(dead)
        dead_ice: Any = dead.receiver("video").transport.transport

        async def nothing(data: bytes) -> None: ...

        dead_ice._send = nothing
        dead_ice._connection.send = nothing
        async with asyncio.timeout(10):
            await viewer.ended()
        count = len(alive.picture.packets)
        await alive.picture.until(lambda: len(alive.picture.packets) > count)
        assert kept._task is not None
        assert not kept._task.done()


async def test_the_browsers_leaving_ends_the_viewer() -> None:
    async with call(video=True) as (_, peer), watching(peer) as (screen, viewer):
        await first_picture(screen)
        await screen.connection.close()
        async with asyncio.timeout(5):
            await viewer.ended()


async def test_who_never_connects_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relay, "CONNECT_S", 0.5)
    monkeypatch.setattr(relay, "LOOK_S", 0.1)
    async with call() as (_, peer), screen() as browser:
        viewer = await Viewer.answer(await browser.offer(), peer=peer, ice=LOOPBACK)
        async with asyncio.timeout(5):
            await viewer.ended()


async def test_a_viewer_goes_on_with_the_candidates_new_line() -> None:
    async with call(video=True) as (_, first), watching(first) as (screen, viewer):
        await screen.picture.until(lambda: len(screen.picture.frames) >= 10)
        await first.close()
        await asyncio.sleep(0.5)
        async with call(video=True) as (_, second):
            before = len(screen.picture.frames)
            given = tapped(second)
            viewer.follow(second)
            await screen.picture.until(lambda: len(screen.picture.frames) >= before + 20)
            pictures = screen.picture.frames
            assert is_key(pictures[before][1])
            assert pictures[-1][1] in {frame.data for frame in given}
            steps = [(b - a) & 0xFFFFFFFF for (a, _), (b, _) in pairwise(pictures)]
            assert all(0 < step < 90_000 * 15 for step in steps)
            assert max(steps) >= 45_000, "the gap took time"
            sound = [packet.timestamp for packet in screen.sound.packets]
            assert all(0 < (b - a) & 0xFFFFFFFF < 48_000 * 15 for a, b in pairwise(sound))


async def test_nothing_flows_while_it_must_not_and_then_a_picture_begins() -> None:
    allowed = True
    async with call(video=True) as (_, peer), watching(peer, flows=lambda: allowed) as (screen, _):
        await first_picture(screen)
        allowed = False
        await asyncio.sleep(0.3)
        pictures, sounds = len(screen.picture.packets), len(screen.sound.packets)
        await asyncio.sleep(1.0)
        assert (len(screen.picture.packets), len(screen.sound.packets)) == (pictures, sounds)
        known = len(screen.picture.frames)
        allowed = True
        await screen.picture.until(lambda: len(screen.picture.frames) > known)
        assert is_key(screen.picture.frames[known][1])
        await screen.sound.until(lambda: len(screen.sound.packets) > sounds)


async def test_reports_keep_sound_and_picture_together() -> None:
    """The mapping from RTP time to wall clock that the browser gets is the candidate's, the same for both."""
    async with call(video=True) as (browser, peer):
        given = tapped(peer)
        # No two packets of noise are the same, as those of silence are.
        noise = np.random.default_rng(5).integers(-9_000, 9_000, 48_000 * 30).astype(np.int16)
        speaking = asyncio.create_task(browser.speech.say(noise))
        async with watching(peer) as (screen, _):

            def told() -> bool:
                return all(any(ntp for ntp, _ in kind.reports) for kind in (screen.sound, screen.picture))

            await screen.picture.until(told, seconds=15)
            await asyncio.sleep(1.0)
            heard = [(packet.timestamp, packet.data) for packet in screen.sound.packets]
            sound = offset(screen.sound.reports, heard, given, Codec.OPUS)
            picture = offset(screen.picture.reports, screen.picture.frames, given, Codec.VP8)
            assert abs(sound - picture) < 0.005
            speaking.cancel()


def offset(
    reports: list[tuple[int, int]], arrived: list[tuple[int, bytes]], given: list[EncodedFrame], codec: Codec
) -> float:
    """Seconds between when the browser believes a frame was captured, and when the candidate's browser says it was.

    The frame is the one that the newest report is about: what the candidate's own reports say changes a little.
    """
    frames = passage(given, codec, [data for _, data in arrived])
    captured = {at: frame.captured_s for (at, _), frame in zip(arrived, frames, strict=True)}
    ntp, timestamp = next((ntp, at) for ntp, at in reversed(reports) if ntp and at in captured)
    said = captured[timestamp]
    assert said is not None
    return ntp / 2**32 - said


async def test_both_tracks_are_of_one_stream_and_only_sent() -> None:
    async with call(video=True) as (_, peer), watching(peer) as (_, viewer):
        streams = set(re.findall(r"^a=msid:(\S+) \S+", viewer.answer_sdp, re.MULTILINE))
        assert len(streams) == 1
        assert viewer.answer_sdp.count("a=sendonly") == 2


async def test_a_viewer_of_sound_alone() -> None:
    async with call(video=True) as (_, peer), screen() as browser:
        viewer = await Viewer.answer(await browser.offer(["audio"]), peer=peer, ice=LOOPBACK)
        await browser.accept(viewer.answer_sdp)
        await browser.sound.until(lambda: len(browser.sound.packets) > 20)
        assert viewer.dropped_frames == 0
        await viewer.close()


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda sdp: "", "no_audio"),
        (lambda sdp: sdp.replace("a=recvonly", "a=sendonly"), "not_receiving"),
        (lambda sdp: sdp.replace("a=recvonly", "a=inactive"), "not_receiving"),
        (lambda sdp: sdp.replace("m=video", "m=audio"), "unexpected_media"),
        (lambda sdp: sdp.replace("a=fingerprint", "a=nothing"), "malformed"),
        (lambda sdp: re.sub("VP8|H264", "AV9", sdp), "no_common_codec"),
        (lambda sdp: sdp + "a=x:" + "y" * 70_000 + "\r\n", "too_large"),
    ],
)
async def test_a_bad_offer_is_refused_with_its_reason(change: Any, reason: str) -> None:
    async with call() as (_, peer), screen() as browser:
        with pytest.raises(BadOffer) as caught:
            await Viewer.answer(change(await browser.offer()), peer=peer, ice=LOOPBACK)
        assert caught.value.reason == reason
        assert not [task for task in asyncio.all_tasks() if task.get_name() == "viewer"]


async def test_closing_leaves_nothing_behind() -> None:
    async with call(video=True) as (_, peer):
        await asyncio.sleep(0.5)
        before = {task.get_name() for task in asyncio.all_tasks()}
        async with watching(peer) as (screen, viewer):
            await first_picture(screen)
        await asyncio.sleep(0.2)
        assert not {task.get_name() for task in asyncio.all_tasks()} & {"viewer"} - before
        assert not peer._taps._sinks
        sent = viewer.sent_frames
        await asyncio.sleep(0.3)
        assert viewer.sent_frames == sent
