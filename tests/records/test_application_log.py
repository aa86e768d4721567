"""What is recorded of an application is written together or not at all, and its lists follow."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta

import pytest
import sqlalchemy as sa

from server.errors import UserError
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
    RuleBlocked,
    Step,
    StepReached,
)
from server.records.application_log import ApplicationLog, Conflict, Firing
from server.records.applications import Applications, Filter
from server.storage import record_tables as tables
from server.storage import schema
from server.storage.database import Database
from server.storage.paging import cursor_of
from tests.records.conftest import NOW, a_candidate, a_job
from tests.records.house import connect, count

FIRING = Firing("high_total", 1, Step.INTERVIEWED, {"total": 8.0})


@pytest.fixture
async def application_id(database: Database) -> str:
    return await Applications(database).open_for(await a_candidate(database), await a_job(database), "console", NOW)


async def test_an_application_is_opened_once(database: Database, application_id: str) -> None:
    applications, log = Applications(database), ApplicationLog(database)
    candidate_id, job_id = await a_candidate(database), (await log.state(application_id)).job_id
    again = await asyncio.gather(*(applications.open_for(candidate_id, job_id, "odoo", NOW) for _ in range(3)))
    assert set(again) == {application_id}
    assert (await log.state(application_id)).source == "console"
    await log.append(application_id, 1, [Closed(Outcome.WITHDRAWN, "u" * 32, "")], at=NOW)
    anew = await applications.open_for(candidate_id, job_id, "odoo", NOW)
    assert anew != application_id
    with pytest.raises(UserError, match="candidate_not_listed"):
        await applications.open_for("nobody", job_id, "odoo", NOW)
    with pytest.raises(UserError, match="job_unknown"):
        await applications.open_for(candidate_id, "nothing\x00", "odoo", NOW)


async def test_everything_of_one_append_is_there_together(database: Database, application_id: str) -> None:
    ordered = FollowUpOrdered("f" * 32, FollowUpKind.ASSESSMENT, None, "rule:high_total")
    bodies: list[ApplicationEventBody] = [
        InterviewArranged("i" * 32, 1, "flow", "u"),
        ReportReceived("i" * 32, "m1", 8.0),
    ]
    await connect(database, "hr", "standard_webhooks", "application.step_changed")
    log = ApplicationLog(database)
    await log.append(application_id, 1, bodies, at=NOW)
    later = NOW + timedelta(hours=1)
    step = StepReached(Step.ASSESSMENT, "rule:high_total")
    await log.append(application_id, 3, [ordered, step], at=later, firings=[FIRING])
    shown = await Applications(database).get(application_id)
    assert (shown.step, shown.step_since, shown.total, shown.stuck) == (Step.ASSESSMENT, later, 8.0, None)
    assert (shown.candidate_name, shown.job) == ("Ada Lovelace", "Backend developer")
    assert await Applications(database).of_follow_up("f" * 32) == application_id
    assert await count(database, tables.firings) == 1
    async with database.read() as connection:
        [told] = (await connection.execute(sa.select(schema.outbox))).all()
    assert (told.type, told.stream) == ("application.step_changed", application_id)
    data = told.body["data"]
    assert (data["from"], data["step"], data["by"]) == ("applied", "assessment", "rule:high_total")
    await log.append(application_id, 5, [FollowUpMoved("f" * 32, FollowUpStatus.FAILED)], at=later)
    assert (await Applications(database).get(application_id)).stuck == "follow_up_failed"


async def test_who_comes_second_writes_nothing(database: Database, application_id: str) -> None:
    log = ApplicationLog(database)
    await log.append(application_id, 1, [StepReached(Step.INVITED, "u")], at=NOW, firings=[FIRING])
    before = await count(database, schema.outbox)
    for after_seq, firings in ((1, []), (2, [FIRING])):
        with pytest.raises(Conflict):
            await log.append(application_id, after_seq, [StepReached(Step.OFFERED, "u")], at=NOW, firings=firings)
    assert (await log.state(application_id)).step is Step.INVITED
    assert await count(database, schema.outbox) == before
    with pytest.raises(Conflict):
        await log.append("unknown", 0, [StepReached(Step.OFFERED, "u")], at=NOW)
    with pytest.raises(UserError, match="application_unknown"):
        await log.state("unknown")


async def test_only_people_close_and_offer(database: Database, application_id: str) -> None:
    log = ApplicationLog(database)
    refused: Sequence[ApplicationEventBody] = (
        Closed(Outcome.REJECTED, "rule:r", ""),
        StepReached(Step.OFFERED, "rule:r"),
        StepReached(Step.OFFERED, "interview"),
    )
    for body in refused:
        with pytest.raises(ValueError, match="only people"):
            await log.append(application_id, 1, [body], at=NOW)


async def test_lists_find_by_step_and_job_and_what_is_stuck(database: Database) -> None:
    applications, log = Applications(database), ApplicationLog(database)
    job_id, other = await a_job(database), await a_job(database, "Nurse")
    ids = []
    for n in range(5):
        who = await a_candidate(database, f"Person {n}", f"p{n}@example.org")
        ids.append(await applications.open_for(who, job_id if n else other, "console", NOW + timedelta(hours=n)))
    at = NOW + timedelta(hours=9)
    await log.append(ids[4], 1, [StepReached(Step.INVITED, "u")], at=at)
    await log.append(ids[3], 1, [RuleBlocked("r", 1, "assessment", "no_connection")], at=at)
    await log.append(ids[2], 1, [Closed(Outcome.REJECTED, "u" * 32, "")], at=at)
    every = await applications.page(Filter(), None, limit=2)
    assert ([one.id for one in every.rows], every.total) == ([ids[4], ids[3]], 5)
    behind = await applications.page(Filter(), cursor_of(every.after or ""), limit=2)
    assert [one.id for one in behind.rows] == [ids[2], ids[1]]
    stuck = await applications.page(Filter(stuck_before=NOW + timedelta(minutes=90)), None)
    assert [one.id for one in stuck.rows] == [ids[0], ids[1], ids[3]]
    assert [one.id for one in (await applications.page(Filter(job_id=other), None)).rows] == [ids[0]]
    assert [one.id for one in (await applications.page(Filter(step=Step.INVITED), None)).rows] == [ids[4]]
    assert [one.id for one in (await applications.page(Filter(is_open=False), None)).rows] == [ids[2]]
    assert [one.id for one in (await applications.page(Filter(text="person 3"), None)).rows] == [ids[3]]
    counts = await applications.counts(Filter(is_open=True, job_id=job_id))
    assert (counts[Step.APPLIED], counts[Step.INVITED], counts[Step.OFFERED]) == (2, 1, 0)
