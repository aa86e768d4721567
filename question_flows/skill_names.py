"""Names of skills in both languages and the other names each goes by, from `skill_names.json`."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_FILE = Path(__file__).with_name("skill_names.json")
_ALMOST = re.compile(r"[\s\-_/.,()（）]+")


@dataclass(frozen=True, slots=True)
class KnownSkill:
    """A skill as it is called in English and Chinese; others: what else it goes by in either."""

    en: str
    zh: str
    others: tuple[str, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """All of them, the two languages' own first."""
        return tuple(dict.fromkeys((self.en, self.zh, *self.others)))


def plain(name: str) -> str:
    """A name as it is compared: without case, blanks and hyphens; signs that tell skills apart (C, C++, C#) stay."""
    return _ALMOST.sub("", name.strip().casefold())


def known_skill(name: str) -> KnownSkill | None:
    """The skill that goes by this name; None: it is not in the list."""
    return _by_name().get(plain(name))


def every_skill() -> tuple[KnownSkill, ...]:
    """The whole list."""
    return _all()


@cache
def _all() -> tuple[KnownSkill, ...]:
    entries: list[list[str]] = json.loads(_FILE.read_text("utf-8"))
    return tuple(KnownSkill(en, zh, tuple(others)) for en, zh, *others in entries)


@cache
def _by_name() -> Mapping[str, KnownSkill]:
    return {plain(name): skill for skill in _all() for name in skill.names}
