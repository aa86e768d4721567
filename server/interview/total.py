"""The machine's score of a whole interview as its answers stand, and what lists show of it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from analyzers.results import AnswerScore, InterviewScore, WithheldReason
from analyzers.scoring.combine import combine
from question_flows.model import Flow
from server.interview.observed import observed_shares
from server.interview.state import InterviewState
from server.storage.event_log import Listed


def interview_score(
    flow: Flow, state: InterviewState, provisional: Mapping[str, AnswerScore] | None = None
) -> InterviewScore:
    """All competencies over the scored answers and, if given, provisional scores of others (question id → score)."""
    others = provisional or {}
    scores = [answer.score or others.get(answer.question_id) for answer in state.asked]
    return cut_short(
        combine(flow, [score for score in scores if score is not None], observed_shares(flow, state)), state
    )


def cut_short(score: InterviewScore, state: InterviewState) -> InterviewScore:
    """The same; where a person ended the questions, what nobody was asked about is not called unanswered."""
    if not state.is_cut_short:
        return score
    competencies = tuple(
        replace(one, withheld=WithheldReason.NOT_ASKED) if one.withheld is WithheldReason.NOT_ANSWERED else one
        for one in score.competencies
    )
    withheld = WithheldReason.NOT_ASKED if score.withheld is WithheldReason.NOT_ANSWERED else score.withheld
    return replace(score, competencies=competencies, withheld=withheld)


def listed(flow: Flow, state: InterviewState) -> Listed:
    """The row's values after the last event."""
    return Listed(
        status=state.status.value,
        total=interview_score(flow, state).total,
        decision=state.decision.decision.value if state.decision is not None else None,
    )
