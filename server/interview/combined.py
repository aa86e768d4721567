"""Machine, people and both together: kept apart, and never mixed where one of the two is missing. Pure.

People's points for one competency: the mean of each department's raters, then the mean of the departments by weight,
over those that have rated. A total: the mean by the competencies' weights, withheld while less than half of the weight
has points. Each figure is made of the rounded ones shown beside it, so that a reader can make it again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import fsum

from analyzers.results import InterviewScore
from analyzers.scoring.combine import LEAST_COVERAGE
from question_flows.model import Flow, Review

OTHERS = "-others"
"""Stands for raters of no department of the flow's, whose ids hold no "-"."""


class Missing(StrEnum):
    """Why there is no combined score. It is a result: nothing is put in its place."""

    MACHINE_WITHHELD = "machine_withheld"
    """The machine gave no points, which is not the same as 0."""
    NOT_RATED = "not_rated"
    NOT_COUNTED = "not_counted"
    """Only people have rated whose department has no share."""
    TOO_LITTLE = "too_little"
    """Less than half of the weight has points of both."""


@dataclass(frozen=True, slots=True)
class Opinion:
    """One person's points, 0-10. department: as their account says, may be empty."""

    points: float
    department: str = ""


@dataclass(frozen=True, slots=True)
class CombinedScore:
    """All points 0-10, None where there are none. machine: as given; corrected: after people's overrides.

    human: people's, weighted. combined: of corrected and human, only where both are there. missing: why it is not.
    """

    machine: float | None
    corrected: float | None
    human: float | None
    combined: float | None
    missing: Missing | None


@dataclass(frozen=True, slots=True)
class Combined:
    """competencies: by id, in the flow's order. dimensions: people's points by id, where there are any."""

    competencies: Mapping[str, CombinedScore]
    dimensions: Mapping[str, float]
    total: CombinedScore


def combined(
    flow: Flow,
    machine: InterviewScore,
    corrected: InterviewScore,
    of_competencies: Mapping[str, Sequence[Opinion]],
    of_dimensions: Mapping[str, Sequence[Opinion]],
) -> Combined:
    """machine, corrected: the machine's score, before and after overrides. of_…: id → what people gave, one of each."""
    given = {score.competency_id: score.points for score in machine.competencies}
    after = {score.competency_id: score.points for score in corrected.competencies}
    competencies = {
        one.id: _score(flow.review, given.get(one.id), after.get(one.id), of_competencies.get(one.id, ()))
        for one in flow.competencies
    }
    dimensions = {
        one.id: points
        for one in flow.dimensions
        if (points := people_points(flow.review, of_dimensions.get(one.id, ()))) is not None
    }
    return Combined(competencies, dimensions, _total(flow, machine, corrected, competencies, dimensions))


def department_of(review: Review, department: str) -> str:
    """The id of the flow's department that an account's belongs to, or OTHERS."""
    plain = _plain(department)
    for one in review.departments:
        if plain and plain in {one.id, *map(_plain, one.name.values())}:
            return one.id
    return OTHERS


def share_of(review: Review, department: str) -> float:
    """The share, 0-1, of the department's raters together: of one's own or, for OTHERS, of all of no department."""
    if not review.departments:
        return 1.0
    return next((one.weight for one in review.departments if one.id == department), review.others_weight)


def people_points(review: Review, opinions: Iterable[Opinion]) -> float | None:
    """0-10; None without an opinion that counts. The order of opinions makes no difference."""
    by_department: dict[str, list[float]] = {}
    for opinion in opinions:
        by_department.setdefault(department_of(review, opinion.department), []).append(opinion.points)
    means = [
        (share_of(review, one), _mean([(1.0, value) for value in points])) for one, points in by_department.items()
    ]
    counting = [(share, points) for share, points in means if share > 0]
    return round(_mean(counting), 1) if counting else None


def _score(
    review: Review, machine: float | None, corrected: float | None, opinions: Sequence[Opinion]
) -> CombinedScore:
    human = people_points(review, opinions)
    if corrected is not None and human is not None:
        both = round(_mean([(1 - review.human_weight, corrected), (review.human_weight, human)]), 1)
        return CombinedScore(machine, corrected, human, both, None)
    if human is None:
        return CombinedScore(machine, corrected, None, None, Missing.NOT_COUNTED if opinions else Missing.NOT_RATED)
    return CombinedScore(machine, None, human, None, Missing.MACHINE_WITHHELD)


def _total(
    flow: Flow,
    machine: InterviewScore,
    corrected: InterviewScore,
    competencies: Mapping[str, CombinedScore],
    dimensions: Mapping[str, float],
) -> CombinedScore:
    rated = [(one.weight, competencies[one.id].human) for one in flow.competencies]
    both = [(one.weight, competencies[one.id].combined) for one in flow.competencies]
    beside = [(one.weight, dimensions.get(one.id)) for one in flow.dimensions if one.weight > 0]
    human, together = _of_enough(rated, beside), _of_enough(both, beside)
    missing = None
    if corrected.total is None:
        missing = Missing.MACHINE_WITHHELD
    elif not any(points is not None for _, points in rated):
        missing = Missing.NOT_RATED
    elif human is None or together is None:
        missing = Missing.TOO_LITTLE
    return CombinedScore(machine.total, corrected.total, human, None if missing else together, missing)


def _of_enough(
    competencies: Sequence[tuple[float, float | None]], beside: Sequence[tuple[float, float | None]]
) -> float | None:
    """The mean by weight of what has points; None while less than half of the competencies' weight has."""
    there = [(weight, points) for weight, points in competencies if points is not None]
    covered = fsum(weight for weight, _ in there) / fsum(weight for weight, _ in competencies)
    # Weights are decimal fractions: 0.2 + 0.3 has to count as half.
    if covered < LEAST_COVERAGE - 1e-9:
        return None
    return round(_mean([*there, *((weight, points) for weight, points in beside if points is not None)]), 1)


def _mean(weighted: Sequence[tuple[float, float]]) -> float:
    """Mean of (weight, value), the same in every order; the weights do not add up to 0."""
    mean = fsum(weight * value for weight, value in weighted) / fsum(weight for weight, _ in weighted)
    # What rounding of the last bit may add: a mean lies between its values.
    values = [value for _, value in weighted]
    return min(max(mean, min(values)), max(values))


def _plain(name: str) -> str:
    return " ".join(name.split()).casefold()
