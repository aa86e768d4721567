"""A chosen time lies inside what the candidate has stated, in their day, and not too soon."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.errors import UserError
from server.mail.availability import DAY_BEGINS, DAY_ENDS, SHORT_NOTICE, Window, choose, windows_of, zone_of
from tests.mail.conftest import NOW

SHANGHAI = ZoneInfo("Asia/Shanghai")
LENGTH = timedelta(minutes=40)
LATEST = NOW + timedelta(days=14)


def local(day: int, hour: int, minute: int = 0, zone: ZoneInfo = SHANGHAI) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=zone)


@pytest.mark.parametrize(
    ("windows", "expected"),
    [
        # A whole week: tomorrow, a day from now, which is 17:00 there.
        ([(local(23, 0), local(30, 0))], local(24, 17)),
        # The night does not count; the morning begins at eight.
        ([(local(25, 2), local(25, 12))], local(25, 8)),
        # A quarter of an hour, and the whole interview before the end.
        ([(local(25, 9, 1), local(25, 9, 54))], None),
        ([(local(25, 9, 1), local(25, 9, 55))], local(25, 9, 15)),
        # Nothing a day ahead, but something three hours ahead.
        ([(local(23, 18), local(24, 10))], local(23, 20)),
        ([(local(23, 17, 30), local(23, 19))], None),
        # The first of several, in whichever order they were stated.
        ([(local(28, 9), local(28, 12)), (local(26, 14), local(26, 18))], local(26, 14)),
        ([(local(1, 9), local(2, 12))], None),
        ([], None),
    ],
)
def test_the_first_that_fits(windows: list[tuple[datetime, datetime]], expected: datetime | None) -> None:
    assert choose([Window(*one) for one in windows], SHANGHAI, LENGTH, NOW, LATEST) == expected


def test_nothing_behind_the_links_expiry() -> None:
    week = [Window(local(23, 0), local(30, 0))]
    assert choose(week, SHANGHAI, LENGTH, NOW, NOW + timedelta(hours=2)) is None


# Around the days on which clocks are changed.
moments = st.integers(0, 60 * 24 * 45).map(lambda minute: datetime(2026, 3, 1, tzinfo=UTC) + timedelta(minutes=minute))


@given(
    st.lists(st.tuples(moments, st.timedeltas(timedelta(minutes=1), timedelta(days=4))), max_size=4),
    st.sampled_from(["Asia/Shanghai", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe", "UTC"]),
    moments,
    st.integers(1, 180),
)
def test_whatever_is_stated(
    stated: list[tuple[datetime, timedelta]], zone_name: str, now: datetime, minutes: int
) -> None:
    zone, length = zone_of(zone_name), timedelta(minutes=minutes)
    windows = [Window(begins, begins + lasting) for begins, lasting in stated]
    start = choose(windows, zone, length, now, now + timedelta(days=14))
    if start is None:
        return
    end = start + length
    assert any(window.begins <= start and end <= window.ends for window in windows)
    assert start >= now + SHORT_NOTICE
    assert start.minute % 15 == 0
    assert start.astimezone(zone).time() >= DAY_BEGINS
    assert end.astimezone(zone).time() <= DAY_ENDS
    assert end.astimezone(zone).date() == start.astimezone(zone).date()


def test_what_a_candidates_row_says() -> None:
    good = {"from": "2026-11-24T10:00:00+08:00", "to": "2026-11-24T12:00:00+08:00"}
    bad = [{"from": "2026-11-24"}, {"from": "x", "to": "y"}, {"from": good["to"], "to": good["from"]}]
    naive = {"from": "2026-11-24T10:00:00", "to": "2026-11-24T12:00:00"}
    assert windows_of([*bad, naive, good]) == (Window(local(24, 10), local(24, 12)),)
    assert windows_of(None) == ()


@pytest.mark.parametrize("name", ["", "Mars/Olympus", "../../etc/passwd", "/etc/localtime", "Asia", "x\0y"])
def test_a_zone_that_is_none(name: str) -> None:
    with pytest.raises(UserError, match="time_zone_unknown"):
        zone_of(name)
