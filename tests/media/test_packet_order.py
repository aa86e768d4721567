"""Sound in order: only what the line loses is lost, and nothing waits for it."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media.packet_order import PacketOrder, unwrapped


def play(order: PacketOrder[int], numbers: list[int], first: int = 0) -> list[int]:
    """What comes out when packets go in so, as numbers."""
    return [out for number in numbers for out in order.push((first + number) & 0xFFFF, number)]


def lossy(count: int, share: float) -> list[int]:
    generator = random.Random(7)
    return [number for number in range(count) if generator.random() >= share]


@pytest.mark.parametrize("share", [0.0, 0.01, 0.02, 0.05, 0.2])
def test_only_what_the_line_loses_is_lost(share: float) -> None:
    sent = lossy(2_000, share)
    played = play(PacketOrder(), sent)
    assert played == sent[: len(played)]
    assert len(sent) - len(played) <= 4


def test_nothing_waits_where_nothing_is_missing() -> None:
    order: PacketOrder[int] = PacketOrder()
    assert [order.push(number, number) for number in range(3)] == [[0], [1], [2]]
    # Number 3 is late, and then missing: what came behind it waits until four are there, and goes on at once.
    assert [order.push(number, number) for number in (4, 5, 3)] == [[], [], [3, 4, 5]]
    assert [order.push(number, number) for number in (7, 8, 9, 10, 11)] == [[], [], [], [7, 8, 9, 10], [11]]


@given(
    # Less than MOST_MISORDER apart: whoever jumps farther back has started anew.
    shuffled=st.lists(st.integers(0, 90), unique=True, max_size=80)
    .map(sorted)
    .flatmap(
        lambda kept: st.tuples(st.just(kept), st.lists(st.integers(0, 2), min_size=len(kept), max_size=len(kept)))
    ),
    first=st.sampled_from([0, 65_500]),
)
def test_small_disorder_is_put_right(shuffled: tuple[list[int], list[int]], first: int) -> None:
    kept, delays = shuffled
    order = [
        number
        for _, number in sorted(
            (at + delay, number) for at, (number, delay) in enumerate(zip(kept, delays, strict=True))
        )
    ]
    played = play(PacketOrder(), order, first)
    late = 1 if order and order[0] != kept[0] else 0
    assert played == sorted(played)
    assert len(played) >= len(kept) - 4 - 2 * late


def test_a_duplicate_and_a_latecomer_are_dropped() -> None:
    order: PacketOrder[int] = PacketOrder()
    assert play(order, [0, 1, 1, 2, 4, 4, 5, 3]) == [0, 1, 2, 3, 4, 5]
    assert play(order, [0, 6]) == [6]


def test_a_sender_that_starts_again_is_followed() -> None:
    numbers = [*range(5_000, 5_010), *range(10)]
    assert play(PacketOrder(), numbers) == numbers


def test_the_last_ones_are_given_when_nothing_more_comes() -> None:
    order: PacketOrder[int] = PacketOrder()
    assert play(order, [0, 1, 4, 3]) == [0, 1]
    assert order.flush() == [3, 4]
    assert order.flush() == []


@given(number=st.integers(-(2**40), 2**40), ahead=st.integers(-0x8000, 0x7FFF))
def test_numbers_are_unwrapped_to_the_nearest(number: int, ahead: int) -> None:
    assert unwrapped((number + ahead) & 0xFFFF, number) == number + ahead
