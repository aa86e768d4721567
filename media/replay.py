"""Recorded speech and pictures as live tracks in real time: simulated candidates for tests, demo and benchmarks."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import av
import numpy as np
from aiortc.mediastreams import MediaStreamError, MediaStreamTrack
from numpy.typing import NDArray

SPEECH_RATE = 48_000
FRAME_SAMPLES = SPEECH_RATE // 50
VIDEO_CLOCK = 90_000


@dataclass(frozen=True, slots=True)
class Spoken:
    """When something was said: time.monotonic() seconds at which its first and its last 20 ms left the track."""

    first_sent: float
    last_sent: float


@dataclass(slots=True, eq=False)
class _Saying:
    samples: NDArray[np.int16]
    done: asyncio.Future[Spoken]
    at: int = 0
    first_sent: float = 0.0


class SpeechTrack(MediaStreamTrack):
    """A microphone: 48 kHz mono, a frame of 20 ms every 20 ms; silence unless something is being said."""

    kind = "audio"

    def __init__(self) -> None:
        super().__init__()
        self._sayings: deque[_Saying] = deque()
        self._sent = 0
        self._began: float | None = None

    async def say(self, samples: NDArray[np.int16]) -> Spoken:
        """Speak int16 samples of shape (n,) at 48 kHz, after what is already being said.

        Returns when the last has been sent. Raises MediaStreamError when the track is stopped before.
        """
        if self.readyState != "live":
            raise MediaStreamError("the track has ended")
        saying = _Saying(np.ascontiguousarray(samples, dtype=np.int16), asyncio.get_running_loop().create_future())
        if not samples.size:
            return Spoken(time.monotonic(), time.monotonic())
        self._sayings.append(saying)
        try:
            return await saying.done
        finally:
            if saying in self._sayings:
                self._sayings.remove(saying)

    async def recv(self) -> av.AudioFrame:
        """The next 20 ms, at its time."""
        if self.readyState != "live":
            raise MediaStreamError
        now = time.monotonic()
        if self._began is None:
            self._began = now
        due = self._began + self._sent / SPEECH_RATE
        if due > now:
            await asyncio.sleep(due - now)
        frame = av.AudioFrame.from_ndarray(self._next_samples()[np.newaxis], format="s16", layout="mono")
        frame.sample_rate = SPEECH_RATE
        frame.pts = self._sent
        frame.time_base = Fraction(1, SPEECH_RATE)
        self._sent += FRAME_SAMPLES
        return frame

    def stop(self) -> None:
        """End the track; what is still being said is broken off."""
        super().stop()
        for saying in self._sayings:
            if not saying.done.done():
                saying.done.set_exception(MediaStreamError("the track has ended"))

    def _next_samples(self) -> NDArray[np.int16]:
        samples = np.zeros(FRAME_SAMPLES, dtype=np.int16)
        if self._sayings:
            saying = self._sayings[0]
            piece = saying.samples[saying.at : saying.at + FRAME_SAMPLES]
            samples[: piece.size] = piece
            now = time.monotonic()
            if saying.at == 0:
                saying.first_sent = now
            saying.at += FRAME_SAMPLES
            if saying.at >= saying.samples.size:
                self._sayings.popleft()
                if not saying.done.done():
                    saying.done.set_result(Spoken(saying.first_sent, now))
        return samples


class FaceTrack(MediaStreamTrack):
    """A camera: pictures (uint8, shape (height, width, 3), RGB, even sides) in a loop."""

    kind = "video"

    def __init__(self, frames: Sequence[NDArray[np.uint8]], fps: int = 15) -> None:
        super().__init__()
        if not frames:
            raise ValueError("a FaceTrack needs at least one picture")
        # Converted once: the encoder takes YUV, and a benchmark should not pay for the simulated candidate.
        self._pictures = [
            av.VideoFrame.from_ndarray(frame, format="rgb24").reformat(format="yuv420p").to_ndarray()
            for frame in frames
        ]
        self._fps = fps
        self._sent = 0
        self._began: float | None = None

    async def recv(self) -> av.VideoFrame:
        """The next picture, at its time; pictures whose time is over are left out."""
        if self.readyState != "live":
            raise MediaStreamError
        now = time.monotonic()
        if self._began is None:
            self._began = now
        self._sent = max(self._sent, int((now - self._began) * self._fps))
        due = self._began + self._sent / self._fps
        if due > now:
            await asyncio.sleep(due - now)
        frame = av.VideoFrame.from_ndarray(self._pictures[self._sent % len(self._pictures)], format="yuv420p")
        frame.pts = self._sent * VIDEO_CLOCK // self._fps
        frame.time_base = Fraction(1, VIDEO_CLOCK)
        self._sent += 1
        return frame
