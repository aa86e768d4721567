"""The score of a submitted answer: by the built-in scorer, or withheld for what no candidate can help. Pure."""

from __future__ import annotations

from dataclasses import replace

from analyzers.results import AnswerScore, WithheldReason
from analyzers.scoring.rubric import SCORER, score_answer, withhold
from question_flows.model import Flow
from server.interview.events import AnswerMode, Purpose
from server.interview.state import AnswerState, FaultKind, InterviewState
from server.interview.written import is_written

NO_SCORER = "none"
"""What stands for the scorer of an answer that nothing scored."""

_TOO_LITTLE = (WithheldReason.TOO_FEW_WORDS, WithheldReason.NOT_ANSWERED)


def mark(flow: Flow, state: InterviewState, answer: AnswerState) -> tuple[AnswerScore, str]:
    """(score, name of what gave it). Too few words are a fault of the line where it failed during the answer, or of
    whoever ended the questions meanwhile. What people ask in their own words is not scored: no indicator belongs to it.

    Raises ValueError for an answer that is not submitted.
    """
    if answer.transcript is None:
        raise ValueError(f"the answer to {answer.question_id} is not submitted")
    question = state.question(flow, answer.question_id)
    if answer.skipped:
        return withhold(flow, question, WithheldReason.QUESTION_SKIPPED), NO_SCORER
    if answer.cut_short and answer.mode is None:
        return withhold(flow, question, WithheldReason.NOT_ASKED), NO_SCORER
    if not state.allows(Purpose.SCORING):
        return withhold(flow, question, WithheldReason.NO_CONSENT), NO_SCORER
    if is_written(answer.question_id):
        return AnswerScore(answer.question_id, ()), NO_SCORER
    score = score_answer(flow, question, answer.transcript)
    if not _line_failed(state, answer) and not answer.cut_short:
        return score, SCORER
    because = WithheldReason.LINE_FAULT if _line_failed(state, answer) else WithheldReason.NOT_ASKED
    instead = withhold(flow, question, because).indicators
    indicators = tuple(
        fault if one.withheld in _TOO_LITTLE else one for one, fault in zip(score.indicators, instead, strict=True)
    )
    return replace(score, indicators=indicators), SCORER


def _line_failed(state: InterviewState, answer: AnswerState) -> bool:
    """Whether something that was said may be missing: an utterance was lost, or the candidate was cut off meanwhile."""
    if answer.mode is not AnswerMode.VOICE:
        return False
    since_ms = max(answer.started_ms or answer.asked_ms, answer.restarted_ms or 0)
    return any(lost.end_ms > since_ms for lost in answer.lost) or any(
        fault.question_id == answer.question_id and fault.clock_ms >= since_ms
        for fault in state.faults
        if fault.kind in (FaultKind.OUTAGE, FaultKind.RESTART)
    )
