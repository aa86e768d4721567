"""What has to be true between the parts of a flow: languages, weights, limits and references.

Reads a flow's plain values as they stand in the file, whatever their shape, so that these problems
are found together with wrong fields and types and not only after those have been corrected.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import fields
from itertools import pairwise
from typing import Any

from question_flows.model import Endpointing, Language
from question_flows.problems import (
    FEWEST_INDICATORS,
    ID,
    LONGEST_ID,
    LONGEST_TEXT,
    MOST_COMPETENCIES,
    MOST_INDICATORS,
    TAG,
    FieldPath,
    Group,
    Problem,
    groups,
    indicator_groups,
    listed,
    number,
    sayable,
)
from question_flows.question_checks import observation_problems, question_problems, round_problems
from question_flows.review_checks import departments, review_problems

TEXTS = {
    *("title", "job", "name", "description", "text", "setting", "counterpart", "intro", "practice"),
    *("at_2", "at_5", "at_8"),
}
TEXT_LISTS = {"cues", "counter_cues", "terms", "sample_answers"}
LISTS_OF_TEXTS = {"probes"}
_LAST_VERSION, _MOST_QUESTIONS = 1_000_000, 200
_SHORTEST_ENDPOINT_MS, _LONGEST_ENDPOINT_MS = 500, 3000
_LIMITS: tuple[tuple[FieldPath, float, float], ...] = (
    (("pass_mark",), 0, 10),
    (("most_pauses",), 0, 1000),
    (("follow_ups", "most"), 0, 20),
    (("follow_ups", "most_per_question"), 0, 5),
    (("follow_ups", "answer_seconds"), 1, 600),
    (("review", "human_weight"), 0, 1),
    (("review", "others_weight"), 0, 1),
)
"""What each number has to be at least and at most."""


def problems_of(data: Any) -> list[Problem]:
    """Everything that breaks a rule between the parts of the flow `data`; empty when all is well."""
    if not isinstance(data, dict):
        return []
    return [
        *_id_problems(data),
        *_language_problems(data),
        *_tag_problems(data),
        *_weight_problems(data),
        *_competency_problems(data),
        *observation_problems(data),
        *question_problems(data),
        *round_problems(data),
        *_limit_problems(data),
        *review_problems(data),
        *_endpointing_problems(data),
    ]


def _id_problems(data: dict[str, Any]) -> Iterator[Problem]:
    """Ids stand in addresses and records: plain characters, each used once among its kind."""
    kinds: list[list[Group]] = [
        [((), data)],
        list(indicator_groups(data)),
        *(
            list(groups(data.get(name), name))
            for name in ("competencies", "scenarios", "questions", "rounds", "variants", "dimensions")
        ),
        *(
            list(groups(question.get("options"), *path, "options"))
            for path, question in groups(data.get("questions"), "questions")
        ),
        list(departments(data)),
    ]
    for kind in kinds:
        seen: set[str] = set()
        for path, group in kind:
            name = group.get("id")
            if not isinstance(name, str):
                continue
            if not ID.fullmatch(name):
                yield Problem((*path, "id"), f"{name!r} may only hold small letters, digits and _")
            if len(name) > LONGEST_ID:
                yield Problem((*path, "id"), f"has {len(name)} characters; shorten it to {LONGEST_ID} at most")
            if name in seen:
                yield Problem((*path, "id"), f"{name!r} is already used by another of the same kind")
            seen.add(name)


def _language_problems(data: dict[str, Any]) -> Iterator[Problem]:
    known = [language.value for language in Language]
    given = data.get("languages")
    languages = [tag for tag in given if tag in known] if isinstance(given, list) else []
    if isinstance(given, list) and not given:
        yield Problem(("languages",), f"has to name at least one of {', '.join(known)}")
    if len(set(languages)) < len(languages):
        yield Problem(("languages",), "names a language twice")
    yield from _text_problems(data, (), languages)


def _text_problems(value: Any, path: FieldPath, languages: list[str]) -> Iterator[Problem]:
    """Every text and list of texts below value lacks no language and is not blank."""
    if isinstance(value, list):
        for index, item in enumerate(value):
            yield from _text_problems(item, (*path, index), languages)
    if not isinstance(value, dict):
        return
    for name, item in value.items():
        where = (*path, name)
        if name in TEXTS | TEXT_LISTS and isinstance(item, dict):
            yield from _in_every_language(item, where, languages, may_be_empty=name != "cues")
        elif name in LISTS_OF_TEXTS:
            for place, text in groups(item, *where):
                yield from _in_every_language(text, place, languages, may_be_empty=True)
        else:
            yield from _text_problems(item, where, languages)


def _in_every_language(
    text: dict[str, Any], path: FieldPath, languages: list[str], *, may_be_empty: bool
) -> Iterator[Problem]:
    for tag in languages:
        if tag not in text:
            yield Problem(path, f"has no {tag} text, though the flow offers {tag}")
    for tag, texts in text.items():
        yield from _blank_problems(texts, (*path, tag), may_be_empty=may_be_empty)


def _blank_problems(texts: Any, path: FieldPath, *, may_be_empty: bool) -> Iterator[Problem]:
    if isinstance(texts, str) and not texts.strip():
        yield Problem(path, "is blank")
    if isinstance(texts, str) and len(texts) > LONGEST_TEXT:
        yield Problem(path, f"has {len(texts):,} characters; shorten it to {LONGEST_TEXT:,} at most")
    if isinstance(texts, list):
        if not texts and not may_be_empty:
            yield Problem(path, "needs at least one cue, or nothing can count as evidence")
        for index, text in enumerate(texts):
            if isinstance(text, str) and not all(part.strip() for part in text.split("|")):
                yield Problem((*path, index), "has a blank text or a blank alternative between |")
            elif isinstance(text, str) and not sayable(text):
                yield Problem((*path, index), "has no letter or digit, so nothing said can match it")
            if isinstance(text, str) and len(text) > LONGEST_TEXT:
                yield Problem((*path, index), f"has {len(text):,} characters; shorten it to {LONGEST_TEXT:,} at most")


def _tag_problems(data: dict[str, Any]) -> Iterator[Problem]:
    """Tags say what they are about, such as `region:north`."""
    tagged = [((), data), *groups(data.get("questions"), "questions"), *groups(data.get("variants"), "variants")]
    for path, group in tagged:
        for index, tag in enumerate(listed(group.get("tags"))):
            if isinstance(tag, str) and not TAG.fullmatch(tag):
                yield Problem((*path, "tags", index), f"{tag!r} has to be two words with : between, as in region:north")
    for index, name in enumerate(listed(data.get("job_types"))):
        if isinstance(name, str) and not name.strip():
            yield Problem(("job_types", index), "is blank")


def _weight_problems(data: dict[str, Any]) -> Iterator[Problem]:
    competencies = list(groups(data.get("competencies"), "competencies"))
    weights = [competency.get("weight") for _, competency in competencies]
    numbers = [weight for weight in weights if number(weight)]
    for (path, _), weight in zip(competencies, weights, strict=True):
        if number(weight) and not 0 < weight <= 1:
            yield Problem((*path, "weight"), f"is {weight}; a weight is more than 0 and at most 1")
    if weights and len(numbers) == len(weights) and not math.isclose(sum(numbers), 1, abs_tol=1e-6):
        yield Problem(("competencies",), f"have weights that add up to {sum(numbers):g} and not to 1")


def _competency_problems(data: dict[str, Any]) -> Iterator[Problem]:
    version = data.get("version")
    if isinstance(version, int) and version < 1:
        yield Problem(("version",), "counts from 1")
    if isinstance(version, int) and version > _LAST_VERSION:
        yield Problem(("version",), f"is {version}; it counts from 1 and ends at {_LAST_VERSION}")
    count = len(listed(data.get("competencies")))
    if count > MOST_COMPETENCIES:
        yield Problem(("competencies",), f"are {count}; no interview can ask about more than {MOST_COMPETENCIES}")
    count = len(listed(data.get("questions")))
    if count > _MOST_QUESTIONS:
        yield Problem(("questions",), f"are {count}; no interview can hold more than {_MOST_QUESTIONS}")
    for name in ("competencies", "questions"):
        if data.get(name) == []:
            yield Problem((name,), "needs at least one entry")
    for path, competency in groups(data.get("competencies"), "competencies"):
        indicators = competency.get("indicators")
        if isinstance(indicators, list) and not FEWEST_INDICATORS <= len(indicators) <= MOST_INDICATORS:
            limits = f"{FEWEST_INDICATORS} or {MOST_INDICATORS}"
            yield Problem((*path, "indicators"), f"are {len(indicators)}; a competency has {limits} indicators")


def _limit_problems(data: dict[str, Any]) -> Iterator[Problem]:
    for path, least, most in _LIMITS:
        value: Any = data
        for name in path:
            value = value.get(str(name)) if isinstance(value, dict) else None
        if number(value) and not least <= value <= most:
            yield Problem(path, f"is {value}; it has to be {least:g} to {most:g}")


def _endpointing_problems(data: dict[str, Any]) -> Iterator[Problem]:
    """Pauses are within bounds, and none is shorter than the one that needs less; what is left out has its default."""
    given = data.get("endpointing")
    if not isinstance(given, dict):
        return
    pauses = {field.name: given.get(field.name, field.default) for field in fields(Endpointing)}
    if not all(isinstance(pause, int) for pause in pauses.values()):
        return
    for name, pause in pauses.items():
        if not _SHORTEST_ENDPOINT_MS <= pause <= _LONGEST_ENDPOINT_MS:
            limits = f"{_SHORTEST_ENDPOINT_MS} to {_LONGEST_ENDPOINT_MS}"
            yield Problem(("endpointing", name), f"is {pause}; it has to be {limits} milliseconds")
    for shorter, longer in pairwise(pauses):
        if pauses[shorter] <= pauses[longer]:
            continue
        if longer in given:
            text = f"is {pauses[longer]}; it has to be at least {shorter}, which is {pauses[shorter]}"
            yield Problem(("endpointing", longer), text)
        else:
            text = f"is {pauses[shorter]}; it has to be at most {longer}, which is {pauses[longer]} unless given"
            yield Problem(("endpointing", shorter), text)
