"""Against invented words: which decodes are thrown away or tried again. Pure.

Whisper writes phrases into noise and repeats itself (faster-whisper#621, #465, #1356). The first three thresholds are
those of Whisper's own transcribe() (Radford et al., arXiv 2212.04356, section 4.5).
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from analyzers.results import TranscriptWord
from analyzers.transcription.confidence import utterance_confidence
from analyzers.transcription.words import spoken_form, without_loop
from media.frames import SAMPLE_RATE

NO_SPEECH_ABOVE = 0.6
SILENT_BELOW_LOG_PROBABILITY = -1.0
REPETITIVE_ABOVE_COMPRESSION = 2.4
EVEN_BELOW_DB = 8.5
SURE_FROM = 0.7
_SPAN = SAMPLE_RATE // 50


def is_silence(no_speech: float, log_probability: float) -> bool:
    """Whether the model itself doubts that anybody spoke, and is unsure of its words as well."""
    return no_speech > NO_SPEECH_ABOVE and log_probability < SILENT_BELOW_LOG_PROBABILITY


def is_repetitive(words: Sequence[TranscriptWord]) -> bool:
    """Whether the decoder ran into a loop: one phrase over and over, or text that compresses too well."""
    if len(without_loop(words)) < len(words):
        return True
    text = " ".join(word.text for word in words).encode()
    return len(text) / len(zlib.compress(text)) > REPETITIVE_ABOVE_COMPRESSION if text else False


def is_background(samples: NDArray[np.int16], words: Sequence[TranscriptWord]) -> bool:
    """Whether it is many voices at once, or a voice drowned in noise: sound that is evenly loud, and words in doubt.

    samples: int16, shape (n,), 16 kHz. One person near a microphone is loud and silent by turns, even within a word;
    ten in the next room are not. Measured with synthetic voices: babble 6-8 dB and a confidence of 0.4-0.7, one voice
    10 dB above the noise 10-15 dB, in a quiet room over 20. Words that the model is sure of are kept at any range.
    """
    if not words or utterance_confidence(words) >= SURE_FROM:
        return False
    return loudness_range_db(samples) < EVEN_BELOW_DB


def loudness_range_db(samples: NDArray[np.int16]) -> float:
    """From the 10th to the 95th percentile of the loudness of 20 ms, decibels; 0 for less than that."""
    count = len(samples) // _SPAN
    if not count:
        return 0.0
    power = np.square(samples[: count * _SPAN].reshape(count, _SPAN), dtype=np.float32).mean(axis=1)
    quiet, loud = np.percentile(10 * np.log10(power + 1), (10, 95))
    return float(loud - quiet)


def is_prompt(words: Sequence[TranscriptWord], terms: Sequence[str]) -> bool:
    """Whether the words are two or more of the prompt's terms in the prompt's order, and nothing else.

    A decoder that hears nothing it knows reads its prompt aloud. People name a term within a sentence, hardly ever
    two in just that order and no word between.
    """
    forms = [spoken_form(term) for term in terms]
    heard = "".join(spoken_form(word.text) for word in words)
    if not heard:
        return False
    starts = range(len(forms) - 1)
    return any(heard in _runs(forms[start:]) for start in starts)


def _runs(forms: Sequence[str]) -> set[str]:
    """The first two, three, … all of the forms joined; spaces within a term do not count."""
    joined = ["".join(forms[: count + 2]).replace(" ", "") for count in range(len(forms) - 1)]
    return set(joined)
