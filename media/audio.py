"""Decoded sound of any rate and layout becomes 16 kHz mono AudioFrames of 20 ms on the interview clock."""

from __future__ import annotations

from collections.abc import Callable

import av
import numpy as np
from numpy.typing import NDArray

from media.frames import FRAME_MS, SAMPLE_RATE, AudioFrame

FRAME_SAMPLES = SAMPLE_RATE * FRAME_MS // 1000
RESYNC_MS = 250
STILL_FRAMES = 10
PATIENCE_FRAMES = 25
LONGEST_FILL_MS = 500
SILENCE_DBFS = -100.0

_NO_SAMPLES: NDArray[np.int16] = np.zeros(0, dtype=np.int16)


def level_dbfs(samples: NDArray[np.int16]) -> float:
    """Root mean square of int16 samples relative to full scale, in dB; -100 for digital silence."""
    if not samples.size:
        return SILENCE_DBFS
    wide = samples.astype(np.float32)
    mean_square = float(np.dot(wide, wide)) / samples.size / 32768.0**2
    return max(SILENCE_DBFS, 10.0 * float(np.log10(mean_square))) if mean_square > 0 else SILENCE_DBFS


class Timeline:
    """Gives each 20 ms frame its start on the interview clock (milliseconds).

    Time is counted by samples, which has no jitter. Three things take it back to the clock: the clock stands
    still (pause, line down), then frames are stamped with it; the count has been off by more than 250 ms for
    half a second (a burst after a short stall is not mistaken for that); or `restart` after a gap.
    """

    def __init__(self, clock: Callable[[], int]) -> None:
        self._clock = clock
        self._next: int | None = None
        self._clock_before = -1
        self._still = 0
        self._off = 0

    def restart(self) -> None:
        """Take the next frame's time from the clock: the sound is not continuous here."""
        self._next = None

    def next_start_ms(self) -> int:
        """Start of the frame that has just arrived, milliseconds of interview clock."""
        now = self._clock()
        self._still = self._still + 1 if now == self._clock_before else 0
        self._clock_before = now
        arrived = max(0, now - FRAME_MS)
        if self._next is None or self._still >= STILL_FRAMES or self._is_lost(arrived - self._next):
            self._next = arrived
            self._off = 0
        start = self._next
        self._next = start + FRAME_MS
        return start

    def _is_lost(self, off_ms: int) -> bool:
        self._off = self._off + 1 if abs(off_ms) > RESYNC_MS else 0
        return self._off >= PATIENCE_FRAMES


class Resampler:
    """Turns decoded frames into AudioFrames. 67 us for 20 ms, so it may run on the event loop.

    Packets that the line lost are replaced by silence of the same length (up to 500 ms), so that counting
    samples keeps the time; after a longer gap the timeline restarts.
    """

    def __init__(self, timeline: Timeline) -> None:
        self._timeline = timeline
        self._setup: tuple[str, str, int] | None = None
        self._resampler: av.AudioResampler | None = None
        self._rest = _NO_SAMPLES
        self._expected_s: float | None = None

    def push(self, frame: av.AudioFrame) -> list[AudioFrame]:
        """The AudioFrames that are complete with `frame`; usually one. Raises av.FFmpegError on bad input."""
        pieces = [self._rest, self._missing_before(frame), *self._resample(frame)]
        samples = np.concatenate(pieces)
        whole = samples.size // FRAME_SAMPLES * FRAME_SAMPLES
        self._rest = samples[whole:]
        return [
            AudioFrame(samples[at : at + FRAME_SAMPLES], self._timeline.next_start_ms())
            for at in range(0, whole, FRAME_SAMPLES)
        ]

    def _missing_before(self, frame: av.AudioFrame) -> NDArray[np.int16]:
        """Silence for what was lost between the frame before and this one."""
        if frame.pts is None or frame.time_base is None:
            self._expected_s = None
            return _NO_SAMPLES
        # Floats: this is done for each 20 ms, and fractions take four times as long.
        at_s = frame.pts * frame.time_base.numerator / frame.time_base.denominator
        gap_s = at_s - self._expected_s if self._expected_s is not None else 0.0
        self._expected_s = at_s + frame.samples / frame.sample_rate
        if abs(gap_s) <= 0.001:
            return _NO_SAMPLES
        if 0 < gap_s <= LONGEST_FILL_MS / 1000:
            return np.zeros(round(gap_s * SAMPLE_RATE), dtype=np.int16)
        self._timeline.restart()
        return _NO_SAMPLES

    def _resample(self, frame: av.AudioFrame) -> list[NDArray[np.int16]]:
        setup = (frame.format.name, frame.layout.name, frame.sample_rate)
        if self._resampler is None or setup != self._setup:
            self._setup = setup
            self._resampler = av.AudioResampler(format="s16", layout="mono", rate=SAMPLE_RATE)
        frame.pts = None  # Gaps are handled here; FFmpeg need not see them.
        return [piece.to_ndarray()[0].astype(np.int16, copy=False) for piece in self._resampler.resample(frame)]
