"""Writes a flow as the YAML that the loader reads; what has its default is left out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from enum import Enum
from typing import Any

import yaml

from question_flows.model import Flow

_WIDTH = 120


def flow_yaml(flow: Flow) -> str:
    """The flow's file: fields in the model's order, characters written out."""
    return yaml.safe_dump(flow_data(flow), allow_unicode=True, sort_keys=False, width=_WIDTH)


def flow_data(flow: Flow) -> dict[str, Any]:
    """The flow as plain values; `loader.flow_of` makes it a flow again."""
    data: dict[str, Any] = _plain(flow)
    return data


def _plain(value: Any) -> Any:
    if isinstance(value, Enum):
        return value.value
    if is_dataclass(value):
        given = {field.name: (getattr(value, field.name), field) for field in fields(value)}
        return {name: _plain(part) for name, (part, field) in given.items() if not _is_default(part, field)}
    if isinstance(value, Mapping):
        return {_plain(name): _plain(part) for name, part in value.items()}
    if isinstance(value, tuple):
        return [_plain(part) for part in value]
    return value


def _is_default(value: Any, field: Field[Any]) -> bool:
    return field.default is not MISSING and bool(value == field.default)
