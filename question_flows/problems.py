"""What a mistake in a file's plain values is, and how the groups in those values are walked."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeGuard

FieldPath = tuple[str | int, ...]
"""Where a value stands in the file: mapping keys and list positions from the top."""

Group = tuple[FieldPath, dict[str, Any]]

ID = re.compile(r"[a-z0-9_]+")
TAG = re.compile(r"[\w-]+:[\w-]+")
FEWEST_INDICATORS, MOST_INDICATORS = 3, 4
MOST_COMPETENCIES = 20
LONGEST_ID, LONGEST_TEXT = 80, 5_000
"""Characters. Ids stand in addresses, texts on one page."""
NO_TEXT = re.compile(r"[\x00-\x08\x0e-\x1b\x7f\ud800-\udfff\ufffe\uffff]")
"""Control characters but line breaks, and halves of characters: neither a database nor a page can hold them."""


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with the field at path, worded to follow the field's name."""

    path: FieldPath
    text: str


def groups(value: Any, *path: str | int) -> Iterator[Group]:
    """Each item of a list that is a group of fields, with its path; nothing when it is no list."""
    if isinstance(value, list):
        for index, item in enumerate(value):
            if isinstance(item, dict):
                yield (*path, index), item


def indicator_groups(data: Mapping[str, Any]) -> Iterator[Group]:
    """The indicators of all competencies, with their paths."""
    for path, competency in groups(data.get("competencies"), "competencies"):
        yield from groups(competency.get("indicators"), *path, "indicators")


def ids_of(some: Iterable[Group]) -> set[str]:
    """The ids of the groups, as far as they are texts."""
    return {group["id"] for _, group in some if isinstance(group.get("id"), str)}


def listed(value: Any) -> list[Any]:
    """The value if it is a list, else an empty one: its shape is complained of elsewhere."""
    return value if isinstance(value, list) else []


def number(value: Any) -> TypeGuard[int | float]:
    """Whether the value is a number; YAML's true and false are none."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def sayable(cue: str) -> bool:
    """Whether each alternative of a cue has a letter or digit: nothing else is ever found in an answer."""
    return all(any(character.isalnum() for character in part) for part in cue.split("|"))


def field_name(path: FieldPath) -> str:
    """`questions[2].indicator_ids[0]`"""
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path).removeprefix(".")


_WORDING = {
    "missing": "is missing",
    "unexpected_keyword_argument": "is not a field of {whole}; check the spelling",
    "extra_forbidden": "is not a field of {whole}; check the spelling",
    "dataclass_type": "has to be a group of fields",
    "model_type": "has to be a group of fields",
    "string_type": "has to be text",
    "int_type": "has to be a whole number",
    "int_from_float": "has to be a whole number",
    "float_type": "has to be a number",
    "bool_type": "has to be true or false",
    "mapping_type": "has to hold one entry per language",
    "dict_type": "has to hold one entry per language",
    "tuple_type": "has to be a list",
}


def shape_problem(detail: Mapping[str, Any], whole: str) -> Problem:
    """The problem that one of pydantic's error details tells of. whole: what the file holds, such as "a flow"."""
    location = tuple(part for part in detail["loc"] if part != "[key]")
    message = str(detail["msg"])
    wording = _WORDING.get(detail["type"], "")
    return Problem(location, wording.format(whole=whole) or message[:1].lower() + message[1:])
