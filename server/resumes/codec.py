"""A résumé as JSON and back; apart from its types, so that the process that reads files need not load pydantic."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import TypeAdapter

from server.resumes.resume import Resume

_ADAPTER: TypeAdapter[Resume] = TypeAdapter(Resume)


def encode(resume: Resume) -> dict[str, Any]:
    """As JSON-ready values."""
    data: dict[str, Any] = _ADAPTER.dump_python(resume, mode="json")
    return data


def decode(data: Mapping[str, Any]) -> Resume:
    """Back from `encode`. Raises pydantic.ValidationError."""
    return _ADAPTER.validate_python(data)
