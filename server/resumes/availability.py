"""When a candidate could begin: at once, from a day on, after a period of notice."""

from __future__ import annotations

import re
from collections.abc import Iterable

from server.resumes.dates import every_date
from server.resumes.resume import Found, Line

_NUMBERS = {
    **dict.fromkeys(("a", "an", "one", "一"), 1),
    **dict.fromkeys(("two", "二", "两"), 2),
    **dict.fromkeys(("three", "三"), 3),
    **dict.fromkeys(("four", "四"), 4),
    "six": 6,
    "半": 0,
}
_UNITS = {"day": "D", "week": "W", "month": "M", "天": "D", "周": "W", "星期": "W", "个月": "M", "月": "M"}
_AT_ONCE = re.compile(
    r"\b(?:available (?:immediately|now|at once)|immediately available|immediate(?:ly)? start|immediate joiner"
    r"|(?:availability|notice period|notice)\s*[:：]\s*(?:immediate(?:ly)?|none|now))\b"
    "|随时(?:可以?)?(?:到岗|入职|上岗)|可?(?:立即|马上|即刻)(?:可以?)?(?:到岗|入职|上岗)"
    "|(?:到岗时间|可到岗时间|入职时间|可入职时间)\\s*[:：]?\\s*(?:随时|立即|即时)",
    re.IGNORECASE,
)
_AFTER = re.compile(
    r"\b(?:notice(?: period)?(?: of)?|available (?:in|within|after))\s*[:：]?\s*"
    r"(\d{1,2}|an?|one|two|three|four|six)[ -](day|week|month)s?\b(?: notice)?"
    r"|\b(\d{1,2}|one|two|three|four|six)[ -](day|week|month)s?'?s?\s+notice\b"
    "|(\\d{1,2}|[一两二三四半])(天|周|星期|个月|月)(?:之?内|后)?(?:可以?)?(?:到岗|入职|上岗)"
    "|(?:到岗时间|可到岗时间|入职时间|可入职时间)\\s*[:：]?\\s*(\\d{1,2}|[一两二三四半])(天|周|星期|个月|月)(?:之?内|后)?",
    re.IGNORECASE,
)
_FROM = re.compile(
    r"\b(?:available (?:from|as of|starting)|earliest start(?: date)?|start date|can start(?: on| from| in)?)\b"
    "|可?(?:到岗|入职)(?:时间|日期)|可(?:到岗|入职|上岗)",
    re.IGNORECASE,
)
_WITHIN = 60
"""Characters between "available from" and the date."""


def availability_in(lines: Iterable[Line]) -> Found | None:
    """The first that is said of it; None: nothing. Its normal form: `at_once`, a date, or a time as `P2W`."""
    for line in lines:
        text = line.text[:500]
        if match := _AT_ONCE.search(text):
            return Found(match[0], line.where, True, "at_once")
        if match := _AFTER.search(text):
            count, unit = [group for group in match.groups() if group]
            return Found(match[0], line.where, True, _period(count.lower(), unit.lower()))
        if match := _FROM.search(text):
            near = Line(line.where, text[match.end() : match.end() + _WITHIN])
            for date in every_date(near):
                end = text.index(date.value, match.end()) + len(date.value)
                return Found(text[match.start() : end], line.where, True, date.normal)
    return None


def _period(count: str, unit: str) -> str:
    number = int(count) if count.isdigit() else _NUMBERS[count]
    # Half a month.
    return f"P{number}{_UNITS[unit]}" if number or count.isdigit() else "P2W"
