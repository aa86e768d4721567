"""Matches what a job asks for with what a résumé says, with the reason and the place; silence is never a no.

A résumé that does not name a skill says nothing of whether the candidate has it: such a skill is `not found`, to be
asked about, and counts neither for nor against. Only names are looked for, in both languages; a person reads the rest.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from question_flows.asked_model import AskedModel
from question_flows.model import Language
from question_flows.skill_names import known_skill, plain
from server.resumes.resume import Found, Resume


class Reason(StrEnum):
    """Why a skill counts as found, the surest first."""

    EXACT = "exact"
    """Listed among the skills by the job's own word."""
    ALIAS = "alias"
    """Listed by another name of the same skill, perhaps in the other language."""
    LANGUAGE = "language"
    """A language listed among the languages."""
    MENTIONED = "mentioned"
    """Said somewhere else, as a rule in what was done in a position."""
    NOT_FOUND = "not_found"
    """Nothing is said of it; this is no "no"."""


@dataclass(frozen=True, slots=True)
class SkillMatch:
    """One skill the job asks for. found: the résumé's words and where; None with NOT_FOUND.

    level: what the résumé says of how well, of a language; else empty. certain: False: a person should look, since a
    name in running text may mean something else.
    """

    competency_id: str
    name: Mapping[Language, str]
    reason: Reason
    found: Found | None
    level: str = ""

    @property
    def certain(self) -> bool:
        """Whether the skill is listed as one and was read surely."""
        return self.found is not None and self.found.certain and self.reason is not Reason.MENTIONED


_LONGEST_NAME = 60
_WORD = "A-Za-z0-9_"


def matches(asked: AskedModel, resume: Resume) -> tuple[SkillMatch, ...]:
    """One for each competency the job asks for, in its order."""
    return tuple(_match(one.id, one.name, resume) for one in asked.competencies)


def _match(competency_id: str, name: Mapping[Language, str], resume: Resume) -> SkillMatch:
    own = {plain(text) for text in name.values()}
    for skill in resume.skills:
        if plain(skill.value) in own:
            return SkillMatch(competency_id, name, Reason.EXACT, skill)
    known = next((found for text in name.values() if (found := known_skill(text)) is not None), None)
    if known is not None:
        for skill in resume.skills:
            if known_skill(skill.value) == known:
                return SkillMatch(competency_id, name, Reason.ALIAS, skill)
    names = list(dict.fromkeys([*name.values(), *(known.names if known else ())]))
    for spoken in resume.languages:
        if plain(spoken.language.value) in {plain(one) for one in names}:
            level = spoken.level.value if spoken.level else ""
            return SkillMatch(competency_id, name, Reason.LANGUAGE, spoken.language, level)
    mentioned = next(_mentions(names, resume), None)
    if mentioned is not None:
        return SkillMatch(competency_id, name, Reason.MENTIONED, mentioned)
    return SkillMatch(competency_id, name, Reason.NOT_FOUND, None)


def _mentions(names: Sequence[str], resume: Resume) -> Iterator[Found]:
    """In what was done first, then anywhere."""
    patterns = [pattern for name in names if (pattern := _pattern(name)) is not None]
    tasks = [task.where for one in resume.experience for task in one.tasks]
    lines = sorted(resume.lines, key=lambda line: line.where not in tasks)
    for line in lines:
        for pattern in patterns:
            if hit := pattern.search(line.text):
                yield Found(hit[0], line.where, False)


def _pattern(name: str) -> re.Pattern[str] | None:
    """Whole words, in whatever case; names of one or two letters only as they are written, since Go is a word too."""
    name = name.strip()
    if not any(map(str.isalnum, name)) or len(name) > _LONGEST_NAME:
        return None
    begins = rf"(?<![{_WORD}])" if name[0].isascii() else ""
    ends = rf"(?![{_WORD}+#])" if name[-1].isascii() else ""
    short = len(plain(name)) <= 2 and name.isascii()
    if short and not name.isupper() and len(name) < 2:
        return None
    return re.compile(begins + re.escape(name) + ends, 0 if short else re.IGNORECASE)
