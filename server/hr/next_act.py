"""What a person should do next about an application, and on which page: nobody shall have to work that out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from server.hr.access import may
from server.hr.process_list import ListedApplication
from server.hr.rights import Right
from server.records.application import ApplicationState
from server.records.application_events import FollowUpStatus, Step
from server.storage.hr_user import HrUser

ACTS = "#acts-title"
"""Where an application's page offers what can be done."""


@dataclass(frozen=True, slots=True)
class Next:
    """text: in the imperative. link: where it is done."""

    text: str
    link: str


def next_act(
    t: Callable[..., str], user: HrUser, one: ListedApplication, state: ApplicationState, *, is_late: bool
) -> Next | None:
    """The one thing to do first; None for who decides nothing, for a closed one, and where all there is to do is wait.

    t: the reader's texts. is_late: it has stood at its step for longer than usual.
    """
    if one.outcome is not None or not may(user, Right.DECIDE):
        return None
    connects, here = may(user, Right.CONNECT), f"/hr/applications/{one.id}{ACTS}"
    if state.blocked:
        because, rule_id = state.blocked[-1].because, state.blocked[-1].rule_id
        rule = f"/hr/rules/{rule_id}" if state.blocked[-1].rule_version else here
        places = {
            "no_connection": "/hr/connections" if connects else here,
            "connection_off": "/hr/connections" if connects else here,
            "several_connections": rule,
            "no_flow": f"/hr/jobs/{one.job_id}",
            "no_email": f"/hr/candidates/{one.candidate_id}",
        }
        return Next(
            t(f"console.next_{because}" if because in places else "console.next_again"), places.get(because, here)
        )
    if one.stuck:
        return Next(t("console.next_again"), here)
    if one.undelivered:
        where = f"/hr/deliveries?about={one.id}&state=dead" if connects else here
        return Next(t("console.next_undelivered" if connects else "console.next_undelivered_tell"), where)
    waits = [one for one in state.follow_ups if one.is_open]
    if waits:
        return (
            Next(t("console.next_ask" if waits[-1].connection_id else "console.next_remind"), here) if is_late else None
        )
    return _of_step(t, one, state, here, is_late=is_late)


def _of_step(
    t: Callable[..., str], one: ListedApplication, state: ApplicationState, here: str, *, is_late: bool
) -> Next | None:
    under_way = [each for each in state.interviews if each.report_id is None and each.status != "cancelled"]
    match one.step:
        case Step.INVITED | Step.INTERVIEW if under_way:
            where = f"/hr/interviews/{under_way[-1].id}"
            return Next(t(f"console.next_{one.step}"), where) if is_late else None
        case Step.INTERVIEWED:
            reported = [each for each in state.interviews if each.report_id is not None]
            where = f"/hr/interviews/{reported[-1].id}/report" if reported else here
            return Next(t("console.next_interviewed"), where)
        case Step.APPLIED | Step.INVITED | Step.INTERVIEW:
            return Next(t("console.next_applied"), here) if not under_way else None
        case Step.READY_FOR_OFFER | Step.OFFERED:
            return Next(t(f"console.next_{one.step}"), here)
        case _:
            came_back = any(each.status is FollowUpStatus.COMPLETED for each in state.follow_ups)
            return Next(t("console.next_came_back" if came_back else "console.next_order"), here)
