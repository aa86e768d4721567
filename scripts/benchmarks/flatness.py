"""Whether a long run stayed as it began: memory, threads, tasks, queues. Pure."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

MOST_GROWTH_PERCENT = 5.0


@dataclass(frozen=True, slots=True)
class Sample:
    """One look at the process. at_s: seconds since the start.

    queued: utterances in the scheduler's line. waiting: those whose words have not come, queued or computing.
    """

    at_s: float
    rss_mb: float
    python_threads: int
    os_threads: int
    tasks: int
    queued: int
    waiting_partials: int
    waiting_finals: int


@dataclass(frozen=True, slots=True)
class Course:
    """How one figure went. start, end: medians of the first and the last quarter behind the warm-up.

    grown: the end is above everything that was seen in the first quarter: more than coming and going.
    """

    start: float
    end: float
    worst: float
    grown: bool

    @property
    def growth_percent(self) -> float:
        """From start to end; negative when it fell."""
        return round(100 * (self.end - self.start) / self.start, 2) if self.start else 0.0


def warm_up_s(minutes: float) -> float:
    """How much of a run is not judged, seconds: a fifth and at least a minute, but never more than half of it."""
    seconds = 60 * minutes
    return min(seconds / 2, max(60.0, seconds / 5))


def course(values: Sequence[float]) -> Course:
    """The figure's course over the samples behind the warm-up, at least one."""
    quarter = max(1, len(values) // 4)
    first, last = values[:quarter], values[-quarter:]
    end = statistics.median(last)
    return Course(round(statistics.median(first), 2), round(end, 2), round(max(values), 2), end > max(first))


def courses(samples: Sequence[Sample], minutes: float) -> dict[str, Course]:
    """Each figure's course by its name in Sample. Raises ValueError when the run was too short for any sample."""
    judged = [sample for sample in samples if sample.at_s >= warm_up_s(minutes)]
    if not judged:
        raise ValueError("the run was too short: nothing was sampled behind the warm-up")
    names = ("rss_mb", "python_threads", "os_threads", "tasks", "queued", "waiting_partials", "waiting_finals")
    return {name: course([getattr(sample, name) for sample in judged]) for name in names}


def is_flat(by_name: dict[str, Course]) -> bool:
    """Memory within 5 % of its start, and no threads, tasks or queues that have grown."""
    memory = by_name["rss_mb"].growth_percent <= MOST_GROWTH_PERCENT
    return memory and not any(figure.grown for name, figure in by_name.items() if name != "rss_mb")
