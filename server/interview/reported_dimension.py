"""What people alone rate, with their ratings, as the report shows it. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from statistics import mean

from question_flows.model import Dimension, Flow
from server.interview.state import InterviewState


@dataclass(frozen=True, slots=True)
class ReportedRating:
    """One person's rating of a dimension. points: 0-10; rater: an e-mail address; at: UTC."""

    points: float
    reason: str
    rater: str
    at: datetime


@dataclass(frozen=True, slots=True)
class ReportedDimension:
    """What people alone rate, in the interview's language; no part of the total, and no machine gives it points.

    points: mean of the ratings, 0-10; None while it awaits a person.
    """

    id: str
    name: str
    description: str
    points: float | None
    ratings: tuple[ReportedRating, ...]


def reported_dimensions(flow: Flow, state: InterviewState) -> tuple[ReportedDimension, ...]:
    """All dimensions of the flow, in its order."""
    return tuple(_dimension(one, state) for one in flow.dimensions)


def _dimension(dimension: Dimension, state: InterviewState) -> ReportedDimension:
    ratings = tuple(
        ReportedRating(one.given.points, one.given.reason, one.given.rater, one.at)
        for one in state.ratings
        if one.given.dimension_id == dimension.id
    )
    return ReportedDimension(
        id=dimension.id,
        name=dimension.name[state.language],
        description=dimension.description[state.language],
        points=round(mean(one.points for one in ratings), 1) if ratings else None,
        ratings=ratings,
    )
