"""Reads flows from YAML; every mistake is named by file, line and field, all of them at once."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import ErrorDetails
from yaml.reader import ReaderError

from question_flows.checks import problems_of
from question_flows.model import Flow
from question_flows.path_checks import path_problems
from question_flows.problems import FieldPath, Problem, field_name, shape_problem
from question_flows.variants import expanded

SHIPPED = Path(__file__).parent / "flows"


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
    flow, shape_problems = _shape(data)
    problems = {(problem.path, problem.text): problem for problem in [*shape_problems, *problems_of(data)]}
    if flow is not None and not problems:
        problems = {(problem.path, problem.text): problem for problem in path_problems(flow)}
    if flow is None or problems:
        lines = _lines(root)
        mistakes = [
            Mistake(path.name, _line_of(problem.path, lines), field_name(problem.path), problem.text)
            for problem in problems.values()
        ]
        raise FlowError(sorted(mistakes, key=lambda mistake: mistake.line))
    return flow


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
    """The flows that come with the server, by id."""
    return load_flows(SHIPPED)


def _read(path: Path) -> tuple[yaml.Node, Any]:
    """The file's YAML nodes, which know their lines, and its plain values."""
    try:
        text = path.read_text("utf-8")
    except OSError as error:
        raise FlowError([Mistake(path.name, 1, "", f"cannot be read ({error.strerror})")]) from error
    except UnicodeDecodeError as error:
        raise FlowError([Mistake(path.name, 1, "", "is not UTF-8 text; save it as UTF-8")]) from error
    root, data = _parse(text, path.name)
    _refuse_repeated_keys(path.name, root)
    return root, data


def _parse(text: str, file: str) -> tuple[yaml.Node, Any]:
    try:
        alias = next((e for e in yaml.parse(text, yaml.SafeLoader) if isinstance(e, yaml.AliasEvent)), None)
        if alias:
            line = alias.start_mark.line + 1 if alias.start_mark else 1
            raise FlowError([Mistake(file, line, "", "uses anchors and aliases; write the text out instead")])
        loader = yaml.SafeLoader(text)
        root = loader.get_single_node()
        if root is None:
            raise FlowError([Mistake(file, 1, "", "is empty; a flow starts with its id")])
        return root, loader.construct_document(root)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        raise FlowError([Mistake(file, line, "", f"is not valid YAML ({error.problem})")]) from error
    except ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise FlowError([Mistake(file, line, "", "holds a control character; remove it")]) from error


def _refuse_repeated_keys(file: str, root: yaml.Node) -> None:
    """YAML readers keep the last of two equal keys silently; whoever wrote both would never know."""
    mistakes: list[Mistake] = []
    for path, node in _walk(root):
        if not isinstance(node, yaml.MappingNode):
            continue
        seen: set[str] = set()
        for key, _ in node.value:
            if key.value in seen:
                mistakes.append(
                    Mistake(file, key.start_mark.line + 1, field_name((*path, key.value)), "is given twice")
                )
            seen.add(key.value)
    if mistakes:
        raise FlowError(mistakes)


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
            yield from _walk(value, (*path, key.value))
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            yield from _walk(value, (*path, index))


def _lines(root: yaml.Node) -> dict[FieldPath, int]:
    """The line of each field: where its key stands, for a list's item where the item begins."""
    lines: dict[FieldPath, int] = {}
    for path, node in _walk(root):
        lines.setdefault(path, node.start_mark.line + 1)
        if isinstance(node, yaml.MappingNode):
            lines.update({(*path, key.value): key.start_mark.line + 1 for key, _ in node.value})
    return lines


def _line_of(path: FieldPath, lines: Mapping[FieldPath, int]) -> int:
    """The field's line, or that of the nearest group around a field that is missing."""
    while path not in lines:
        path = path[:-1]
    return lines[path]
