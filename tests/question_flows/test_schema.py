"""The published schema says what the model says, and takes what the loader takes."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from question_flows.loader import SHIPPED
from question_flows.schema import SCHEMA_FILE, flow_schema, schema_text
from scripts.flow_schema import mistakes_in
from tests.question_flows.rich import RICH

CHECKER = jsonschema.Draft202012Validator(flow_schema())
FILES = sorted(SHIPPED.glob("*.yaml"))


def errors(data: Any) -> list[str]:
    return [error.json_path for error in CHECKER.iter_errors(data)]


def test_the_published_schema_is_up_to_date() -> None:
    again = "run .venv/bin/python -m scripts.flow_schema --write"
    assert SCHEMA_FILE.read_text("utf-8") == schema_text(), again


def test_the_schema_is_one() -> None:
    jsonschema.Draft202012Validator.check_schema(flow_schema())


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_shipped_flow_follows_it(path: Path) -> None:
    assert mistakes_in(path) == []


def test_a_flow_that_uses_everything_follows_it() -> None:
    assert errors(yaml.safe_load(RICH)) == []


@pytest.mark.parametrize(
    ("where", "value", "expected"),
    [
        (("titel",), {}, "$"),
        (("title",), {"en": "x", "fr": "x"}, "$.title"),
        (("title",), "x", "$.title"),
        (("questions", 0, "kind"), "riddle", "$.questions[0].kind"),
        (("questions", 0, "thinking_seconds"), "ten", "$.questions[0].thinking_seconds"),
        (("questions", 0, "terms", "en"), "x", "$.questions[0].terms.en"),
        (("questions", 0, "options", 0, "text", "en"), 1, "$.questions[0].options[0].text.en"),
        (("competencies", 0, "indicators", 0, "anchors", "at_3"), {}, "$.competencies[0].indicators[0].anchors"),
        (("id",), "Rich flow", "$.id"),
        (("tags", 0), "north", "$.tags[0]"),
    ],
)
def test_what_does_not_fit_is_refused(where: tuple[str | int, ...], value: Any, expected: str) -> None:
    data = deepcopy(yaml.safe_load(RICH))
    part = data
    for key in where[:-1]:
        part = part[key]
    part[where[-1]] = value
    assert errors(data) == [expected]


def test_fields_are_described_for_the_editor() -> None:
    schema = flow_schema()
    assert schema["$defs"]["Question"]["properties"]["redos"]["description"].startswith("How often")
    assert schema["properties"]["title"]["$ref"] == "#/$defs/Text"
    assert set(schema["$defs"]["Text"]["properties"]) == {"en", "zh-CN"}
    assert "title" not in schema["$defs"]["Hint"]["properties"]["text"]
    assert all("description" in part for part in schema["$defs"].values())
