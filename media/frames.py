"""The values that leave this folder: sound and pictures with their time on the interview clock."""

from __future__ import annotations

from dataclasses import dataclass

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


@dataclass(frozen=True, slots=True)
class Utterance:
    """Speech between two silences, as far as it has been heard.

    number counts utterances of one segmenter from 1; the provisional ones that grow into a final one share it.
    samples: int16, shape (n,), 16 kHz, pre-roll included. start_ms, end_ms: interview clock,
    milliseconds, of the first and behind the last sample. final: nothing will be added.
    """

    number: int
    samples: NDArray[np.int16]
    start_ms: int
    end_ms: int
    final: bool
