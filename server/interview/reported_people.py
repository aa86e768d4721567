"""What people rated, overrode and decided, as the report shows it beside the machine's scores. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from analyzers.results import AnswerScore, InterviewScore
from question_flows.model import Flow
from server.interview.agreement import Agreement, agreement
from server.interview.combined import CombinedScore, Opinion, combined
from server.interview.hr_events import Decision
from server.interview.reported_dimension import ReportedRating, reported_rating
from server.interview.review import Finished, Override
from server.interview.state import InterviewState

BY_A_PERSON = 1.0
"""The confidence of points that a person put in the machine's place."""
NOTHING = CombinedScore(None, None, None, None, None)


@dataclass(frozen=True, slots=True)
class ReportedDepartment:
    """name: in the interview's language. weight: the share of its raters' mean, 0-1."""

    id: str
    name: str
    weight: float


@dataclass(frozen=True, slots=True)
class ReportedReview:
    """How the flow weighs people. human_weight: people's share of a combined score, 0-1."""

    blind: bool
    human_weight: float
    departments: tuple[ReportedDepartment, ...]
    others_weight: float


@dataclass(frozen=True, slots=True)
class RatedCompetency:
    """One competency by machine and people. ratings: those of people, the oldest first."""

    id: str
    ratings: tuple[ReportedRating, ...]
    score: CombinedScore


@dataclass(frozen=True, slots=True)
class ReportedOverride:
    """machine: the points as given, None where they were withheld; points: a person's in their place. 0-10."""

    question_id: str
    indicator_id: str
    machine: float | None
    points: float
    reason: str
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class ReportedDecision:
    decision: Decision
    reason: str
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class People:
    """Machine, people and both are kept apart. decision: the last of decisions; nothing follows from it by itself.

    agreement: between raters, over competencies and dimensions of this interview; None while others' are not shown.
    """

    review: ReportedReview
    competencies: tuple[RatedCompetency, ...]
    total: CombinedScore
    overrides: tuple[ReportedOverride, ...]
    agreement: Agreement | None
    finished: tuple[Finished, ...]
    decision: ReportedDecision | None
    decisions: tuple[ReportedDecision, ...]

    def of(self, rater: str) -> People:
        """Only what this person rated: for somebody who rates without having seen anything else."""
        return replace(
            self,
            competencies=tuple(
                RatedCompetency(one.id, tuple(r for r in one.ratings if r.rater == rater), NOTHING)
                for one in self.competencies
            ),
            total=NOTHING,
            overrides=(),
            agreement=None,
            decision=None,
            decisions=(),
        )


def reported_people(
    flow: Flow, state: InterviewState, machine: InterviewScore, corrected: InterviewScore, scores: Sequence[AnswerScore]
) -> People:
    """machine, corrected: the score before and after overrides. scores: of the answers, as the machine gave them."""
    of_competencies: dict[str, list[Opinion]] = {}
    of_dimensions: dict[str, list[Opinion]] = {}
    by_rater: dict[str, dict[str, float]] = {}
    for rating in state.review.ratings:
        points, rater = rating.given.points, rating.given.rater
        of_competencies.setdefault(rating.given.competency_id, []).append(Opinion(points, rating.given.department))
        by_rater.setdefault(rater, {})[f"competency {rating.given.competency_id}"] = points
    for one in state.ratings:
        of_dimensions.setdefault(one.given.dimension_id, []).append(Opinion(one.given.points, one.given.department))
        by_rater.setdefault(one.given.rater, {})[f"dimension {one.given.dimension_id}"] = one.given.points
    both = combined(flow, machine, corrected, of_competencies, of_dimensions)
    decisions = tuple(
        ReportedDecision(one.given.decision, one.given.reason, one.given.by, one.at) for one in state.review.decisions
    )
    return People(
        review=_review(flow, state),
        competencies=tuple(
            RatedCompetency(
                competency.id,
                tuple(
                    reported_rating(flow.review, one.given, one.at)
                    for one in state.review.ratings
                    if one.given.competency_id == competency.id
                ),
                both.competencies[competency.id],
            )
            for competency in flow.competencies
        ),
        total=both.total,
        overrides=_overrides(state, scores),
        agreement=agreement(list(by_rater.values())),
        finished=state.review.finished,
        decision=decisions[-1] if decisions else None,
        decisions=decisions,
    )


def overridden(scores: Sequence[AnswerScore], overrides: Sequence[Override]) -> list[AnswerScore]:
    """The scores with people's points in the machine's place, where there are any."""
    instead = {(one.given.question_id, one.given.indicator_id): one.given.points for one in overrides}
    return [_overridden(score, instead) for score in scores]


def _overridden(score: AnswerScore, instead: Mapping[tuple[str, str], float | None]) -> AnswerScore:
    return replace(
        score,
        indicators=tuple(
            replace(one, points=points, withheld=None, confidence=BY_A_PERSON)
            if (points := instead.get((score.question_id, one.indicator_id))) is not None
            else one
            for one in score.indicators
        ),
    )


def _overrides(state: InterviewState, scores: Sequence[AnswerScore]) -> tuple[ReportedOverride, ...]:
    machine = {(score.question_id, one.indicator_id): one.points for score in scores for one in score.indicators}
    return tuple(
        ReportedOverride(
            one.given.question_id,
            one.given.indicator_id,
            machine.get((one.given.question_id, one.given.indicator_id)),
            one.given.points,
            one.given.reason,
            one.given.by,
            one.at,
        )
        for one in state.review.overrides
        if one.given.points is not None
    )


def _review(flow: Flow, state: InterviewState) -> ReportedReview:
    review = flow.review
    return ReportedReview(
        review.blind,
        review.human_weight,
        tuple(ReportedDepartment(one.id, one.name[state.language], one.weight) for one in review.departments),
        review.others_weight,
    )
