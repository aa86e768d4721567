"""Prints the README's table of settings: `python -m scripts.settings_table`. A test holds the README to it."""

from __future__ import annotations

import json
from enum import StrEnum
from typing import Any

from pydantic import SecretStr
from pydantic_core import PydanticUndefined

from server.settings import Settings


def settings_table() -> str:
    """One row a setting: its variable, its default and its help."""
    rows = ["| variable | default | what it does |", "| --- | --- | --- |"]
    for name, field in Settings.model_fields.items():
        default = (
            field.default if field.default is not PydanticUndefined else field.get_default(call_default_factory=True)
        )
        rows.append(f"| `INTERVIEW_{name.upper()}` | {_shown(default)} | {field.description} |")
    return "\n".join(rows)


def _shown(default: Any) -> str:
    if isinstance(default, SecretStr):
        default = default.get_secret_value()
    if default is None or default == "":
        return ""
    if isinstance(default, StrEnum):
        default = default.value
    return f"`{json.dumps(default) if isinstance(default, bool | list) else default}`"


if __name__ == "__main__":
    print(settings_table())
