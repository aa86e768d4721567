"""Typed text becomes the words that a spoken answer would have. Pure."""

from __future__ import annotations

import re

from analyzers.results import Transcript, TranscriptWord
from question_flows.model import Language

_CHINESE_TOKEN = re.compile(r"[A-Za-z0-9]+(?:[.'’+#&/_%@-]+[A-Za-z0-9]+)*[+#%]*|\S")


def clean(text: str) -> str:
    """The text without what no database keeps: NUL, and halves of surrogate pairs."""
    return text.replace("\0", "").encode("utf-8", "replace").decode("utf-8")


def typed_transcript(text: str, language: Language, at_ms: int) -> Transcript:
    """The words of a typed answer, each as certain as can be, all at the time of submission.

    English: split at spaces. Chinese: characters; Latin words and numbers stay whole. Punctuation belongs to the
    word before it.
    """
    parts = text.split() if language is Language.ENGLISH else _chinese(text)
    return Transcript(language, tuple(TranscriptWord(part, at_ms, at_ms, 1.0) for part in parts))


def _chinese(text: str) -> list[str]:
    parts: list[str] = []
    for token in _CHINESE_TOKEN.findall(text):
        if parts and not any(letter.isalnum() for letter in token):
            parts[-1] += token
        else:
            parts.append(token)
    return parts
