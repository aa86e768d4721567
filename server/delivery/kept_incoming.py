"""What polling found, as it is kept in the inbox: the records' own words as JSON, and back."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import TypeAdapter

from server.records.incoming import Incoming

INCOMING = "incoming"
"""The inbox type of what needs no connector to be understood."""

_ADAPTERS: Mapping[str, TypeAdapter[Incoming]] = {one.__name__: TypeAdapter(one) for one in Incoming.__args__}


def encode(incoming: Sequence[Incoming]) -> dict[str, Any]:
    """The body of an inbox item of type INCOMING."""
    return {
        "incoming": [
            {"kind": type(one).__name__, "value": _ADAPTERS[type(one).__name__].dump_python(one, mode="json")}
            for one in incoming
        ]
    }


def decode(body: Mapping[str, Any]) -> list[Incoming]:
    """Raises KeyError for an unknown kind, pydantic.ValidationError for bad data."""
    return [_ADAPTERS[one["kind"]].validate_python(one["value"]) for one in body["incoming"]]


def event_id(before: Mapping[str, Any], after: Mapping[str, Any], body: Mapping[str, Any], place: int) -> str:
    """The same for what is found twice on the same way; before and after: what the poll had seen."""
    text = json.dumps([before, after, body, place], sort_keys=True, ensure_ascii=False)
    return f"poll_{hashlib.sha256(text.encode()).hexdigest()}"
