"""From a résumé's lines to what it says: sections first, then each by its own rules. Pure; never raises."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from server.resumes.availability import availability_in
from server.resumes.contact import contact_in
from server.resumes.entries import education_in, experience_in
from server.resumes.json_resume import from_json_resume
from server.resumes.listed import language_of, languages_in, skills_in
from server.resumes.resume import Kind, Line, Resume
from server.resumes.wording import language_of_text, section_of


def extracted(kind: Kind, lines: tuple[Line, ...]) -> Resume:
    """What the lines of a file of this kind say. Every value stands in the line at its `where`."""
    if kind is Kind.JSON_RESUME:
        return from_json_resume(lines)
    language = language_of_text(line.text for line in lines)
    sections = sections_of(lines)
    return Resume(
        kind=kind,
        language=language,
        lines=lines,
        contact=contact_in(lines, language),
        education=education_in(sections["education"]),
        experience=experience_in(sections["experience"]),
        skills=skills_in(sections["skills"]),
        languages=languages_in(sections["languages"], lines),
        availability=availability_in(lines),
    )


def _only_a_label(section: str, rest: str) -> bool:
    """Whether a heading with something behind its colon says a thing in passing: "学历：本科", "Languages: SQL, Go"."""
    if not rest:
        return False
    return section in ("education", "experience", "projects") or (section == "languages" and not language_of(rest))


def sections_of(lines: Sequence[Line]) -> Mapping[str, list[Line]]:
    """The lines of each section; what stands behind a heading's colon belongs to it. Empty for those not there."""
    sections: defaultdict[str, list[Line]] = defaultdict(list)
    current, inline = "contact", False
    for line in lines:
        opened = section_of(line.text)
        if opened is None or _only_a_label(*opened):
            # "Languages: German, English" among other labelled lines says all of it on that line.
            if inline and current in ("languages", "availability"):
                current = "contact"
            sections[current].append(line)
            continue
        current, rest = opened
        inline = bool(rest)
        if rest:
            sections[current].append(Line(line.where, rest))
    return sections
