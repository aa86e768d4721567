"""JSON Résumé (jsonresume.org, schema 1.0): its texts with their paths, and what they stand for."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from server.resumes.availability import availability_in
from server.resumes.contact import link_of, phone_of
from server.resumes.dates import date_of
from server.resumes.kinds import Unreadable
from server.resumes.lines import checked, clean
from server.resumes.listed import language_of
from server.resumes.resume import (
    Contact,
    Education,
    Experience,
    Found,
    Kind,
    Line,
    Resume,
    SpokenLanguage,
    Where,
)
from server.resumes.wording import language_of_text

_PARTS = ("basics", "work", "education", "skills")
_DEEPEST = 12


def json_lines(text: str) -> tuple[Line, ...]:
    """Every text and number in it as a line, in the file's order.

    Raises Unreadable resume_damaged, resume_not_json_resume, resume_too_long, resume_no_text.
    """
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Unreadable("resume_damaged") from error
    if not isinstance(data, dict) or not any(name in data for name in _PARTS):
        raise Unreadable("resume_not_json_resume")
    return checked(tuple(_leaves(data, "$", 0)))


def _leaves(value: Any, path: str, depth: int) -> Iterator[Line]:
    if depth > _DEEPEST:
        raise Unreadable("resume_damaged")
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _leaves(item, f"{path}.{clean(key)}", depth + 1)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _leaves(item, f"{path}[{index}]", depth + 1)
    elif isinstance(value, str | int | float) and not isinstance(value, bool):
        text = clean(str(value).replace("\n", " "))
        if text:
            yield Line(Where(path=path), text)


def from_json_resume(lines: tuple[Line, ...]) -> Resume:
    """What the schema says each text is; what does not look like it is uncertain."""
    texts = {line.where.path or "": line for line in lines}
    language = language_of_text(line.text for line in lines)
    return Resume(
        kind=Kind.JSON_RESUME,
        language=language,
        lines=lines,
        contact=_contact(texts, language),
        education=tuple(
            Education(
                institution=_text(texts, f"{at}.institution"),
                degree=_text(texts, f"{at}.studyType"),
                area=_text(texts, f"{at}.area"),
                start=_date(texts, f"{at}.startDate"),
                end=_date(texts, f"{at}.endDate"),
            )
            for at in _each(texts, "$.education")
        ),
        experience=tuple(
            Experience(
                employer=_text(texts, f"{at}.name") or _text(texts, f"{at}.company"),
                position=_text(texts, f"{at}.position"),
                start=_date(texts, f"{at}.startDate"),
                end=_date(texts, f"{at}.endDate"),
                tasks=tuple(
                    Found(line.text, line.where, True)
                    for path, line in texts.items()
                    if path == f"{at}.summary" or path.startswith(f"{at}.highlights[")
                ),
            )
            for at in _each(texts, "$.work")
        ),
        skills=tuple(
            Found(line.text, line.where, True)
            for at in _each(texts, "$.skills")
            for path, line in texts.items()
            if path == f"{at}.name" or path.startswith(f"{at}.keywords[")
        ),
        languages=tuple(_languages(texts)),
        availability=availability_in(lines),
    )


def _each(texts: Mapping[str, Line], path: str) -> list[str]:
    """The paths of a list's entries that hold a text."""
    return list(dict.fromkeys(f"{one.partition(']')[0]}]" for one in texts if one.startswith(f"{path}[")))


def _text(texts: Mapping[str, Line], path: str) -> Found | None:
    line = texts.get(path)
    return Found(line.text, line.where, True) if line else None


def _date(texts: Mapping[str, Line], path: str) -> Found | None:
    line = texts.get(path)
    if line is None:
        return None
    normal = date_of(line.text)
    return Found(line.text, line.where, normal is not None, normal)


def _contact(texts: Mapping[str, Line], language: str) -> Contact:
    email, phone = texts.get("$.basics.email"), texts.get("$.basics.phone")
    looks_right = email is not None and email.text.count("@") == 1 and " " not in email.text
    urls = [line for path, line in texts.items() if path == "$.basics.url" or path.startswith("$.basics.profiles[")]
    return Contact(
        name=_text(texts, "$.basics.name"),
        email=Found(email.text, email.where, looks_right, email.text.lower() if looks_right else None)
        if email
        else None,
        phone=phone_of(phone.text, phone.where, language) if phone else None,
        city=_text(texts, "$.basics.location.city"),
        links=tuple(link for line in urls if (link := link_of(line)) is not None),
    )


def _languages(texts: Mapping[str, Line]) -> Iterator[SpokenLanguage]:
    for at in _each(texts, "$.languages"):
        line = texts.get(f"{at}.language")
        if line is not None:
            tag = language_of(line.text)
            yield SpokenLanguage(Found(line.text, line.where, tag is not None, tag), _text(texts, f"{at}.fluency"))
