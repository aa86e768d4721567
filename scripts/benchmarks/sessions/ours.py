"""Our receiver: what the server does with a line's media, without the interview around it.

Encoded frames pass through into a recording, sound is decoded and read as recognition reads it, about one picture a
second becomes RGB; with `ours_with_faces` it is analysed as well. Viewers get the first session's encoded frames.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
import time
from contextlib import AsyncExitStack
from pathlib import Path

import numpy as np

from analyzers.expression import ExpressionAnalyzer
from media.frames import Codec, EncodedFrame, VideoFrame
from media.ice import IceSettings
from media.peer import Peer
from media.recorder import Recorder
from media.recording_timeline import RecordingTimeline
from media.relay import Viewer
from scripts.benchmarks.sessions.child import answer_requests
from scripts.benchmarks.sessions.gauges import Arrivals, Gauges, resident_mb

KEY_FRAME_EVERY_S = 4.0
"""As the server's recordings ask for them."""
ICE = IceSettings(allow_private=True)


class OurReceiver:
    """All sessions of one run."""

    def __init__(self, recorder: Recorder, folder: Path, faces: ExpressionAnalyzer | None) -> None:
        self._recorder = recorder
        self._folder = folder
        self._faces = faces
        self._gauges = Gauges()
        self._peers: list[Peer] = []
        self._viewers: list[Viewer] = []
        self._tasks: list[asyncio.Task[None]] = []
        self._heard = self._pictures = 0
        self._began = time.monotonic()

    async def answer(self, offer: str) -> str:
        """Another session, recorded from the beginning."""
        peer = await Peer.answer(offer, ice=ICE, clock=self._clock_ms, want_video=True)
        peer.key_frame_every_s = KEY_FRAME_EVERY_S
        arrivals, timeline = Arrivals(), RecordingTimeline()
        recording = self._recorder.record(self._folder / str(len(self._peers)), lambda start, end, reason: None)

        def take(frame: EncodedFrame) -> None:
            recording.write(frame, timeline.place(frame, self._clock_ms()))
            if frame.codec is Codec.OPUS:
                arrivals.audio(frame.ticks)
            else:
                arrivals.video += 1

        peer.tap(take)
        self._peers.append(peer)
        self._gauges.sessions.append(arrivals)
        self._tasks += [asyncio.create_task(self._hear(peer)), asyncio.create_task(self._see(peer))]
        return peer.answer_sdp

    async def begin(self) -> None:
        """Records already. The analysis' process has started when this returns, and counts from now on."""
        if self._faces is not None:
            black = np.zeros((480, 640, 3), np.uint8)
            await self._faces.analyse(VideoFrame(black, self._clock_ms()))
            assert self._faces.process_id is not None
            self._gauges.children.append(self._faces.process_id)

    async def flowing(self) -> int:
        """Sessions whose sound arrives."""
        return self._gauges.flowing

    async def memory(self) -> float:
        """Megabytes."""
        return resident_mb()

    async def measure(self, seconds: float) -> dict[str, object]:
        """The gauges' figures, what the decoders gave, and what the disk was too slow for."""
        stats, heard, pictures = [peer.stats for peer in self._peers], self._heard, self._pictures
        dropped, written = self._recorder.dropped_frames, self._recorder.written_bytes
        found = await self._gauges.measure(seconds)
        now = [peer.stats for peer in self._peers]
        unread = sum(peer.dropped_audio for peer in now) - sum(peer.dropped_audio for peer in stats)
        # Sound that a tap got and recognition's reader did not is lost to it all the same.
        found["audio_frames_lost"] += unread
        return found | {
            "packets_lost": sum(one.packets_lost for one in now) - sum(one.packets_lost for one in stats),
            "audio_frames_decoded": self._heard - heard,
            "pictures_decoded": self._pictures - pictures,
            "pictures_dropped": sum(one.dropped_pictures for one in now) - sum(one.dropped_pictures for one in stats),
            "recorded_bytes": self._recorder.written_bytes - written,
            "recorder_dropped_frames": self._recorder.dropped_frames - dropped,
        }

    async def watch(self, offer: str) -> str:
        """Another live viewer of the first session."""
        viewer = await Viewer.answer(offer, peer=self._peers[0], ice=ICE)
        self._viewers.append(viewer)
        return viewer.answer_sdp

    async def leave(self) -> None:
        """All viewers go."""
        viewers, self._viewers = self._viewers, []
        for viewer in viewers:
            await viewer.close()

    def _clock_ms(self) -> int:
        return int((time.monotonic() - self._began) * 1000)

    async def _hear(self, peer: Peer) -> None:
        async for _ in peer.audio:
            self._heard += 1

    async def _see(self, peer: Peer) -> None:
        async for picture in peer.video:
            self._pictures += 1
            if self._faces is not None:
                await self._faces.analyse(picture)


async def main(mode: str) -> None:
    """Answers the benchmark's requests."""
    async with AsyncExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="interview-bench-"))
        recorder = await stack.enter_async_context(Recorder())
        faces = await stack.enter_async_context(ExpressionAnalyzer()) if mode == "ours_with_faces" else None
        receiver = OurReceiver(recorder, Path(folder), faces)
        names = ("answer", "begin", "flowing", "memory", "measure", "watch", "leave")
        await answer_requests({name: getattr(receiver, name) for name in names})


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
