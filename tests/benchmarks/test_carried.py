"""How many interviews a machine carries, from what one decode costs: the arithmetic and its limits."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts.benchmarks.carried import Carried, Costs, Demand, carried, engine_ms_per_second

DEMAND = Demand(final_every_s=5.0, speaking_share=0.5, busy=0.5, most_batch=16)
COSTS = Costs(
    encode={1: 10.0, 4: 40.0, 16: 160.0},
    decode={1: 20.0, 4: 30.0, 16: 400.0},
    align={1: 5.0, 4: 10.0, 16: 40.0},
    final_decode=35.0,
)
STEPS = ("encode", "decode", "align")


def test_a_second_of_speech_costs_a_partial_and_its_share_of_a_final() -> None:
    assert engine_ms_per_second(COSTS, DEMAND, 1) == (10 + 20 + 5) + (10 + 35 + 5) / 5
    assert engine_ms_per_second(COSTS, DEMAND, 4) == (40 + 30 + 10) / 4 + (10 + 35 + 5) / 5


def test_the_best_batch_is_taken() -> None:
    """30 ms a second of speech, half of the engine used, half of the people speaking."""
    assert carried(COSTS, DEMAND) == Carried(interviews=33, batch=4, engine_ms=30.0)


def test_a_batch_larger_than_there_are_speakers_never_comes_together() -> None:
    slow = replace(DEMAND, busy=0.1)
    assert carried(COSTS, slow) == Carried(interviews=4, batch=1, engine_ms=45.0)


def test_a_batch_that_would_keep_finals_waiting_is_not_counted() -> None:
    cheap = replace(COSTS, decode={1: 20.0, 4: 30.0, 16: 30.0}, encode={1: 10.0, 4: 40.0, 16: 10.0})
    patient = replace(DEMAND, longest_batch_s=0.08)
    assert carried(cheap, DEMAND).batch == 16
    assert carried(cheap, replace(DEMAND, most_batch=8)).batch == 4
    assert carried(replace(cheap, align={1: 5.0, 4: 10.0, 16: 41.0}), patient).batch == 4


def test_a_machine_too_slow_for_one_interview_carries_none() -> None:
    assert carried(COSTS, replace(DEMAND, busy=0.01)).interviews == 0


@given(st.floats(0.05, 1.0), st.floats(1, 10))
def test_a_cheaper_model_never_carries_less(share: float, dearer: float) -> None:
    demand = replace(DEMAND, busy=share)
    dear = Costs(
        **{name: {batch: dearer * ms for batch, ms in getattr(COSTS, name).items()} for name in STEPS},
        final_decode=dearer * COSTS.final_decode,
    )
    assert carried(COSTS, demand).interviews >= carried(dear, demand).interviews


def test_engines_carry_what_one_does_each() -> None:
    """Not what a single one seven times as fast would: batches across processes do not come together."""
    one, seven = carried(COSTS, DEMAND), carried(COSTS, DEMAND, engines=7)
    assert (seven.interviews, seven.batch) == (7 * one.interviews, one.batch)


def test_every_assumption_is_stated_with_its_number() -> None:
    stated = " ".join(Demand().sentences())
    for number in ("8 s", "20 tokens", "every 1 s", "every 6 s", "beam 5", "60%", "70%", "up to 8", "0.5 s"):
        assert number in stated


def test_costs_grow_with_the_cadence_of_partials() -> None:
    often = engine_ms_per_second(COSTS, replace(DEMAND, partial_every_s=0.5), 1)
    assert often == pytest.approx(engine_ms_per_second(COSTS, DEMAND, 1) + 35)
