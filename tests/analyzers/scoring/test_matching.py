"""Cues are found as whole words or characters, and not where they are denied."""

from __future__ import annotations

import pytest

from analyzers.scoring.matching import Match, SearchableAnswer
from question_flows.model import Language
from tests.analyzers.scoring.spoken import CHINESE, ENGLISH, spoken


def found(text: str, cue: str, language: Language = ENGLISH) -> list[str]:
    transcript = spoken(text, language)
    separator = " " if language is ENGLISH else ""
    return [
        separator.join(word.text for word in transcript.words[match.first_word : match.last_word + 1])
        for match in SearchableAnswer(transcript).find(cue)
    ]


@pytest.mark.parametrize(
    ("text", "cue", "expected"),
    [
        ("I am sorry, really", "sorry", ["sorry,"]),
        ("SORRY!", "sorry", ["SORRY!"]),
        ("an assorted parcel", "sort", []),
        ("my order number, please", "order number|receipt", ["order number,"]),
        ("the order. number ten", "order number", []),
        ("I don't know", "do not know", ["don't know"]),
        ("I’ll call you", "i will", ["I’ll"]),
        ("the customer's parcel", "customer", ["customer's"]),
        ("my co-worker", "co-worker", ["co-worker"]),
        ("tests and more tests", "tests", ["tests", "tests"]),
        # denied
        ("I did not listen to him", "listen", []),
        ("I never really listened", "listened", []),
        ("I can't help you", "i can", []),
        ("I will not call", "i will", []),
        ("not only listened but asked", "listened", ["listened"]),
        ("it does not, I listened", "listened", ["listened"]),
        ("he did not come. sorry", "sorry", ["sorry"]),
        ("it was not my fault", "not my fault", ["not my fault"]),
    ],
)
def test_english(text: str, cue: str, expected: list[str]) -> None:
    assert found(text, cue) == expected


@pytest.mark.parametrize(
    ("text", "cue", "expected"),
    [
        ("非常对不起，我明白", "对不起", ["对不起，"]),
        ("请问，订单号", "问订单", ["问，订单"]),
        ("我明白。请说", "白请", []),
        ("我用API和缓存", "api", ["API"]),
        ("我没有道歉", "道歉", []),
        ("他不同意我", "同意", []),
        ("不，同意了", "同意", ["同意"]),
        ("我特别耐心", "耐心", ["耐心"]),
        ("我不得不请经理帮忙", "请经理", ["请经理"]),
        ("我不会解释", "解释", []),
        ("不但解释了", "解释", ["解释"]),
    ],
)
def test_chinese(text: str, cue: str, expected: list[str]) -> None:
    assert found(text, cue, CHINESE) == expected


def test_length_counts_words_in_english_and_characters_in_chinese() -> None:
    assert SearchableAnswer(spoken("hello, my name - is Ann.")).length == 5
    assert SearchableAnswer(spoken("我用API，很好。", CHINESE)).length == 5
    assert SearchableAnswer(spoken("")).length == 0


def test_a_match_names_its_words() -> None:
    assert SearchableAnswer(spoken("I am very sorry")).find("very sorry") == [Match(2, 3)]


def test_a_typed_answer_may_come_as_one_long_word() -> None:
    assert found("我先道歉", "道歉", CHINESE) == ["道歉"]
    transcript = spoken("x", CHINESE)
    word = transcript.words[0]
    typed = type(transcript)(CHINESE, (type(word)("对不起，我马上查。", 5, 5, 1.0),))
    assert SearchableAnswer(typed).find("马上") == [Match(0, 0)]
