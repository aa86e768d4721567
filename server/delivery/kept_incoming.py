"""What polling found, as it is kept in the inbox: the records' own words as JSON, and back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
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


def event_id(asked: datetime, place: int) -> str:
    """Of what one asking found, and nothing else ever: a job that opens and closes again says what it said before.

    asked: what tells this asking from all others of the connection; place: among all that it found.
    """
    return f"poll_{asked.astimezone(UTC).isoformat()}_{place}"
