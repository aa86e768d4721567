"""A rule as a form sends it, and as it is kept: no JSON is typed by anybody."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from typing import Any

from question_flows.model import Language
from server.errors import UserError
from server.hr.rule_words import percent
from server.records.rule_reading import THEN_FIELDS, WHEN_FIELDS
from server.records.rules import Action, On, Rule

_NAME = {Language.ENGLISH: "name_en", Language.CHINESE: "name_zh"}
LONGEST_SLUG = 40


def body_of(sent: Mapping[str, str]) -> dict[str, Any]:
    """The rule's body, for `read_rule`; only the fields that its event and its action know are taken.

    Raises UserError rule_value_unknown, rule_number_wrong, each with the form's field.
    """
    event = _one_of(sent, "event", On)
    action = _one_of(sent, "action", Action)
    texts = {language: sent.get(field, "").strip() for language, field in _NAME.items()}
    # Who writes one name only means it for both.
    either = next(filter(None, texts.values()), "")
    when = {name: _when(name, sent) for name in WHEN_FIELDS[event]}
    then = {name: sent.get(name, "").strip() or None for name in THEN_FIELDS[action]}
    return {
        "name": {language.value: text or either for language, text in texts.items()},
        "when": {"event": event.value, "job_id": sent.get("job_id") or None, **when},
        "then": {"action": action.value, **then},
    }


def form_of(rule: Rule) -> dict[str, str]:
    """The same fields, filled with what the rule says."""
    when, then = rule.when, rule.then
    values: dict[str, object] = {
        **{field: rule.name.get(language, "") for language, field in _NAME.items()},
        "event": when.event,
        "job_id": when.job_id,
        "total_at_least": None if when.total_at_least is None else f"{when.total_at_least:g}",
        "round": when.round,
        "step": when.step,
        "kind": when.kind,
        "status": when.status,
        "score_at_least": None if when.score_at_least is None else percent(when.score_at_least),
        "result": ", ".join(when.result),
        "action": then.action,
        "connection_id": then.connection_id,
        "flow_id": then.flow_id,
        "department": then.department,
        "text": then.text,
    }
    return {name: "" if value is None else str(value) for name, value in values.items()}


def form_field(error: UserError) -> str | None:
    """The form's field that the error is about: `when.total_at_least` is total_at_least there."""
    last = (error.field or "").rsplit(".", 1)[-1]
    return {"en": "name_en", "zh-CN": "name_zh"}.get(last, last) or None


def new_rule_id(sent: Mapping[str, str]) -> str:
    """An id that says what the rule is called, and is nobody else's."""
    words = re.sub(r"[^a-z0-9]+", "_", sent.get("name_en", "").lower()).strip("_")
    slug = words[:LONGEST_SLUG].strip("_") if words[:1].isalpha() else f"rule_{words[:LONGEST_SLUG]}".strip("_")
    return f"{slug}_{secrets.token_hex(3)}"


def _when(name: str, sent: Mapping[str, str]) -> Any:
    text = sent.get(name, "").strip()
    if not text:
        return None
    match name:
        case "total_at_least":
            return _number(name, text, 0, 10)
        case "score_at_least":
            return _number(name, text.rstrip("%"), 0, 100) / 100
        case "round":
            number = _number(name, text, 1, 20)
            if not number.is_integer():
                raise UserError("rule_number_wrong", field=name, params={"field": name, "low": "1", "high": "20"})
            return int(number)
        case "result":
            return [word.strip() for word in re.split(r"[,，、]", text) if word.strip()] or None
        case _:
            return text


def _number(name: str, text: str, low: int, high: int) -> float:
    try:
        number = float(text.replace(",", "."))
    except ValueError:
        number = float("nan")
    if not low <= number <= high:
        raise UserError("rule_number_wrong", field=name, params={"field": name, "low": str(low), "high": str(high)})
    return number


def _one_of(sent: Mapping[str, str], name: str, kind: Any) -> Any:
    try:
        return kind(sent.get(name, ""))
    except ValueError:
        offered = ", ".join(one.value for one in kind)
        raise UserError("rule_value_unknown", field=name, params={"field": name, "offered": offered}) from None
