"""The words before a decode that tell the recogniser what may come: terms of the question, and how Chinese is written.

CTranslate2 decodes only prompts of one length together, so each is cut to one of a few lengths: interviews about
different questions then still share batches.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from question_flows.model import Language

MOST_TERMS = 10
LENGTHS = (0, 8, 16, 32, 48)
"""Tokens a prompt may have."""

CHINESE_SENTENCE = "以下是普通话的句子。"
"""Without it Whisper leaves punctuation out, and may write traditional characters (faster-whisper#521)."""


def prompt_text(language: Language, terms: Sequence[str]) -> str:
    """What stands before the decode; empty when there is nothing to say."""
    terms = terms[:MOST_TERMS]
    if language is Language.CHINESE:
        return CHINESE_SENTENCE + "、".join(terms)
    return " " + ", ".join(terms) if terms else ""


def prompt_tokens(text: str, encode: Callable[[str], Sequence[int]]) -> tuple[int, ...]:
    """The first tokens of the text, as many as the longest allowed length that it fills."""
    tokens = tuple(encode(text)) if text else ()
    return tokens[: max(length for length in LENGTHS if length <= len(tokens))]
