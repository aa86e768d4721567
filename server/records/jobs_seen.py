"""Jobs as other systems know them: made once, followed, with a new version of what they ask for when that changes."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from server.interview.typed import clean
from server.records.incoming import CompetencySeen, JobSeen
from server.records.remote_ids import JOB, keep, local_id
from server.storage import schema
from server.storage.database import Database
from server.storage.jobs import LONGEST_DEPARTMENT, LONGEST_TITLE
from server.storage.record_tables import competency_models
from server.storage.search_key import search_key

UNTITLED = "?"
ATTEMPTS = 5


async def take_in_job(database: Database, system: str, seen: JobSeen, now: datetime) -> str:
    """The id of the job that the system calls so; made if it is new. The same again changes nothing.

    Which flow is switched on for it stays HR's choice. Raises UserError remote_id_unfit.
    """
    for attempt in range(ATTEMPTS):
        try:
            async with database.begin() as connection:
                return await _take_in(connection, system, seen, now)
        except (IntegrityError, _MadeElsewhere):
            # Another process has taken in the same job this moment.
            if attempt == ATTEMPTS - 1:
                raise
    raise AssertionError


class _MadeElsewhere(Exception):
    """Another process was quicker."""


async def _take_in(connection: AsyncConnection, system: str, seen: JobSeen, now: datetime) -> str:
    title = " ".join(clean(seen.title).split())[:LONGEST_TITLE] or UNTITLED
    department = " ".join(clean(seen.department).split())[:LONGEST_DEPARTMENT]
    values = {
        "title": title,
        "department": department,
        "is_open": seen.is_open,
        "search_key": search_key(title, department),
    }
    job_id = await local_id(connection, system, JOB, seen.remote_id)
    if job_id is None:
        job_id = uuid.uuid4().hex
        await connection.execute(schema.jobs.insert().values(id=job_id, flow_id=None, created_at=now, **values))
        if await keep(connection, system, JOB, seen.remote_id, job_id, now) != job_id:
            raise _MadeElsewhere
    else:
        await connection.execute(schema.jobs.update().where(schema.jobs.c.id == job_id).values(**values))
    if seen.competencies is not None:
        await keep_model(connection, job_id, seen.competencies, now)
    return job_id


async def keep_model(
    connection: AsyncConnection, job_id: str, competencies: Sequence[CompetencySeen], now: datetime
) -> tuple[str, int]:
    """(id, version) of the job's competency model, a new version if it says something else than the last one."""
    table = competency_models
    body = model_body(competencies)
    query = sa.select(table).where(table.c.job_id == job_id).order_by(table.c.version.desc()).limit(1)
    last = (await connection.execute(query)).one_or_none()
    if last is not None and last.body == body:
        return last.id, last.version
    id_, version = (last.id, last.version + 1) if last is not None else (uuid.uuid4().hex, 1)
    await connection.execute(table.insert().values(id=id_, version=version, job_id=job_id, body=body, created_at=now))
    return id_, version


def model_body(competencies: Sequence[CompetencySeen]) -> Mapping[str, Any]:
    """As `competency_models` keeps it: in the system's order, with the system's ids."""
    return {
        "competencies": [
            {
                "id": one.remote_id,
                "name": one.name,
                "weight": float(one.weight),
                "level": one.level,
                "indicators": list(one.indicators),
            }
            for one in competencies
        ]
    }
