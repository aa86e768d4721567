"""All candidates' lines of this process, for its figures: those there are, and the sums of those there were."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict
from typing import Protocol

from media.line_stats import LineStats

NOW_ONLY = "jitter_ms"
"""A field of LineStats that is of the moment: it has no sum."""


class Counted(Protocol):
    """A line with its figures."""

    @property
    def stats(self) -> LineStats:
        """What it has carried and lost so far."""


class Lines:
    """Each line is added when it begins and removed when it has ended."""

    def __init__(self) -> None:
        self._there: list[Counted] = []
        self._ended: Counter[str] = Counter()
        self._told: Counter[str] = Counter()

    def __len__(self) -> int:
        return len(self._there)

    def add(self, line: Counted) -> None:
        """A line begins."""
        self._there.append(line)

    def remove(self, line: Counted) -> None:
        """It has ended; what it carried stays in the sums."""
        self._there.remove(line)
        self._ended.update(_counts(line.stats))

    def jitter_ms(self) -> list[float]:
        """The jitter of sound of each line there is."""
        return [line.stats.jitter_ms for line in self._there]

    def totals(self) -> dict[str, int]:
        """Sums over all lines since the start, by field of LineStats. None of them ever falls.

        A packet counted as lost may still come; Prometheus would take a counter that falls for one that starts anew.
        """
        sums = sum((Counter(_counts(line.stats)) for line in self._there), Counter(self._ended))
        self._told |= sums
        return {name: self._told[name] for name in LineStats.__dataclass_fields__ if name != NOW_ONLY}


def _counts(stats: LineStats) -> dict[str, int]:
    return {name: value for name, value in asdict(stats).items() if name != NOW_ONLY}
