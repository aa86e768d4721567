"""What the records tell connected systems: an application has moved on, something is ordered of them. Pure."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from server.records.application import ApplicationState
from server.records.application_events import ApplicationEventBody, Closed, FollowUpOrdered, Reopened, StepReached
from server.storage.outbox import OutboxMessage

STEP_CHANGED = "application.step_changed"
FOLLOW_UP_ORDERED = "follow_up.ordered"
EMAIL_SEND = "email.send"


def message(
    type_: str,
    data: Mapping[str, Any],
    now: datetime,
    *,
    application_id: str | None = None,
    interview_id: str | None = None,
    destination: str | None = None,
) -> OutboxMessage:
    """A message under a new id. destination: only this connection gets it; None: whoever wants its type."""
    to = {} if destination is None else {"destination": destination}
    return OutboxMessage(
        id=f"msg_{uuid.uuid4().hex}",
        interview_id=interview_id,
        type=type_,
        body={"type": type_, "timestamp": now.isoformat(), "data": dict(data)},
        application_id=application_id,
        **to,
    )


def steps_told(
    application_id: str,
    candidate_id: str,
    before: ApplicationState,
    bodies: Sequence[ApplicationEventBody],
    at: datetime,
) -> list[OutboxMessage]:
    """One message for each change of step or outcome among what is about to be recorded.

    candidate_id: as the candidate is known now; the log names who applied, before any merging.
    """
    told, step, outcome = [], before.step, before.outcome
    for body in bodies:
        came_from = step
        match body:
            case StepReached():
                step = body.step
            case Closed():
                outcome = body.outcome
            case Reopened():
                outcome = None
            case _:
                continue
        data = {
            "application_id": application_id,
            "candidate_id": candidate_id,
            "job_id": before.job_id,
            "step": step.value,
            "from": came_from.value,
            "outcome": outcome.value if outcome else None,
            "by": body.by,
            "reason": body.reason,
        }
        told.append(message(STEP_CHANGED, data, at, application_id=application_id))
    return told


def follow_up_ordered(
    application_id: str,
    ordered: FollowUpOrdered,
    candidate: Mapping[str, Any],
    job: Mapping[str, Any],
    report: Mapping[str, Any],
    now: datetime,
) -> OutboxMessage:
    """What the connection that is to do it gets. candidate: id, name, email, phone, language; job: id, title.

    report: total; for a training, competencies as `reported.competencies_of` has them.
    """
    data = {
        "follow_up_id": ordered.follow_up_id,
        "kind": ordered.kind.value,
        "application_id": application_id,
        "candidate": dict(candidate),
        "job": dict(job),
        "report": dict(report),
        "department": ordered.department,
        "interview_id": ordered.interview_id,
    }
    return message(FOLLOW_UP_ORDERED, data, now, application_id=application_id, destination=ordered.connection_id)
