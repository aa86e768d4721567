"""Cues for a skill: what it goes by in an answer."""

from __future__ import annotations

import re

from question_flows.cue_words import cues_from
from question_flows.model import Language
from question_flows.problems import sayable
from question_flows.skill_names import known_skill, plain


def names_of(name: str, language: Language) -> tuple[str, ...]:
    """What a skill goes by in an answer: its other names, and the forms of the word where it is one word.

    Names of one or two letters, such as C and Go, are words of any talk: they count with what is done in them.
    """
    found: list[str] = []
    for text in re.split(r"\s*[,、]\s*", name):
        known = known_skill(text)
        for one in (text, *(known.names if known else ())):
            if language is Language.CHINESE:
                found += [one] if len(plain(one)) > 2 or not one.isascii() else [f"用{one}", f"{one}语言", f"{one}写"]
            elif one.isascii():
                found += [one] if len(plain(one)) > 2 else [f"in {one}", f"with {one}", f"using {one}", f"{one} code"]
        if language is Language.ENGLISH and text.isascii() and (known is None or text.isalpha()) and len(text) > 3:
            found += [form for cue in cues_from(text, language) for form in cue.split("|")]
    said = [one.replace("|", " ").strip() for one in found if sayable(one)]
    return tuple(dict.fromkeys(said)) or (name.replace("|", " "),)
