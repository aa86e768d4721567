"""Typed text as words: what is typed is what is read back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from question_flows.model import Language
from server.interview.typed import clean, typed_transcript


@pytest.mark.parametrize(
    ("text", "language", "words"),
    [
        ("I said:  sorry,\nthen I left.", Language.ENGLISH, ["I", "said:", "sorry,", "then", "I", "left."]),
        ("我用 Excel 2024，对吗？", Language.CHINESE, ["我", "用", "Excel", "2024，", "对", "吗？"]),
        ("用C++和Node.js，", Language.CHINESE, ["用", "C++", "和", "Node.js，"]),
        ("“你好”", Language.CHINESE, ["“", "你", "好”"]),
        ("  \n ", Language.CHINESE, []),
        ("", Language.ENGLISH, []),
    ],
)
def test_words_of_a_typed_answer(text: str, language: Language, words: list[str]) -> None:
    transcript = typed_transcript(text, language, 1234)
    assert [word.text for word in transcript.words] == words
    assert {(word.start_ms, word.end_ms, word.confidence) for word in transcript.words} <= {(1234, 1234, 1.0)}


@given(st.text(), st.sampled_from(Language))
def test_no_letter_is_lost_or_added(text: str, language: Language) -> None:
    transcript = typed_transcript(text, language, 0)
    assert "".join("".join(word.text for word in transcript.words).split()) == "".join(text.split())


@given(st.text(st.characters()))
def test_cleaned_text_can_be_stored(text: str) -> None:
    cleaned = clean(text + "\0\ud800")
    assert "\0" not in cleaned
    cleaned.encode()
