"""What has to be true between the parts of a flow: languages, weights and references.

Reads a flow's plain values as they stand in the file, whatever their shape, so that these problems
are found together with wrong fields and types and not only after those have been corrected.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, fields
from itertools import pairwise
from typing import Any

from question_flows.model import Endpointing, Language, QuestionKind

FieldPath = tuple[str | int, ...]

_TEXTS = {"title", "job", "name", "description", "text", "setting", "counterpart"}
_TEXT_LISTS = {"cues", "counter_cues", "terms", "sample_answers"}
_SHORTEST_ENDPOINT_MS, _LONGEST_ENDPOINT_MS = 500, 3000
_ID = re.compile(r"[a-z0-9_]+")


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with the field at path, worded to follow the field's name."""

    path: FieldPath
    text: str


def problems_of(data: Any) -> list[Problem]:
    """Everything that breaks a rule between the parts of the flow `data`; empty when all is well."""
    if not isinstance(data, dict):
        return []
    return [
        *_id_problems(data),
        *_language_problems(data),
        *_weight_problems(data),
        *_competency_problems(data),
        *_question_problems(data),
        *_endpointing_problems(data),
    ]


def _groups(value: Any, *path: str | int) -> Iterator[tuple[FieldPath, dict[str, Any]]]:
    """Each item of a list that is a group of fields, with its path; nothing when it is no list."""
    if isinstance(value, list):
        for index, item in enumerate(value):
            if isinstance(item, dict):
                yield (*path, index), item


def _indicators(data: dict[str, Any]) -> Iterator[tuple[FieldPath, dict[str, Any]]]:
    for path, competency in _groups(data.get("competencies"), "competencies"):
        yield from _groups(competency.get("indicators"), *path, "indicators")


def _id_problems(data: dict[str, Any]) -> Iterator[Problem]:
    """Ids stand in addresses and records: plain characters, each used once among its kind."""
    kinds: list[list[tuple[FieldPath, dict[str, Any]]]] = [
        [((), data)],
        list(_groups(data.get("competencies"), "competencies")),
        list(_indicators(data)),
        list(_groups(data.get("scenarios"), "scenarios")),
        list(_groups(data.get("questions"), "questions")),
    ]
    for kind in kinds:
        seen: set[str] = set()
        for path, group in kind:
            name = group.get("id")
            if not isinstance(name, str):
                continue
            if not _ID.fullmatch(name):
                yield Problem((*path, "id"), f"{name!r} may only hold small letters, digits and _")
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
        if name in _TEXTS | _TEXT_LISTS and isinstance(item, dict):
            for tag in languages:
                if tag not in item:
                    yield Problem(where, f"has no {tag} text, though the flow offers {tag}")
            for tag, texts in item.items():
                yield from _blank_problems(texts, (*where, tag), may_be_empty=name != "cues")
        else:
            yield from _text_problems(item, where, languages)


def _blank_problems(texts: Any, path: FieldPath, *, may_be_empty: bool) -> Iterator[Problem]:
    if isinstance(texts, str) and not texts.strip():
        yield Problem(path, "is blank")
    if isinstance(texts, list):
        if not texts and not may_be_empty:
            yield Problem(path, "needs at least one cue, or nothing can count as evidence")
        for index, text in enumerate(texts):
            if isinstance(text, str) and not all(part.strip() for part in text.split("|")):
                yield Problem((*path, index), "has a blank text or a blank alternative between |")


def _weight_problems(data: dict[str, Any]) -> Iterator[Problem]:
    competencies = list(_groups(data.get("competencies"), "competencies"))
    weights = [competency.get("weight") for _, competency in competencies]
    numbers = [weight for weight in weights if isinstance(weight, int | float) and not isinstance(weight, bool)]
    for (path, _), weight in zip(competencies, weights, strict=True):
        if weight in numbers and not 0 < weight <= 1:
            yield Problem((*path, "weight"), f"is {weight}; a weight is more than 0 and at most 1")
    if weights and len(numbers) == len(weights) and not math.isclose(sum(numbers), 1, abs_tol=1e-6):
        yield Problem(("competencies",), f"have weights that add up to {sum(numbers):g} and not to 1")


def _competency_problems(data: dict[str, Any]) -> Iterator[Problem]:
    version = data.get("version")
    if isinstance(version, int) and version < 1:
        yield Problem(("version",), "counts from 1")
    for name in ("competencies", "questions"):
        if data.get(name) == []:
            yield Problem((name,), "needs at least one entry")
    for path, competency in _groups(data.get("competencies"), "competencies"):
        if competency.get("indicators") == []:
            yield Problem((*path, "indicators"), "needs at least one indicator")


def _question_problems(data: dict[str, Any]) -> Iterator[Problem]:
    indicators = {group.get("id") for _, group in _indicators(data)}
    scenarios = {group.get("id") for _, group in _groups(data.get("scenarios"), "scenarios")}
    for path, question in _groups(data.get("questions"), "questions"):
        given = question.get("indicator_ids")
        named: list[Any] = given if isinstance(given, list) else []
        if given == []:
            yield Problem((*path, "indicator_ids"), "needs at least one indicator")
        for index, indicator in enumerate(named):
            where = (*path, "indicator_ids", index)
            if isinstance(indicator, str) and indicator not in indicators:
                yield Problem(where, f"{indicator!r} is not an indicator of this flow")
            if indicator in named[:index]:
                yield Problem(where, f"{indicator!r} is named twice")
        yield from _scenario_problems(question, path, scenarios)
        for name, least in (("thinking_seconds", 0), ("answer_seconds", 1)):
            seconds = question.get(name)
            if isinstance(seconds, int) and seconds < least:
                yield Problem((*path, name), f"is {seconds}; it has to be at least {least}")


def _scenario_problems(question: dict[str, Any], path: FieldPath, known: set[Any]) -> Iterator[Problem]:
    scenario = question.get("scenario_id")
    role_play = question.get("kind") == QuestionKind.ROLE_PLAY.value
    where = (*path, "scenario_id")
    if isinstance(scenario, str) and scenario not in known:
        yield Problem(where, f"{scenario!r} is not a scenario of this flow")
    if role_play and scenario is None:
        yield Problem(where, "is missing; a role_play question names its scenario")
    if not role_play and scenario is not None:
        yield Problem(where, "belongs to role_play questions only")


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
