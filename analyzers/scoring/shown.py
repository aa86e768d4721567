"""What an answer has shown and what it still lacks: decides branches and what is asked further."""

from __future__ import annotations

from collections.abc import Collection

from analyzers.results import AnswerScore, Transcript, WithheldReason
from analyzers.scoring.rubric import COUNTER_ONLY, score_answer
from question_flows.model import Flow, Question


def shown(score: AnswerScore) -> frozenset[str]:
    """The indicators that the answer supports: those with more points than words against them alone would get."""
    return frozenset(
        one.indicator_id for one in score.indicators if one.points is not None and one.points > COUNTER_ONLY
    )


def missing_evidence(
    flow: Flow, question: Question, transcript: Transcript, shown_before: Collection[str] = ()
) -> tuple[str, ...]:
    """The question's indicators that the answer holds nothing for, in the question's order: what a probe may ask for.

    shown_before: indicators already shown, such as in the answer that this one follows; they are not missing. What is
    withheld for another reason (too few words, uncertain recognition) is not missing either: nobody is asked further
    because a machine heard badly. Raises KeyError as `score_answer` does.
    """
    return tuple(
        one.indicator_id
        for one in score_answer(flow, question, transcript).indicators
        if one.withheld is WithheldReason.NOT_ENOUGH_EVIDENCE and one.indicator_id not in shown_before
    )
