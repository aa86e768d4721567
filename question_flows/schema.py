"""The JSON Schema of a flow's file, made from the model, for editors that complete and check while one writes.

The loader knows more: what has to be true between the parts of a flow, no schema can say.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from question_flows.model import Flow, Language
from question_flows.problems import ID, TAG

SCHEMA_FILE = Path(__file__).parent / "flow.schema.json"
"""Where the schema is published; a test and `scripts/check` hold it to the model."""
SCHEMA_LINE = "# yaml-language-server: $schema=../flow.schema.json"
"""The first line of each shipped flow, by which editors find the schema."""


class _Described(BaseModel):
    """Hands down to the model's dataclasses that the texts behind fields describe them."""

    model_config = ConfigDict(extra="forbid", strict=True, use_attribute_docstrings=True)

    flow: Flow


def flow_schema() -> dict[str, Any]:
    """The schema (draft 2020-12) as plain values."""
    made = _Described.model_json_schema()
    parts: dict[str, Any] = {name: _cleaned(part) for name, part in sorted(made["$defs"].items())}
    flow = parts.pop("Flow")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Question flow",
        **flow,
        "$defs": {**parts, "Text": _per_language({"type": "string"}), "Texts": _per_language(_LIST_OF_TEXTS)},
    }


def schema_text() -> str:
    """What has to stand in the published file."""
    return json.dumps(flow_schema(), indent=2, ensure_ascii=False) + "\n"


_LIST_OF_TEXTS = {"type": "array", "items": {"type": "string"}}


def _per_language(of: dict[str, Any]) -> dict[str, Any]:
    return {
        "description": "One entry for each language of the flow.",
        "type": "object",
        "properties": {language.value: dict(of) for language in Language},
        "additionalProperties": False,
        "minProperties": 1,
    }


def _cleaned(part: Any) -> Any:
    """Without made-up titles and null alternatives; texts by reference, ids and tags with their form."""
    if isinstance(part, list):
        return [_cleaned(item) for item in part]
    if not isinstance(part, dict):
        return part
    if "propertyNames" in part:
        listed = part["additionalProperties"].get("type") == "array"
        return {"$ref": "#/$defs/Texts" if listed else "#/$defs/Text", **_kept(part, "description")}
    if "anyOf" in part:
        (only,) = (choice for choice in part["anyOf"] if choice.get("type") != "null")
        return {**_cleaned(only), **_kept(part, "description")}
    cleaned = {name: _cleaned(value) for name, value in part.items() if name not in ("title", "properties")}
    if cleaned.get("default", 0) is None:
        del cleaned["default"]
    if "properties" in part:
        cleaned["properties"] = {name: _formed(name, _cleaned(value)) for name, value in part["properties"].items()}
    return cleaned


def _formed(name: str, field: dict[str, Any]) -> dict[str, Any]:
    if name == "id":
        return {**field, "pattern": f"^{ID.pattern}$"}
    if name == "tags":
        # JSON Schema's \w knows ASCII only.
        return {**field, "items": {"type": "string", "pattern": f"^{TAG.pattern}$".replace(r"[\w-]", r"[^\s:]")}}
    return field


def _kept(part: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: part[name] for name in names if name in part}
