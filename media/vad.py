"""Is it speech? WebRTC's voice activity detection, smoothed over 100 ms."""

from __future__ import annotations

from collections import deque

import webrtcvad

from media.audio import level_dbfs
from media.frames import SAMPLE_RATE, AudioFrame

WINDOW_FRAMES = 5
VOTES = 3
FLOOR_DBFS = -65.0
WARM_UP_FRAMES = 10


class VoiceGate:
    """Says of each frame whether somebody speaks; one gate per microphone, frames in order.

    aggressiveness: 0 (takes most for speech) to 3 (least), as in WebRTC. The last five frames vote, so a
    click opens nothing and one soft frame inside a word closes nothing. Frames below -65 dBFS are never
    speech, nor is anything in the first 200 ms, when the detector takes any noise for a voice; the segmenter's
    pre-roll keeps the sound of a person who does begin at once.
    """

    def __init__(self, aggressiveness: int = 2) -> None:
        self._detector = webrtcvad.Vad(aggressiveness)
        self._frames = 0
        self._votes: deque[bool] = deque(maxlen=WINDOW_FRAMES)

    def is_speech(self, frame: AudioFrame) -> bool:
        """Whether speech is going on at `frame` (20 ms, 16 kHz); up to 60 ms late at the start of a word."""
        heard = level_dbfs(frame.samples) > FLOOR_DBFS and bool(
            self._detector.is_speech(frame.samples.tobytes(), SAMPLE_RATE)
        )
        self._frames += 1
        self._votes.append(heard and self._frames > WARM_UP_FRAMES)
        return sum(self._votes) >= VOTES
