"""Pieces of decoded text become words in English and characters in Chinese, with their times."""

from __future__ import annotations

import pytest

from analyzers.results import TranscriptWord
from analyzers.transcription.words import Piece, spoken_form, to_words, without_loop
from question_flows.model import Language


def pieces(*texts: str, piece_ms: int = 200) -> list[Piece]:
    return [Piece(text, index * piece_ms, (index + 1) * piece_ms, 0.8) for index, text in enumerate(texts)]


def texts(words: tuple[TranscriptWord, ...]) -> list[str]:
    return [word.text for word in words]


@pytest.mark.parametrize(
    ("decoded", "expected"),
    [
        ((" I", " would", " apolog", "ise", ",", " then", " call", "."), ["I", "would", "apologise,", "then", "call."]),
        ((" It", "'s", " well", "-known"), ["It's", "well-known"]),
        ((" He said", ' "', "no", '".'), ["He", "said", '"no".']),
        ((" about", " 3", ".5", "%", " of (", "all", ")"), ["about", "3.5%", "of", "(all)"]),
        ((" wait", " -", " what", "?"), ["wait-", "what?"]),
        ((",", " yes"), ["yes"]),
        (("...",), []),
    ],
)
def test_english_words(decoded: tuple[str, ...], expected: list[str]) -> None:
    assert texts(to_words(pieces(*decoded), Language.ENGLISH)) == expected


@pytest.mark.parametrize(
    ("decoded", "expected"),
    [
        (("我", "会", "道歉", "，", "然后"), ["我", "会", "道", "歉，", "然", "后"]),
        (("用", "Ex", "cel", "和", "Power", " Point"), ["用", "Excel", "和", "Power", "Point"]),
        (("在", "20", "24", "年", "。"), ["在", "2024", "年。"]),
        (("他说", "：", "“", "好", "”", "。"), ["他", "说：", "“好”。"]),
        (("Java", "，", "Python"), ["Java，", "Python"]),
        (("提高", "3", ".5", "%"), ["提", "高", "3.5%"]),
    ],
)
def test_chinese_characters(decoded: tuple[str, ...], expected: list[str]) -> None:
    assert texts(to_words(pieces(*decoded), Language.CHINESE)) == expected


def test_a_piece_shares_its_time_evenly_among_its_characters() -> None:
    words = to_words([Piece("道歉。", 1000, 1400, 0.5)], Language.CHINESE)
    assert [(word.text, word.start_ms, word.end_ms) for word in words] == [("道", 1000, 1200), ("歉。", 1200, 1400)]
    assert [word.confidence for word in words] == [0.5, 0.5]


def test_a_word_spans_its_pieces_and_averages_their_probabilities_by_letters() -> None:
    (word,) = to_words(
        [Piece(" cust", 0, 400, 1.0), Piece("omer", 400, 800, 0.5), Piece(".", 800, 900, 0.0)], Language.ENGLISH
    )
    assert word == TranscriptWord("customer.", 0, 800, 0.75)


def test_broken_characters_are_left_out() -> None:
    assert texts(to_words(pieces("好", "\ufffd", "的"), Language.CHINESE)) == ["好", "的"]


def said(text: str) -> tuple[TranscriptWord, ...]:
    return tuple(TranscriptWord(word, 0, 0, 1.0) for word in text.split())


@pytest.mark.parametrize(
    ("decoded", "kept"),
    [
        ("so I called the driver and the driver and the driver and the driver and", "so I called the driver and"),
        ("thank you " * 9, "thank you"),
        ("he said " + "it was late " * 5 + "and so", "he said it was late"),
        ("well no, no, no, no", "well no, no, no, no"),
        ("I told him and I told her", "I told him and I told her"),
        ("", ""),
    ],
)
def test_a_loop_is_cut_to_its_first_round(decoded: str, kept: str) -> None:
    assert " ".join(texts(without_loop(said(decoded)))) == kept


def test_spoken_form_ignores_case_and_punctuation() -> None:
    assert spoken_form("Days,") == spoken_form("days")
    assert spoken_form("歉。") == spoken_form("歉")
    assert spoken_form("…") == "…"
