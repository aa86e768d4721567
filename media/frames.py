"""The values that leave this folder: sound and pictures with their time on the interview clock."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

SAMPLE_RATE = 16_000
"""Samples a second of every AudioFrame and Utterance; what speech recognition takes."""

FRAME_MS = 20
"""Length of one AudioFrame in milliseconds."""


@dataclass(frozen=True, slots=True)
class AudioFrame:
    """20 ms of mono sound.

    samples: int16, shape (320,), 16 kHz. start_ms: interview clock, milliseconds.
    """

    samples: NDArray[np.int16]
    start_ms: int


@dataclass(frozen=True, slots=True)
class VideoFrame:
    """One sampled picture. rgb: uint8, shape (height, width, 3). at_ms: interview clock, milliseconds."""

    rgb: NDArray[np.uint8]
    at_ms: int


class Codec(StrEnum):
    """How an EncodedFrame is encoded."""

    OPUS = "opus"
    VP8 = "vp8"
    H264 = "h264"


@dataclass(frozen=True, slots=True)
class EncodedFrame:
    """What a browser sent, as it sent it: one Opus packet, one VP8 frame, or one H.264 access unit (Annex B).

    ticks: RTP time of its own stream, counted on without wrapping, clock_rate a second. arrived_s: time.monotonic()
    seconds. captured_s: the sender's clock, seconds, the same for its sound and its pictures (RTCP sender reports);
    None until the first report has come. key: whether decoding can begin here; always so for sound.
    """

    codec: Codec
    data: bytes
    ticks: int
    clock_rate: int
    arrived_s: float
    captured_s: float | None
    key: bool


class Stage(StrEnum):
    """How much of an utterance there is."""

    PARTIAL = "partial"
    """It is being spoken."""
    PROVISIONAL = "provisional"
    """Its speaker has paused: it is whole, unless they go on."""
    FINAL = "final"
    """It has ended; nothing will be added."""


@dataclass(frozen=True, slots=True)
class Utterance:
    """Speech between two silences, as far as it has been heard.

    number counts utterances of one segmenter from 1; the provisional ones that grow into a final one share it.
    samples: int16, shape (n,), 16 kHz, pre-roll included. start_ms, end_ms: interview clock,
    milliseconds, of the first and behind the last sample. speech_start_ms, speech_end_ms: likewise, from where to
    where a voice was heard in it; equal when there was none, and then it is not decoded.
    """

    number: int
    samples: NDArray[np.int16]
    start_ms: int
    end_ms: int
    speech_start_ms: int
    speech_end_ms: int
    stage: Stage

    @property
    def final(self) -> bool:
        """Whether nothing will be added."""
        return self.stage is Stage.FINAL
