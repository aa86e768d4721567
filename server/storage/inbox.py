"""What has come in and is worked off later: each event once, claimed by a worker, tried again, given up at last."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from server.storage.database import Database, Prepared
from server.storage.record_tables import inbox

INTERVIEWS = "interviews"
"""The source of what our own interviews tell the records."""
LONGEST_EVENT_ID = 200
LONGEST_TYPE = 60
LONGEST_ERROR = 500


@dataclass(frozen=True, slots=True)
class InboxItem:
    """A claimed event. source: a connection's id or INTERVIEWS. attempts: how often it was claimed before."""

    source: str
    event_id: str
    type: str
    body: Mapping[str, Any]
    received_at: datetime
    attempts: int


async def put(
    connection: AsyncConnection, source: str, event_id: str, type_: str, body: Mapping[str, Any], now: datetime
) -> bool:
    """Keeps the event within the caller's transaction, due at once; False when it is known, and nothing changes."""
    insert = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
    statement = insert(inbox).values(
        source=source,
        event_id=event_id,
        type=type_,
        body=await asyncio.to_thread(Prepared, dict(body)),
        received_at=now,
        attempts=0,
        next_attempt_at=now,
        dead=False,
    )
    result = await connection.execute(statement.on_conflict_do_nothing())
    return result.rowcount == 1


class Inbox:
    """Keeps and hands out what has come in."""

    def __init__(self, database: Database) -> None:
        self.database = database

    async def put(self, source: str, event_id: str, type_: str, body: Mapping[str, Any], now: datetime) -> bool:
        """Keeps the event for good; False when it is known, and nothing changes.

        event_id: unique within the source, LONGEST_EVENT_ID characters at most; type_: LONGEST_TYPE.
        """
        async with self.database.begin() as connection:
            return await put(connection, source, event_id, type_, body, now)

    async def claim(self, now: datetime, limit: int = 10, lease_seconds: float = 60) -> list[InboxItem]:
        """Takes due items for lease_seconds, in the order they came; see `Outbox.claim`."""
        query = (
            sa.select(inbox)
            .where(_open(), inbox.c.next_attempt_at <= now)
            .order_by(inbox.c.received_at, inbox.c.event_id)
            .limit(limit)
        )
        if not self.database.is_sqlite:
            query = query.with_for_update(skip_locked=True)
        async with self.database.begin() as connection:
            rows = (await connection.execute(query)).all()
            for row in rows:
                leased = {
                    "attempts": inbox.c.attempts + 1,
                    "next_attempt_at": now + timedelta(seconds=lease_seconds),
                }
                await connection.execute(inbox.update().where(*_is(row.source, row.event_id)).values(leased))
        return [_item(row) for row in rows]

    async def is_due(self, now: datetime) -> bool:
        """Whether there is something to claim; needs no turn of writing."""
        query = sa.select(inbox.c.source).where(_open(), inbox.c.next_attempt_at <= now).limit(1)
        async with self.database.read() as connection:
            return (await connection.execute(query)).first() is not None

    async def processed(self, item: InboxItem, now: datetime) -> None:
        """The records know it."""
        await self._update(item, {"processed_at": now, "last_error": None})

    async def failed(self, item: InboxItem, error: str, next_attempt_at: datetime | None) -> None:
        """Tries again at next_attempt_at; None gives it up (it stays, marked dead)."""
        values: dict[str, Any] = {"last_error": error[:LONGEST_ERROR]}
        values |= {"dead": True} if next_attempt_at is None else {"next_attempt_at": next_attempt_at}
        await self._update(item, values)

    async def replay(self, condition: sa.ColumnElement[bool], now: datetime) -> int:
        """Works off once more what was given up and meets the condition on the table; how many items."""
        anew = {"dead": False, "attempts": 0, "last_error": None, "next_attempt_at": now}
        async with self.database.begin() as connection:
            result = await connection.execute(inbox.update().where(inbox.c.dead, condition).values(**anew))
        return result.rowcount

    async def waiting(self) -> int:
        """How many items are neither worked off nor dead."""
        async with self.database.read() as connection:
            return await connection.scalar(sa.select(sa.func.count()).select_from(inbox).where(_open())) or 0

    async def dead(self) -> int:
        """How many items were given up."""
        async with self.database.read() as connection:
            return await connection.scalar(sa.select(sa.func.count()).select_from(inbox).where(inbox.c.dead)) or 0

    async def _update(self, item: InboxItem, values: dict[str, Any]) -> None:
        async with self.database.begin() as connection:
            await connection.execute(inbox.update().where(*_is(item.source, item.event_id)).values(**values))


def _open() -> sa.ColumnElement[bool]:
    return sa.and_(inbox.c.processed_at.is_(None), inbox.c.dead.is_(False))


def _is(source: str, event_id: str) -> tuple[sa.ColumnElement[bool], ...]:
    return inbox.c.source == source, inbox.c.event_id == event_id


def _item(row: sa.Row[Any]) -> InboxItem:
    return InboxItem(row.source, row.event_id, row.type, row.body, row.received_at, row.attempts)
