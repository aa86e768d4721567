"""What the delivery benchmark counts as lost, twice and out of order, and what its receiver does."""

from __future__ import annotations

from collections import Counter
from itertools import islice

from scripts.benchmarks.delivery_receiver import SHARES, applied_twice, longest_run, lost, moods, order_broken

SENT = [(1, 1), (1, 2), (2, 1), (2, 2)]


def test_everything_once_and_in_order_is_no_fault() -> None:
    applied = [(2, 1), (1, 1), (1, 2), (2, 2)]
    assert (lost(applied, SENT), applied_twice(applied), order_broken(applied)) == (0, 0, 0)


def test_each_fault_is_counted() -> None:
    applied = [(1, 2), (1, 1), (2, 1), (2, 1)]
    assert (lost(applied, SENT), applied_twice(applied), order_broken(applied)) == (1, 1, 1)


def test_the_receivers_moods_are_the_same_every_time_and_have_their_shares() -> None:
    assert list(islice(moods(7, 1), 20)) == list(islice(moods(7, 1), 20))
    assert list(islice(moods(7, 1), 20)) != list(islice(moods(8, 1), 20))
    met = Counter(mood for report in range(200) for mood in islice(moods(7, report), 20))
    for mood, share in SHARES.items():
        assert abs(met[mood] / 4000 - share) < 0.03
    assert longest_run(7, 200) >= 2
