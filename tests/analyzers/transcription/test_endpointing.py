"""How long a pause must be, by the words before it: table by table, in both languages."""

from __future__ import annotations

import pytest

from analyzers.results import TranscriptWord
from analyzers.transcription.endpointing import silence_to_wait_ms
from question_flows.loader import shipped_flows
from question_flows.model import Endpointing, Language, QuestionKind

PAUSES = Endpointing(complete_ms=501, normal_ms=902, unfinished_ms=2003)


def pause_behind(text: str, language: Language) -> str:
    """Which of the flow's three pauses it is."""
    parts = text.split() if language is Language.ENGLISH else list(text)
    words = [TranscriptWord(part, at * 100, at * 100 + 100, 1.0) for at, part in enumerate(parts)]
    return {501: "complete", 902: "normal", 2003: "unfinished"}[silence_to_wait_ms(words, language, PAUSES)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "normal"),
        ("...", "normal"),
        ("I sent a new phone in three days.", "complete"),
        ("Is that all?", "complete"),
        ("No!", "complete"),
        ('He said "stop."', "complete"),
        ("The project went well.", "complete"),
        ("I think so.", "complete"),
        ("Yes I did.", "complete"),
        ("I sent a new phone", "normal"),
        ("the plum", "normal"),
        ("I sent a new phone,", "unfinished"),
        ("I sent a new phone -", "unfinished"),
        ("I sent a new phone —", "unfinished"),
        ("I sent a new phone...", "unfinished"),
        ("I sent a new phone…", "unfinished"),
        ("There are three reasons:", "unfinished"),
        ("I sent um", "unfinished"),
        ("I sent a, uh.", "unfinished"),
        ("Well", "unfinished"),
        ("I was late because", "unfinished"),
        ("I was late because.", "unfinished"),
        ("I sent it and.", "unfinished"),
        ("I sent it And", "unfinished"),
        ("so", "unfinished"),
        ("I gave it to", "unfinished"),
        ("I opened the", "unfinished"),
        ("and then we’re", "unfinished"),
        ("it was, you know.", "unfinished"),
        ("it was sort of", "unfinished"),
    ],
)
def test_english(text: str, expected: str) -> None:
    assert pause_behind(text, Language.ENGLISH) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "normal"),
        ("我三天内换了手机。", "complete"),
        ("可以吗？", "complete"),
        ("好！", "complete"),
        ("他说“不行。”", "complete"),
        ("不是。", "complete"),
        ("好的", "normal"),
        ("我三天内换了手机", "normal"),
        ("我三天内换了手机，", "unfinished"),
        ("有三个原因：", "unfinished"),
        ("我觉得……", "unfinished"),
        ("嗯", "unfinished"),
        ("我先呃。", "unfinished"),
        ("我用的是那个", "unfinished"),
        ("我迟到了因为", "unfinished"),
        ("我迟到了，因为。", "unfinished"),
        ("做完这件事然后", "unfinished"),
        ("而且", "unfinished"),
        ("他打电话的时候", "unfinished"),
        ("他打电话的时候。", "unfinished"),
        ("做完以后", "unfinished"),
        ("做完以后。", "complete"),
        ("我们用 Redis 和", "unfinished"),
    ],
)
def test_chinese(text: str, expected: str) -> None:
    assert pause_behind(text, Language.CHINESE) == expected


@pytest.mark.parametrize("language", list(Language))
def test_every_sample_answer_is_complete_at_its_end_and_unfinished_at_its_commas(language: Language) -> None:
    comma = "，" if language is Language.CHINESE else ","
    for flow in shipped_flows().values():
        for question in flow.questions:
            if question.kind in {QuestionKind.TEXT, QuestionKind.CODE}:
                continue  # typed, never spoken
            for answer in question.sample_answers[language]:
                assert pause_behind(answer, language) == "complete"
                for at, letter in enumerate(answer):
                    if letter == comma:
                        assert pause_behind(answer[: at + 1], language) == "unfinished"
