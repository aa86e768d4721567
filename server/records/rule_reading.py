"""A rule's JSON, read with an error that names the field and says what it may be; and written again. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeVar

from question_flows.model import Language
from server.errors import UserError
from server.records.application_events import FollowUpKind, FollowUpStatus, Step
from server.records.rules import Action, On, Then, When

E = TypeVar("E", bound=StrEnum)

LONGEST_NAME = 100
LONGEST_TEXT = 500
LONGEST_ID = 100
LONGEST_WORD = 60
MOST_RESULTS = 20
MOST_ROUNDS = 20

WHEN_FIELDS: Mapping[On, frozenset[str]] = {
    On.APPLIED: frozenset(),
    On.REPORT: frozenset({"total_at_least", "round"}),
    On.STEP: frozenset({"step"}),
    On.FOLLOW_UP: frozenset({"kind", "status", "score_at_least", "result"}),
}
"""What each event can be asked about, beside job_id."""
THEN_FIELDS: Mapping[Action, frozenset[str]] = {
    Action.ORDER_INTERVIEW: frozenset({"flow_id"}),
    Action.ASSESSMENT: frozenset({"connection_id"}),
    Action.BACKGROUND_CHECK: frozenset({"connection_id"}),
    Action.DEPARTMENT_RATING: frozenset({"connection_id", "department"}),
    Action.READY_FOR_OFFER: frozenset(),
    Action.TRAINING: frozenset({"connection_id"}),
    Action.NOTIFY: frozenset({"text"}),
}
_CAME_BACK = (FollowUpStatus.COMPLETED, FollowUpStatus.FAILED, FollowUpStatus.CANCELLED)


@dataclass(frozen=True, slots=True)
class RuleBody:
    """What a version of a rule says."""

    name: Mapping[Language, str]
    when: When
    then: Then


def read_rule(body: object) -> RuleBody:
    """The body of a rule.

    Raises UserError rule_no_object, rule_field_unknown, rule_field_missing, rule_field_unfit, rule_value_unknown,
    rule_number_wrong, rule_text_wrong, each with the field, such as when.total_at_least.
    """
    parts = _object(body, "", {"name", "when", "then"})
    names = _object(_needed(parts, "name"), "name.", {language.value for language in Language})
    name = {language: _text(names.get(language.value), f"name.{language.value}", LONGEST_NAME) for language in Language}
    return RuleBody(name, _when(_needed(parts, "when")), _then(_needed(parts, "then")))


def write_rule(body: RuleBody) -> dict[str, Any]:
    """The body as JSON-ready values, with every field; `read_rule` reads it back."""
    when, then = body.when, body.then
    status = when.status.value if when.event is On.FOLLOW_UP else None
    return {
        "name": {language.value: text for language, text in body.name.items()},
        "when": {
            "event": when.event.value,
            "job_id": when.job_id,
            "total_at_least": when.total_at_least,
            "round": when.round,
            "step": when.step.value if when.step else None,
            "kind": when.kind.value if when.kind else None,
            "status": status,
            "score_at_least": when.score_at_least,
            "result": list(when.result) or None,
        },
        "then": {
            "action": then.action.value,
            "connection_id": then.connection_id,
            "flow_id": then.flow_id,
            "department": then.department or None,
            "text": then.text or None,
        },
    }


def _when(value: object) -> When:
    every = {"event", "job_id"}.union(*WHEN_FIELDS.values())
    parts = _object(value, "when.", every)
    event = _one_of(_needed(parts, "event", "when."), "when.event", On, tuple(On))
    _fit(parts, "when.", WHEN_FIELDS[event] | {"event", "job_id"}, event.value)
    status = parts.get("status")
    return When(
        event=event,
        job_id=_id(parts.get("job_id"), "when.job_id"),
        total_at_least=_number(parts.get("total_at_least"), "when.total_at_least", 0, 10),
        round=_round(parts.get("round")),
        step=_one_of(_needed(parts, "step", "when."), "when.step", Step, tuple(Step)) if event is On.STEP else None,
        kind=_one_of(_needed(parts, "kind", "when."), "when.kind", FollowUpKind, tuple(FollowUpKind))
        if event is On.FOLLOW_UP
        else None,
        status=FollowUpStatus.COMPLETED
        if status is None
        else _one_of(status, "when.status", FollowUpStatus, _CAME_BACK),
        score_at_least=_number(parts.get("score_at_least"), "when.score_at_least", 0, 1),
        result=_words(parts.get("result"), "when.result"),
    )


def _then(value: object) -> Then:
    parts = _object(value, "then.", {"action"}.union(*THEN_FIELDS.values()))
    action = _one_of(_needed(parts, "action", "then."), "then.action", Action, tuple(Action))
    _fit(parts, "then.", THEN_FIELDS[action] | {"action"}, action.value)
    department, text = parts.get("department"), parts.get("text")
    if action is Action.DEPARTMENT_RATING:
        _needed(parts, "department", "then.")
    if action is Action.NOTIFY:
        _needed(parts, "text", "then.")
    return Then(
        action=action,
        connection_id=_id(parts.get("connection_id"), "then.connection_id"),
        flow_id=_id(parts.get("flow_id"), "then.flow_id"),
        department="" if department is None else _text(department, "then.department", LONGEST_NAME),
        text="" if text is None else _text(text, "then.text", LONGEST_TEXT),
    )


def _object(value: object, path: str, known: set[str]) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise UserError(
            "rule_no_object", field=path.rstrip(".") or "rule", params={"field": path.rstrip(".") or "rule"}
        )
    for name in value:
        if name not in known:
            raise _wrong("rule_field_unknown", f"{path}{name}"[:LONGEST_ID])
    return value


def _fit(parts: Mapping[str, Any], path: str, fitting: frozenset[str], of: str) -> None:
    """What says nothing (null) fits everywhere, so that a form can send all its fields."""
    for name, value in parts.items():
        if value is not None and name not in fitting:
            raise _wrong("rule_field_unfit", f"{path}{name}", of=of)


def _needed(parts: Mapping[str, Any], name: str, path: str = "") -> object:
    if parts.get(name) is None:
        raise _wrong("rule_field_missing", f"{path}{name}")
    return parts[name]


def _one_of(value: object, field: str, kind: type[E], offered: Sequence[E]) -> E:
    for one in offered:
        if value == one.value:
            return one
    raise _wrong("rule_value_unknown", field, offered=", ".join(one.value for one in offered))


def _number(value: object, field: str, low: float, high: float) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        raise _wrong("rule_number_wrong", field, low=str(low), high=str(high))
    return float(value)


def _round(value: object) -> int | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= MOST_ROUNDS:
        raise _wrong("rule_number_wrong", "when.round", low="1", high=str(MOST_ROUNDS))
    return value


def _text(value: object, field: str, longest: int) -> str:
    text = " ".join(value.split()) if isinstance(value, str) else ""
    if not 0 < len(text) <= longest or not text.isprintable():
        raise _wrong("rule_text_wrong", field, length=str(longest))
    return text


def _id(value: object, field: str) -> str | None:
    return None if value is None else _text(value, field, LONGEST_ID)


def _words(value: object, field: str) -> tuple[str, ...]:
    if value is None:
        return ()
    if not isinstance(value, Sequence) or isinstance(value, str) or not 0 < len(value) <= MOST_RESULTS:
        raise _wrong("rule_text_wrong", field, length=str(LONGEST_WORD))
    return tuple(_text(one, field, LONGEST_WORD).lower() for one in value)


def _wrong(code: str, field: str, **params: str) -> UserError:
    return UserError(code, field=field, params={"field": field, **params})
