"""Rules as data: when something holds of an application, do this. Pure; nothing here can reject or offer."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from question_flows.model import Language
from server.interview.state import Status
from server.records.application import ApplicationState, FollowUp, is_beyond
from server.records.application_events import BY_RULE, FollowUpKind, FollowUpStatus, Step
from server.records.application_log import Firing


class On(StrEnum):
    """What a rule waits for."""

    APPLIED = "applied"
    REPORT = "report"
    STEP = "step"
    FOLLOW_UP = "follow_up"


class Action(StrEnum):
    """What a rule does. There is none that rejects, offers or closes: those are a person's acts."""

    ORDER_INTERVIEW = "order_interview"
    ASSESSMENT = "assessment"
    BACKGROUND_CHECK = "background_check"
    DEPARTMENT_RATING = "department_rating"
    READY_FOR_OFFER = "ready_for_offer"
    TRAINING = "training"
    NOTIFY = "notify"


FOLLOW_UPS: Mapping[Action, FollowUpKind] = {
    Action.ASSESSMENT: FollowUpKind.ASSESSMENT,
    Action.BACKGROUND_CHECK: FollowUpKind.BACKGROUND_CHECK,
    Action.DEPARTMENT_RATING: FollowUpKind.DEPARTMENT_RATING,
    Action.TRAINING: FollowUpKind.TRAINING,
}
STEP_OF: Mapping[FollowUpKind, Step | None] = {
    FollowUpKind.ASSESSMENT: Step.ASSESSMENT,
    FollowUpKind.BACKGROUND_CHECK: Step.BACKGROUND_CHECK,
    FollowUpKind.DEPARTMENT_RATING: Step.DEPARTMENT_RATING,
    FollowUpKind.TRAINING: None,
}
"""The step at which an application stands while somebody does this for it; None: it moves to none."""


@dataclass(frozen=True, slots=True)
class When:
    """What has to hold, all of it; None and (): anything. total_at_least: 0-10. score_at_least: 0-1.

    job_id: of applications for this job only. round: of the report, from 1. step: reached, or passed by. kind, status,
    result: of a follow-up that came back; result: one of these words of the other system, in lower case.
    """

    event: On
    job_id: str | None = None
    total_at_least: float | None = None
    round: int | None = None
    step: Step | None = None
    kind: FollowUpKind | None = None
    status: FollowUpStatus = FollowUpStatus.COMPLETED
    score_at_least: float | None = None
    result: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Then:
    """connection_id: who does it; None: the only one that is on for this. flow_id: None: the job's. department: who
    rates. text: what HR is told."""

    action: Action
    connection_id: str | None = None
    flow_id: str | None = None
    department: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class Rule:
    """One version of a rule. created_at: of this version, which acts on nothing that was before it; switching a rule on
    makes a version, so that it acts on nothing that was while it was off."""

    id: str
    version: int
    name: Mapping[Language, str]
    when: When
    then: Then
    is_on: bool
    created_at: datetime
    created_by: str = ""

    @property
    def by(self) -> str:
        """As events name it."""
        return f"{BY_RULE}{self.id}"


@dataclass(frozen=True, slots=True)
class Due:
    """A rule that should act on an application now. step: the firing's. reason: what the rule compared."""

    rule: Rule
    step: Step
    reason: Mapping[str, Any]

    @property
    def firing(self) -> Firing:
        """What is kept so that it acts once."""
        return Firing(self.rule.id, self.rule.version, self.step, dict(self.reason))


def due(rules: Sequence[Rule], state: ApplicationState) -> list[Due]:
    """Which of these act now, in their order: they are on, hold, have not fired at their step, and lead on."""
    if not state.is_open:
        return []
    found = [_due(rule, state) for rule in rules if rule.is_on]
    return [one for one in found if one is not None]


def _due(rule: Rule, state: ApplicationState) -> Due | None:
    if rule.when.job_id is not None and rule.when.job_id != state.job_id:
        return None
    met = _MET[rule.when.event](rule.when, state)
    if met is None:
        return None
    step, since, reason = met
    fired = any((one.rule_id, one.rule_version, one.at_step) == (rule.id, rule.version, step) for one in state.fired)
    if fired or since < rule.created_at or not _leads_on(rule, state):
        return None
    return Due(rule, step, reason)


_Met = tuple[Step, datetime, Mapping[str, Any]]
"""The step of the firing, since when it has held, what was compared."""


def _applied(when: When, state: ApplicationState) -> _Met | None:
    return Step.APPLIED, state.opened_after or state.applied_at, {"source": state.source}


def _report(when: When, state: ApplicationState) -> _Met | None:
    reported = [one for one in state.interviews if one.report_id is not None]
    if when.round is not None:
        reported = [one for one in reported if one.round == when.round]
    if not reported:
        return None
    last = max(reported, key=lambda one: one.round)
    if when.total_at_least is not None and (last.total is None or last.total < when.total_at_least):
        return None
    reason = {
        "total": last.total,
        "at_least": when.total_at_least,
        "round": last.round,
        "interview_id": last.id,
    }
    # Correcting the report of an interview that was over before starts nothing by itself.
    return Step.INTERVIEWED, last.over_at or last.reported_at or state.at, reason


def _step(when: When, state: ApplicationState) -> _Met | None:
    if when.step is None or is_beyond(when.step, state.step):
        return None
    since = state.since[when.step]
    if state.opened_after is not None and not is_beyond(when.step, Step.INTERVIEWED):
        since = state.opened_after
    return when.step, since, {"step": when.step.value}


def _follow_up(when: When, state: ApplicationState) -> _Met | None:
    if when.kind is None:
        return None
    # Of what was ordered twice the newer counts: who was sent to a second assessment does not go on by the first.
    last = {one.department: one for one in state.follow_ups if one.kind is when.kind and _came_to_something(one)}
    for one in reversed(last.values()):
        if one.status is not when.status:
            continue
        if when.result and one.result not in when.result:
            continue
        if when.score_at_least is not None and (one.score is None or one.score < when.score_at_least):
            continue
        reason = {
            "kind": one.kind.value,
            "status": one.status.value,
            "score": one.score,
            "at_least": when.score_at_least,
            "result": one.result,
            "follow_up_id": one.id,
        }
        return STEP_OF[one.kind] or Step.OFFERED, one.moved_at, reason
    return None


def _came_to_something(one: FollowUp) -> bool:
    return not one.is_open and (one.status is not FollowUpStatus.CANCELLED)


_MET: Mapping[On, Callable[[When, ApplicationState], _Met | None]] = {
    On.APPLIED: _applied,
    On.REPORT: _report,
    On.STEP: _step,
    On.FOLLOW_UP: _follow_up,
}


def _leads_on(rule: Rule, state: ApplicationState) -> bool:
    """Whether the action is still to come for this application: automation only advances, and orders nothing twice."""
    action = rule.then.action
    if action is Action.NOTIFY:
        return True
    if action is Action.READY_FOR_OFFER:
        return is_beyond(Step.READY_FOR_OFFER, state.step)
    if action is Action.ORDER_INTERVIEW:
        return _wants_interview(rule, state)
    kind = FOLLOW_UPS[action]
    step = STEP_OF[kind]
    ordered = any(one.kind is kind and one.department == rule.then.department for one in state.follow_ups)
    return not ordered and (step is None or not is_beyond(state.step, step))


def _wants_interview(rule: Rule, state: ApplicationState) -> bool:
    """An interview is ordered when none is under way and this is not answered yet by one that somebody arranged."""
    under_way = any(one.report_id is None and one.status != Status.CANCELLED for one in state.interviews)
    if under_way or any(one.by == rule.by for one in state.interviews):
        return False
    if rule.when.event is On.APPLIED:
        return not state.interviews
    if rule.when.event is On.REPORT:
        return rule.when.round is None or rule.when.round == state.next_round - 1
    return True
