"""Is it a voice? Silero's judgement of what the cheap gate lets through, as a stream, frame by frame."""

from __future__ import annotations

from collections import deque

import numpy as np
from faster_whisper.vad import get_vad_model
from numpy.typing import NDArray

from media.frames import AudioFrame

WINDOW = 512
"""Samples that Silero judges at a time (32 ms at 16 kHz)."""
CONTEXT = 64
"""Samples of the window before that it is given once more."""
MOST_GAIN = 8.0
PEAK = 0.5
PEAK_DECAY = 0.995
"""Silero misses quiet voices: what is below half of full scale is amplified to it, by 18 dB at most, the peak being
forgotten by half in 2.8 s. In real speech 35 dB too quiet as much is then found as at full level (64 % of the time, not
60 %); in espeak-ng's with noise, a voice is noticed within 210 ms in 95 of 100 cases and not within 250 ms."""

CERTAIN = 0.4
LIKELY = 0.3
WINDOWS_TO_BEGIN = 2
LIKELY_WINDOWS = 12
COLD_WINDOWS = 6
RECALLED_FRAMES = 25
HOLD_FRAMES = 50


class VoiceArbiter:
    """Says of each frame whether somebody speaks; one arbiter per microphone, frames in order.

    A voice begins with two windows in a row that are certain (0.4 and more), so that a short "no" counts and a click
    does not. It goes on in every window that is likely (0.3 and more), for at most 12 windows (384 ms) after the last
    certain one: a sound that is only ever likely holds nothing open. A pause between words is not voice; how much of
    it belongs to an utterance is for the segmenter to decide.

    Nothing is a voice in the first 6 windows (192 ms), where the network takes a hum for one; the segmenter's pre-roll
    keeps the sound of a person who does begin at once.
    When the gate has been closed for a second nothing is computed any more; when it opens, the half second before is
    heard first. 0.05 ms of computing a window, on one thread: it may run on the event loop, where the half second
    costs 1 ms. The network is shared by the process; what it remembers of this microphone is kept here.
    """

    def __init__(self) -> None:
        self._network = get_vad_model().session
        self._hidden = np.zeros((1, 1, 128), np.float32)
        self._cell = np.zeros((1, 1, 128), np.float32)
        self._sound = np.zeros(CONTEXT, np.float32)
        self._peak = PEAK / MOST_GAIN
        self._skipped: deque[AudioFrame] = deque(maxlen=RECALLED_FRAMES)
        self._hold = 0
        self._cold = COLD_WINDOWS
        self._certain = 0
        self._since_certain = LIKELY_WINDOWS
        self._voice = False

    def is_voice(self, frame: AudioFrame, gate_open: bool) -> bool:
        """Whether a voice is heard up to the end of `frame` (20 ms, 16 kHz). gate_open: whether one may be."""
        self._skipped.append(frame)
        if gate_open or self._voice:
            self._hold = HOLD_FRAMES
        if self._hold == 0:
            return False
        self._hold -= 1
        heard = [self._hear(probability) for probability in self._probabilities()]
        self._voice = any(heard) if heard else self._voice
        return self._voice

    def _probabilities(self) -> list[float]:
        """Of each window that is complete with the frames that have not been judged yet."""
        new = [self._levelled(frame) for frame in self._skipped]
        self._skipped.clear()
        self._sound = np.concatenate([self._sound, *new])
        probabilities = []
        while self._sound.size >= CONTEXT + WINDOW:
            window = {"input": self._sound[np.newaxis, : CONTEXT + WINDOW], "h": self._hidden, "c": self._cell}
            output, self._hidden, self._cell = self._network.run(None, window)
            self._sound = self._sound[WINDOW:]
            probabilities.append(float(output[0]))
        return probabilities

    def _levelled(self, frame: AudioFrame) -> NDArray[np.float32]:
        sound = frame.samples.astype(np.float32) / 32_768
        self._peak = max(float(np.abs(sound).max()), self._peak * PEAK_DECAY, PEAK / MOST_GAIN)
        return sound * np.float32(max(1.0, PEAK / self._peak))

    def _hear(self, probability: float) -> bool:
        self._certain = self._certain + 1 if probability >= CERTAIN else 0
        self._cold = max(0, self._cold - 1)
        going_on = self._since_certain < LIKELY_WINDOWS
        if not self._cold and self._certain >= (1 if going_on else WINDOWS_TO_BEGIN):
            self._since_certain = 0
            return True
        self._since_certain += 1
        return going_on and probability >= LIKELY
