"""May somebody be speaking? WebRTC's voice activity detection, set to let through rather than to miss."""

from __future__ import annotations

import numpy as np
import webrtcvad

from media.audio import level_dbfs
from media.frames import SAMPLE_RATE, AudioFrame

FLOOR_DBFS = -70.0
GAIN = 4
"""The detector's thresholds are absolute: unamplified it lets a quiet voice in noise through 1.2 s late, by 12 dB
louder 0.2 s late (espeak-ng at -58 dBFS, 10 dB above white noise)."""


class VoiceGate:
    """The cheap first look at every frame: what it refuses, nothing else looks at.

    It opens for breath, keys and humming too: it is there to spare the rest of the house silence, at 2 us a frame,
    and whoever needs to know whether it is a voice asks further. One gate per microphone, frames in order.
    aggressiveness: 0 (takes most for speech) to 3 (least), as in WebRTC. Frames below -70 dBFS are never let through.
    """

    def __init__(self, aggressiveness: int = 1) -> None:
        self._detector = webrtcvad.Vad(aggressiveness)

    def is_open(self, frame: AudioFrame) -> bool:
        """Whether `frame` (20 ms, 16 kHz) may be speech; at most 200 ms late at the start of a word."""
        if level_dbfs(frame.samples) <= FLOOR_DBFS:
            return False
        louder = np.clip(frame.samples.astype(np.int32) * GAIN, -32768, 32767).astype(np.int16)
        return bool(self._detector.is_speech(louder.tobytes(), SAMPLE_RATE))
