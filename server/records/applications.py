"""HR's applications: opened once, listed by step, job and what is stuck, a page at a time."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from server.errors import UserError
from server.records.application_events import Outcome, Step
from server.records.application_log import begin
from server.storage import record_tables as tables
from server.storage import schema
from server.storage.database import Database
from server.storage.paging import Cursor, Order, Page, read_page
from server.storage.search_key import holds_words


@dataclass(frozen=True, slots=True)
class Application:
    """One line of a list. job: its title. total: 0-10, None: none yet or withheld. stuck: why, None: it is not.

    candidate_id: the candidate as they are known now, after every merging.
    """

    id: str
    candidate_id: str
    candidate_name: str
    job_id: str
    job: str
    source: str
    created_at: datetime
    step: Step
    step_since: datetime
    outcome: Outcome | None
    total: float | None
    stuck: str | None


@dataclass(frozen=True, slots=True)
class Filter:
    """Which applications; None: all. is_open: closed ones otherwise. text: words of the candidate's name or address.

    stuck_before: only open ones that wait for a person, or stand at their step since before this time.
    """

    step: Step | None = None
    job_id: str | None = None
    candidate_id: str | None = None
    is_open: bool | None = None
    stuck_before: datetime | None = None
    text: str = ""


class Applications:
    """Opens and reads applications; what happens to them goes through the log."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def open_for(self, candidate_id: str, job_id: str, source: str, now: datetime) -> str:
        """The id of the candidate's open application for the job, which is made if there is none.

        Raises UserError candidate_not_listed, job_unknown (404).
        """
        async with self._database.begin() as connection:
            return await open_within(connection, candidate_id, job_id, source, now)

    async def is_open_for(self, candidate_id: str, job_id: str) -> bool:
        """Whether the candidate, as they are known now, has an open application for the job."""
        table = tables.applications
        query = sa.select(table.c.id).where(
            table.c.candidate_id == candidate_id, table.c.job_id == job_id, table.c.outcome.is_(None)
        )
        async with self._database.read() as connection:
            return await connection.scalar(query) is not None

    async def get(self, application_id: str) -> Application:
        """Raises UserError application_unknown (404)."""
        query = _query().where(tables.applications.c.id == _id(application_id))
        async with self._database.read() as connection:
            found = (await connection.execute(query)).one_or_none()
        if found is None:
            raise UserError("application_unknown", status=404)
        return _row(found)

    async def page(self, wanted: Filter, cursor: Cursor | None, limit: int = 50) -> Page[Application]:
        """Who has stood at their step longest comes first if only stuck ones are wanted, else the newest."""
        table = tables.applications
        oldest_first = wanted.stuck_before is not None
        by = table.c.step_since if oldest_first else table.c.created_at
        query = _query().where(*_conditions(wanted))
        return await read_page(
            self._database, query, Order(by, table.c.id, descending=not oldest_first), cursor, _row, limit
        )

    async def counts(self, wanted: Filter) -> Mapping[Step, int]:
        """Step → how many of these applications stand there; every step is in it."""
        table = tables.applications
        query = (
            sa.select(table.c.step, sa.func.count().label("n"))
            .join(schema.candidates, schema.candidates.c.id == table.c.candidate_id)
            .where(*_conditions(wanted))
            .group_by(table.c.step)
        )
        found = dict.fromkeys(Step, 0)
        async with self._database.read() as connection:
            for row in (await connection.execute(query)).all():
                found[Step(row.step)] = row.n
        return found

    async def of_interview(self, interview_id: str) -> str | None:
        """The application an interview belongs to, or None."""
        table = schema.interviews
        query = sa.select(table.c.application_id).where(table.c.id == _id(interview_id))
        async with self._database.read() as connection:
            found: str | None = await connection.scalar(query)
        return found

    async def of_follow_up(self, follow_up_id: str) -> str | None:
        """The application a follow-up belongs to, or None."""
        table = tables.follow_ups
        query = sa.select(table.c.application_id).where(table.c.id == _id(follow_up_id))
        async with self._database.read() as connection:
            found: str | None = await connection.scalar(query)
        return found


async def open_within(
    connection: AsyncConnection,
    candidate_id: str,
    job_id: str,
    source: str,
    now: datetime,
    *,
    new_id: str | None = None,
) -> str:
    """As `Applications.open_for`, within the caller's transaction. new_id: what it is called if it is made here."""
    table = tables.applications
    insert = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
    people, jobs = schema.candidates, schema.jobs
    known_as = sa.func.coalesce(people.c.merged_into, people.c.id)
    # Locked, so that who is merged this moment does not leave an application behind under the old id.
    lead = sa.select(known_as).where(people.c.id == _id(candidate_id)).with_for_update(read=True)
    candidate_id = await connection.scalar(lead) or ""
    if not candidate_id:
        raise UserError("candidate_not_listed", status=404, field="candidate_id")
    if await connection.scalar(sa.select(jobs.c.id).where(jobs.c.id == _id(job_id))) is None:
        raise UserError("job_unknown", status=404, field="job_id")
    values = {
        "id": new_id or uuid.uuid4().hex,
        "candidate_id": candidate_id,
        "job_id": job_id,
        "source": source,
        "created_at": now,
        "step": Step.APPLIED.value,
        "step_since": now,
    }
    made = await connection.execute(
        insert(table)
        .values(**values)
        .on_conflict_do_nothing(
            index_elements=[table.c.candidate_id, table.c.job_id], index_where=table.c.outcome.is_(None)
        )
        .returning(table.c.id)
    )
    if (application_id := made.scalar_one_or_none()) is not None:
        await begin(connection, application_id, candidate_id, job_id, source, now)
        return str(application_id)
    found = await connection.scalar(
        sa.select(table.c.id).where(
            table.c.candidate_id == candidate_id, table.c.job_id == job_id, table.c.outcome.is_(None)
        )
    )
    return str(found)


def _query() -> sa.Select[Any]:
    table, people, jobs = tables.applications, schema.candidates, schema.jobs
    return (
        sa.select(table, people.c.name.label("candidate_name"), jobs.c.title.label("job"))
        .join(people, people.c.id == table.c.candidate_id)
        .join(jobs, jobs.c.id == table.c.job_id)
    )


def _conditions(wanted: Filter) -> list[sa.ColumnElement[bool]]:
    table = tables.applications
    found: list[sa.ColumnElement[bool]] = []
    if wanted.step is not None:
        found.append(table.c.step == wanted.step.value)
    if wanted.job_id is not None:
        found.append(table.c.job_id == _id(wanted.job_id))
    if wanted.candidate_id is not None:
        found.append(table.c.candidate_id == _id(wanted.candidate_id))
    if wanted.is_open is not None:
        found.append(table.c.outcome.is_(None) if wanted.is_open else table.c.outcome.is_not(None))
    if wanted.stuck_before is not None:
        found.append(table.c.outcome.is_(None))
        found.append(sa.or_(table.c.stuck.is_not(None), table.c.step_since < wanted.stuck_before))
    if wanted.text:
        found.append(holds_words(schema.candidates.c.search_key, wanted.text))
    return found


def _id(text: str) -> str:
    """PostgreSQL refuses to look for a NUL."""
    return text if text.isalnum() else ""


def _row(row: sa.Row[Any]) -> Application:
    return Application(
        id=row.id,
        candidate_id=row.candidate_id,
        candidate_name=row.candidate_name,
        job_id=row.job_id,
        job=row.job,
        source=row.source,
        created_at=row.created_at,
        step=Step(row.step),
        step_since=row.step_since,
        outcome=Outcome(row.outcome) if row.outcome else None,
        total=row.total,
        stuck=row.stuck,
    )
