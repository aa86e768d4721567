"""Everything that can have happened to an application. The list of these events is the truth.

Like an interview's events: frozen bodies, whose class name is their `type`; JSON by `encode`, back by `decode`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from pydantic import TypeAdapter

BY_INTERVIEW = "interview"
"""As `by`: the interview itself moved the application on."""
BY_RULE = "rule:"
BY_KEY = "key:"
BY_CONNECTION = "connection:"
"""Beginnings of `by`, with an id behind; an account's id stands alone."""


class Step(StrEnum):
    """Where an application stands, in this order; one only ever goes on, or back by a person."""

    APPLIED = "applied"
    INVITED = "invited"
    INTERVIEW = "interview"
    """The candidate has begun."""
    INTERVIEWED = "interviewed"
    """The report is ready."""
    ASSESSMENT = "assessment"
    BACKGROUND_CHECK = "background_check"
    DEPARTMENT_RATING = "department_rating"
    READY_FOR_OFFER = "ready_for_offer"
    OFFERED = "offered"


class Outcome(StrEnum):
    """How an application ended; always a person's act."""

    HIRED = "hired"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"


class FollowUpKind(StrEnum):
    """What others do for an application."""

    ASSESSMENT = "assessment"
    BACKGROUND_CHECK = "background_check"
    DEPARTMENT_RATING = "department_rating"
    TRAINING = "training"


class FollowUpStatus(StrEnum):
    """ORDERED: on its way; SENT: the other system has it."""

    ORDERED = "ordered"
    SENT = "sent"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Applied:
    """source: a connection's id, an API key's system or "console"."""

    candidate_id: str
    job_id: str
    source: str


@dataclass(frozen=True, slots=True)
class InterviewArranged:
    """by: "rule:ID", "key:ID" or an account's id. round: from 1.

    over_at: when it was over, if that was before these records heard of it.
    """

    interview_id: str
    round: int
    flow_id: str
    by: str
    over_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class InterviewMoved:
    """status: an interview `Status` as its list shows it: "running", "completed" and so on."""

    interview_id: str
    status: str


@dataclass(frozen=True, slots=True)
class ReportReceived:
    """total: 0-10, people and machine combined once there is that; None: withheld. message_id: the report's.

    made_at: when the report was made, which may be long before it got here; the newest counts.
    """

    interview_id: str
    message_id: str
    total: float | None
    made_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class FollowUpOrdered:
    """connection_id: None: people of this console. department: of a rating. rule_id: empty when a person ordered it."""

    follow_up_id: str
    kind: FollowUpKind
    connection_id: str | None
    by: str
    department: str = ""
    interview_id: str | None = None


@dataclass(frozen=True, slots=True)
class FollowUpMoved:
    """score: 0-1 of what was possible; None: no score. result: the system's word in lower case. url: where more is.

    message_id: what brought the news, so that the same message again is none; empty: a person did.
    """

    follow_up_id: str
    status: FollowUpStatus
    score: float | None = None
    result: str = ""
    url: str = ""
    message_id: str = ""


@dataclass(frozen=True, slots=True)
class RuleFired:
    """reason: what the rule compared. action: its name. Recorded with what it caused, in one transaction.

    at_step: the step whose rule it was: firings are unique on it.
    """

    rule_id: str
    rule_version: int
    action: str
    reason: Mapping[str, Any]
    at_step: Step = Step.APPLIED


@dataclass(frozen=True, slots=True)
class RuleBlocked:
    """A rule was due and could not act; a person has to. because: a name: "no_connection", "no_flow", "no_email".

    rule_id of version 0: no rule's but "connection:ID"'s, which ordered what could not be made, or not told.
    """

    rule_id: str
    rule_version: int
    action: str
    because: str


@dataclass(frozen=True, slots=True)
class StepReached:
    """by: as of InterviewArranged, or "interview" when that moved on. reason: a person's; else empty."""

    step: Step
    by: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class HrNotified:
    """A rule or a person wants somebody to look. text: its message."""

    text: str
    by: str


@dataclass(frozen=True, slots=True)
class Closed:
    """by: an account's id, or "key:ID" for a person's act in another system; never a rule."""

    outcome: Outcome
    by: str
    reason: str


@dataclass(frozen=True, slots=True)
class Reopened:
    """by: an account's id."""

    by: str
    reason: str


ApplicationEventBody = (
    Applied
    | InterviewArranged
    | InterviewMoved
    | ReportReceived
    | FollowUpOrdered
    | FollowUpMoved
    | RuleFired
    | RuleBlocked
    | StepReached
    | HrNotified
    | Closed
    | Reopened
)


@dataclass(frozen=True, slots=True)
class ApplicationEvent:
    """One event in its place. seq counts from 1 without a gap; at: aware UTC."""

    seq: int
    at: datetime
    body: ApplicationEventBody

    @property
    def type(self) -> str:
        """The body's class name, as stored."""
        return type(self.body).__name__


_ADAPTERS: Mapping[str, TypeAdapter[ApplicationEventBody]] = {
    body.__name__: TypeAdapter(body) for body in ApplicationEventBody.__args__
}


def encode(body: ApplicationEventBody) -> dict[str, Any]:
    """The body as JSON-ready values."""
    data: dict[str, Any] = _ADAPTERS[type(body).__name__].dump_python(body, mode="json")
    return data


def decode(type_name: str, data: Mapping[str, Any]) -> ApplicationEventBody:
    """The body with this type name. Raises KeyError for an unknown type, pydantic.ValidationError for bad data."""
    return _ADAPTERS[type_name].validate_python(data)
