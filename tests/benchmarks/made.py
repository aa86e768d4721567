"""Interviews and timelines made by hand."""

from __future__ import annotations

import numpy as np

from media.frames import SAMPLE_RATE
from question_flows.model import Language
from scripts.benchmarks.streaming.sound import PacedInterview, SpokenUtterance, TrueWord
from scripts.benchmarks.streaming.timeline import Final, Heard, Sight, Timeline

WORD_S = 0.4


def interview(*utterances: tuple[float, str], language: Language = Language.ENGLISH) -> PacedInterview:
    """Of each utterance its start in seconds and its text; each word takes 0.4 s, and the next begins at once."""
    spoken = []
    for start_s, text in utterances:
        parts = text.split() if language is Language.ENGLISH else list(text)
        times = [start_s + WORD_S * position for position in range(len(parts))]
        words = [TrueWord(part, at, at + WORD_S) for part, at in zip(parts, times, strict=True)]
        spoken.append(SpokenUtterance(text, tuple(words)))
    return PacedInterview(language, np.zeros(20 * SAMPLE_RATE, np.int16), tuple(spoken))


def sight(at_s: float, committed: str, tentative: str = "") -> Sight:
    """Words by spaces."""
    return Sight(at_s, tuple(committed.split()), tuple(tentative.split()))


def heard(said: PacedInterview, *sights: Sight, finals: tuple[Final, ...] = (), lost_finals: int = 0) -> Heard:
    """What was said and what was seen of it."""
    return Heard(said, Timeline(tuple(sights), finals, lost_finals=lost_finals))
