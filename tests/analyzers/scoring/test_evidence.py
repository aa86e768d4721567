"""Quotes stand in the transcript exactly as they claim, or are refused."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzers.scoring.evidence import LONGEST_QUOTE, NotVerbatim, quote, surroundings, verify
from question_flows.model import Language
from tests.analyzers.scoring.spoken import CHINESE, ENGLISH, spoken

ANSWER = spoken("first I listened. I am very sorry, I will check the order. then he got the money.")


def test_a_quote_carries_its_words_and_times() -> None:
    found = quote("q", ANSWER, 3, 6)
    assert found.text == "I am very sorry,"
    assert (found.start_ms, found.end_ms) == (900, 2050)
    verify(found, ANSWER)


def test_a_chinese_quote_has_no_spaces() -> None:
    answer = spoken("我用API，查了订单。", CHINESE)
    assert quote("q", answer, 1, 4).text == "用API，查了"


@pytest.mark.parametrize(("first", "last"), [(-1, 0), (2, 1), (0, 99)])
def test_words_that_are_not_there_cannot_be_quoted(first: int, last: int) -> None:
    with pytest.raises(IndexError):
        quote("q", ANSWER, first, last)


@pytest.mark.parametrize(
    "change",
    [
        {"text": "I am very happy,"},
        {"text": "I am very sorry"},
        {"text": ""},
        {"first_word": 2},
        {"first_word": -2},
        {"last_word": 99},
        {"start_ms": 901},
        {"end_ms": 9},
    ],
)
def test_a_changed_quote_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(NotVerbatim):
        verify(replace(quote("q", ANSWER, 3, 6), **change), ANSWER)


def test_a_quote_of_another_answer_is_refused() -> None:
    with pytest.raises(NotVerbatim):
        verify(quote("q", ANSWER, 3, 6), spoken("we never said anything like that to him"))


def test_a_cue_is_quoted_with_its_sentence() -> None:
    assert quote("q", ANSWER, *surroundings(ANSWER, 6, 6)).text == "I am very sorry, I will check the order."


def test_in_a_long_sentence_a_cue_is_quoted_with_its_clause() -> None:
    answer = spoken("well " * 20 + "indeed, I am sorry for that, " + "and so on " * 6)
    assert quote("q", answer, *surroundings(answer, 23, 23)).text == "I am sorry for that,"


def test_without_punctuation_a_quote_stays_short() -> None:
    answer = spoken("word " * 30 + "sorry " + "word " * 30)
    first, last = surroundings(answer, 30, 30)
    assert first <= 30 <= last
    assert last - first + 1 == LONGEST_QUOTE[ENGLISH]


WORDS = {
    ENGLISH: st.sampled_from(["sorry", "I", "waited,", "done.", "why?", "parcel", "—"]),
    CHINESE: st.sampled_from(["对", "不", "起，", "好。", "API", "我", "吗？"]),
}


@given(st.data(), st.sampled_from(list(Language)))
def test_surroundings_hold_the_cue_and_stay_short(data: st.DataObject, language: Language) -> None:
    words = data.draw(st.lists(WORDS[language], min_size=1, max_size=80))
    answer = spoken(" ".join(words), language)
    cue_first = data.draw(st.integers(0, len(answer.words) - 1))
    cue_last = min(len(answer.words) - 1, cue_first + 2)
    first, last = surroundings(answer, cue_first, cue_last)
    assert 0 <= first <= cue_first <= cue_last <= last < len(answer.words)
    length = last - first + 1 if language is ENGLISH else sum(len(w.text) for w in answer.words[first : last + 1])
    assert length <= LONGEST_QUOTE[language]
    verify(quote("q", answer, first, last), answer)
