"""Rules: when they are due, that they only advance, and how bad ones are refused."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from question_flows.model import Language
from server.errors import UserError
from server.records.application import ApplicationState
from server.records.application_events import (
    ApplicationEventBody,
    Closed,
    FollowUpKind,
    FollowUpMoved,
    FollowUpOrdered,
    FollowUpStatus,
    InterviewArranged,
    Outcome,
    ReportReceived,
    RuleFired,
    Step,
    StepReached,
)
from server.records.default_rules import DEFAULT_RULES
from server.records.rule_reading import RuleBody, read_rule, write_rule
from server.records.rule_store import Rules
from server.records.rules import Action, On, Rule, Then, When, due
from server.storage.database import Database
from tests.records.conftest import NOW
from tests.records.test_application import after

README = Path(__file__).parents[2] / "README.md"
NAME = {Language.ENGLISH: "A rule", Language.CHINESE: "规则"}


def rule(when: When, then: Then, version: int = 1) -> Rule:
    return Rule("r", version, NAME, when, then, True, NOW)


def reported(total: float | None, *more: ApplicationEventBody) -> ApplicationState:
    return after(
        InterviewArranged("i1", 1, "f", "u"),
        ReportReceived("i1", "m1", total),
        StepReached(Step.INTERVIEWED, "interview"),
        *more,
    )


ASSESS = rule(When(On.REPORT, total_at_least=7.5), Then(Action.ASSESSMENT))
FIRED = RuleFired("r", 1, "assessment", {}, Step.INTERVIEWED)


@pytest.mark.parametrize(("total", "fires"), [(7.5, True), (8.1, True), (7.49, False), (None, False)])
def test_a_total_has_to_be_reached(total: float | None, fires: bool) -> None:
    assert bool(due([ASSESS], reported(total))) is fires


def test_a_firing_says_what_was_compared() -> None:
    [one] = due([ASSESS], reported(8.1))
    assert one.firing.reason == {"total": 8.1, "at_least": 7.5, "round": 1, "interview_id": "i1"}
    assert (one.firing.step, one.rule.by) == (Step.INTERVIEWED, "rule:r")


def test_a_rule_acts_once_for_its_step_and_a_new_version_on_what_is_new() -> None:
    assert due([ASSESS], reported(8.1, FIRED)) == []
    later = replace(ASSESS, version=2, created_at=NOW + timedelta(days=1))
    assert due([later], reported(8.1, FIRED)) == []
    assert due([later], reported(8.1, FIRED, ReportReceived("i1", "m2", 8.2, NOW + timedelta(days=2))))


def test_rules_only_advance_and_order_nothing_twice() -> None:
    ordered = FollowUpOrdered("f1", FollowUpKind.ASSESSMENT, None, "u")
    assert due([ASSESS], reported(8.1, ordered)) == []
    assert due([ASSESS], reported(8.1, StepReached(Step.ASSESSMENT, "u")))
    assert due([ASSESS], reported(8.1, StepReached(Step.BACKGROUND_CHECK, "u"))) == []
    ready = rule(When(On.REPORT), Then(Action.READY_FOR_OFFER))
    assert due([ready], reported(None))
    assert due([ready], reported(9.0, StepReached(Step.OFFERED, "u"))) == []


def test_nothing_happens_to_a_closed_application_or_by_a_rule_that_is_off() -> None:
    assert due([ASSESS], reported(8.1, Closed(Outcome.REJECTED, "u", ""))) == []
    assert due([replace(ASSESS, is_on=False)], reported(8.1)) == []


def test_a_rule_of_one_job_leaves_others_alone() -> None:
    assert due([replace(ASSESS, when=replace(ASSESS.when, job_id="other"))], reported(8.1)) == []
    assert due([replace(ASSESS, when=replace(ASSESS.when, job_id="j" * 32))], reported(8.1))


def test_what_came_back_is_compared() -> None:
    passed = rule(When(On.FOLLOW_UP, kind=FollowUpKind.ASSESSMENT, score_at_least=0.6), Then(Action.BACKGROUND_CHECK))
    clear = rule(
        When(On.FOLLOW_UP, kind=FollowUpKind.BACKGROUND_CHECK, result=("clear",)), Then(Action.READY_FOR_OFFER)
    )

    def came_back(kind: FollowUpKind, score: float | None, result: str = "", status: str = "completed") -> Any:
        return reported(
            8.0,
            FollowUpOrdered("f1", kind, None, "u"),
            FollowUpMoved("f1", FollowUpStatus(status), score, result),
        )

    assert due([passed], came_back(FollowUpKind.ASSESSMENT, 0.6))
    for score, status in ((0.59, "completed"), (None, "completed"), (0.9, "failed"), (0.9, "sent")):
        assert due([passed], came_back(FollowUpKind.ASSESSMENT, score, status=status)) == []
    assert due([passed], came_back(FollowUpKind.TRAINING, 0.9)) == []
    assert due([clear], came_back(FollowUpKind.BACKGROUND_CHECK, None, "clear"))
    assert due([clear], came_back(FollowUpKind.BACKGROUND_CHECK, None, "consider")) == []


def test_of_what_was_ordered_twice_the_newer_counts() -> None:
    check = rule(When(On.FOLLOW_UP, kind=FollowUpKind.ASSESSMENT, score_at_least=0.6), Then(Action.BACKGROUND_CHECK))
    both = [FollowUpOrdered(id_, FollowUpKind.ASSESSMENT, "a", "u") for id_ in ("f1", "f2")]
    passed = FollowUpMoved("f1", FollowUpStatus.COMPLETED, 0.9)
    for status, score, goes_on in (
        (FollowUpStatus.COMPLETED, 0.2, False),
        (FollowUpStatus.FAILED, None, False),
        (FollowUpStatus.CANCELLED, None, True),
        (FollowUpStatus.SENT, None, True),
        (FollowUpStatus.COMPLETED, 0.7, True),
    ):
        assert bool(due([check], after(*both, passed, FollowUpMoved("f2", status, score)))) is goes_on


def test_a_step_is_reached_or_passed_by() -> None:
    told = rule(When(On.STEP, step=Step.INTERVIEW), Then(Action.NOTIFY, text="Look"))
    assert due([told], after(StepReached(Step.INVITED, "u"))) == []
    assert due([told], after(StepReached(Step.INTERVIEWED, "u")))
    # A rule that was made in between acts on nothing that was before it, however far the application goes on.
    newer = replace(told, created_at=NOW + timedelta(minutes=2))
    moved = (
        StepReached(Step.INTERVIEWED, "u"),
        StepReached(Step.ASSESSMENT, "u"),
        StepReached(Step.READY_FOR_OFFER, "u"),
    )
    assert due([newer], after(*moved)) == []
    again = (StepReached(Step.INTERVIEWED, "u"), StepReached(Step.APPLIED, "u"), StepReached(Step.INTERVIEWED, "u"))
    assert due([newer], after(*again))


def test_an_interview_is_ordered_when_none_is_there_or_the_round_before_is_over() -> None:
    at_once = rule(When(On.APPLIED), Then(Action.ORDER_INTERVIEW))
    assert due([at_once], after())
    assert due([at_once], after(InterviewArranged("i1", 1, "f", "u"))) == []
    assert due([at_once], reported(8.0)) == []
    second = rule(When(On.REPORT, total_at_least=7.5, round=1), Then(Action.ORDER_INTERVIEW, flow_id="g"))
    assert due([second], reported(8.0))
    assert due([second], reported(8.0, InterviewArranged("i2", 2, "g", "u"))) == []
    both = (InterviewArranged("i2", 2, "g", "u"), ReportReceived("i2", "m2", 9.0))
    assert due([second], reported(8.0, *both)) == []


def test_no_action_rejects_offers_or_closes() -> None:
    assert not {"reject", "close", "offer", "offered", "withdraw"} & {action.value for action in Action}


def body(**changes: Any) -> dict[str, Any]:
    said = {
        "name": {"en": "A rule", "zh-CN": "规则"},
        "when": {"event": "report", "total_at_least": 7.5, "job_id": None},
        "then": {"action": "assessment", "connection_id": None},
    }
    for path, value in changes.items():
        part, _, name = path.partition("__")
        if name:
            said[part] = {**said[part], name: value}  # type: ignore[dict-item]
        else:
            said[part] = value
    return said


def test_a_rule_survives_being_written() -> None:
    for one in (*DEFAULT_RULES.values(), read_rule(body())):
        assert read_rule(write_rule(one)) == one


@pytest.mark.parametrize(
    ("wrong", "code", "field"),
    [
        (body(when="report"), "rule_no_object", "when"),
        (body(then=None), "rule_field_missing", "then"),
        (body(name__en=""), "rule_text_wrong", "name.en"),
        (body(name={"en": "A"}), "rule_text_wrong", "name.zh-CN"),
        (body(when__total=8), "rule_field_unknown", "when.total"),
        (body(when__event="rejected"), "rule_value_unknown", "when.event"),
        (body(when__total_at_least=11), "rule_number_wrong", "when.total_at_least"),
        (body(when__total_at_least=float("nan")), "rule_number_wrong", "when.total_at_least"),
        (body(when__total_at_least=True), "rule_number_wrong", "when.total_at_least"),
        (body(when__step="applied"), "rule_field_unfit", "when.step"),
        (body(when={"event": "step"}), "rule_field_missing", "when.step"),
        (body(when={"event": "follow_up", "kind": "training", "status": "sent"}), "rule_value_unknown", "when.status"),
        (body(when={"event": "follow_up", "kind": "training", "result": "clear"}), "rule_text_wrong", "when.result"),
        (body(then__action="reject"), "rule_value_unknown", "then.action"),
        (body(then__flow_id="f"), "rule_field_unfit", "then.flow_id"),
        (body(then={"action": "notify"}), "rule_field_missing", "then.text"),
        (body(then={"action": "department_rating"}), "rule_field_missing", "then.department"),
        (body(extra=1), "rule_field_unknown", "extra"),
        ([], "rule_no_object", "rule"),
    ],
)
def test_a_bad_rule_names_its_field(wrong: object, code: str, field: str) -> None:
    with pytest.raises(UserError) as refused:
        read_rule(wrong)
    assert (refused.value.code, refused.value.field) == (code, field)


def test_the_readmes_rule_can_be_read() -> None:
    [shown] = [
        text for text in re.findall(r"```json\n(.*?)```", README.read_text(encoding="utf-8"), re.S) if '"when"' in text
    ]
    assert read_rule(json.loads(shown)) == DEFAULT_RULES["high_total_to_assessment"]


async def test_versions_stay_and_the_last_counts(database: Database) -> None:
    rules = Rules(database)
    await rules.ensure_defaults(NOW)
    await rules.ensure_defaults(NOW)
    assert {one.id for one in await rules.active()} == set(DEFAULT_RULES)
    first = await rules.add("mine", body(), "u" * 32, NOW)
    assert (first.version, first.is_on) == (1, True)
    await rules.switch("mine", "u" * 32, NOW, is_on=False)
    assert "mine" not in {one.id for one in await rules.active()}
    second = await rules.change("mine", 1, body(when__total_at_least=8), "v" * 32, NOW)
    assert (second.version, second.is_on, second.when.total_at_least) == (2, False, 8.0)
    assert await rules.change("mine", 1, body(when__total_at_least=8), "v" * 32, NOW) == second
    with pytest.raises(UserError, match="rule_changed"):
        await rules.change("mine", 1, body(when__total_at_least=9), "v" * 32, NOW)
    with pytest.raises(UserError, match="rule_exists"):
        await rules.add("mine", body(), "u" * 32, NOW)
    with pytest.raises(UserError, match="rule_unknown"):
        await rules.switch("none", "u" * 32, NOW, is_on=True)
    with pytest.raises(UserError, match="rule_id_unfit"):
        await rules.add("No good", body(), "u" * 32, NOW)
    assert [one.version for one in await rules.versions("mine")] == [2, 1]
    later = NOW + timedelta(days=1)
    for _ in range(2):
        await rules.switch("mine", "w" * 32, later, is_on=True)
    [mine] = [one for one in await rules.all() if one.id == "mine"]
    assert (mine.version, mine.is_on, mine.created_at, mine.created_by) == (3, True, later, "w" * 32)
    assert due([mine], reported(9.0)) == [], "it acts on nothing that was while it was off"
    assert isinstance(read_rule(write_rule(RuleBody(mine.name, mine.when, mine.then))), RuleBody)
