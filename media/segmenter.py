"""Frames marked speech or not become utterances: provisional ones while a person speaks, a final one behind.

Pure: no clock, no task. Time is what the frames say.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import numpy as np

from media.frames import FRAME_MS, AudioFrame, Stage, Utterance

DISCONTINUITY_MS = 400


@dataclass(frozen=True, slots=True)
class SegmenterSettings:
    """All in milliseconds; in effect rounded to whole frames of 20 ms.

    pre_roll_ms: sound kept before the first speech, so that no first consonant is cut.
    endpoint_ms: silence that ends an utterance. post_roll_ms: how much of it the utterance keeps.
    partial_every_ms: a provisional utterance for every so much of growth in speech.
    provisional_silence_ms: one more at this much silence, so that recognition of the whole is under way
    before the endpoint.
    longest_ms: an utterance this long is split. split_search_ms: within this last part, the endpoint is
    already provisional_silence_ms, no provisional utterance is made (it could reach beyond the split), and
    the split is made at the quietest place.
    Raises ValueError when they contradict one another.
    """

    pre_roll_ms: int = 300
    endpoint_ms: int = 700
    post_roll_ms: int = 300
    partial_every_ms: int = 500
    provisional_silence_ms: int = 250
    longest_ms: int = 15_000
    split_search_ms: int = 2_000

    def __post_init__(self) -> None:
        if not 0 < self.provisional_silence_ms <= self.post_roll_ms <= self.endpoint_ms:
            raise ValueError("provisional_silence_ms <= post_roll_ms <= endpoint_ms must hold")
        if not self.pre_roll_ms + self.partial_every_ms <= self.longest_ms - self.split_search_ms:
            raise ValueError("longest_ms must leave room for a pre-roll and a partial before the split")


@dataclass(slots=True)
class _Open:
    """The utterance that is being spoken. speech_end: frames up to and including the last speech."""

    number: int
    start_ms: int
    frames: list[AudioFrame]
    speech: list[bool]
    speech_end: int
    provisional_end: int = 0

    @property
    def silence(self) -> int:
        return len(self.frames) - self.speech_end

    def add(self, frame: AudioFrame, is_speech: bool) -> None:
        self.frames.append(frame)
        self.speech.append(is_speech)
        if is_speech:
            self.speech_end = len(self.frames)

    def utterance(self, frames: int, stage: Stage) -> Utterance:
        voiced = [at for at, is_speech in enumerate(self.speech[:frames]) if is_speech]
        first, behind = (voiced[0], voiced[-1] + 1) if voiced else (0, 0)
        return Utterance(
            number=self.number,
            samples=np.concatenate([frame.samples for frame in self.frames[:frames]]),
            start_ms=self.start_ms,
            end_ms=self.start_ms + frames * FRAME_MS,
            speech_start_ms=self.start_ms + first * FRAME_MS,
            speech_end_ms=self.start_ms + behind * FRAME_MS,
            stage=stage,
        )


class Segmenter:
    """Cuts one person's frames into utterances.

    Every sample from the first to the last speech is in exactly one final utterance; provisional ones are
    prefixes of the final one with their number; times never go backwards, even when the clock does.
    """

    def __init__(self, settings: SegmenterSettings | None = None) -> None:
        self._settings = settings or SegmenterSettings()
        self._pre_roll: deque[AudioFrame] = deque(maxlen=self._settings.pre_roll_ms // FRAME_MS)
        self._open: _Open | None = None
        self._number = 0
        self._end_ms = 0
        self._expected_ms: int | None = None

    def push(self, frame: AudioFrame, is_speech: bool) -> list[Utterance]:
        """Take the next frame; give what became ready with it, in order, possibly nothing."""
        ready: list[Utterance] = []
        if self._expected_ms is not None and abs(frame.start_ms - self._expected_ms) > DISCONTINUITY_MS:
            ready = self.flush()
            self._pre_roll.clear()
        self._expected_ms = frame.start_ms + FRAME_MS
        if self._open is not None:
            self._open.add(frame, is_speech)
        elif is_speech:
            self._begin(frame)
        else:
            self._pre_roll.append(frame)
        return ready + self._advance(is_speech)

    def flush(self) -> list[Utterance]:
        """End the utterance that is open, if one is: the answer was submitted, or the line is gone."""
        if self._open is None:
            return []
        return [self._finish(min(len(self._open.frames), self._open.speech_end + self._post_roll))]

    @property
    def _post_roll(self) -> int:
        return -(-self._settings.post_roll_ms // FRAME_MS)

    def _begin(self, frame: AudioFrame) -> None:
        frames = [*self._pre_roll, frame]
        self._pre_roll.clear()
        self._number += 1
        start_ms = max(self._end_ms, frames[0].start_ms)
        speech = [False] * (len(frames) - 1) + [True]
        self._open = _Open(self._number, start_ms, frames, speech, speech_end=len(frames))

    def _advance(self, is_speech: bool) -> list[Utterance]:
        current, settings = self._open, self._settings
        if current is None:
            return []
        length_ms, silence_ms = len(current.frames) * FRAME_MS, current.silence * FRAME_MS
        is_late = length_ms > settings.longest_ms - settings.split_search_ms
        endpoint_ms = settings.provisional_silence_ms if is_late else settings.endpoint_ms
        if silence_ms >= endpoint_ms:
            return self.flush()
        if length_ms >= settings.longest_ms:
            return self._split()
        if is_late:
            return []
        grown_ms = (len(current.frames) - current.provisional_end) * FRAME_MS
        paused = silence_ms >= settings.provisional_silence_ms > silence_ms - FRAME_MS
        if paused or (is_speech and grown_ms >= settings.partial_every_ms):
            return [self._so_far(current, Stage.PROVISIONAL if paused else Stage.PARTIAL)]
        return []

    def _so_far(self, current: _Open, stage: Stage) -> Utterance:
        current.provisional_end = len(current.frames)
        return current.utterance(len(current.frames), stage)

    def _finish(self, frames: int) -> Utterance:
        """End the open utterance after `frames` frames; what is behind them is pre-roll of the next."""
        current = self._open
        assert current is not None
        final = current.utterance(frames, Stage.FINAL)
        self._open = None
        self._end_ms = final.end_ms
        self._pre_roll.extend(current.frames[frames:])
        return final

    def _split(self) -> list[Utterance]:
        """End the open utterance at its quietest late place and go on with a new one from there."""
        current = self._open
        assert current is not None
        cut = _quietest(current, len(current.frames) - self._settings.split_search_ms // FRAME_MS)
        if cut >= current.speech_end:
            return [self._finish(cut)]
        rest, speech = current.frames[cut:], current.speech[cut:]
        final = self._finish(cut)
        self._pre_roll.clear()
        self._number += 1
        self._open = _Open(self._number, final.end_ms, rest, speech, speech_end=current.speech_end - cut)
        if len(rest) * FRAME_MS < self._settings.partial_every_ms:
            return [final]
        return [final, self._so_far(self._open, Stage.PARTIAL)]


def _quietest(current: _Open, begin: int) -> int:
    """Where to cut, as a number of frames: behind the quietest frame from `begin` on, non-speech preferred.

    A frame counts with its neighbours (60 ms), so that the closure of one stop consonant does not win.
    """
    loudness = [float(np.square(frame.samples, dtype=np.float32).mean()) for frame in current.frames[begin - 1 :]]
    around = np.convolve(loudness, np.ones(3), mode="valid")
    candidates = range(begin, len(current.frames) - 1)
    return min(candidates, key=lambda at: (current.speech[at], around[at - begin])) + 1
