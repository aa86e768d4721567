"""Applications as HR's pages show them, written through the records' own log."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from server.keys import DATABASE
from server.records.application_events import (
    BY_INTERVIEW,
    BY_RULE,
    ApplicationEventBody,
    FollowUpKind,
    FollowUpMoved,
    FollowUpOrdered,
    FollowUpStatus,
    InterviewArranged,
    InterviewMoved,
    ReportReceived,
    RuleBlocked,
    RuleFired,
    Step,
    StepReached,
)
from server.records.application_log import ApplicationLog
from server.records.applications import Applications
from server.storage import schema
from server.storage.candidates import NewCandidate, ensure
from server.storage.jobs import Jobs
from server.storage.record_tables import connections, rules
from tests.hr.conftest import House

NOW = datetime.now(UTC).replace(microsecond=0)
RULE = "total_to_assessment"
RULE_BODY: Mapping[str, Any] = {
    "name": {"en": "Good interview", "zh-CN": "面试优秀"},
    "when": {"event": "report", "job_id": None, "total_at_least": 7.5},
    "then": {"action": "assessment", "connection_id": None},
}


async def a_job(house: House, title: str = "Customer service") -> str:
    """The id of an open job."""
    return await Jobs(house.app[DATABASE]).add(title, "Shop", "customer_service", NOW)


async def a_candidate(house: House, name: str, email: str, language: str = "en") -> str:
    """The id of a candidate."""
    async with house.app[DATABASE].begin() as connection:
        [found] = await ensure(connection, [NewCandidate(name, email, language)], NOW)
    return found


async def a_rule(house: House, version: int = 1) -> None:
    """The rule that sends good interviews to an assessment."""
    row = {"id": RULE, "body": dict(RULE_BODY), "is_on": True, "created_at": NOW, "created_by": ""}
    async with house.app[DATABASE].begin() as connection:
        await connection.execute(rules.insert().values(version=version, **row))


async def a_connection(house: House, id_: str = "codility", name: str = "Codility Berlin") -> str:
    """A connection that is on."""
    row = {
        "kind": "standard_webhooks",
        "settings": {},
        "subscriptions": ["follow_up.ordered"],
        "is_on": True,
        "created_at": NOW,
    }
    async with house.app[DATABASE].begin() as connection:
        await connection.execute(connections.insert().values(id=id_, name=name, **row))
    return id_


async def applied(house: House, candidate_id: str, job_id: str, days: float = 0) -> str:
    """The id of an application that was opened so many days ago."""
    return await Applications(house.app[DATABASE]).open_for(candidate_id, job_id, "console", NOW - timedelta(days=days))


async def happen(house: House, application_id: str, *bodies: ApplicationEventBody, days: float = 0) -> None:
    """These happened to the application so many days ago."""
    log = ApplicationLog(house.app[DATABASE])
    state = await log.state(application_id)
    await log.append(application_id, state.seq, bodies, at=NOW - timedelta(days=days))


async def interviewed(
    house: House, application_id: str, interview_id: str, total: float | None, days: float = 0
) -> None:
    """The first round was arranged, held and reported."""
    await held(house, application_id, interview_id, total, days)


async def held(
    house: House, application_id: str, interview_id: str, total: float | None, days: float = 0, round_: int = 1
) -> None:
    """This round was arranged, held and reported."""
    async with house.app[DATABASE].begin() as connection:
        table = schema.interviews
        await connection.execute(table.update().where(table.c.id == interview_id).values(application_id=application_id))
    await happen(
        house,
        application_id,
        InterviewArranged(interview_id, round_, "customer_service", "console"),
        StepReached(Step.INVITED, BY_INTERVIEW),
        InterviewMoved(interview_id, "completed"),
        StepReached(Step.INTERVIEW, BY_INTERVIEW),
        ReportReceived(interview_id, f"msg_{interview_id}", total),
        StepReached(Step.INTERVIEWED, BY_INTERVIEW),
        days=days,
    )


def sent_to_assessment(follow_up_id: str, connection_id: str, total: float = 8.1) -> tuple[ApplicationEventBody, ...]:
    """What the rule does once the report has enough points."""
    by = f"{BY_RULE}{RULE}"
    return (
        RuleFired(RULE, 2, "assessment", {"total": total, "at_least": 7.5}, Step.INTERVIEWED),
        FollowUpOrdered(follow_up_id, FollowUpKind.ASSESSMENT, connection_id, by),
        StepReached(Step.ASSESSMENT, by),
    )


def blocked(because: str = "no_connection") -> RuleBlocked:
    """The rule was due and could not act."""
    return RuleBlocked(RULE, 2, "assessment", because)


def came_back(follow_up_id: str, status: FollowUpStatus, score: float | None = None, result: str = "") -> FollowUpMoved:
    """The other system has answered."""
    return FollowUpMoved(follow_up_id, status, score, result, "https://assessments.example/1")
