"""Frames marked speech or not become utterances: provisional ones while a person speaks, a final one behind.

Pure: no clock, no task. Time is what the frames say.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from media.frames import FRAME_MS, SAMPLE_RATE, AudioFrame, Stage, Utterance

DISCONTINUITY_MS = 400
SHORTEST_ENDPOINT_MS = 500
LONGEST_ENDPOINT_MS = 3_000
FRAME_SAMPLES = SAMPLE_RATE * FRAME_MS // 1000


@dataclass(frozen=True, slots=True)
class SegmenterSettings:
    """All in milliseconds; in effect rounded to whole frames of 20 ms.

    pre_roll_ms: sound kept before the first speech, more than speech is noticed late: no first consonant is cut.
    endpoint_ms: silence that ends an utterance, unless `Segmenter.end_after` says otherwise. post_roll_ms: how much
    of it the utterance keeps.
    partial_every_ms: a partial utterance for every so much of growth in speech, to begin with.
    provisional_silence_ms: a provisional one at this much silence, so that recognition of the whole is under way
    before the endpoint, and the same once more at twice as much: a pause so long confirms what was heard before it.
    longest_ms: an utterance this long is split. split_search_ms: within this last part, the endpoint is
    already provisional_silence_ms, no partial or provisional utterance is made (it could reach beyond the split),
    and the split is made at the quietest place.
    Raises ValueError when they contradict one another.
    """

    pre_roll_ms: int = 500
    endpoint_ms: int = 900
    post_roll_ms: int = 300
    partial_every_ms: int = 500
    provisional_silence_ms: int = 250
    longest_ms: int = 15_000
    split_search_ms: int = 2_000

    def __post_init__(self) -> None:
        if not 0 < self.provisional_silence_ms <= self.post_roll_ms <= SHORTEST_ENDPOINT_MS:
            raise ValueError("provisional_silence_ms <= post_roll_ms <= 500 must hold")
        if not SHORTEST_ENDPOINT_MS <= self.endpoint_ms <= LONGEST_ENDPOINT_MS:
            raise ValueError("endpoint_ms must be 500 to 3000")
        if not self.pre_roll_ms + self.partial_every_ms <= self.longest_ms - self.split_search_ms:
            raise ValueError("longest_ms must leave room for a pre-roll and a partial before the split")


class _Open:
    """The utterance that is being spoken. speech_end: frames up to and including the last speech.

    The sound of all its frames lies in one buffer, which only grows; utterances are read-only views of its beginning.
    """

    def __init__(self, number: int, start_ms: int, room: int) -> None:
        self.number = number
        self.start_ms = start_ms
        self.frames: list[AudioFrame] = []
        self.speech: list[bool] = []
        self.speech_end = 0
        self.told = 0
        self.endpoint_ms: int | None = None
        self._sound = np.empty(room * FRAME_SAMPLES, np.int16)

    @property
    def silence_ms(self) -> int:
        return (len(self.frames) - self.speech_end) * FRAME_MS

    def add(self, frame: AudioFrame, is_speech: bool) -> None:
        begin = len(self.frames) * FRAME_SAMPLES
        self._sound[begin : begin + FRAME_SAMPLES] = frame.samples
        self.frames.append(frame)
        self.speech.append(is_speech)
        if is_speech:
            self.speech_end = len(self.frames)
            self.endpoint_ms = None

    def sound(self, frames: int) -> NDArray[np.int16]:
        sound = self._sound[: frames * FRAME_SAMPLES]
        sound.flags.writeable = False
        return sound

    def utterance(self, frames: int, stage: Stage) -> Utterance:
        voiced = [at for at, is_speech in enumerate(self.speech[:frames]) if is_speech]
        first, behind = (voiced[0], voiced[-1] + 1) if voiced else (0, 0)
        return Utterance(
            number=self.number,
            samples=self.sound(frames),
            start_ms=self.start_ms,
            end_ms=self.start_ms + frames * FRAME_MS,
            speech_start_ms=self.start_ms + first * FRAME_MS,
            speech_end_ms=self.start_ms + behind * FRAME_MS,
            stage=stage,
        )


class Segmenter:
    """Cuts one person's frames into utterances.

    Every sample from the first to the last speech is in exactly one final utterance; partial and provisional ones are
    prefixes of the final one with their number; times never go backwards, even when the clock does. Where utterances
    end depends on the sound and on `end_after` only, and their sound not even on that.

    partial_every_ms: how much speech is worth another partial; may be set at any time.
    """

    def __init__(self, settings: SegmenterSettings | None = None) -> None:
        self._settings = settings or SegmenterSettings()
        self.partial_every_ms = self._settings.partial_every_ms
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

    def end_after(self, number: int, speech_end_ms: int, silence_ms: int) -> None:
        """How much silence ends utterance `number`, if nothing is said after speech_end_ms: a verdict on what was.

        silence_ms is brought within 500 to 3000. When so much has passed already, the utterance ends with the next
        frame. Ignored when it has ended or speech has gone on: the verdict was about another pause.
        """
        current = self._open
        if current is None or current.number != number:
            return
        if current.start_ms + current.speech_end * FRAME_MS == speech_end_ms:
            current.endpoint_ms = min(max(silence_ms, SHORTEST_ENDPOINT_MS), LONGEST_ENDPOINT_MS)

    def flush(self) -> list[Utterance]:
        """End the utterance that is open, if one is: the answer was submitted, or the line is gone."""
        if self._open is None:
            return []
        return [self._finish(self._with_post_roll(self._open))]

    def _with_post_roll(self, current: _Open) -> int:
        """So many frames of the utterance are kept if nothing more is said."""
        return min(len(current.frames), current.speech_end - (-self._settings.post_roll_ms // FRAME_MS))

    def _so_far(self, current: _Open, stage: Stage) -> Utterance:
        current.told = len(current.frames)
        return current.utterance(self._with_post_roll(current), stage)

    def _begin(self, frame: AudioFrame) -> None:
        frames = [*self._pre_roll, frame]
        self._pre_roll.clear()
        speech = [False] * (len(frames) - 1) + [True]
        self._open_with(frames, speech, max(self._end_ms, frames[0].start_ms))

    def _open_with(self, frames: list[AudioFrame], speech: list[bool], start_ms: int) -> _Open:
        self._number += 1
        self._open = _Open(self._number, start_ms, room=-(-self._settings.longest_ms // FRAME_MS))
        for frame, is_speech in zip(frames, speech, strict=True):
            self._open.add(frame, is_speech)
        return self._open

    def _advance(self, is_speech: bool) -> list[Utterance]:
        current, settings = self._open, self._settings
        if current is None:
            return []
        length_ms, silence_ms = len(current.frames) * FRAME_MS, current.silence_ms
        is_late = length_ms > settings.longest_ms - settings.split_search_ms
        endpoint_ms = current.endpoint_ms or settings.endpoint_ms
        if silence_ms >= (settings.provisional_silence_ms if is_late else endpoint_ms):
            return self.flush()
        if length_ms >= settings.longest_ms:
            return self._split()
        if is_late:
            return []
        grown_ms = (len(current.frames) - current.told) * FRAME_MS
        pauses = (settings.provisional_silence_ms, 2 * settings.provisional_silence_ms)
        paused = any(silence_ms >= pause_ms > silence_ms - FRAME_MS for pause_ms in pauses)
        if paused or (is_speech and grown_ms >= self.partial_every_ms):
            return [self._so_far(current, Stage.PROVISIONAL if paused else Stage.PARTIAL)]
        return []

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
        final = self._finish(cut)
        self._pre_roll.clear()
        rest = self._open_with(current.frames[cut:], current.speech[cut:], final.end_ms)
        if len(rest.frames) * FRAME_MS < self.partial_every_ms:
            return [final]
        return [final, self._so_far(rest, Stage.PARTIAL)]


def _quietest(current: _Open, begin: int) -> int:
    """Where to cut, as a number of frames: behind the quietest frame from `begin` on, non-speech preferred.

    A frame counts with its neighbours (60 ms), so that the closure of one stop consonant does not win.
    """
    loudness = [float(np.square(frame.samples, dtype=np.float32).mean()) for frame in current.frames[begin - 1 :]]
    around = np.convolve(loudness, np.ones(3), mode="valid")
    candidates = range(begin, len(current.frames) - 1)
    return min(candidates, key=lambda at: (current.speech[at], around[at - begin])) + 1
