"""What was heard, put right: words that stay keep what is known of them, the others get the best time there is."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzers.results import Transcript, TranscriptWord
from analyzers.transcription.correction import changed_share, correct
from analyzers.transcription.words import split_text
from question_flows.model import Language

WITHIN = (1_000, 60_000)


def heard(text: str, language: Language = Language.ENGLISH) -> Transcript:
    """300 ms a word from 2 s on, 250 ms of them spoken."""
    parts = split_text(text, language)
    return Transcript(
        language, tuple(TranscriptWord(part, 2000 + 300 * n, 2250 + 300 * n, 0.6) for n, part in enumerate(parts))
    )


def shown(transcript: Transcript) -> list[tuple[str, int, int, float]]:
    return [(word.text, word.start_ms, word.end_ms, word.confidence) for word in transcript.words]


def test_a_wrong_word_is_replaced_in_its_place() -> None:
    corrected = correct(heard("call the costumer now"), "call the customer now", WITHIN)
    assert shown(corrected) == [
        ("call", 2000, 2250, 0.6),
        ("the", 2300, 2550, 0.6),
        ("customer", 2600, 2850, 1.0),
        ("now", 2900, 3150, 0.6),
    ]


def test_more_words_share_the_time_of_fewer_and_new_ones_the_gap() -> None:
    assert shown(correct(heard("today"), "to day", WITHIN)) == [("to", 2000, 2125, 1.0), ("day", 2125, 2250, 1.0)]
    assert shown(correct(heard("call now"), "call him now", WITHIN))[1] == ("him", 2250, 2300, 1.0)
    first, *_, last = shown(correct(heard("call now"), "please call now thanks", WITHIN))
    assert (first, last) == (("please", 1000, 2000, 1.0), ("thanks", 2550, 60_000, 1.0))


def test_words_that_only_change_case_or_punctuation_stay_what_they_were() -> None:
    before = heard("i was sorry and then i left")
    corrected = correct(before, "I was sorry, and then I left.", WITHIN)
    assert [word.confidence for word in corrected.words] == [0.6] * 7
    assert corrected.text == "I was sorry, and then I left."
    assert changed_share(before, corrected) == 0


def test_chinese_is_put_right_by_characters() -> None:
    before = heard("我问了顾客的定单号", Language.CHINESE)
    corrected = correct(before, "我问了顾客的订单号，马上查了。", WITHIN)
    assert corrected.text == "我问了顾客的订单号，马上查了。"
    sure = {word.text: word.confidence for word in corrected.words}
    assert (sure["问"], sure["订"], sure["号，"], sure["查"]) == (0.6, 1.0, 0.6, 1.0)
    assert changed_share(before, corrected) == pytest.approx(5 / 13)


@pytest.mark.parametrize(
    ("before", "after", "share"),
    [
        ("a b c d", "a b c d", 0),
        ("a b c d", "a x c d", 0.25),
        ("a b c d", "", 1),
        ("", "a b", 1),
        ("", "", 0),
        ("a b", "b a", 2 / 3),
        ("a b", "x y", 1),
    ],
)
def test_the_share_that_was_changed(before: str, after: str, share: float) -> None:
    was = heard(before)
    assert changed_share(was, correct(was, after, WITHIN)) == pytest.approx(share)


@given(st.text(max_size=60), st.text(max_size=60), st.sampled_from(Language))
def test_what_was_written_is_read_back_in_order_of_time(before: str, after: str, language: Language) -> None:
    was = heard(before, language)
    corrected = correct(was, after, (0, 100_000))
    assert [word.text for word in corrected.words] == split_text(after, language)
    times = [at for word in corrected.words for at in (word.start_ms, word.end_ms)]
    assert times == sorted(times)
    assert 0 <= changed_share(was, corrected) <= 1
    assert correct(was, was.text, WITHIN).text == was.text


def test_a_long_text_of_one_word_takes_no_minutes() -> None:
    was = heard("的" * 10_000, Language.CHINESE)
    began = time.monotonic()
    correct(was, "的" * 20_000, WITHIN)
    correct(heard("no " * 5_000), "no yes " * 5_000, WITHIN)
    assert time.monotonic() - began < 10
