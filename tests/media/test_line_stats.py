"""Counters of a line: what came, what was lost, how unevenly, and when the picture froze."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media.line_stats import PacketCounts, PictureCounts


def count(numbers: list[int], *, first: int = 0) -> PacketCounts:
    counts = PacketCounts(48_000)
    for number in numbers:
        counts.add(1, (first + number) & 0xFFFF, number * 960 % 2**32, 100, number * 0.02)
    return counts


@given(
    kept=st.sets(st.integers(0, 500), min_size=1),
    again=st.lists(st.integers(0, 500), max_size=30),
    first=st.sampled_from([0, 65_400]),
    seed=st.integers(0, 100),
)
def test_received_and_lost_are_exact_through_loss_disorder_and_repeats(
    kept: set[int], again: list[int], first: int, seed: int
) -> None:
    order = sorted([*kept, *[number for number in again if number in kept]])
    generator = random.Random(seed)
    order.sort(key=lambda number: number + generator.randint(0, 20))
    counts = count(order, first=first)
    # What came before the very first packet is not expected: nobody knows of it.
    known = [number for number in kept if number >= order[0]]
    early = [number for number in kept if number < order[0]]
    assert len(known) <= counts.received <= len(known) + len(early)
    assert counts.lost == max(0, max(order) - order[0] + 1 - counts.received)
    assert counts.bytes == len(order) * 100


def test_a_packet_sent_again_is_no_longer_lost() -> None:
    counts = count([0, 1, 3, 4])
    assert counts.lost == 1
    counts.add(1, 2, 1920, 100, 1.0)
    assert (counts.received, counts.lost) == (5, 0)


def test_another_stream_is_counted_on() -> None:
    counts = count([0, 1, 2, 4])
    counts.add(2, 60_000, 5, 100, 1.0)
    counts.add(2, 60_001, 965, 100, 1.02)
    assert (counts.received, counts.lost) == (6, 1)


def test_an_even_line_has_no_jitter_and_an_uneven_one_has() -> None:
    assert count(list(range(200))).jitter_s == pytest.approx(0.0, abs=1e-9)
    counts = PacketCounts(48_000)
    for number in range(500):
        counts.add(1, number, number * 960, 100, number * 0.02 + 0.03 * (number % 2))
    assert counts.jitter_s == pytest.approx(0.03, abs=0.002)


def pictures(gaps: list[float]) -> PictureCounts:
    counts, now = PictureCounts(), 0.0
    counts.add(now, key=True)
    for gap in gaps:
        now += gap
        counts.add(now, key=False)
    return counts


def test_freezes_are_as_webrtc_stats_defines_them() -> None:
    even = [1 / 30] * 60
    assert pictures(even).freezes == 0
    assert pictures([*even, 0.18]).freezes == 0
    assert pictures([*even, 0.19]).freezes == 1
    # A slow camera: three times its interval counts, not 150 ms more.
    assert pictures([0.2] * 30 + [0.55]).freezes == 0
    assert pictures([0.2] * 30 + [0.65]).freezes == 1
    counts = pictures([*even, 2.0, *even, 2.0])
    assert (counts.freezes, counts.frames, counts.key_frames) == (2, 123, 1)
