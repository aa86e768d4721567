"""Invented words: silence, loops, a prompt read aloud."""

from __future__ import annotations

import pytest

from analyzers.results import TranscriptWord
from analyzers.transcription.gates import is_prompt, is_repetitive, is_silence


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
