"""Typed text becomes the words that a spoken answer would have. Pure."""

from __future__ import annotations

from analyzers.results import Transcript, TranscriptWord
from analyzers.transcription.words import split_text
from question_flows.model import Language


def clean(text: str) -> str:
    """The text without what no database keeps: NUL, and halves of surrogate pairs."""
    return text.replace("\0", "").encode("utf-8", "replace").decode("utf-8")


def typed_transcript(text: str, language: Language, at_ms: int) -> Transcript:
    """The words of a typed answer, each as certain as can be, all at the time of submission."""
    return Transcript(language, tuple(TranscriptWord(part, at_ms, at_ms, 1.0) for part in split_text(text, language)))
