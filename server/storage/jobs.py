"""Jobs that candidates are invited for, and which question flow is switched on for each."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from server.errors import UserError
from server.storage import schema
from server.storage.database import Database
from server.storage.interview_list import visible
from server.storage.paging import PAGE, Cursor, Order, Page, read_page
from server.storage.search_key import holds_words, search_key

LONGEST_TITLE = 200
LONGEST_DEPARTMENT = 100


@dataclass(frozen=True, slots=True)
class Job:
    """flow_id: the flow switched on for it, whose file may be gone; None: none is. department: may be empty."""

    id: str
    title: str
    department: str
    flow_id: str | None
    is_open: bool
    created_at: datetime


class Jobs:
    """Made, changed and read; never deleted, since interviews belong to them: they are closed."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, title: str, department: str, flow_id: str | None, now: datetime) -> str:
        """Makes an open job; its id. Raises UserError job_title_missing, job_title_long, name_long."""
        job_id = uuid.uuid4().hex
        values = {**_named(title, department), "flow_id": flow_id, "is_open": True, "created_at": now}
        async with self._database.begin() as connection:
            await connection.execute(schema.jobs.insert().values(id=job_id, **values))
        return job_id

    async def change(self, job_id: str, *, title: str, department: str, flow_id: str | None, is_open: bool) -> None:
        """Raises UserError as `add`, and job_unknown (404)."""
        await self._update(job_id, {**_named(title, department), "flow_id": flow_id, "is_open": is_open})

    async def switch_on(self, job_id: str, flow_id: str) -> None:
        """From now on, who is invited for the job gets this flow. Raises UserError job_unknown (404)."""
        await self._update(job_id, {"flow_id": flow_id})

    async def get(self, job_id: str) -> Job:
        """Raises UserError job_unknown (404)."""
        async with self._database.read() as connection:
            found = (await connection.execute(_QUERY.where(schema.jobs.c.id == _id(job_id)))).one_or_none()
        if found is None:
            raise UserError("job_unknown", status=404, field="job")
        return _row(found)

    async def all(self) -> Sequence[Job]:
        """Open ones first, by title."""
        table = schema.jobs
        query = _QUERY.order_by(table.c.is_open.desc(), table.c.search_key, table.c.id)
        async with self._database.read() as connection:
            return [_row(row) for row in (await connection.execute(query)).all()]

    async def page(self, text: str, cursor: Cursor | None, *, is_open: bool | None, limit: int = PAGE) -> Page[Job]:
        """The newest first. is_open: None: open and closed."""
        table, query = schema.jobs, _QUERY
        if text:
            query = query.where(holds_words(table.c.search_key, text))
        if is_open is not None:
            query = query.where(table.c.is_open.is_(is_open))
        return await read_page(self._database, query, Order(table.c.created_at, table.c.id, True), cursor, _row, limit)

    async def counts(self, job_ids: Sequence[str], reviewer_id: str | None) -> Mapping[str, Mapping[str, int]]:
        """Job → status → how many interviews, of those that count and may be seen."""
        table = schema.interviews
        query = (
            sa.select(table.c.job_id, table.c.status, sa.func.count().label("n"))
            .where(table.c.job_id.in_(job_ids), visible(reviewer_id))
            .group_by(table.c.job_id, table.c.status)
        )
        found: dict[str, dict[str, int]] = {id_: {} for id_ in job_ids}
        async with self._database.read() as connection:
            for row in (await connection.execute(query)).all():
                found[row.job_id][row.status] = row.n
        return found

    async def _update(self, job_id: str, values: Mapping[str, Any]) -> None:
        table = schema.jobs
        async with self._database.begin() as connection:
            changed = await connection.execute(table.update().where(table.c.id == _id(job_id)).values(**values))
            if changed.rowcount != 1:
                raise UserError("job_unknown", status=404)


_QUERY = sa.select(schema.jobs)


def _id(text: str) -> str:
    """PostgreSQL refuses to look for a NUL."""
    return text if text.isalnum() else ""


def _named(title: str, department: str) -> dict[str, str]:
    title, department = " ".join(title.split()), " ".join(department.split())
    if not title or not title.isprintable():
        raise UserError("job_title_missing", field="title")
    if len(title) > LONGEST_TITLE:
        raise UserError("job_title_long", field="title", params={"length": str(LONGEST_TITLE)})
    if len(department) > LONGEST_DEPARTMENT or not department.isprintable():
        raise UserError("name_long", field="department", params={"length": str(LONGEST_DEPARTMENT)})
    return {"title": title, "department": department, "search_key": search_key(title, department)}


def _row(row: sa.Row[Any]) -> Job:
    return Job(row.id, row.title, row.department, row.flow_id, row.is_open, row.created_at)
