"""A form out of a pydantic model: which fields it shows, and what is made of what it sends. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo

REMOVE = "remove"


@dataclass(frozen=True, slots=True)
class FormField:
    """One field. name: of the model's; kind: "text", "number", "check", "choice", "secret".

    options: of a choice. value: what it shows; a secret shows nothing, ever. text: the model's description.
    """

    name: str
    kind: str
    is_required: bool
    value: str
    options: Sequence[str]
    text: str


def fields_of(model: type[BaseModel], values: Mapping[str, Any]) -> list[FormField]:
    """The form's fields in the model's order. values: what is kept; what is not there shows its default."""
    return [_field(name, info, values) for name, info in model.model_fields.items()]


def given_in(model: type[BaseModel], sent: Mapping[str, str], part: str) -> dict[str, Any]:
    """The values that a form sent as `part.name`; an empty text field is left to its default."""
    found: dict[str, Any] = {}
    for name, info in model.model_fields.items():
        text = sent.get(f"{part}.{name}", "").strip()
        if _kind(info) == "check":
            found[name] = text == "yes"
        elif text or info.is_required():
            found[name] = text
        elif _kind(info) == "text":
            # Emptied by somebody; the default would come back.
            found[name] = "" if isinstance(info.default, str) else info.default
    return found


def secrets_in(model: type[BaseModel], sent: Mapping[str, str]) -> dict[str, Any]:
    """The secrets that a form sent: None stays as it is, empty is removed (only what need not be there)."""
    found: dict[str, Any] = {}
    for name, info in model.model_fields.items():
        text = sent.get(f"secrets.{name}", "").strip()
        if text:
            found[name] = text
        elif sent.get(f"secrets.{name}.{REMOVE}") == "yes" and not info.is_required():
            found[name] = ""
        else:
            found[name] = None
    return found


def _field(name: str, info: FieldInfo, values: Mapping[str, Any]) -> FormField:
    kind = _kind(info)
    value = values.get(name, None if info.is_required() else info.default)
    if isinstance(value, Enum):
        value = value.value
    shown = "" if kind == "secret" or value is None else ("yes" if value is True else str(value or ""))
    return FormField(name, kind, info.is_required(), shown, _options(info), info.description or "")


def _kind(info: FieldInfo) -> str:
    annotation: Any = info.annotation
    if annotation is bool:
        return "check"
    if annotation in (int, float):
        return "number"
    if annotation is SecretStr:
        return "secret"
    return "choice" if _options(info) else "text"


def _options(info: FieldInfo) -> Sequence[str]:
    annotation: Any = info.annotation
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return [str(one.value) for one in annotation]
    if get_origin(annotation) is Literal:
        return [str(one) for one in get_args(annotation)]
    return []
