"""How far people's ratings of one interview agree: Krippendorff's alpha for interval data, and points apart. Pure.

Krippendorff, K.: Computing Krippendorff's Alpha-Reliability (2011); Content Analysis, 4th ed. (2019), chapter 12, also
for the limits below. It takes any number of raters and ratings that are missing, which the intraclass correlations do
not. Written out here: the packages that have it are under the GPL, or bring pandas and more for ten lines.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import combinations
from math import fsum

FEWEST_UNITS = 5
"""With fewer competencies and dimensions that two people have rated, alpha says more of chance than of the raters."""
RELIABLE, TENTATIVE = 0.8, 0.667
"""From RELIABLE on conclusions may be drawn, from TENTATIVE on tentative ones only."""


class NotMeasured(StrEnum):
    """Why there is no alpha. Not enough evidence is a result."""

    ONE_RATER = "one_rater"
    TOO_FEW = "too_few"
    """Fewer than FEWEST_UNITS were rated by two people or more."""
    ALL_ALIKE = "all_alike"
    """All gave the same points to everything: agreement by chance cannot be told from any other."""


@dataclass(frozen=True, slots=True)
class Agreement:
    """alpha: 1 for full agreement, 0 for chance, below for opposition; None with a reason in not_measured.

    apart: how many points two raters of the same thing are apart, on average; None where no two rated the same.
    units: how many competencies and dimensions two people or more rated; values: their ratings; raters: people.
    """

    alpha: float | None
    not_measured: NotMeasured | None
    apart: float | None
    units: int
    values: int
    raters: int


def agreement(ratings: Sequence[Mapping[str, float]]) -> Agreement:
    """ratings: of each rater: what was rated → points."""
    rated = {unit for one in ratings for unit in one}
    units = [values for unit in sorted(rated) if len(values := [one[unit] for one in ratings if unit in one]) > 1]
    count = sum(map(len, units))
    raters = sum(bool(one) for one in ratings)
    gaps = [abs(first - second) for unit in units for first, second in combinations(unit, 2)]
    apart = round(fsum(gaps) / len(gaps), 2) if gaps else None
    if not units:
        return Agreement(None, NotMeasured.ONE_RATER if raters < 2 else NotMeasured.TOO_FEW, apart, 0, 0, raters)
    if len(units) < FEWEST_UNITS:
        return Agreement(None, NotMeasured.TOO_FEW, apart, len(units), count, raters)
    alpha = interval_alpha(units)
    reason = NotMeasured.ALL_ALIKE if alpha is None else None
    return Agreement(None if alpha is None else round(alpha, 2), reason, apart, len(units), count, raters)


def interval_alpha(units: Sequence[Sequence[float]]) -> float | None:
    """Krippendorff's alpha with the interval metric; None when no two values differ. units: the values of each."""
    pairable = [unit for unit in units if len(unit) > 1]
    everything = [value for unit in pairable for value in unit]
    expected = _pairs(everything)
    if expected == 0:
        return None
    observed = fsum(_pairs(unit) / (len(unit) - 1) for unit in pairable)
    return 1 - (len(everything) - 1) * observed / expected


def _pairs(values: Sequence[float]) -> float:
    """The squared differences of all pairs."""
    return fsum((first - second) ** 2 for first, second in combinations(values, 2))
