"""Invented words: silence, loops, a prompt read aloud."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from analyzers.results import TranscriptWord
from analyzers.transcription.gates import (
    EVEN_BELOW_DB,
    is_background,
    is_prompt,
    is_repetitive,
    is_silence,
    loudness_range_db,
)


def said(text: str) -> tuple[TranscriptWord, ...]:
    return tuple(TranscriptWord(word, 0, 0, 1.0) for word in text.split())


@pytest.mark.parametrize(
    ("no_speech", "log_probability", "silent"),
    [(0.9, -1.5, True), (0.9, -0.3, False), (0.3, -1.5, False), (0.0, 0.0, False)],
)
def test_silence_needs_both_signs(no_speech: float, log_probability: float, silent: bool) -> None:
    assert is_silence(no_speech, log_probability) is silent


@pytest.mark.parametrize(
    ("text", "repetitive"),
    [
        ("so I called the driver and the driver and the driver and the driver and", True),
        ("I waited and waited and then I called and " * 6, True),
        ("I first asked what had happened, then I looked up the order and called the driver", False),
        ("我 先 听 他 说 完 ， 查 了 订 单", False),
        ("谢 谢 观 看 " * 8, True),
        ("no, no, no", False),
        ("", False),
    ],
)
def test_loops_are_seen_by_phrase_or_by_compression(text: str, repetitive: bool) -> None:
    assert is_repetitive(said(text)) is repetitive


def loud(*levels: int) -> NDArray[np.int16]:
    """20 ms of noise at each of these amplitudes, in turn, for two seconds."""
    generator = np.random.default_rng(1)
    spans = [generator.normal(0, levels[at % len(levels)], 320) for at in range(100)]
    return np.asarray(np.concatenate(spans), np.int16)


def sure(confidence: float) -> tuple[TranscriptWord, ...]:
    return (TranscriptWord("well", 0, 500, confidence),)


def test_even_sound_and_words_in_doubt_are_background() -> None:
    babble, voice = loud(900, 1000, 1500), loud(50, 1000, 1500)
    assert loudness_range_db(babble) < EVEN_BELOW_DB < loudness_range_db(voice)
    assert is_background(babble, sure(0.6))
    assert not is_background(babble, sure(0.9))
    assert not is_background(voice, sure(0.3))
    assert not is_background(babble, ())
    assert loudness_range_db(babble[:100]) == 0.0


TERMS = ("refund", "apologise", "order number", "parcel")


@pytest.mark.parametrize(
    ("text", "prompt"),
    [
        ("refund, apologise", True),
        ("Apologise, order number, parcel.", True),
        ("refund, apologise, order number, parcel", True),
        ("refund", False),
        ("apologise refund", False),
        ("I would refund and apologise", False),
        ("the parcel", False),
        ("", False),
    ],
)
def test_the_prompt_read_aloud_is_known_by_two_terms_in_its_order(text: str, prompt: bool) -> None:
    assert is_prompt(said(text), TERMS) is prompt


def test_the_chinese_prompt_is_known_by_its_characters() -> None:
    terms = ("退款", "道歉", "订单号")
    assert is_prompt(said("退 款、 道 歉"), terms)
    assert not is_prompt(said("退 款"), terms)
    assert not is_prompt(said("我 会 道 歉"), terms)


def test_without_terms_nothing_is_the_prompt() -> None:
    assert not is_prompt(said("refund, apologise"), ())
