"""How many interviews a system carries: the rules and the search, with figures made by hand."""

from __future__ import annotations

from dataclasses import replace

import pytest

from scripts.benchmarks.streaming.capacity import (
    RoundFigures,
    failures_for_finals,
    failures_for_live_words,
    largest,
    round_figures,
    scatter,
)
from scripts.benchmarks.streaming.metrics import Errors
from scripts.benchmarks.streaming.timeline import Final, Round
from tests.benchmarks.made import heard, interview, sight

ALONE = RoundFigures(
    interviews=1,
    finals_p95_s=0.05,
    lag_p95_s=None,
    appearance_p95_s=0.5,
    errors=(Errors(2, 100), Errors(4, 100), Errors(3, 100)),
    late_s=0.001,
    lost_finals=0,
    dropped_partials=0,
    spread_s=0.0,
    cores=0.05,
    engine_busy=0.04,
)
MANY = replace(ALONE, interviews=32, errors=(Errors(3, 100),) * 32)


@pytest.mark.parametrize(
    ("change", "failure"),
    [
        ({"finals_p95_s": 1.01}, "finals wait"),
        ({"lost_finals": 1}, "finals lost"),
        ({"late_s": 0.11}, "sound late"),
        ({"errors": (Errors(6, 100),) * 32}, "more errors"),
    ],
)
def test_a_round_fails_for_finals(change: dict[str, object], failure: str) -> None:
    broken = replace(MANY, **change)  # type: ignore[arg-type]
    assert failures_for_finals(broken, ALONE) == [failure]
    assert failure in failures_for_live_words(broken, ALONE)


@pytest.mark.parametrize(
    ("change", "failure"),
    [
        ({"lag_p95_s": 1.01}, "results lag"),
        ({"appearance_p95_s": 1.51}, "words late"),
        ({"appearance_p95_s": None}, "nothing seen"),
    ],
)
def test_a_round_fails_for_live_words_alone(change: dict[str, object], failure: str) -> None:
    broken = replace(MANY, **change)  # type: ignore[arg-type]
    assert failures_for_finals(broken, ALONE) == []
    assert failures_for_live_words(broken, ALONE) == [failure]


def test_a_round_as_good_as_one_interview_alone_is_carried() -> None:
    assert failures_for_live_words(MANY, ALONE) == []


def test_a_system_that_is_slow_by_design_may_stay_so() -> None:
    slow = replace(ALONE, appearance_p95_s=3.0)
    assert failures_for_live_words(replace(MANY, appearance_p95_s=3.9), slow) == []


def test_interviews_that_differ_much_are_allowed_to_scatter_more() -> None:
    alike = [Errors(3, 100)] * 4
    unlike = [Errors(0, 100), Errors(6, 100)] * 2
    assert scatter(alike, alike) == 0.0
    assert scatter(unlike, alike) > 0.01


def test_the_search_doubles_and_then_tries_once_between() -> None:
    tried: list[int] = []

    def carried(count: int) -> bool:
        tried.append(count)
        return count <= 13

    assert largest(carried, most=64) == 12
    assert tried == [1, 2, 4, 8, 16, 12]


@pytest.mark.parametrize(("limit", "most", "found"), [(0, 64, 0), (1, 64, 1), (3, 64, 3), (100, 16, 16), (11, 64, 8)])
def test_the_largest_number_carried(limit: int, most: int, found: int) -> None:
    assert largest(lambda count: count <= limit, most) == found


def test_the_spread_is_between_interviews() -> None:
    said = interview((1.0, "we checked ten orders"))
    finals = [(Final(2.6, 3.3, at, 0),) for at in (3.4, 3.9)]
    played = Round(
        tuple(heard(said, sight(4.0, "we"), finals=final) for final in finals), cpu_s=2.0, late_s=0.0, engine_s=10.0
    )
    figures = round_figures(played)
    assert figures.spread_s == pytest.approx(0.5)
    assert figures.cores == pytest.approx(2.0 / 20)
    assert figures.engine_busy == pytest.approx(0.5)


def test_peers_without_finals_spread_by_when_their_words_are_settled() -> None:
    said = interview((1.0, "we checked ten orders"))
    played = Round(tuple(heard(said, sight(at, "we checked ten orders")) for at in (3.0, 4.5)), cpu_s=1.0, late_s=0.0)
    assert round_figures(played).spread_s == pytest.approx(1.5)
