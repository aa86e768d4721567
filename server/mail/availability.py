"""When an interview fits: inside the times a candidate has stated, in their own day time. Pure: time is passed in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from server.errors import UserError

DAY_BEGINS = time(8)
DAY_ENDS = time(21)
"""Nobody is asked to talk outside these hours of their own clock."""
NOTICE = timedelta(hours=24)
"""How long before it an appointment is told, where that can be."""
SHORT_NOTICE = timedelta(hours=3)
"""How long before it at least."""
STEP = timedelta(minutes=15)
"""Appointments begin at a quarter of an hour."""


@dataclass(frozen=True, slots=True)
class Window:
    """A stretch of time in which the candidate says they can; aware."""

    begins: datetime
    ends: datetime


def windows_of(stated: Sequence[Mapping[str, Any]] | None) -> tuple[Window, ...]:
    """From a candidate's row (`[{"from", "to"}]`, ISO 8601). What is no stretch of time is left out."""
    found = []
    for one in stated or ():
        try:
            begins, ends = datetime.fromisoformat(str(one["from"])), datetime.fromisoformat(str(one["to"]))
        except (KeyError, ValueError):
            continue
        if begins.tzinfo is not None and ends.tzinfo is not None and begins < ends:
            found.append(Window(begins, ends))
    return tuple(found)


def zone_of(name: str) -> ZoneInfo:
    """The time zone of an IANA name. Raises UserError time_zone_unknown."""
    try:
        zone = ZoneInfo(name.strip())
    except (ZoneInfoNotFoundError, ValueError, OSError):
        # ValueError: a name that would leave the folder of zones; OSError: a folder's name.
        raise UserError("time_zone_unknown", field="time_zone") from None
    return zone


def choose(
    windows: Sequence[Window], zone: ZoneInfo, length: timedelta, now: datetime, latest_end: datetime
) -> datetime | None:
    """The first beginning (aware UTC) that leaves NOTICE, else SHORT_NOTICE; None when nothing fits.

    length: of the interview. latest_end: when the link expires.
    """
    for notice in (NOTICE, SHORT_NOTICE):
        starts = (
            start
            for window in windows
            for part in _day_times(window, zone)
            if (start := _rounded_up(max(part.begins, now + notice))) + length <= min(part.ends, latest_end)
        )
        if (first := min(starts, default=None)) is not None:
            return first
    return None


def _day_times(window: Window, zone: ZoneInfo) -> Iterator[Window]:
    """The parts of the window that lie within day time, in UTC."""
    day = window.begins.astimezone(zone).date()
    last = window.ends.astimezone(zone).date()
    while day <= last:
        begins = max(datetime.combine(day, DAY_BEGINS, zone).astimezone(UTC), window.begins.astimezone(UTC))
        ends = min(datetime.combine(day, DAY_ENDS, zone).astimezone(UTC), window.ends.astimezone(UTC))
        if begins < ends:
            yield Window(begins, ends)
        day += timedelta(days=1)


def _rounded_up(moment: datetime) -> datetime:
    utc = moment.astimezone(UTC)
    over = (utc - datetime(2000, 1, 1, tzinfo=UTC)) % STEP
    return utc + (STEP - over) if over else utc
