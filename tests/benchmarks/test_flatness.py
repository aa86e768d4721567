"""When a long run counts as flat, and when not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from scripts.benchmarks.flatness import Sample, course, courses, is_flat, warm_up_s

MINUTES = 20.0
QUIET = [
    Sample(10.0 * at, 200.0 + at % 3, 3, 9, 20 + at % 4, at % 2, at % 3, at % 2)
    for at in range(1, int(MINUTES * 60 / 10))
]


def judged(samples: list[Sample]) -> bool:
    return is_flat(courses(samples, MINUTES))


def test_what_comes_and_goes_is_flat() -> None:
    assert judged(QUIET)


def test_memory_may_grow_by_five_percent_and_not_more() -> None:
    def growing(by: float) -> list[Sample]:
        return [replace(sample, rss_mb=200 * (1 + by * sample.at_s / 1200)) for sample in QUIET]

    assert judged(growing(0.05))
    assert not judged(growing(0.10))


@pytest.mark.parametrize(
    "name", ["python_threads", "os_threads", "tasks", "queued", "waiting_partials", "waiting_finals"]
)
def test_threads_tasks_and_queues_may_not_grow_at_all(name: str) -> None:
    assert not judged([replace(sample, **{name: round(sample.at_s / 100)}) for sample in QUIET])


def test_one_peak_is_no_growth() -> None:
    peak = [replace(sample, queued=50) if sample.at_s == 900 else sample for sample in QUIET]
    assert judged(peak)
    assert courses(peak, MINUTES)["queued"].worst == 50


def test_the_warm_up_is_not_judged() -> None:
    cold = [replace(sample, rss_mb=50.0, os_threads=1) if sample.at_s < 240 else sample for sample in QUIET]
    assert judged(cold)


@pytest.mark.parametrize(("minutes", "seconds"), [(20, 240), (4, 60), (1, 30)])
def test_the_warm_up_is_a_fifth_a_minute_or_half(minutes: float, seconds: float) -> None:
    assert warm_up_s(minutes) == seconds


def test_a_fall_is_told_as_such() -> None:
    assert course([100.0, 100.0, 90.0, 90.0]).growth_percent == -10.0


def test_a_run_without_samples_is_not_judged() -> None:
    with pytest.raises(ValueError, match="too short"):
        courses([], 1.0)
