"""What people alone rate, with their ratings, as the report shows it. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from question_flows.model import Dimension, Flow, Review
from server.interview.combined import Opinion, department_of, people_points, share_of
from server.interview.events import DimensionRated
from server.interview.hr_events import CompetencyRated
from server.interview.state import InterviewState


@dataclass(frozen=True, slots=True)
class ReportedRating:
    """One person's rating. points: 0-10; rater: an e-mail address; at: UTC.

    department: as the rater's account said. counts_as: the id of the flow's department whose share it counts in,
    "-others" for none of them; None: it does not count. blind: given before the rater had seen any score.
    """

    points: float
    reason: str
    rater: str
    at: datetime
    department: str = ""
    counts_as: str | None = None
    blind: bool = False


@dataclass(frozen=True, slots=True)
class ReportedDimension:
    """What people alone rate, in the interview's language; no part of the machine's total.

    points: people's, weighted by department, 0-10; None while it awaits a person whose department counts. weight: what
    it counts in people's total beside the competencies' 1; 0: nothing.
    """

    id: str
    name: str
    description: str
    points: float | None
    ratings: tuple[ReportedRating, ...]
    weight: float = 0.0


def reported_dimensions(flow: Flow, state: InterviewState) -> tuple[ReportedDimension, ...]:
    """All dimensions of the flow, in its order."""
    return tuple(_dimension(one, flow.review, state) for one in flow.dimensions)


def reported_rating(review: Review, given: DimensionRated | CompetencyRated, at: datetime) -> ReportedRating:
    """One rating, with what it counts as."""
    department = department_of(review, given.department)
    counts_as = department if share_of(review, department) > 0 else None
    return ReportedRating(given.points, given.reason, given.rater, at, given.department, counts_as, given.blind)


def _dimension(dimension: Dimension, review: Review, state: InterviewState) -> ReportedDimension:
    given = [one for one in state.ratings if one.given.dimension_id == dimension.id]
    return ReportedDimension(
        id=dimension.id,
        name=dimension.name[state.language],
        description=dimension.description[state.language],
        points=people_points(review, [Opinion(one.given.points, one.given.department) for one in given]),
        ratings=tuple(reported_rating(review, one.given, one.at) for one in given),
        weight=dimension.weight,
    )
