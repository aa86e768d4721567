"""Whether this process has room for one more interview, decided on what was measured. Pure: time is passed in.

Decided on measured load and not on a number of interviews, since machines differ by a hundred. Each figure is the
median of the last five seconds' own: what lasts less than three of them (a collection of garbage, a model that loads, a
report that is built) refuses nobody. Whoever was let in a moment ago is not in the figures yet; until then a place's
usual cost is added for each, so that fifty who come in the same second are not all let in.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from statistics import median_low

RETRY_AFTER_S = 60
"""When a candidate whom there was no room for is to try again."""

KEPT = 5
"""Seconds whose median counts."""
FEWEST = 3
"""With fewer seconds measured nothing is known, and nobody is refused."""
SHOWS_AFTER_S = 10.0
"""By then whoever was let in has a line, and the median holds it."""
USUAL_COST = 0.06
"""Share of a core that one line with recording takes of the event loop's thread (measured: 4-6 %)."""
FEWEST_LINES = 4
"""With so many lines the cost of one is measured here, as this machine may be slower."""
LAG_AGAIN = 0.5
LOAD_AGAIN = 0.9
"""Shares of the limits under which there is room again."""
OVERLOADED_LAG = 2.0
OVERLOADED_LOAD = 0.97
"""Beyond so many times the most lag, or such a load, even whoever has begun gets no first line for now."""


class Reason(StrEnum):
    """What there is no room for."""

    LOOP_LAG = "loop_lag"
    LOOP_LOAD = "loop_load"
    PROCESS_LOAD = "process_load"
    RECOGNITION = "recognition"
    INTERVIEWS = "interviews"


@dataclass(frozen=True, slots=True)
class Limits:
    """loop_lag_ms: how late timers may be. loop_load: share (0-1) of a core that the event loop's thread may use.

    process_load: share (0-1) of all cores that the process may use. interviews: most at once; 0: no fixed number.
    """

    loop_lag_ms: float = 100.0
    loop_load: float = 0.85
    process_load: float = 0.95
    interviews: int = 0


@dataclass(frozen=True, slots=True)
class Sample:
    """One second. loop_lag_ms: 99th percentile of a timer's lateness. loop_load, process_load: as in Limits.

    lines: how many candidates' lines there were.
    """

    loop_lag_ms: float = 0.0
    loop_load: float = 0.0
    process_load: float = 0.0
    lines: int = 0


class Admission:
    """Takes a sample a second. Times in seconds of a monotonic clock."""

    def __init__(self, limits: Limits | None = None) -> None:
        self.limits = limits or Limits()
        self._samples: deque[Sample] = deque(maxlen=KEPT)
        self._over: list[Reason] = []
        self._places: list[float] = []
        self.usual = Sample()
        """The medians of the last seconds."""

    def measured(self, sample: Sample) -> None:
        """Takes the figures of one more second."""
        self._samples.append(sample)
        if len(self._samples) < FEWEST:
            return
        self.usual = Sample(
            self._median(lambda sample: sample.loop_lag_ms),
            self._median(lambda sample: sample.loop_load),
            self._median(lambda sample: sample.process_load),
            sample.lines,
        )
        limits, usual = self.limits, self.usual
        over = {
            Reason.LOOP_LAG: (usual.loop_lag_ms, limits.loop_lag_ms, LAG_AGAIN),
            Reason.LOOP_LOAD: (usual.loop_load + self.cost, limits.loop_load, LOAD_AGAIN),
            Reason.PROCESS_LOAD: (usual.process_load, limits.process_load, LOAD_AGAIN),
        }
        self._over = [
            reason
            for reason, (figure, most, again) in over.items()
            if figure > (most * again if reason in self._over else most)
        ]

    @property
    def cost(self) -> float:
        """Share of a core that one more interview is expected to take of the event loop's thread."""
        lines = self.usual.lines
        return max(USUAL_COST, self.usual.loop_load / lines) if lines >= FEWEST_LINES else USUAL_COST

    @property
    def overloaded(self) -> bool:
        """Whether there is so little time left that new lines would harm those that are there."""
        most_load = max(OVERLOADED_LOAD, self.limits.loop_load)
        return self.usual.loop_lag_ms > OVERLOADED_LAG * self.limits.loop_lag_ms or self.usual.loop_load > most_load

    def expected_load(self, now: float) -> float:
        """Share of a core that the event loop's thread uses, those included who were let in and do not show yet."""
        self._places = [since for since in self._places if now - since < SHOWS_AFTER_S]
        return self.usual.loop_load + len(self._places) * self.cost

    def refusal(self, now: float) -> Reason | None:
        """Why there is no room for one more now; None when there is."""
        if self._over:
            return self._over[0]
        return Reason.LOOP_LOAD if self.expected_load(now) + self.cost > self.limits.loop_load else None

    def let_in(self, now: float) -> None:
        """Counts one who was let in until they show in the figures."""
        self._places.append(now)

    def left(self, since: float) -> None:
        """Whoever was let in then did not come in."""
        if since in self._places:
            self._places.remove(since)

    def _median(self, figure: Callable[[Sample], float]) -> float:
        return median_low(figure(sample) for sample in self._samples)
