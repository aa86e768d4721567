"""Movements that take part in a competency's points: only where flow, law and candidate allow it. Pure."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum

from analyzers.results import Observation
from question_flows.model import Competency, Flow, QuestionKind
from server.governance.policy import expression_may_count
from server.interview.events import AnswerMode, Purpose
from server.interview.state import AnswerState, InterviewState

LEAST_MEASURED = 5
"""Pictures in which the movement could be measured, over all answers that count; with fewer nothing is said of it."""
LEAST_COVERAGE = 0.5
"""Share of the pictures looked at; below it the light was too poor, say, and a missing movement means nothing."""


@dataclass(frozen=True, slots=True)
class CountedObservation:
    """A movement that takes part in a competency's points. weight, share: 0-1; kind: an `ObservationKind`."""

    competency_id: str
    kind: str
    weight: float
    share: float


class NotCounted(StrEnum):
    """Why a movement that the flow gives a weight takes no part in the points; the first that applies is told."""

    LAW = "law"
    CONSENT = "consent"
    NOT_MEASURED = "not_measured"
    NO_POINTS = "no_points"
    """The words gave no points that it could take part in."""


@dataclass(frozen=True, slots=True)
class UncountedObservation:
    """A movement with a weight that was not used. weight: 0-1; kind: an `ObservationKind`."""

    competency_id: str
    kind: str
    weight: float
    reason: NotCounted


def uncounted_observations(
    flow: Flow, state: InterviewState, used: Collection[str]
) -> tuple[UncountedObservation, ...]:
    """What the flow weighs and the score does not rest on. used: ids of the competencies whose score does."""
    return tuple(
        UncountedObservation(competency.id, observation.kind, observation.weight, _reason(flow, state, competency))
        for competency in flow.competencies
        if (observation := competency.observation) is not None and competency.id not in used
    )


def _reason(flow: Flow, state: InterviewState, competency: Competency) -> NotCounted:
    if not expression_may_count(state.jurisdiction):
        return NotCounted.LAW
    if not state.allows(Purpose.EXPRESSION):
        return NotCounted.CONSENT
    if _share(_seen(flow, state, competency)) is None:
        return NotCounted.NOT_MEASURED
    return NotCounted.NO_POINTS


def counted_observations(flow: Flow, state: InterviewState) -> tuple[CountedObservation, ...]:
    """What the interview's score rests on besides words; empty where law or candidate do not allow it.

    Spoken answers to role-plays count, each by how many pictures it was measured in.
    """
    if not state.allows(Purpose.EXPRESSION) or not expression_may_count(state.jurisdiction):
        return ()
    found = []
    for competency in flow.competencies:
        observation = competency.observation
        share = _share(_seen(flow, state, competency)) if observation is not None else None
        if observation is not None and share is not None:
            found.append(CountedObservation(competency.id, observation.kind, observation.weight, share))
    return tuple(found)


def observed_shares(flow: Flow, state: InterviewState) -> dict[str, float]:
    """Competency id → share, as `combine` takes it."""
    return {one.competency_id: one.share for one in counted_observations(flow, state)}


def _seen(flow: Flow, state: InterviewState, competency: Competency) -> list[Observation]:
    return [
        seen
        for answer in state.asked
        if _counts(flow, state, answer, competency)
        for seen in answer.observations
        if competency.observation is not None and seen.kind == competency.observation.kind
    ]


def _counts(flow: Flow, state: InterviewState, answer: AnswerState, competency: Competency) -> bool:
    question = state.question(flow, answer.question_id)
    spoken_role_play = question.kind is QuestionKind.ROLE_PLAY and answer.mode is AnswerMode.VOICE
    return spoken_role_play and any(one.id in question.indicator_ids for one in competency.indicators)


def _share(seen: Sequence[Observation]) -> float | None:
    looked_at = sum(one.samples for one in seen)
    measured = [(one.coverage * one.samples, one.share) for one in seen if one.share is not None]
    total = sum(samples for samples, _ in measured)
    if total < LEAST_MEASURED or total < LEAST_COVERAGE * looked_at:
        return None
    return round(sum(samples * share for samples, share in measured) / total, 3)
