"""Admission by measured load, with time passed in: what is let in, what waits, and that it neither flaps nor panics."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.admission import FEWEST, KEPT, SHOWS_AFTER_S, USUAL_COST, Admission, Limits, Reason, Sample

IDLE = Sample(loop_lag_ms=1.0, loop_load=0.1, process_load=0.2)


def admission_after(*samples: Sample, limits: Limits | None = None) -> Admission:
    admission = Admission(limits)
    for sample in samples:
        admission.measured(sample)
    return admission


@pytest.mark.parametrize(
    ("sample", "reason"),
    [
        (IDLE, None),
        (Sample(loop_lag_ms=101), Reason.LOOP_LAG),
        (Sample(loop_lag_ms=99), None),
        (Sample(loop_load=0.8), Reason.LOOP_LOAD),
        (Sample(loop_load=0.78), None),
        (Sample(process_load=0.96), Reason.PROCESS_LOAD),
    ],
)
def test_what_lasts_decides(sample: Sample, reason: Reason | None) -> None:
    assert admission_after(*[sample] * KEPT).refusal(0.0) is reason


def test_before_anything_is_known_nobody_is_refused() -> None:
    """A model that loads keeps the loop waiting in the first seconds."""
    admission = Admission()
    assert admission.refusal(0.0) is None
    for _ in range(FEWEST - 1):
        admission.measured(Sample(loop_lag_ms=900, loop_load=1.0, process_load=1.0))
        assert admission.refusal(0.0) is None
        assert not admission.overloaded


@given(st.lists(st.booleans(), min_size=1, max_size=60))
def test_a_spike_of_less_than_three_seconds_in_five_refuses_nobody(bad: list[bool]) -> None:
    admission, seen = Admission(), [False] * KEPT
    for _ in range(KEPT):
        admission.measured(IDLE)
    for is_bad in bad:
        seen = [*seen[1:], is_bad]
        admission.measured(Sample(loop_lag_ms=2000, loop_load=1.0, process_load=1.0) if is_bad else IDLE)
        if sum(seen) < 3:
            assert admission.refusal(0.0) is None
        else:
            assert admission.refusal(0.0) is Reason.LOOP_LAG


@pytest.mark.parametrize(
    ("over", "between", "under"),
    [
        (Sample(loop_lag_ms=120), Sample(loop_lag_ms=70), Sample(loop_lag_ms=49)),
        (Sample(loop_load=0.81), Sample(loop_load=0.74), Sample(loop_load=0.70)),
        (Sample(process_load=0.97), Sample(process_load=0.90), Sample(process_load=0.85)),
    ],
)
def test_there_is_room_again_only_well_below_the_limit(over: Sample, between: Sample, under: Sample) -> None:
    assert admission_after(*[between] * KEPT).refusal(0.0) is None
    admission = admission_after(*[over] * KEPT, *[between] * KEPT)
    assert admission.refusal(0.0) is not None
    for _ in range(KEPT):
        admission.measured(under)
    assert admission.refusal(0.0) is None


@given(st.lists(st.floats(0.6, 1.0), min_size=KEPT, max_size=200))
def test_refusal_and_room_never_follow_each_other_within_the_band(loads: list[float]) -> None:
    """Between 90 % of the limit and the limit nothing changes, however the figures shake."""
    admission, limits = Admission(), Limits()
    was = None
    for load in loads:
        admission.measured(Sample(loop_load=load))
        figure = admission.usual.loop_load + USUAL_COST
        now = admission.refusal(0.0)
        if figure and limits.loop_load * 0.9 < figure <= limits.loop_load:
            assert now is was
        was = now


def let_in_at_once(admission: Admission, candidates: int, now: float) -> int:
    """How many of so many who press start at the same moment get in."""
    entered = 0
    for _ in range(candidates):
        if admission.refusal(now) is None:
            admission.let_in(now)
            entered += 1
    return entered


def test_fifty_who_start_in_the_same_second_are_not_all_let_in() -> None:
    admission = admission_after(*[IDLE] * KEPT)
    assert let_in_at_once(admission, 50, 0.0) == int((0.85 - 0.1) / USUAL_COST)
    assert admission.refusal(SHOWS_AFTER_S - 0.1) is Reason.LOOP_LOAD


@dataclass
class Machine:
    """A process whose lines cost what they cost, some seconds after they were let in."""

    cost: float
    connects_after_s: float = 3.0
    let_in: list[float] = field(default_factory=list)

    def second(self, now: float) -> Sample:
        lines = sum(now - at >= self.connects_after_s for at in self.let_in)
        return Sample(loop_load=min(1.0, 0.02 + lines * self.cost), lines=lines)


@pytest.mark.parametrize("cost", [0.02, 0.045, 0.06, 0.09])
def test_a_queue_at_the_door_fills_the_machine_and_never_overloads_it(cost: float) -> None:
    """A hundred people press start each second for ten minutes. On a machine slower than usual the first burst may
    fill it beyond the limit, but not by more than the one wave."""
    admission, machine = Admission(), Machine(cost)
    highest = 0.0
    for second in range(600):
        now = float(second)
        sample = machine.second(now)
        highest = max(highest, sample.loop_load)
        admission.measured(sample)
        machine.let_in += [now] * let_in_at_once(admission, 100, now)
    wave = int(0.85 / USUAL_COST) * cost
    assert highest <= max(0.85, 0.02 + wave)
    # The room there is gets used: none of the limit is left that two more would fit into.
    assert machine.second(1000.0).loop_load >= 0.85 * 0.9 - 2 * max(cost, USUAL_COST)


def test_a_slow_machine_learns_what_a_line_costs() -> None:
    admission = admission_after(*[Sample(loop_load=0.6, lines=4)] * KEPT)
    assert admission.cost == pytest.approx(0.15)
    assert let_in_at_once(admission, 50, 0.0) == 1


def test_whoever_did_not_come_in_leaves_the_place() -> None:
    admission = admission_after(*[Sample(loop_load=0.75)] * KEPT)
    admission.let_in(0.0)
    assert admission.refusal(0.0) is Reason.LOOP_LOAD
    admission.left(0.0)
    assert admission.refusal(0.0) is None


def test_lines_of_those_who_begun_are_refused_under_a_harder_limit_only() -> None:
    full = admission_after(*[Sample(loop_lag_ms=150, loop_load=0.95)] * KEPT)
    assert full.refusal(0.0) is Reason.LOOP_LAG
    assert not full.overloaded
    assert admission_after(*[Sample(loop_lag_ms=201)] * KEPT).overloaded
    assert admission_after(*[Sample(loop_load=0.98)] * KEPT).overloaded
