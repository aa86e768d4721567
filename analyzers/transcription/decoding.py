"""What is asked of the recogniser and what it answers: plain values, known to queue, engine and stream alike."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analyzers.results import TranscriptWord
from media.frames import SAMPLE_RATE, Stage, Utterance
from question_flows.model import Language


class RecognitionError(Exception):
    """An utterance could not be recognised; its words are unknown. The cause is chained."""


@dataclass(frozen=True, slots=True, eq=False)
class DecodeRequest:
    """One utterance to be recognised, as far as it has been heard.

    samples: int16, shape (n,), 16 kHz. speech_start_ms, speech_end_ms: from where to where a voice was heard, from
    the first sample on; equal when there was none. language: None to have it detected. terms: words that are likely
    to occur, the most telling first. stage: partial ones are searched greedily, the others widely.
    """

    samples: NDArray[np.int16]
    speech_start_ms: int
    speech_end_ms: int
    language: Language | None
    terms: tuple[str, ...]
    stage: Stage

    @property
    def seconds(self) -> float:
        """Length of the sound."""
        return len(self.samples) / SAMPLE_RATE

    @property
    def whole(self) -> bool:
        """Whether the utterance is decoded to its end, tail included: it has ended, or its speaker paused."""
        return self.stage is not Stage.PARTIAL


def request_for(utterance: Utterance, language: Language | None, terms: tuple[str, ...] = ()) -> DecodeRequest:
    """The request to recognise an utterance."""
    return DecodeRequest(
        samples=utterance.samples,
        speech_start_ms=utterance.speech_start_ms - utterance.start_ms,
        speech_end_ms=utterance.speech_end_ms - utterance.start_ms,
        language=language,
        terms=terms,
        stage=utterance.stage,
    )


@dataclass(frozen=True, slots=True)
class DecodedSpeech:
    """What one decode of one utterance gave.

    words: times in milliseconds from the utterance's first sample, confidence the model's probability; empty when
    nothing was said. no_speech: the model's probability that nobody spoke, 0-1. log_probability: mean of the decoded
    tokens, 0 when none. language: that of the words; language_probability: 1 unless it was detected.
    unintelligible: there was speech, and its words could not be told; none are given then.
    queued_ms, compute_ms: how long it was in line, and how long its batch was computed.
    """

    words: tuple[TranscriptWord, ...]
    no_speech: float
    log_probability: float
    language: Language | None = None
    language_probability: float = 1.0
    unintelligible: bool = False
    queued_ms: float = 0.0
    compute_ms: float = 0.0


NOTHING_SAID = DecodedSpeech(words=(), no_speech=1.0, log_probability=0.0)
