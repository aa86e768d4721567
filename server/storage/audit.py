"""The trail of who did what in HR's console: ids and times, never what was said, named or decided."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from server.storage import schema
from server.storage.database import Database

PAGE = 100


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing done. user_id: an account's, "command" for the command line, empty: nobody who is known.

    subject: the id of what it was done to, may be empty. detail: ids, roles and numbers only.
    """

    id: int
    at: datetime
    user_id: str
    action: str
    subject: str
    detail: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is looked for; None and empty: whatever. until: not included. before: only entries older than this id."""

    since: datetime | None = None
    until: datetime | None = None
    user_id: str = ""
    action: str = ""
    subject: str = ""
    before: int | None = None


class Audit:
    """Written to and read; nothing here changes or removes an entry."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def note(
        self, action: str, *, by: str, now: datetime, subject: str = "", detail: Mapping[str, Any] | None = None
    ) -> None:
        """Writes one entry. detail: nothing personal."""
        async with self._database.begin() as connection:
            await connection.execute(
                schema.audit.insert().values(
                    at=now, user_id=by, action=action, subject=subject, detail=dict(detail or {})
                )
            )

    async def find(self, wanted: Wanted, limit: int = PAGE) -> list[Entry]:
        """The newest entries that fit, the newest first."""
        table = schema.audit
        query = sa.select(table).order_by(table.c.id.desc()).limit(limit)
        if wanted.since is not None:
            query = query.where(table.c.at >= wanted.since)
        if wanted.until is not None:
            query = query.where(table.c.at < wanted.until)
        if wanted.user_id:
            query = query.where(table.c.user_id == wanted.user_id)
        if wanted.action:
            query = query.where(table.c.action == wanted.action)
        if wanted.subject:
            query = query.where(table.c.subject == wanted.subject)
        if wanted.before is not None:
            query = query.where(table.c.id < wanted.before)
        async with self._database.read() as connection:
            rows = (await connection.execute(query)).all()
        return [Entry(row.id, row.at, row.user_id, row.action, row.subject, row.detail) for row in rows]

    async def actions(self) -> list[str]:
        """Every action that was ever noted."""
        query = sa.select(schema.audit.c.action).distinct().order_by(schema.audit.c.action)
        async with self._database.read() as connection:
            return list((await connection.scalars(query)).all())
