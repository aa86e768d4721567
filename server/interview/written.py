"""Questions in a person's own words, asked beside the flow: their ids and what they are like. None is scored."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from question_flows.model import FOLLOW_UP_MARK, Flow, Language, Question, QuestionKind

_ASKED = "ask"


def written_id(question_id: str, taken: Iterable[str]) -> str:
    """The id of the next one asked beside this question of the flow's. taken: ids there are already."""
    start = f"{question_id}{FOLLOW_UP_MARK}{_ASKED}{FOLLOW_UP_MARK}"
    return f"{start}{1 + sum(one.startswith(start) for one in taken)}"


def is_written(question_id: str) -> bool:
    """Whether a person worded this question: neither ids of questions nor of indicators hold the mark."""
    parts = question_id.split(FOLLOW_UP_MARK)
    return len(parts) == 3 and parts[1] == _ASKED


def written_question(flow: Flow, question_id: str, wording: str) -> Question:
    """The question with this wording: spoken or typed, beside the flow's question of its id. Raises KeyError."""
    of = flow.question(question_id.partition(FOLLOW_UP_MARK)[0])
    return replace(
        of,
        id=question_id,
        kind=QuestionKind.STRUCTURED,
        text=dict.fromkeys(Language, wording),
        indicator_ids=(),
        hints=(),
        thinking_seconds=0,
        answer_seconds=flow.follow_ups.answer_seconds,
        sample_answers={},
        scenario_id=None,
        branches=(),
        options=(),
        code_language=None,
    )
