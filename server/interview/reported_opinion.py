"""The second opinion as the report shows it: side by side with the score of record, which it never changes."""

from __future__ import annotations

from dataclasses import dataclass

from analyzers.results import AnswerScore

DISAGREEMENT_POINTS = 2.0
"""From this difference on a person is asked to look."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """One indicator's points by both scorers (None: withheld). disagreement: DISAGREEMENT_POINTS or more apart."""

    indicator_id: str
    built_in: float | None
    second: float | None
    disagreement: bool


@dataclass(frozen=True, slots=True)
class ReportedOpinion:
    """Either score and scorer, or why there is none: then the built-in result stands alone.

    failed: a `ScorerFailure`.
    """

    scorer: str | None
    failed: str | None
    score: AnswerScore | None
    comparisons: tuple[Comparison, ...]

    @property
    def disagreements(self) -> int:
        """How many indicators a person should look at."""
        return sum(one.disagreement for one in self.comparisons)


def reported_opinion(
    built_in: AnswerScore | None, second: AnswerScore | None, scorer: str | None, failed: str | None
) -> ReportedOpinion | None:
    """None when no second opinion was asked for, or it is still to come. The scores' quotes are verified already."""
    if second is None or built_in is None:
        return ReportedOpinion(None, failed, None, ()) if failed is not None else None
    points = {one.indicator_id: one.points for one in second.indicators}
    comparisons = tuple(
        _compared(one.indicator_id, one.points, points.get(one.indicator_id)) for one in built_in.indicators
    )
    return ReportedOpinion(scorer, None, second, comparisons)


def _compared(indicator_id: str, built_in: float | None, second: float | None) -> Comparison:
    # Points are tenths: 7.1 - 5.1 has to count as 2.
    apart = built_in is not None and second is not None and abs(built_in - second) >= DISAGREEMENT_POINTS - 1e-9
    return Comparison(indicator_id, built_in, second, apart)
