"""What people may do to an application, decided from where it stands. Pure; each gives the events that follow."""

from __future__ import annotations

from collections.abc import Sequence

from server.errors import UserError
from server.interview.state import Status
from server.interview.typed import clean
from server.records.application import ApplicationState, is_beyond
from server.records.application_events import (
    BY_INTERVIEW,
    BY_RULE,
    ApplicationEventBody,
    Closed,
    FollowUpMoved,
    FollowUpStatus,
    HrNotified,
    InterviewArranged,
    Outcome,
    Reopened,
    Step,
    StepReached,
)

LONGEST_REASON = 500


def advance(state: ApplicationState, step: Step, by: str, reason: str) -> Sequence[ApplicationEventBody]:
    """Puts it at a step, also an earlier one; at the step where it stands nothing happens.

    Raises UserError application_closed (409), reason_long.
    """
    _open(state)
    return [] if step is state.step else [StepReached(step, by, _reason(reason))]


def close(state: ApplicationState, outcome: Outcome, by: str, reason: str) -> Sequence[ApplicationEventBody]:
    """Ends it; with the same outcome again nothing happens. Only a person can: by is no rule.

    Raises UserError application_closed (409: it ended otherwise), reason_long.
    """
    if by.startswith(BY_RULE):
        raise ValueError("a rule closes nothing")
    if state.outcome is outcome:
        return []
    _open(state)
    return [Closed(outcome, by, _reason(reason))]


def reopen(state: ApplicationState, by: str, reason: str) -> Sequence[ApplicationEventBody]:
    """Takes it up again where it stood, or where its interview has come to since; an open one is left as it is.

    Raises UserError reason_long.
    """
    if state.is_open:
        return []
    came_to = _interviewed_to(state)
    on = came_to is not None and is_beyond(came_to, state.step)
    steps = [StepReached(came_to, BY_INTERVIEW)] if on and came_to is not None else []
    return [Reopened(by, _reason(reason)), *steps]


def notify(state: ApplicationState, text: str, by: str) -> Sequence[ApplicationEventBody]:
    """Asks HR to look. Raises UserError application_closed (409), reason_long."""
    _open(state)
    return [HrNotified(_reason(text), by)]


def arrange(state: ApplicationState, interview_id: str, flow_id: str, by: str) -> list[ApplicationEventBody]:
    """The next round, and with the first one the step. Raises UserError application_closed (409)."""
    _open(state)
    arranged = InterviewArranged(interview_id, state.next_round, flow_id, by)
    return [arranged, *step_on(state, Step.INVITED, by)]


def cancel_follow_up(state: ApplicationState, follow_up_id: str) -> Sequence[ApplicationEventBody]:
    """No longer waits for it; what has come back stays. Raises UserError follow_up_unknown (404)."""
    found = state.follow_up(follow_up_id)
    if found is None:
        raise UserError("follow_up_unknown", status=404)
    return [FollowUpMoved(follow_up_id, FollowUpStatus.CANCELLED)] if found.is_open else []


def step_on(state: ApplicationState, step: Step | None, by: str) -> list[ApplicationEventBody]:
    """The step, if it lies beyond where the application stands and that is open: nothing here goes back."""
    on = step is not None and state.is_open and is_beyond(step, state.step)
    return [StepReached(step, by)] if on and step is not None else []


def _interviewed_to(state: ApplicationState) -> Step | None:
    """How far its interviews have brought it, also while it was closed."""
    if any(one.report_id is not None for one in state.interviews):
        return Step.INTERVIEWED
    not_held = (Status.INVITED, Status.READY, Status.CANCELLED)
    begun = any(one.status not in not_held for one in state.interviews)
    return Step.INTERVIEW if begun else None


def _open(state: ApplicationState) -> None:
    if not state.is_open:
        raise UserError("application_closed", status=409)


def _reason(text: str) -> str:
    reason = " ".join(clean(text).split())
    if len(reason) > LONGEST_REASON:
        raise UserError("reason_long", field="reason", params={"length": str(LONGEST_REASON)})
    return reason
