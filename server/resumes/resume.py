"""What a résumé says, each find with where it stands and whether a person has to look at it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from enum import StrEnum


class Kind(StrEnum):
    """What a file is, by its content."""

    PDF = "pdf"
    DOCX = "docx"
    JSON_RESUME = "json_resume"
    TEXT = "text"

    @property
    def media_type(self) -> str:
        """Its MIME type."""
        return _MEDIA_TYPES[self]


_MEDIA_TYPES = {
    Kind.PDF: "application/pdf",
    Kind.DOCX: "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    Kind.JSON_RESUME: "application/json",
    Kind.TEXT: "text/plain",
}


@dataclass(frozen=True, slots=True)
class Where:
    """A place in the file: page and line, both from 1, or in a JSON Résumé the path, such as `$.basics.email`.

    Word files know no pages by themselves: theirs are as the program that saved them last broke them.
    """

    page: int | None = None
    line: int | None = None
    path: str | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the file's text as it was read, without blanks around it; never empty."""

    where: Where
    text: str


@dataclass(frozen=True, slots=True)
class Found:
    """value: as it stands in the line at `where`. certain: False: a person has to look.

    normal: the same in one form for all: E.164, a date as `2021-09-01`, `2021-09` or `2021`, `present`, the tag of a
    language, a length of time as ISO 8601 has it (`P2W`), `at_once`, a link with its scheme; None: there is none.
    """

    value: str
    where: Where
    certain: bool
    normal: str | None = None


@dataclass(frozen=True, slots=True)
class Contact:
    """Who it is and how they are reached."""

    name: Found | None = None
    email: Found | None = None
    phone: Found | None = None
    city: Found | None = None
    links: tuple[Found, ...] = ()


@dataclass(frozen=True, slots=True)
class Education:
    """One stay at a school."""

    institution: Found | None = None
    degree: Found | None = None
    area: Found | None = None
    start: Found | None = None
    end: Found | None = None


@dataclass(frozen=True, slots=True)
class Experience:
    """One position. tasks: what is said of it, line by line."""

    employer: Found | None = None
    position: Found | None = None
    start: Found | None = None
    end: Found | None = None
    tasks: tuple[Found, ...] = ()


@dataclass(frozen=True, slots=True)
class SpokenLanguage:
    """A language the candidate names. level: in their words; None: not said."""

    language: Found
    level: Found | None = None


@dataclass(frozen=True, slots=True)
class Resume:
    """A résumé, taken apart. lines: all of its text. language: "en" or "zh-CN", that of most of it."""

    kind: Kind
    language: str
    lines: tuple[Line, ...]
    contact: Contact = Contact()
    education: tuple[Education, ...] = ()
    experience: tuple[Experience, ...] = ()
    skills: tuple[Found, ...] = ()
    languages: tuple[SpokenLanguage, ...] = ()
    availability: Found | None = None


def finds(resume: Resume) -> Iterator[tuple[str, Found]]:
    """Every find with the name of its field, such as `contact.email` or `experience.0.start`, in the file's order."""
    for name in ("contact", "education", "experience", "skills", "languages", "availability"):
        yield from _finds(getattr(resume, name), name)


def _finds(value: object, name: str) -> Iterator[tuple[str, Found]]:
    if isinstance(value, Found):
        yield name, value
    elif isinstance(value, tuple):
        for index, one in enumerate(value):
            yield from _finds(one, f"{name}.{index}")
    elif isinstance(value, Contact | Education | Experience | SpokenLanguage):
        for field in fields(value):
            yield from _finds(getattr(value, field.name), f"{name}.{field.name}")


_MUST_HAVE = ("contact.name", "contact.email", "contact.phone", "education", "experience", "skills")
"""What a person is asked for when it is not found."""


def to_check(resume: Resume) -> Sequence[str]:
    """What a person has to look at: names of uncertain finds, and of what every résumé has and this one lacks."""
    found = dict(finds(resume))
    missing = [name for name in _MUST_HAVE if not any(one == name or one.startswith(f"{name}.") for one in found)]
    return [*(name for name, one in found.items() if not one.certain), *missing]
