"""When an interview suits a candidate, from their own words ("weekdays after 6 pm Berlin time"). Pure.

Only what is understood from end to end counts: a word that nobody knows could turn the meaning round.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from server.errors import UserError
from server.mail import time_words as words
from server.mail.availability import Window, zone_of

HORIZON_DAYS = 60
"""How far ahead a rule such as "weekdays" is written down as times."""
LONGEST_TEXT = 300
FIELD = "availability_text"


@dataclass(frozen=True, slots=True)
class Stated:
    """windows: aware UTC, in their order, from now on. zone: which the words are of."""

    windows: tuple[Window, ...]
    zone: ZoneInfo


@dataclass(slots=True)
class _Group:
    """Days and the times that hold on them; minutes of the day."""

    days: frozenset[int] = frozenset()
    times: list[tuple[int, int]] = field(default_factory=list)


def stated_times(text: str, time_zone: str | None, now: datetime) -> Stated:
    """What the words say of the next HORIZON_DAYS. time_zone: the candidate's, if the words name none.

    Raises UserError, field availability_text: availability_unclear with the `part` that is not understood, or
    availability_needs_zone; time_zone_unknown.
    """
    plain = " ".join(unicodedata.normalize("NFKC", text[: LONGEST_TEXT + 1]).lower().split())
    if not plain or len(text) > LONGEST_TEXT:
        raise _unclear(plain)
    groups, named = _read(plain)
    if named is None and not time_zone:
        raise UserError("availability_needs_zone", field=FIELD)
    zone = zone_of(named or time_zone or "")
    return Stated(tuple(_windows(groups, zone, now)), zone)


def _read(text: str) -> tuple[list[_Group], str | None]:
    groups, zone, at = [_Group()], None, 0
    last, between = "", ""
    while at < len(text):
        if match := words.zone_pattern().match(text, at):
            found = words.zone_named(match[0])
            if found is None or (zone is not None and zone != found):
                raise _unclear(match[0])
            zone, at = found, match.end()
        elif (days := _days(text, at)) is not None:
            group = groups[-1]
            if last == "time" and (group.days or between == "and"):
                groups.append(group := _Group())
            elif last == "time" and between == ",":
                # "Evenings, weekends": both, or the evenings of weekends?
                raise _unclear(text[at:])
            group.days |= days[0]
            at, last, between = days[1], "day", ""
        elif (times := _times(text, at)) is not None:
            if last == "day" and groups[-1].times:
                groups.append(_Group())
            groups[-1].times.append(times[0])
            at, last, between = times[1], "time", ""
        elif match := words.APART.match(text, at):
            at, between = match.end(), "and"
        elif match := words.COMMA.match(text, at):
            at, between = match.end(), between or ","
        elif match := words.FILLER.match(text, at):
            at = match.end()
        else:
            raise _unclear(text[at:])
    if not (groups[0].days or groups[0].times):
        raise _unclear(text)
    return groups, zone


def _days(text: str, at: int) -> tuple[frozenset[int], int] | None:
    for pattern, days in words.DAY_WORDS:
        if match := pattern.match(text, at):
            return days, match.end()
    if match := words.DAY_RANGE.match(text, at):
        first, last = (match["a"], match["b"]) if match["a"] else (match["c"], match["d"])
        return words.days_from_to(first, last), match.end()
    if match := words.DAY_LIST.match(text, at):
        return words.days_named(match["a"] or match["b"]), match.end()
    return None


def _times(text: str, at: int) -> tuple[tuple[int, int], int] | None:
    if match := words.BETWEEN.match(text, at) or words.TIME_RANGE.match(text, at):
        return _from_to(match["a"], match["b"], match[0]), match.end()
    if match := words.AFTER.match(text, at):
        return (_clock(match["a"] or match["b"], match[0]), words.WHOLE_DAY[1]), match.end()
    if match := words.BEFORE.match(text, at):
        return (0, _clock(match["a"] or match["b"], match[0])), match.end()
    for pattern, part in words.PARTS:
        if match := pattern.match(text, at):
            return part, match.end()
    return None


def _from_to(first: str, last: str, whole: str) -> tuple[int, int]:
    alone = words.clock(last)
    begin = words.clock(first, alone[1] if alone and alone[1] in ("am", "pm") else "")
    if begin is not None:
        end = words.clock(last, begin[1])
        if end is not None and begin[0] >= end[0] and alone is not None and alone[1] == "pm":
            # 10 to 2 pm begins in the morning.
            begin = words.clock(first, "am")
        if begin is not None and end is not None and begin[0] < end[0]:
            return begin[0], end[0]
    raise _unclear(whole)


def _clock(text: str, whole: str) -> int:
    found = words.clock(text)
    if found is None:
        raise _unclear(whole)
    return found[0]


def _windows(groups: list[_Group], zone: ZoneInfo, now: datetime) -> Iterator[Window]:
    today = now.astimezone(zone).date()
    for ahead in range(HORIZON_DAYS):
        day = today + timedelta(days=ahead)
        found = {
            (begin, end)
            for group in groups
            if day.weekday() in (group.days or words.EVERY_DAY)
            for begin, end in group.times or [words.WHOLE_DAY]
        }
        midnight = datetime.combine(day, time(), zone)
        for begin, end in sorted(found):
            # Wall-clock arithmetic: six in the evening is six also on the day that the clock changes.
            begins, ends = (midnight + timedelta(minutes=one) for one in (begin, end))
            if now < ends.astimezone(UTC):
                yield Window(begins.astimezone(UTC), ends.astimezone(UTC))


def _unclear(part: str) -> UserError:
    return UserError("availability_unclear", field=FIELD, params={"part": part.strip()[:40]})
