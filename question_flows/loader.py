"""Reads flows from YAML; every mistake is named by file, line and field, all of them at once."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import ErrorDetails
from yaml.reader import ReaderError

from question_flows.checks import problems_of
from question_flows.model import Flow
from question_flows.path_checks import path_problems
from question_flows.problems import NO_TEXT, FieldPath, Problem, field_name, shape_problem
from question_flows.variants import expanded

SHIPPED = Path(__file__).parent / "flows"
LARGEST_FILE = 2_000_000
"""Bytes; the largest shipped flow has some 40,000."""
_DEEPEST = 20
_FAST = getattr(yaml, "CSafeLoader", None)
"""libyaml's parser, ten times as fast, where PyYAML was built with it."""
_PLAIN_TAGS = {f"tag:yaml.org,2002:{name}" for name in ("str", "int", "float", "bool", "null", "map", "seq")}
_WHOLE_NUMBER = re.compile(r"[-+]?(0|[1-9][0-9]{0,17})")


@dataclass(frozen=True, slots=True)
class Mistake:
    """One thing to correct in a flow's file. line counts from 1; field is empty for the file as a whole."""

    file: str
    line: int
    field: str
    problem: str

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}"
        return f"{place}: {self.field}: {self.problem}" if self.field else f"{place}: {self.problem}"


class FlowError(Exception):
    """A flow cannot be used as it is written. mistakes: everything that has to be corrected."""

    def __init__(self, mistakes: Iterable[Mistake]) -> None:
        self.mistakes = tuple(mistakes)
        super().__init__("\n".join(str(mistake) for mistake in self.mistakes))


class _FlowFile(BaseModel):
    """Hands its strictness down to the model's dataclasses, which carry no pydantic settings themselves."""

    model_config = ConfigDict(extra="forbid", strict=True)

    flow: Flow


def load_flow(path: Path) -> Flow:
    """The flow in a YAML file, its variants not expanded. Raises FlowError with every mistake in it.

    The ways through its questions are looked at once each part is right by itself.
    """
    root, data = _read(path)
    flow, problems = _checked(data)
    if flow is None or problems:
        lines = _lines(root)
        mistakes = [
            Mistake(path.name, _line_of(problem.path, lines), field_name(problem.path), problem.text)
            for problem in problems
        ]
        raise FlowError(sorted(mistakes, key=lambda mistake: mistake.line))
    return flow


def flow_of(data: Mapping[str, Any], name: str) -> Flow:
    """The flow in plain values, as `writing.flow_data` has them. Raises FlowError as `load_flow`, naming it `name`."""
    flow, problems = _checked(data)
    if flow is None or problems:
        raise FlowError(Mistake(name, 1, field_name(problem.path), problem.text) for problem in problems)
    return flow


def _checked(data: Any) -> tuple[Flow | None, list[Problem]]:
    flow, shape_problems = _shape(data)
    problems = {(problem.path, problem.text): problem for problem in [*shape_problems, *problems_of(data)]}
    if flow is not None and not problems:
        problems = {(problem.path, problem.text): problem for problem in path_problems(flow)}
    return flow, list(problems.values())


def load_flows(folder: Path) -> dict[str, Flow]:
    """Every `*.yaml` flow of a folder and each of its variants, by id.

    Raises FlowError with the mistakes of all its files together.
    """
    flows: dict[str, Flow] = {}
    mistakes: list[Mistake] = []
    paths = sorted(folder.glob("*.yaml"))
    if not paths:
        raise FlowError([Mistake(str(folder), 1, "", "holds no flow; put at least one *.yaml file there")])
    for path in paths:
        try:
            flow = load_flow(path)
        except FlowError as error:
            mistakes.extend(error.mistakes)
            continue
        for one in expanded(flow):
            if one.id in flows:
                mistakes.append(Mistake(path.name, 1, "id", f"{one.id!r} is already the id of another file's flow"))
            flows[one.id] = one
    if mistakes:
        raise FlowError(mistakes)
    return flows


def shipped_flows() -> dict[str, Flow]:
    """The flows that come with the server, by id; read once, since they change with the program only."""
    return dict(_shipped_flows())


@cache
def _shipped_flows() -> Mapping[str, Flow]:
    return load_flows(SHIPPED)


def _read(path: Path) -> tuple[yaml.Node, Any]:
    """The file's YAML nodes, which know their lines, and its plain values."""
    try:
        text = read_text(path)
    except ValueError as error:
        raise FlowError([Mistake(path.name, 1, "", str(error))]) from error
    try:
        root = _parse(text, path.name)
        mistakes = [*_odd_values(path.name, root), *_repeated_keys(path.name, root)]
        if mistakes:
            raise FlowError(sorted(mistakes, key=lambda mistake: mistake.line))
        return root, yaml.SafeLoader("").construct_document(root)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        raise FlowError([Mistake(path.name, line, "", f"is not valid YAML ({_explained(error.problem)})")]) from error
    except ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise FlowError([Mistake(path.name, line, "", "holds a control character; remove it")]) from error


def read_text(path: Path) -> str:
    """What a person's file holds. Raises ValueError that says why it cannot be used, worded to follow its name."""
    try:
        if path.exists() and not (path.is_file() or path.is_dir()):
            raise ValueError("is not a file")
        with path.open("rb") as file:
            held = file.read(LARGEST_FILE + 1)
        if len(held) > LARGEST_FILE:
            raise ValueError(f"is larger than {LARGEST_FILE // 1_000_000} MB; this is not what it should hold")
        return held.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError("is not UTF-8 text; save it as UTF-8") from error
    except OSError as error:
        raise ValueError(f"cannot be read ({error.strerror})") from error


def _parse(text: str, file: str) -> yaml.Node:
    """The file's nodes. Raises FlowError for what no flow needs; yaml.YAMLError for what is no YAML."""
    if _FAST is not None:
        try:
            return _nodes(text, file, _FAST)
        except yaml.YAMLError:
            pass  # Told below, in the same words on every machine.
    return _nodes(text, file, yaml.SafeLoader)


def _nodes(text: str, file: str, loader: Any) -> yaml.Node:
    depth = 0
    for event in yaml.parse(text, loader):
        line = event.start_mark.line + 1 if event.start_mark else 1
        if isinstance(event, yaml.AliasEvent):
            raise FlowError([Mistake(file, line, "", "uses anchors and aliases; write the text out instead")])
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > _DEEPEST:
            raise FlowError([Mistake(file, line, "", "is nested too deeply; look for brackets that are not closed")])
    root: yaml.Node | None = loader(text).get_single_node()
    if root is None:
        raise FlowError([Mistake(file, 1, "", "is empty; a flow starts with its id")])
    return root


def _explained(problem: str | None) -> str:
    if problem and "'\\t'" in problem:
        return "a tab is in its indentation; use spaces"
    return problem or "its structure is broken"


def _odd_values(file: str, root: yaml.Node) -> Iterable[Mistake]:
    """Values that YAML reads as something else than whoever wrote them meant, or that nothing can hold."""
    for path, node in _walk(root):
        if isinstance(node, yaml.MappingNode):
            for key, _ in node.value:
                if key.tag != "tag:yaml.org,2002:str":
                    kind, name = key.tag.rpartition(":")[2], _name(key)
                    yield Mistake(
                        file,
                        key.start_mark.line + 1,
                        field_name((*path, name)),
                        f"is a name that YAML reads as {kind}; put it in quotes, or check the spelling",
                    )
        problem = _odd(node)
        if problem:
            yield Mistake(file, node.start_mark.line + 1, field_name(path), problem)


def _odd(node: yaml.Node) -> str | None:
    kind = node.tag.rpartition(":")[2]
    if kind == "timestamp":
        return f"is a date for YAML; put it in quotes: {node.value!r}"
    if node.tag not in _PLAIN_TAGS:
        return f"uses YAML's {kind}; write plain text, numbers, lists and groups only"
    if kind == "int" and not _WHOLE_NUMBER.fullmatch(node.value):
        return f"is {_short(node.value)}; write a whole number in plain digits, at most 18, without leading zeros"
    if isinstance(node, yaml.ScalarNode) and NO_TEXT.search(node.value):
        return "holds a control character; remove it"
    return None


def _short(text: str) -> str:
    return text if len(text) <= 40 else f"{text[:40]}…"


def _name(key: yaml.Node) -> str:
    return str(key.value) if isinstance(key, yaml.ScalarNode) else "(a list or group)"


def _repeated_keys(file: str, root: yaml.Node) -> Iterable[Mistake]:
    """YAML readers keep the last of two equal keys silently; whoever wrote both would never know."""
    for path, node in _walk(root):
        if not isinstance(node, yaml.MappingNode):
            continue
        seen: set[str] = set()
        for key, _ in node.value:
            name = _name(key)
            if name in seen:
                yield Mistake(file, key.start_mark.line + 1, field_name((*path, name)), "is given twice")
            seen.add(name)


def _shape(data: Any) -> tuple[Flow | None, list[Problem]]:
    """The flow if fields and types are right. Goes through JSON, where strict lists become tuples."""
    try:
        return _FlowFile.model_validate_json(json.dumps({"flow": data}, default=str)).flow, []
    except ValidationError as error:
        return None, [_flow_problem(detail) for detail in error.errors(include_url=False)]


def _flow_problem(detail: ErrorDetails) -> Problem:
    return shape_problem({**detail, "loc": detail["loc"][1:]}, "a flow")


def _walk(node: yaml.Node, path: FieldPath = ()) -> Iterable[tuple[FieldPath, yaml.Node]]:
    yield path, node
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            yield from _walk(value, (*path, _name(key)))
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            yield from _walk(value, (*path, index))


def _lines(root: yaml.Node) -> dict[FieldPath, int]:
    """The line of each field: where its key stands, for a list's item where the item begins."""
    lines: dict[FieldPath, int] = {}
    for path, node in _walk(root):
        lines.setdefault(path, node.start_mark.line + 1)
        if isinstance(node, yaml.MappingNode):
            lines.update({(*path, _name(key)): key.start_mark.line + 1 for key, _ in node.value})
    return lines


def _line_of(path: FieldPath, lines: Mapping[FieldPath, int]) -> int:
    """The field's line, or that of the nearest group around a field that is missing."""
    while path not in lines:
        path = path[:-1]
    return lines[path]
