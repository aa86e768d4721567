"""May somebody be speaking? WebRTC's voice activity detection, set to let through rather than to miss."""

from __future__ import annotations

from collections import deque

import numpy as np
import webrtcvad

from media.audio import level_dbfs
from media.frames import SAMPLE_RATE, AudioFrame

FLOOR_DBFS = -70.0
RISE_DB = 15.0
RISE_FRAMES = 50
"""A frame so much louder than the quietest of the last second is let through whatever the detector says: in a room as
silent as a digital pause it takes single quiet syllables for noise."""
AGGRESSIVENESS = 0
"""WebRTC's most generous."""
GAIN = 4
"""The detector's thresholds are absolute: unamplified it lets a quiet voice in noise through 1.2 s late, by 12 dB
louder 0.2 s late (espeak-ng at -58 dBFS, 10 dB above white noise)."""


class VoiceGate:
    """The cheap first look at every frame: what it refuses, nothing else looks at.

    It opens for breath, keys and humming too: it is there to spare the rest of the house silence, at 9 us a
    frame, and whoever needs to know whether it is a voice asks further. One gate per microphone, frames in order.
    Frames below -70 dBFS are never let through.
    """

    def __init__(self) -> None:
        self._detector = webrtcvad.Vad(AGGRESSIVENESS)
        self._levels: deque[float] = deque(maxlen=RISE_FRAMES)

    def is_open(self, frame: AudioFrame) -> bool:
        """Whether `frame` (20 ms, 16 kHz) may be speech; at most 200 ms late at the start of a word."""
        level = level_dbfs(frame.samples)
        self._levels.append(level)
        if level <= FLOOR_DBFS:
            return False
        louder = np.clip(frame.samples.astype(np.int32) * GAIN, -32768, 32767).astype(np.int16)
        detected = bool(self._detector.is_speech(louder.tobytes(), SAMPLE_RATE))
        return detected or level >= min(self._levels) + RISE_DB
