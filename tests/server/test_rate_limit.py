"""What happens too often has to wait, by the clock that is passed in; what is remembered is bounded."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.rate_limit import MOST_KEYS, RateLimit, of_address


def test_what_was_noted_is_forgotten_after_the_window() -> None:
    limit = RateLimit(900.0)
    for second in range(3):
        limit.note("somebody", float(second))
    assert limit.wait_s("somebody", 4, 0.0) == 0.0
    assert limit.wait_s("somebody", 3, 3.0) == 897.0
    assert limit.wait_s("somebody else", 3, 3.0) == 0.0
    assert limit.wait_s("somebody", 3, 900.0) == 0.0


def test_a_key_can_be_forgotten() -> None:
    limit = RateLimit(900.0)
    limit.note("somebody", 0.0)
    limit.forget("somebody")
    assert limit.wait_s("somebody", 1, 0.0) == 0.0


@given(st.lists(st.floats(0.0, 30.0), min_size=1, max_size=80), st.integers(1, 10))
def test_never_more_than_so_many_in_any_window_and_whoever_waits_as_told_gets_in(gaps: list[float], most: int) -> None:
    limit, now = RateLimit(60.0), 0.0
    taken: list[float] = []
    for gap in gaps:
        now += gap
        wait_s = limit.take("key", most, now)
        if wait_s:
            assert 0.0 < wait_s <= 60.0
            now += wait_s + 1e-6
            assert limit.take("key", most, now) == 0.0
        taken.append(now)
        assert sum(now - at < 60.0 - 1e-6 for at in taken) <= most


def test_strangers_cannot_fill_the_memory() -> None:
    limit = RateLimit(60.0)
    for number in range(MOST_KEYS + 10):
        limit.note(str(number), 0.0)
    assert limit.wait_s("0", 1, 0.0) == 0.0
    assert limit.wait_s("10", 1, 0.0) > 0.0


@pytest.mark.parametrize(
    ("remote", "key"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:aaaa::1", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::9", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::1", "2001:db8:1:3::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", ""),
        (None, ""),
        ("unknown", "unknown"),
    ],
)
def test_one_client_has_one_key(remote: str | None, key: str) -> None:
    assert of_address(remote) == key
