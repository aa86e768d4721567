"""Positions and schools out of the lines of their sections: each begins at its dates, whatever stands around them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from server.resumes.dates import Dated, dated
from server.resumes.resume import Education, Experience, Found, Line
from server.resumes.wording import CITIES, DEGREE, EMPLOYER, HAN, POSITION, SCHOOL, is_bullet, without_bullet

_MOST_BEFORE = 2
"""Lines of an entry's head that may stand before its dates."""
_LONGEST_HEAD = 90
_SENTENCE = re.compile(r"[.。;；!！]$")
_BETWEEN = re.compile(
    r"\t|\s{2,}|\s*[|｜•·]\s*|\s+[–—-]\s+|\s*[,，](?!\s*(?:Inc|Ltd|LLC|Co|GmbH|Limited|Corp)\b)\s*|\s+@\s+|\s+at\s+(?=[A-Z])"
)
_LABEL = re.compile(
    r"^(?:公司名称|公司|单位|职位|职务|岗位|学校名称|学校|院校|学历|学位|专业|时间|employer|company|position|title|role|degree"
    r"|major|school|gpa)\s*[:：]\s*",
    re.IGNORECASE,
)
_MAJOR = re.compile(r"^(?:专业|major)\s*[:：]|专业$", re.IGNORECASE)
_IN = re.compile(r"^\s*(?:degree )?(?:in|of|[,:：(（-])\s*", re.IGNORECASE)
_NOT_AREA = re.compile(r"\bGPA\b|绩点|全日制|统招|非全日制|^\W*$|grade|honou?rs|\d", re.IGNORECASE)
_MOST_ENTRIES, _MOST_TASKS = 40, 60


@dataclass(frozen=True, slots=True)
class _Field:
    text: str
    line: Line


@dataclass(frozen=True, slots=True)
class _Entry:
    dates: Dated
    fields: tuple[_Field, ...]
    body: tuple[Line, ...]


def experience_in(lines: Sequence[Line]) -> tuple[Experience, ...]:
    """The positions. Which of two names is the employer's is uncertain unless a word of them tells."""
    return tuple(_experience(one) for one in _entries(lines))


def education_in(lines: Sequence[Line]) -> tuple[Education, ...]:
    """The schools."""
    return tuple(_education(one) for one in _entries(lines))


def _entries(lines: Sequence[Line]) -> Iterator[_Entry]:
    at = {index: found for index, line in enumerate(lines) if (found := _anchor(line)) is not None}
    if not at:
        return
    places = sorted(at)[:_MOST_ENTRIES]
    # The first entry tells how all of them are laid out: what stands before its dates is its head.
    before = min(places[0], _MOST_BEFORE)
    ends = [*(max(next_ - before, place + 1) for place, next_ in pairwise(places)), len(lines)]
    for place, end in zip(places, ends, strict=True):
        head = [line for line in lines[max(0, place - before) : place] if _heads(line)]
        dates = at[place]
        rest = lines[place].text[: dates.start] + "\t" + lines[place].text[dates.end :]
        fields = [field for line in head for field in _split(line.text, line)]
        fields += _split(without_bullet(rest.strip()), lines[place])
        body = list(lines[place + 1 : end])
        # Employer and position, school and degree: one of them may stand below.
        while len(fields) < 2 and body and _heads(body[0]):
            fields += _split(body[0].text, body[0])
            body.pop(0)
        yield _Entry(dates, tuple(fields), tuple(body))


def _anchor(line: Line) -> Dated | None:
    """The dates that begin an entry: a range, or one date at the edge of a short line; not those within a sentence."""
    found = dated(line, alone=len(line.text) <= _LONGEST_HEAD and not is_bullet(line.text))
    if found is None or len(line.text) > 2 * _LONGEST_HEAD:
        return None
    at_edge = found.start <= 3 or found.end >= len(line.text) - 3
    rest = len(line.text) - (found.end - found.start)
    if found.first is not None and found.last is not None:
        return found if at_edge or rest <= _LONGEST_HEAD else None
    return found if at_edge and not _SENTENCE.search(line.text) else None


def _heads(line: Line) -> bool:
    text = line.text
    return len(text) <= _LONGEST_HEAD and not is_bullet(text) and not _SENTENCE.search(text)


def _split(text: str, line: Line) -> list[_Field]:
    parts = [part for part in _BETWEEN.split(text) if part]
    if HAN.search(text):
        parts = [piece for part in parts for piece in (part.split() if HAN.search(part) else [part])]
    stripped = (_stripped(part) for part in parts)
    return [_Field(part, line) for part in stripped if any(map(str.isalnum, part)) and part.lower() not in CITIES]


def _stripped(part: str) -> str:
    part = part.strip(" :：|-–—,，;；/\\")
    # A bracket without its other half was parted from it.
    for opening, closing in ("()", "（）", "[]"):
        if part.count(opening) != part.count(closing):
            part = part.strip(opening + closing + " ")
    return part


def _found(field: _Field | None, *, certain: bool) -> Found | None:
    if field is None:
        return None
    value = _LABEL.sub("", field.text).strip()
    return Found(value, field.line.where, certain) if value else None


def _experience(entry: _Entry) -> Experience:
    left = list(entry.fields)
    position = _taken(left, lambda text: bool(POSITION.search(text)) and not EMPLOYER.search(text))
    employer = _taken(left, lambda text: bool(EMPLOYER.search(text)) and not POSITION.search(text))
    # "Software Developer" and "Sales Partners Ltd" have a word of each kind; the other field tells what they are.
    position = position or _taken(left, lambda text: bool(POSITION.search(text)))
    employer = employer or _taken(left, lambda text: bool(EMPLOYER.search(text)))
    told, position_told = employer is not None, position is not None
    employer = employer or (left.pop(0) if left else None)
    position = position or (left.pop(0) if left else None)
    return Experience(
        employer=_found(employer, certain=told or position_told),
        position=_found(position, certain=position_told),
        start=entry.dates.first,
        end=entry.dates.last,
        tasks=tuple(
            Found(value, line.where, True)
            for line in entry.body[:_MOST_TASKS]
            if any(map(str.isalnum, value := without_bullet(line.text)))
        ),
    )


def _education(entry: _Entry) -> Education:
    left = [*entry.fields, *(field for line in entry.body[:3] if _heads(line) for field in _split(line.text, line))]
    school = _taken(left, lambda text: bool(SCHOOL.search(text)))
    school_told = school is not None
    holder = _taken(left, lambda text: bool(DEGREE.search(text)))
    degree = area = None
    certain_area = False
    if holder is not None:
        match = DEGREE.search(holder.text)
        assert match is not None
        degree = Found(match[0], holder.line.where, True)
        after = holder.text[match.end() :]
        rest = _stripped(_IN.sub("", after, count=1)) or _stripped(holder.text[: match.start()])
        if any(map(str.isalpha, rest)) and not _NOT_AREA.search(rest):
            area, certain_area = _Field(rest, holder.line), bool(_IN.match(after))
    major = _taken(left, lambda text: bool(_MAJOR.search(text)))
    if area is None:
        area, certain_area = major, major is not None
    if area is None:
        area = _taken(left, lambda text: not _NOT_AREA.search(text) and not POSITION.search(text))
    if school is None and left and holder is not None:
        school = left.pop(0)
    return Education(
        institution=_found(school, certain=school_told),
        degree=degree,
        area=_found(area, certain=certain_area),
        start=entry.dates.first,
        end=entry.dates.last,
    )


def _taken(fields: list[_Field], fits: Callable[[str], bool]) -> _Field | None:
    """The first field that fits, which is then no longer among them."""
    for index, field in enumerate(fields):
        if fits(field.text):
            return fields.pop(index)
    return None
