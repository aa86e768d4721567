"""Who the candidate is and how they are reached: name, e-mail, telephone, city, links."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import phonenumbers

from server.resumes.dates import dated
from server.resumes.resume import Contact, Found, Line, Where
from server.resumes.wording import CITIES, FAMILY_NAMES, HAN, POSITION, is_title, section_of

_EMAIL = re.compile(
    r"(?<![\w.+-])[A-Za-z0-9][A-Za-z0-9._%+'-]{0,63}@(?:[A-Za-z0-9-]{1,63}\.){1,6}[A-Za-z]{2,24}(?![\w-])"
)
_LINK = re.compile(
    r"(?:https?://|www\.|(?:[a-z]{2}\.)?linkedin\.com/|github\.com/|gitee\.com/|gitlab\.com/)[^\s<>\"'，。；、）)|]{2,200}",
    re.IGNORECASE,
)
_PHONE_LABEL = re.compile(r"\b(?:phone|tel|telephone|mobile|cell|contact no)\b|电话|手机|联系方式", re.IGNORECASE)
_NAME_LABEL = re.compile(r"^(?:(?:full |candidate )?name|姓\s*名|中文名|英文名)\s*[:：\t ]\s*", re.IGNORECASE)
_CITY_LABEL = re.compile(
    r"(?:\b(?:location|address|city|based in|lives in|residence)"
    "|现居住?地?|所在地|所在城市|居住地|居住城市|现居城市|城市|地址|住址|现所在地)"
    r"\s*[:：\t ]\s*",
    re.IGNORECASE,
)
_ENGLISH_NAME = re.compile(r"[A-ZÀ-Þ][\w'’.-]*(?: (?:[a-z]{2,3} ){0,2}[A-ZÀ-Þ][\w'’.-]*){1,3}")
_CHINESE_NAME = re.compile("[一-鿿]{2,4}|[一-鿿]{1,8}·[一-鿿]{1,8}")
_FIELDS = re.compile(r"\t|\s{2,}|\s*[|｜•/,，;；]\s*|\s+[·–—-]\s+")
_TOP = 12
"""Lines in which a candidate says who they are."""
_TITLE_WORDS = re.compile(
    "简历|求职|应聘|自我|个人|信息|教育|工作|经历|联系|技能|curriculum|resume|résumé|vitae|profile", re.IGNORECASE
)
_LONGEST, _MOST_NUMBERS = 300, 60
_LOCAL = ("US", "GB")
"""Whose numbers English résumés leave the country's code out of; a guess, never certain."""


def contact_in(lines: Sequence[Line], language: str) -> Contact:
    """What the text says of it; a name comes from its label or from the top."""
    top = _top(lines)
    emails = list(dict.fromkeys(_emails(lines)))
    email = emails[0] if emails else None
    if email and len({one.normal for one in emails}) > 1:
        email = Found(email.value, email.where, False, email.normal)
    return Contact(
        name=_labelled_name(top) or _name_on_top(top, email),
        email=email,
        phone=_phone(lines, language),
        city=_city(lines, top),
        links=tuple({link.normal: link for line in lines if (link := link_of(line))}.values())[:10],
    )


def _top(lines: Sequence[Line]) -> list[Line]:
    """The first lines, up to the first section that is about something else."""
    top: list[Line] = []
    for line in lines[:_TOP]:
        section = section_of(line.text)
        if section and section[0] != "contact" and not section[1]:
            break
        top.append(line)
    return top


def _emails(lines: Sequence[Line]) -> Iterator[Found]:
    for line in lines:
        for match in _EMAIL.finditer(line.text[:_LONGEST]):
            yield Found(match[0], line.where, True, match[0].lower())


def link_of(line: Line) -> Found | None:
    """The line's first link; None: it has none."""
    match = _LINK.search(line.text[:_LONGEST])
    if match is None:
        return None
    value = match[0].rstrip(".,;:")
    scheme = re.match("https?://", value, re.IGNORECASE)
    return Found(value, line.where, True, value if scheme else f"https://{value}")


def phone_of(text: str, where: Where, language: str) -> Found:
    """A whole text that should be a number; uncertain when it cannot be one."""
    return next(_numbers(Line(where, text), language), Found(text, where, False))


def _phone(lines: Sequence[Line], language: str) -> Found | None:
    found: list[Found] = []
    tried = 0
    for line in lines:
        if tried < _MOST_NUMBERS and sum(character.isdigit() for character in line.text[:_LONGEST]) >= 7:
            tried += 1
            found.extend(_numbers(line, language))
    return next((one for one in found if one.certain), found[0] if found else None)


def _numbers(line: Line, language: str) -> Iterator[Found]:
    text = line.text[:_LONGEST]
    if language == "zh-CN":
        yield from _matched(text, line.where, "CN", certain=True)
    yield from _matched(text, line.where, None, certain=True)
    if language != "zh-CN" and _PHONE_LABEL.search(text):
        for region in _LOCAL:
            yield from _matched(text, line.where, region, certain=False)
        yield from _matched(text, line.where, "CN", certain=False)
    elif language != "zh-CN":
        yield from _matched(text, line.where, _LOCAL[0], certain=False)


def _matched(text: str, where: Where, region: str | None, *, certain: bool) -> Iterator[Found]:
    for match in phonenumbers.PhoneNumberMatcher(text, region):
        normal = phonenumbers.format_number(match.number, phonenumbers.PhoneNumberFormat.E164)
        written_out = match.raw_string.strip().startswith(("+", "00"))
        # "09/2015 - 02/2019" has the digits of a number in some country.
        if not written_out and dated(Line(where, match.raw_string)) is not None:
            continue
        yield Found(match.raw_string, where, certain or written_out, normal)


def _labelled_name(top: Sequence[Line]) -> Found | None:
    for line in top:
        for start, part in _parts(line.text):
            if label := _NAME_LABEL.match(part):
                value = part[label.end() :].strip()
                # "姓名  张三": the blanks that part label and name part fields too.
                value = value or next((one for at, one in _parts(line.text) if at > start), "")
                if value and len(value) <= 60:
                    return Found(value, line.where, _may_be_name(value))
            elif re.fullmatch(r"(?:full )?name|姓\s*名", part.strip(" :："), re.IGNORECASE):
                value = next((one for at, one in _parts(line.text) if at > start), "")
                if value and len(value) <= 60:
                    return Found(value, line.where, _may_be_name(value))
    return None


def _name_on_top(top: Sequence[Line], email: Found | None) -> Found | None:
    named = [line for line in top if not is_title(line.text)]
    for number, line in enumerate(named[:5]):
        for start, part in _parts(line.text):
            if _may_be_name(part):
                agrees = email is not None and _agrees(part, email.value)
                certain = agrees or (number == 0 and start == 0 and _sure(part))
                return Found(part, line.where, certain)
    return None


def _parts(text: str) -> list[tuple[int, str]]:
    """The fields of a line with where they begin; as many as a head may have."""
    text, parts, at = text[:_LONGEST], [], 0
    for match in _FIELDS.finditer(text):
        parts.append((at, text[at : match.start()].strip()))
        at = match.end()
    parts.append((at, text[at:].strip()))
    return [(at, part) for at, part in parts if part]


def _may_be_name(text: str) -> bool:
    text = re.sub(r"\s*[(（].*?[)）]$", "", text)
    if _TITLE_WORDS.search(text) or POSITION.search(text) or text.lower() in CITIES:
        return False
    squeezed = text.replace(" ", "")
    if HAN.search(text):
        known = squeezed[:1] in FAMILY_NAMES or squeezed[:2] in ("欧阳", "上官", "司马", "诸葛")
        return bool(_CHINESE_NAME.fullmatch(squeezed)) and (known or "·" in squeezed)
    name = text.title() if text.isupper() else text
    return bool(_ENGLISH_NAME.fullmatch(name)) and not any(
        character.isdigit() or character == "_" for character in name
    )


def _sure(name: str) -> bool:
    return bool(HAN.search(name)) or sum(not word.islower() for word in name.split()) in (2, 3)


def _agrees(name: str, email: str) -> bool:
    """Whether the address holds a part of the name."""
    account = email.partition("@")[0].lower()
    return any(len(part) > 2 and part in account for part in re.findall(r"[a-z]+", name.lower()))


def _city(lines: Sequence[Line], top: Sequence[Line]) -> Found | None:
    for line in lines[: 2 * _TOP]:
        if label := _CITY_LABEL.search(line.text[:_LONGEST]):
            parts = _parts(line.text[label.end() : _LONGEST])
            known = [part for _, part in parts if part.lower() in CITIES]
            if known or parts:
                value = known[0] if known else parts[0][1]
                return Found(value, line.where, bool(known))
    for line in top:
        for _, part in _parts(line.text):
            if part.lower() in CITIES:
                return Found(part, line.where, True)
    return None
