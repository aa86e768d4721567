"""From the list of an application's events to where it stands and why. Pure: the events carry all the time there is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from server.interview.state import Status
from server.records import application_events as happened
from server.records.application_events import ApplicationEvent, FollowUpKind, FollowUpStatus, Outcome, Step

ORDER = tuple(Step)
"""The way an application goes."""

_INTERVIEW_ORDER = tuple(status.value for status in Status)
_FOLLOW_UP_ORDER = {
    FollowUpStatus.ORDERED: 0,
    FollowUpStatus.SENT: 1,
    FollowUpStatus.CANCELLED: 2,
    FollowUpStatus.FAILED: 2,
    FollowUpStatus.COMPLETED: 3,
}
"""A result counts more than a failure or cancellation that crossed it; of equal rank the newer word counts."""


@dataclass(frozen=True, slots=True)
class ArrangedInterview:
    """One round. status: an interview's `Status`; report_id: the last report's message, reported_at: when it was made.

    Both are None before there is one. total: 0-10, None while withheld or not known. over_at: as of InterviewArranged.
    """

    id: str
    round: int
    flow_id: str
    by: str
    arranged_at: datetime
    status: str = Status.INVITED.value
    report_id: str | None = None
    reported_at: datetime | None = None
    total: float | None = None
    over_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class FollowUp:
    """What somebody else does for the application. score: 0-1. result: the other's word in lower case."""

    id: str
    kind: FollowUpKind
    connection_id: str | None
    by: str
    department: str
    interview_id: str | None
    ordered_at: datetime
    moved_at: datetime
    status: FollowUpStatus = FollowUpStatus.ORDERED
    score: float | None = None
    result: str = ""
    url: str = ""

    @property
    def is_open(self) -> bool:
        """Whether something is still to come."""
        return self.status in (FollowUpStatus.ORDERED, FollowUpStatus.SENT)


@dataclass(frozen=True, slots=True)
class Fired:
    """A rule that acted. at_step: the step whose rule it was, as in `firings`."""

    rule_id: str
    rule_version: int
    action: str
    at_step: Step
    reason: Mapping[str, Any]
    at: datetime


@dataclass(frozen=True, slots=True)
class Blocked:
    """A rule that was due and could not act; over once that rule fires, or a person moves the application."""

    rule_id: str
    rule_version: int
    action: str
    because: str
    at: datetime


@dataclass(frozen=True, slots=True)
class ApplicationState:
    """Where an application stands. seq: the last event's. step_by, step_reason: who moved it there, and why.

    heard: ids of messages that are in the log. since: when it came to, or passed by, each step up to its own.
    """

    seq: int
    at: datetime
    candidate_id: str
    job_id: str
    source: str
    applied_at: datetime
    step: Step
    step_since: datetime
    step_by: str
    step_reason: str = ""
    outcome: Outcome | None = None
    closed_at: datetime | None = None
    closed_by: str = ""
    closed_reason: str = ""
    interviews: tuple[ArrangedInterview, ...] = ()
    follow_ups: tuple[FollowUp, ...] = ()
    fired: tuple[Fired, ...] = ()
    blocked: tuple[Blocked, ...] = ()
    notices: tuple[happened.HrNotified, ...] = ()
    heard: frozenset[str] = frozenset()
    since: Mapping[Step, datetime] = field(default_factory=dict)

    @property
    def is_open(self) -> bool:
        """Whether nobody has closed it."""
        return self.outcome is None

    @property
    def opened_after(self) -> datetime | None:
        """When the interview was over for which it was opened afterwards, as when an old report is corrected."""
        first = self.interviews[0] if self.interviews else None
        return first.over_at if first is not None and first.arranged_at == self.applied_at else None

    @property
    def total(self) -> float | None:
        """The last reported round's total, 0-10; None: withheld, or no report yet."""
        reported = [one for one in self.interviews if one.report_id is not None]
        return max(reported, key=lambda one: one.round).total if reported else None

    @property
    def next_round(self) -> int:
        """Which round the next interview is."""
        return max((one.round for one in self.interviews), default=0) + 1

    def interview(self, interview_id: str) -> ArrangedInterview | None:
        """This round, or None."""
        return next((one for one in self.interviews if one.id == interview_id), None)

    def follow_up(self, follow_up_id: str) -> FollowUp | None:
        """This follow-up, or None."""
        return next((one for one in self.follow_ups if one.id == follow_up_id), None)


def is_beyond(step: Step, other: Step) -> bool:
    """Whether the step comes after the other one."""
    return ORDER.index(step) > ORDER.index(other)


def interview_is_later(status: str, other: str) -> bool:
    """Whether an interview that is `status` has come further than one that is `other`; False for unknown words.

    An interview pauses and resumes: among what lies between begun and completed, each is as far as the other.
    """
    return _rank(status) > _rank(other)


def _rank(status: str) -> int:
    if status not in _INTERVIEW_ORDER:
        return -1
    ranks = {Status.INVITED: 0, Status.READY: 1, Status.COMPLETED: 3, Status.CANCELLED: 3}
    return ranks.get(Status(status), 2)


def follow_up_is_later(status: FollowUpStatus, other: FollowUpStatus) -> bool:
    """Whether this word is news about a follow-up of which the other is known."""
    return _FOLLOW_UP_ORDER[status] > _FOLLOW_UP_ORDER[other]


def follow_up_is_as_late(status: FollowUpStatus, other: FollowUpStatus) -> bool:
    """Whether both are final and of equal weight: the newer word then counts, such as a corrected score."""
    return _FOLLOW_UP_ORDER[status] == _FOLLOW_UP_ORDER[other] >= _FOLLOW_UP_ORDER[FollowUpStatus.FAILED]


def fold(events: Iterable[ApplicationEvent]) -> ApplicationState:
    """The state after all events. Raises ValueError unless the first is Applied and none is missing."""
    state: ApplicationState | None = None
    for event in events:
        state = apply(state, event)
    if state is None:
        raise ValueError("an application without events")
    return state


def apply(state: ApplicationState | None, event: ApplicationEvent) -> ApplicationState:
    """The state after one more event. Raises ValueError when it is not the next one."""
    if event.seq != (state.seq if state else 0) + 1:
        raise ValueError(f"event {event.seq} does not follow event {state.seq if state else 0}")
    if state is None:
        return _applied(event)
    after = replace(state, seq=event.seq, at=event.at)
    match event.body:
        case happened.InterviewArranged() as body:
            ids = body.interview_id, body.round, body.flow_id, body.by
            made = ArrangedInterview(*ids, event.at, over_at=body.over_at)
            return replace(after, interviews=(*after.interviews, made))
        case happened.InterviewMoved(interview_id, status):
            # Whoever takes part has the link, however they came by it.
            still = tuple(one for one in after.blocked if one.rule_version)
            return _with_interview(replace(after, blocked=still), interview_id, status=status)
        case happened.ReportReceived(interview_id, message_id, total, made_at):
            said = {"report_id": message_id, "reported_at": made_at or event.at, "total": total}
            return _heard(_with_interview(after, interview_id, **said), message_id)
        case happened.FollowUpOrdered() | happened.FollowUpMoved():
            return _followed_up(after, event)
        case happened.RuleFired() | happened.RuleBlocked():
            return _ruled(after, event)
        case happened.HrNotified() as body:
            return replace(after, notices=(*after.notices, body))
        case _:
            return _moved(after, event)


def _applied(event: ApplicationEvent) -> ApplicationState:
    body = event.body
    if not isinstance(body, happened.Applied):
        raise ValueError("an application begins with Applied")
    return ApplicationState(
        seq=event.seq,
        at=event.at,
        candidate_id=body.candidate_id,
        job_id=body.job_id,
        source=body.source,
        applied_at=event.at,
        step=Step.APPLIED,
        step_since=event.at,
        step_by=body.source,
        since={Step.APPLIED: event.at},
    )


def _moved(after: ApplicationState, event: ApplicationEvent) -> ApplicationState:
    match event.body:
        case happened.StepReached(step, by, reason):
            still = after.blocked if by == happened.BY_INTERVIEW or by.startswith(happened.BY_RULE) else ()
            since = {one: after.since.get(one, event.at) for one in ORDER if not is_beyond(one, step)}
            after = replace(after, step=step, step_since=event.at, since=since, blocked=still)
            return replace(after, step_by=by, step_reason=reason)
        case happened.Closed(outcome, by, reason):
            return replace(after, outcome=outcome, closed_at=event.at, closed_by=by, closed_reason=reason, blocked=())
        case happened.Reopened():
            return replace(after, outcome=None, closed_at=None, closed_by="", closed_reason="")
        case _:
            raise ValueError(f"{event.type} does not follow Applied")


def _followed_up(after: ApplicationState, event: ApplicationEvent) -> ApplicationState:
    match event.body:
        case happened.FollowUpOrdered() as body:
            made = FollowUp(
                body.follow_up_id,
                body.kind,
                body.connection_id,
                body.by,
                body.department,
                body.interview_id,
                event.at,
                event.at,
            )
            return replace(after, follow_ups=(*after.follow_ups, made))
        case happened.FollowUpMoved(follow_up_id, status, score, result, url, message_id):
            moved = tuple(
                replace(one, status=status, score=score, result=result, url=url, moved_at=event.at)
                if one.id == follow_up_id
                else one
                for one in after.follow_ups
            )
            return _heard(replace(after, follow_ups=moved), message_id)
        case _:
            return after


def _ruled(after: ApplicationState, event: ApplicationEvent) -> ApplicationState:
    match event.body:
        case happened.RuleFired(rule_id, version, action, reason, at_step):
            fired = Fired(rule_id, version, action, at_step, reason, event.at)
            still = tuple(one for one in after.blocked if one.rule_id != rule_id)
            return replace(after, fired=(*after.fired, fired), blocked=still)
        case happened.RuleBlocked(rule_id, version, action, because):
            still = tuple(one for one in after.blocked if one.rule_id != rule_id)
            return replace(after, blocked=(*still, Blocked(rule_id, version, action, because, event.at)))
        case _:
            return after


def _with_interview(after: ApplicationState, interview_id: str, **changes: Any) -> ApplicationState:
    changed = tuple(replace(one, **changes) if one.id == interview_id else one for one in after.interviews)
    return replace(after, interviews=changed)


def _heard(after: ApplicationState, message_id: str) -> ApplicationState:
    return replace(after, heard=after.heard | {message_id}) if message_id else after
