"""Dates and ranges as résumés write them in English and Chinese; years alone are dates too."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from server.resumes.resume import Found, Line

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_NAMED = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?"
    r"|nov(?:ember)?|dec(?:ember)?)"
)
_YEAR = r"(?:19[5-9]\d|20[0-5]\d)"
_DATE = (
    rf"(?:{_YEAR}\s*年(?:\s*(?:1[0-2]|0?[1-9])\s*月)?(?:\s*(?:3[01]|[12]\d|0?[1-9])\s*日)?"
    rf"|{_YEAR}\s?[-./]\s?(?:1[0-2]|0?[1-9])(?:[-./](?:3[01]|[12]\d|0?[1-9]))?(?!\d)"
    rf"|(?:1[0-2]|0?[1-9])\s?[/.]\s?{_YEAR}"
    rf"|(?:(?:3[01]|[12]\d|0?[1-9])(?:st|nd|rd|th)?\s)?{_NAMED}\.?,?\s?(?:(?:3[01]|[12]\d|0?[1-9]),\s)?{_YEAR}"
    rf"|{_YEAR})"
)
_PRESENT = r"(?:present|now|current(?:ly)?|today|ongoing|to date|至今|现在|目前|今)"
_TO = r"\s*(?:[-–—−~～→]{1,2}|\bto\b|\buntil\b|\btill\b|至|到)\s*"
_RANGE = re.compile(rf"(?<![\dA-Za-z])({_DATE})(?:{_TO}({_DATE}|{_PRESENT})|\s*(至今))(?![\dA-Za-z])", re.IGNORECASE)
_SINCE = re.compile(
    rf"(?<![A-Za-z])(?:since|from|自|从)\s*({_DATE})(?!\d)|(?<!\d)({_DATE})\s*(?:起|开始)", re.IGNORECASE
)
_ONE = re.compile(rf"(?<![\dA-Za-z./+-])({_DATE})(?![\dA-Za-z])", re.IGNORECASE)
_MOST_A_LINE = 500
"""Characters that are looked at: dates stand at the edges of short lines."""


@dataclass(frozen=True, slots=True)
class Dated:
    """Dates in a line. start, end: where in it they stand together, brackets around them too."""

    first: Found | None
    last: Found | None
    start: int
    end: int


def date_of(text: str) -> str | None:
    """A whole text's date as `2021-09-01`, `2021-09`, `2021` or `present`; None: it is none."""
    text = text.strip()
    if re.fullmatch(_PRESENT, text, re.IGNORECASE):
        return "present"
    return _normal(text) if re.fullmatch(_DATE, text, re.IGNORECASE) else None


def dated(line: Line, *, alone: bool = True) -> Dated | None:
    """The line's range, or its one date as an end, or as a beginning after "since". alone: whether one will do."""
    text = line.text[:_MOST_A_LINE]
    if match := _RANGE.search(text):
        first, last = match[1], match[2] or match[3]
        begun, ended = _normal(first), _normal(last)
        # What ends before it begins was misread or mistyped.
        certain = ended == "present" or begun[:4] < ended[:4] or (begun[:4] == ended[:4] and begun <= ended)
        return Dated(
            Found(first, line.where, certain, begun), Found(last, line.where, certain, ended), *_around(text, match)
        )
    if match := _SINCE.search(text):
        first = match[1] or match[2]
        return Dated(Found(first, line.where, True, _normal(first)), None, *_around(text, match))
    if alone and (match := _ONE.search(text)):
        return Dated(None, Found(match[1], line.where, False, _normal(match[1])), *_around(text, match))
    return None


def every_date(line: Line) -> Iterator[Found]:
    """Each date in a line by itself."""
    for match in _ONE.finditer(line.text[:_MOST_A_LINE]):
        yield Found(match[1], line.where, True, _normal(match[1]))


def _around(text: str, match: re.Match[str]) -> tuple[int, int]:
    start, end = match.span()
    if text[:start].rstrip()[-1:] in ("(", "（", "[") and text[end:].lstrip()[:1] in (")", "）", "]"):
        start = len(text[:start].rstrip()) - 1
        end = len(text) - len(text[end:].lstrip()) + 1
    return start, end


def _normal(text: str) -> str:
    if re.fullmatch(_PRESENT, text, re.IGNORECASE):
        return "present"
    year = re.search(_YEAR, text)
    assert year is not None
    rest = f"{text[: year.start()]} {text[year.end() :]}".strip().lower()
    numbers = [int(number) for number in re.findall(r"\d{1,2}", rest)]
    named = next((at for at, name in enumerate(_MONTHS, start=1) if re.search(rf"(?<![a-z]){name}", rest)), None)
    if named is not None:
        numbers.insert(0, named)
    return "-".join([year[0], *(f"{number:02}" for number in numbers[:2])])
