"""A stored résumé as HR's page shows it: field by field with place and doubt, and how it fits what a job asks for."""

from __future__ import annotations

from dataclasses import dataclass

from question_flows.asked_model import AskedModel
from server.resumes.resume import Found, Line, Where, finds, to_check
from server.resumes.skills import SkillMatch, matches
from server.resumes.stored import StoredResume


@dataclass(frozen=True, slots=True)
class ShownField:
    """field: key of `resumes.field_…` in the locales: "name", "email", "employer" and so on.

    group: "contact", "education", "experience", "skills", "languages" or "availability"; entry: which of the group's,
    from 0, where it has several.
    """

    group: str
    entry: int
    field: str
    found: Found


@dataclass(frozen=True, slots=True)
class ShownResume:
    """fields: in the file's order. missing: names of groups or fields that a person should ask for.

    unsure: how many finds a person has to look at. lines: the whole text, to which every `where` points.
    matches: of what the job asks for; empty without a model.
    """

    stored: StoredResume
    fields: tuple[ShownField, ...]
    missing: tuple[str, ...]
    unsure: int
    lines: tuple[Line, ...]
    matches: tuple[SkillMatch, ...]


def shown(stored: StoredResume, asked: AskedModel | None) -> ShownResume:
    """For a page's template. asked: the competency model of the job the candidate applies for; None: none is known."""
    resume = stored.resume
    if resume is None:
        return ShownResume(stored, (), (), 0, (), ())
    fields = tuple(_field(name, found) for name, found in finds(resume))
    names = {name for name, _ in finds(resume)}
    return ShownResume(
        stored=stored,
        fields=fields,
        missing=tuple(name.removeprefix("contact.") for name in to_check(resume) if name not in names),
        unsure=sum(not one.found.certain for one in fields),
        lines=resume.lines,
        matches=matches(asked, resume) if asked is not None else (),
    )


def place(where: Where) -> str:
    """A place in signs that need no translation: "p. 1 : 12" is said by the page; this is its anchor, `line-1-12`."""
    return f"path-{where.path}" if where.path else f"line-{where.page}-{where.line}"


def _field(name: str, found: Found) -> ShownField:
    group, *rest = name.split(".")
    numbers = [int(part) for part in rest if part.isdigit()]
    words = [part for part in rest if not part.isdigit()]
    singular = {"skills": "skill", "links": "link", "tasks": "task", "availability": "availability"}
    field = words[-1] if words else group
    return ShownField(group, numbers[0] if numbers else 0, singular.get(field, field), found)
