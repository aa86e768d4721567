"""Confidence: the model's probability and the line's quality."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzers.results import TranscriptWord
from analyzers.transcription.confidence import line_quality, utterance_confidence, word_confidence


@pytest.mark.parametrize(("lost", "quality"), [(0.0, 1.0), (0.05, 0.9), (0.25, 0.5), (0.5, 0.0), (1.0, 0.0)])
def test_a_lossy_line_is_worth_less(lost: float, quality: float) -> None:
    assert line_quality(lost) == pytest.approx(quality)


def test_a_word_on_a_bad_line_is_less_certain() -> None:
    assert word_confidence(0.9, 1.0) == pytest.approx(0.9)
    assert word_confidence(0.9, line_quality(0.1)) == pytest.approx(0.72)


def test_long_words_count_for_more() -> None:
    words = (TranscriptWord("a", 0, 100, 0.1), TranscriptWord("conversation.", 100, 900, 0.9))
    assert utterance_confidence(words) == pytest.approx((0.1 + 12 * 0.9) / 13)
    assert utterance_confidence(()) == 0.0


@given(st.floats(-1, 2), st.floats(-1, 2))
def test_confidence_is_a_share(probability: float, quality: float) -> None:
    assert 0.0 <= word_confidence(probability, quality) <= 1.0
    assert 0.0 <= line_quality(probability) <= 1.0
