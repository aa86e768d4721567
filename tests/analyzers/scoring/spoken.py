"""Transcripts for tests: a text as if it had been spoken, one word (character) every 300 ms."""

from __future__ import annotations

import re

from analyzers.results import Transcript, TranscriptWord
from question_flows.model import Language

ENGLISH = Language.ENGLISH
CHINESE = Language.CHINESE


def spoken(text: str, language: Language = ENGLISH, confidence: float = 0.9) -> Transcript:
    """The words of text; Chinese split into characters, each carrying the punctuation that follows it."""
    parts = text.split() if language is ENGLISH else re.findall(r"[A-Za-z]+[，。]?|[^，。\s][，。]?", text)
    return Transcript(
        language,
        tuple(TranscriptWord(part, 300 * i, 300 * i + 250, confidence) for i, part in enumerate(parts)),
    )
