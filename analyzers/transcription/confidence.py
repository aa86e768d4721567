"""How far a recognised word can be relied on: the model's probability, lowered by a bad line. Pure.

A word's confidence is p · q. p is the mean probability that the model gave to the word's letters, hearing it again
with its text known (Whisper's alignment pass). q is the quality of the line while the word was heard: 1 when nothing
was lost, and what is left of an utterance when sound is missing elsewhere too; recognition suffers about twice as much
as the share that is lost, since a gap of 20 ms takes a whole consonant with it. An utterance's confidence is the mean
of its words', each weighed by its letters, so that a long word counts for more than "a".
"""

from __future__ import annotations

from collections.abc import Sequence

from analyzers.results import TranscriptWord
from analyzers.transcription.words import spoken_form


def line_quality(lost: float) -> float:
    """Quality of a line, 0-1, that loses this share of its sound, 0-1."""
    return max(0.0, 1.0 - 2.0 * max(0.0, lost))


def word_confidence(probability: float, quality: float) -> float:
    """Confidence of a word, 0-1. probability: the model's. quality: the line's."""
    return round(min(1.0, max(0.0, probability)) * min(1.0, max(0.0, quality)), 4)


def utterance_confidence(words: Sequence[TranscriptWord]) -> float:
    """Mean confidence of the words, weighed by their letters, 0-1; 0 when there are none."""
    letters = [len(spoken_form(word.text)) for word in words]
    total = sum(letters)
    return sum(word.confidence * count for word, count in zip(words, letters, strict=True)) / total if total else 0.0
