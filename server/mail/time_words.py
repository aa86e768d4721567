"""Words for days, times of day and time zones, in English and Chinese: patterns, and what they mean. Pure.

Texts are in lower case and NFKC, so that full-width digits and signs are plain ones.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from zoneinfo import available_timezones

EVERY_DAY = frozenset(range(7))
WHOLE_DAY = (0, 24 * 60)

_DAY = {
    **{name: number for number, name in enumerate(("mon", "tue", "wed", "thu", "fri", "sat", "sun"))},
    **{name: number for number, name in enumerate("一二三四五六日")},
    "天": 6,
}
_EN_DAY = (
    r"(?:mon(?:days?)?|tue(?:s(?:days?)?)?|wed(?:nesdays?)?|thu(?:rs?(?:days?)?)?|fri(?:days?)?"
    r"|sat(?:urdays?)?|sun(?:days?)?)"
)
_ZH_WEEK = "(?:周|星期|礼拜)"
_TO = r"\s*(?:-|–|—|~|to|till|until|through|到|至)\s*"
DAY_RANGE = re.compile(
    rf"(?P<a>{_EN_DAY})\b\.?{_TO}(?P<b>{_EN_DAY})\b|{_ZH_WEEK}(?P<c>[一二三四五六日天]){_TO}{_ZH_WEEK}?(?P<d>[一二三四五六日天])"
)
DAY_LIST = re.compile(rf"(?P<a>{_EN_DAY})\b\.?|{_ZH_WEEK}(?P<b>[一二三四五六日天](?:[、,和]?[一二三四五六日天])*)")
DAY_WORDS: tuple[tuple[re.Pattern[str], frozenset[int]], ...] = (
    (
        re.compile(r"(?:every |all )?(?:week ?days?|working days?|business days?)\b|工作日|平日|平时"),
        frozenset(range(5)),
    ),
    (re.compile(r"week ?ends?\b|周末|双休日"), frozenset({5, 6})),
    (re.compile(r"every ?day\b|daily\b|any day\b|each day\b|每天|每日|天天"), EVERY_DAY),
)
PARTS: tuple[tuple[re.Pattern[str], tuple[int, int]], ...] = (
    (re.compile(r"any ?time\b|(?:all|whole) day\b|全天|整天|随时|任何时间"), WHOLE_DAY),
    (re.compile(r"mornings?\b|上午|早上"), (8 * 60, 12 * 60)),
    (re.compile(r"lunch ?(?:times?|breaks?)\b|中午|午休"), (12 * 60, 14 * 60)),
    (re.compile(r"afternoons?\b|下午"), (12 * 60, 18 * 60)),
    (re.compile(r"evenings?\b|after work\b|晚上|傍晚|下班(?:以后|之后|后)"), (18 * 60, 22 * 60)),
)

_PERIOD = "(?:凌晨|清晨|早上|早晨|上午|中午|下午|傍晚|晚上|晚间|晚)"
CLOCK = (
    rf"(?:{_PERIOD}?\s*(?:\d{{1,2}}|[一二两三四五六七八九十]{{1,3}})\s*[点时](?:钟|半|一刻|三刻|\d{{1,2}}分?)?"
    rf"|{_PERIOD}\s*\d{{1,2}}:\d\d"
    r"|\d{1,2}(?:[:.]\d\d)?(?:\s*(?:am|pm|a\.m\.?|p\.m\.?|o'clock))?(?![a-z0-9:])|noon\b|midday\b)"
)
BETWEEN = re.compile(rf"between\s+(?P<a>{CLOCK})\s*(?:and|-|–|to)\s*(?P<b>{CLOCK})")
TIME_RANGE = re.compile(rf"(?:from\s+)?(?P<a>{CLOCK}){_TO}(?P<b>{CLOCK})(?:之间)?")
AFTER = re.compile(
    rf"(?:after|from|past|since|starting(?: at)?)\s*(?P<a>{CLOCK})(?:\s*(?:onwards?|on)\b)?"
    rf"|(?P<b>{CLOCK})\s*(?:onwards?\b|or later\b|\+|以后|之后|过后|后|开始|起)"
)
BEFORE = re.compile(rf"(?:before|until|till|by|up to)\s*(?P<a>{CLOCK})|(?P<b>{CLOCK})\s*(?:以前|之前|前)")
APART = re.compile(r"(?:and|or)\b|或者?|和|以及|&")
COMMA = re.compile(r"[,;/、.]")
FILLER = re.compile(
    r"\s+|[()\[\]:!]"
    r"|(?:i am|i'm|i|we|am|is|are|can|be|available|availability|free|usually|generally|only|please|on|at|in|the"
    r"|an?|my|me|times?|works?|suits?|best|ideally|preferably|possible|for|interviews?|local|also|do|it|any|hours?)\b"
    r"|我|可以|能|方便|有空|有时间|面试|都|均|也|的|在|参加|接受|时间|请|安排|最好|一般|通常|行|可|内"
)
"""What may stand beside days and times without changing what they say. No "not", no "except", no 不."""

_PARTS_OF_CLOCK = re.compile(
    rf"(?P<period>{_PERIOD})?\s*(?P<hour>\d{{1,2}}|[一二两三四五六七八九十]{{1,3}})"
    r"(?:\s*[点时](?:钟)?|(?=[:. ap]|$))(?P<rest>半|一刻|三刻|[:.]?\d{1,2})?分?"
    r"\s*(?P<half>am|pm|a\.m\.?|p\.m\.?|o'clock)?"
)
_RESTS = {"半": 30, "一刻": 15, "三刻": 45}
_NUMERALS = {one: number for number, one in enumerate("一二三四五六七八九十", start=1)} | {"两": 2}
SURE_FROM = 8
"""Hours from here on need no "am" and no 晚上: who means six in the morning says so."""


def days_from_to(first: str, last: str) -> frozenset[int]:
    """Monday is 0; from Friday to Monday is four days."""
    begin, end = _DAY[first[:3]], _DAY[last[:3]]
    return frozenset((begin + one) % 7 for one in range((end - begin) % 7 + 1))


def days_named(names: str) -> frozenset[int]:
    """One English day, or the characters behind 周."""
    return frozenset({_DAY[names[:3]]} if names[0].isascii() else {_DAY[one] for one in names if one in _DAY})


def clock(text: str, half: str = "") -> tuple[int, str] | None:
    """(minutes since midnight, its half of the day in the speaker's words); None: it cannot be told.

    half: what another time beside it says: the "pm" of "6 to 8 pm", the 下午 of 下午三点到五点.
    """
    if text.strip() in ("noon", "midday"):
        return 12 * 60, ""
    match = _PARTS_OF_CLOCK.fullmatch(text.strip())
    if match is None:
        return None
    hour = _number(match["hour"])
    rest = match["rest"] or ""
    minute = _RESTS.get(rest) if rest in _RESTS else int(rest.lstrip(":.") or 0)
    said = match["period"] or (match["half"] or "").replace(".", "")
    said = "" if said == "o'clock" else said
    hour_of_day = _of_day(hour, said or half, is_exact=rest.startswith(":"))
    if hour_of_day is None or minute is None or minute > 59 or hour_of_day * 60 + minute > 24 * 60:
        return None
    return hour_of_day * 60 + minute, said or half


def zone_named(text: str) -> str | None:
    """The IANA name of what ZONE has found."""
    text = text.removesuffix(" time").removesuffix("时间").removesuffix("时区").strip()
    if match := re.fullmatch(r"(?:utc|gmt)\s*(?:([+-])\s*(\d{1,2})(?::?00)?)?", text):
        hours = int(match[2] or 0)
        if not hours:
            return "UTC"
        # IANA counts these the other way round.
        return f"Etc/GMT{'-' if match[1] == '+' else '+'}{hours}" if hours <= 12 else None
    return _zones().get(text.replace(" ", "_"))


@cache
def zone_pattern() -> re.Pattern[str]:
    """A time zone's name, a city's, or UTC with its distance."""
    names = sorted((name.replace("_", "[ _]") for name in _zones() if name.isascii()), key=len, reverse=True)
    chinese = "|".join(name for name in _zones() if not name.isascii())
    return re.compile(
        rf"(?:utc|gmt)(?:\s*[+-]\s*\d{{1,2}}(?::?00)?)?(?![a-z0-9])|(?:{'|'.join(names)})(?: time)?(?![a-z/])"
        rf"|(?:{chinese})(?:时间|时区)?"
    )


@cache
def _zones() -> Mapping[str, str]:
    found = {}
    for name in sorted(available_timezones()):
        region, _, city = name.rpartition("/")
        if region.split("/")[0] in {
            "Africa",
            "America",
            "Asia",
            "Atlantic",
            "Australia",
            "Europe",
            "Indian",
            "Pacific",
        }:
            found[name.lower()] = name
            found.setdefault(city.lower(), name)
    return {**found, **_CITIES}


_CITIES = {
    **dict.fromkeys(("beijing", "china", "北京", "上海", "中国", "深圳", "广州"), "Asia/Shanghai"),
    **dict.fromkeys(("munich", "hamburg", "frankfurt", "cologne", "german", "柏林", "德国"), "Europe/Berlin"),
    **dict.fromkeys(("uk", "british", "伦敦", "英国"), "Europe/London"),
    **dict.fromkeys(("san_francisco", "seattle", "洛杉矶", "旧金山"), "America/Los_Angeles"),
    **dict.fromkeys(("boston", "washington", "纽约"), "America/New_York"),
    **dict.fromkeys(("india", "mumbai", "delhi", "bangalore"), "Asia/Kolkata"),
    "香港": "Asia/Hong_Kong",
    "台北": "Asia/Taipei",
    "新加坡": "Asia/Singapore",
    "东京": "Asia/Tokyo",
    "首尔": "Asia/Seoul",
    "巴黎": "Europe/Paris",
    "悉尼": "Australia/Sydney",
}


def _number(text: str) -> int:
    if text.isdigit():
        return int(text)
    tens, ten, ones = text.rpartition("十")
    if not ten:
        return _NUMERALS[text] if len(text) == 1 else 99
    return (_NUMERALS.get(tens, 1) * 10) + (_NUMERALS.get(ones, 0))


def _of_day(hour: int, half: str, *, is_exact: bool) -> int | None:
    if half in ("am", "pm"):
        return hour % 12 + (12 if half == "pm" else 0) if 1 <= hour <= 12 else None
    if half in ("下午", "傍晚", "晚上", "晚间", "晚") and 1 <= hour <= 12:
        # Midnight is the end of the evening, noon the beginning of the afternoon.
        return 12 if hour == 12 and half == "下午" else hour + 12
    if half == "中午" and 1 <= hour <= 2:
        return hour + 12
    if half or is_exact or hour >= SURE_FROM:
        return hour
    return None
