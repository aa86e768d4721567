"""Peers over loopback: sound and pictures arrive, states follow the line, closing leaves nothing behind."""

from __future__ import annotations

import asyncio
import threading
import time
from itertools import pairwise

import numpy as np
import pytest
from aiortc.mediastreams import MediaStreamError
from aiortc.rtp import RTCP_PSFB_PLI, AnyRtcpPacket, RtcpPsfbPacket

from media.audio import level_dbfs
from media.frames import AudioFrame
from media.peer import Peer, PeerState
from tests.media.peers import LOOPBACK, call, candidate, tone, wall_clock


async def until(peer: Peer, state: PeerState, seconds: float = 10.0) -> None:
    async with asyncio.timeout(seconds):
        async for now in peer.states():
            if now == state:
                return


async def hear(peer: Peer, count: int) -> list[AudioFrame]:
    heard: list[AudioFrame] = []
    async with asyncio.timeout(count / 50 + 10):
        async for frame in peer.audio:
            heard.append(frame)
            if len(heard) == count:
                break
    return heard


async def test_sound_arrives_complete_and_in_time() -> None:
    async with call() as (browser, peer):
        saying = asyncio.create_task(browser.speech.say(tone(1.0)))
        heard = await hear(peer, 100)
        await saying
        assert peer.state == "connected"
        assert all(frame.samples.shape == (320,) and frame.samples.dtype == np.int16 for frame in heard)
        assert all(after.start_ms - before.start_ms == 20 for before, after in pairwise(heard))
        loud = sum(level_dbfs(frame.samples) > -25 for frame in heard)
        assert 46 <= loud <= 52
        spectrum = np.abs(np.fft.rfft(np.concatenate([f.samples for f in heard if level_dbfs(f.samples) > -25])))
        assert np.argmax(spectrum) * 8000 / (len(spectrum) - 1) == pytest.approx(440, abs=5)
        assert peer.packet_loss == 0.0
        assert peer.dropped_audio == 0


async def test_pictures_are_sampled_about_once_a_second() -> None:
    async with call(video=True) as (_, peer):
        times = []
        async with asyncio.timeout(15):
            async for picture in peer.video:
                assert picture.rgb.shape == (120, 160, 3)
                assert picture.rgb.dtype == np.uint8
                times.append(picture.at_ms)
                if len(times) == 3:
                    break
        assert all(800 <= after - before < 1600 for before, after in pairwise(times))


async def test_unwanted_video_is_inactive_and_its_iterator_ends() -> None:
    async with call(video=True, want_video=False) as (browser, peer):
        assert "a=inactive" in peer.answer_sdp.split("m=video")[1]
        assert [picture async for picture in peer.video] == []
        assert len(await hear(peer, 10)) == 10
        assert not any(thread.name == "video-decoder" for thread in threading.enumerate())
        assert browser.face is not None


async def test_sound_goes_on_when_the_camera_is_lost() -> None:
    async with call(video=True) as (browser, peer):
        async with asyncio.timeout(10):
            await anext(peer.video)
        assert browser.face is not None
        browser.face.stop()
        await asyncio.sleep(0.3)
        async with asyncio.timeout(5):
            heard = await hear(peer, 100)
        assert all(after.start_ms - before.start_ms == 20 for before, after in pairwise(heard))
        assert peer.state == "connected"


async def test_a_picture_that_stalls_is_asked_for_again(monkeypatch: pytest.MonkeyPatch) -> None:
    async with call(video=True) as (browser, peer):
        async with asyncio.timeout(20):
            await anext(peer.video)
        # From here on nobody asks for key frames one after the other, and the last request has been answered.
        peer.pictures_wanted = False
        await asyncio.sleep(1.0)
        sender = browser.connection.getSenders()[1]
        asked = asyncio.Event()
        receive = sender._handle_rtcp_packet

        async def listen(packet: AnyRtcpPacket) -> None:
            if isinstance(packet, RtcpPsfbPacket) and packet.fmt == RTCP_PSFB_PLI:
                asked.set()
            await receive(packet)

        monkeypatch.setattr(sender, "_handle_rtcp_packet", listen)
        await asyncio.sleep(0.5)
        assert not asked.is_set()
        sender.replaceTrack(None)
        async with asyncio.timeout(5):
            await asked.wait()
        assert peer.state == "connected"


async def test_a_stalled_line_is_lost_and_comes_back() -> None:
    async with call() as (browser, peer):
        await hear(peer, 10)
        sender = browser.connection.getSenders()[0]
        sender.replaceTrack(None)
        await until(peer, "lost", 5.0)
        assert peer.level_dbfs == -100.0
        sender.replaceTrack(browser.speech)
        await until(peer, "connected", 5.0)


async def test_the_browsers_leaving_closes_the_peer() -> None:
    async with call() as (browser, peer):
        await hear(peer, 5)
        await browser.connection.close()
        await until(peer, "closed", 5.0)
        assert peer.state == "closed"
        async with asyncio.timeout(1):
            assert len([frame async for frame in peer.audio]) <= 100


async def test_an_unread_peer_keeps_two_seconds_and_counts_the_rest() -> None:
    async with call() as (_, peer):
        await until(peer, "connected")
        await asyncio.sleep(3.0)
        await peer.close()
        kept = [frame async for frame in peer.audio]
        assert len(kept) == 100
        assert 20 <= peer.dropped_audio <= 80


async def test_an_unread_camera_keeps_the_newest_picture_and_counts_the_rest() -> None:
    async with call(video=True) as (_, peer):
        async with asyncio.timeout(30):
            while peer.dropped_video < 2:
                await asyncio.sleep(0.1)
        await peer.close()
        assert len([picture async for picture in peer.video]) == 1


async def test_every_follower_sees_every_state() -> None:
    async with call() as (_, peer):

        async def follow() -> list[PeerState]:
            return [state async for state in peer.states()]

        followers = [asyncio.create_task(follow()) for _ in range(2)]
        await hear(peer, 3)
        await peer.close()
        assert [await follower for follower in followers] == [["connecting", "connected", "closed"]] * 2
        assert [state async for state in peer.states()] == ["closed"]


@pytest.mark.parametrize("after_s", [0.0, 0.01, 0.05, 0.1, 0.2, 1.0])
async def test_closing_at_any_time_leaves_no_task_and_no_thread(after_s: float) -> None:
    tasks, threads = asyncio.all_tasks(), set(threading.enumerate())
    async with call(video=True) as (_, peer):
        await asyncio.sleep(after_s)
        await asyncio.gather(peer.close(), peer.close())
        await peer.close()
        assert peer.state == "closed"
    begun = asyncio.all_tasks() - tasks
    if begun:
        _, running = await asyncio.wait(begun, timeout=2)
        assert running == set()
    left = [thread.name for thread in set(threading.enumerate()) - threads]
    assert [name for name in left if not name.startswith("asyncio_")] == []


async def test_the_event_loop_is_never_blocked_for_long() -> None:
    longest = 0.0

    async def beat() -> None:
        nonlocal longest
        while True:
            # The time this thread has worked: how long it had to wait for a busy machine is not the loop's doing.
            before = time.thread_time()
            await asyncio.sleep(0.001)
            longest = max(longest, time.thread_time() - before)

    async with call(video=True) as (_, peer):
        await until(peer, "connected")
        beating = asyncio.create_task(beat())
        await hear(peer, 100)
        beating.cancel()
    # 1.5 ms when measured; the candidate shares this loop.
    assert longest < 0.02


async def test_say_tells_when_the_sound_left() -> None:
    async with call() as (browser, peer):
        await hear(peer, 5)
        before = time.monotonic()
        spoken = await browser.speech.say(tone(0.5))
        assert before <= spoken.first_sent <= before + 0.1
        assert spoken.last_sent - spoken.first_sent == pytest.approx(0.48, abs=0.1)
        assert time.monotonic() >= spoken.last_sent


async def test_a_stopped_track_breaks_off_what_is_said() -> None:
    async with candidate() as browser:
        saying = asyncio.create_task(browser.speech.say(tone(5.0)))
        await asyncio.sleep(0)
        browser.speech.stop()
        with pytest.raises(MediaStreamError):
            await saying


async def test_an_unanswered_peer_gives_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("media.peer.CONNECT_S", 0.5)
    async with candidate() as browser:
        peer = await Peer.answer(await browser.offer(), ice=LOOPBACK, clock=wall_clock(), want_video=True)
        await until(peer, "closed", 5.0)
        await peer.close()
