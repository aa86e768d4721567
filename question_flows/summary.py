"""How long an interview is: its questions, the ways through them, and the minutes that the longest way takes."""

from __future__ import annotations

from dataclasses import dataclass

from question_flows.model import Flow, Question
from question_flows.progress import first_question, longest_rest, successors

_PER_MINUTE = 60


@dataclass(frozen=True, slots=True)
class Summary:
    """questions: all of the flow's own. most_asked: on the longest way. ways: how many there are.

    minutes: suggested thinking and answering on the way that takes longest, practice and follow-ups left out.
    """

    questions: int
    most_asked: int
    ways: int
    minutes: float


def summary_of(flow: Flow) -> Summary:
    """The figures of a flow that the loader takes."""
    ways: dict[str, int] = {}
    seconds: dict[str, int] = {}
    for question in reversed(flow.questions):
        nexts = successors(flow, question)
        ways[question.id] = sum(1 if one is None else ways[one.id] for one in nexts)
        rest = max(0 if one is None else seconds[one.id] for one in nexts)
        seconds[question.id] = _own_seconds(question) + rest
    first = first_question(flow).id
    return Summary(len(flow.questions), 1 + longest_rest(flow, first), ways[first], seconds[first] / _PER_MINUTE)


def _own_seconds(question: Question) -> int:
    return question.thinking_seconds + question.answer_seconds
