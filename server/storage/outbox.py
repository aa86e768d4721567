"""What must leave the house: rows written with the events that cause them, claimed by the worker that posts them."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from server.storage import schema
from server.storage.database import Database, Prepared

LONGEST_ERROR = 500
BUILTIN = "builtin"
"""The destination that is always there: the company's endpoint of the settings, or the server's own."""


@dataclass(frozen=True, slots=True)
class OutboxMessage:
    """One message to deliver at least once. id: the webhook id, the receiver's idempotency key.

    Of an interview, of an application or of both. destination: a connection's id, or "builtin".
    """

    id: str
    interview_id: str | None
    type: str
    body: Mapping[str, Any]
    application_id: str | None = None
    destination: str = BUILTIN

    @property
    def stream(self) -> str:
        """What keeps its order on the way: everything of one application, else of one interview."""
        return self.application_id or self.interview_id or self.id


@dataclass(frozen=True, slots=True)
class OutboxRow:
    """A claimed message. attempts: how often it was claimed before."""

    id: str
    destination: str
    stream: str
    interview_id: str | None
    application_id: str | None
    type: str
    body: Mapping[str, Any]
    created_at: datetime
    attempts: int


async def enqueue(connection: AsyncConnection, messages: Sequence[OutboxMessage], now: datetime) -> None:
    """Adds messages within the caller's transaction, due at once, behind the stream's earlier ones."""
    table = schema.outbox
    for message in messages:
        last = await connection.scalar(
            sa.select(sa.func.coalesce(sa.func.max(table.c.position), 0)).where(
                table.c.destination == message.destination, table.c.stream == message.stream
            )
        )
        await connection.execute(
            table.insert().values(
                id=message.id,
                destination=message.destination,
                stream=message.stream,
                position=(last or 0) + 1,
                interview_id=message.interview_id,
                application_id=message.application_id,
                type=message.type,
                body=await asyncio.to_thread(Prepared, dict(message.body)),
                created_at=now,
                attempts=0,
                next_attempt_at=now,
                dead=False,
            )
        )


class Outbox:
    """Claims, delivers, fails. Of each stream only the oldest open row can be claimed: order is kept."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def claim(self, now: datetime, limit: int = 10, lease_seconds: float = 60) -> list[OutboxRow]:
        """Takes due rows for lease_seconds: a worker that dies with them leaves them due again after that.

        PostgreSQL workers skip each other's rows (FOR UPDATE SKIP LOCKED); SQLite has one writer at a time.
        """
        table = schema.outbox
        query = (
            sa.select(table)
            .where(_open(), table.c.next_attempt_at <= now, ~_blocked())
            .order_by(table.c.next_attempt_at, table.c.id)
            .limit(limit)
        )
        if not self._database.is_sqlite:
            query = query.with_for_update(skip_locked=True, of=table)
        async with self._database.begin() as connection:
            rows = (await connection.execute(query)).all()
            for row in rows:
                await connection.execute(
                    table.update()
                    .where(table.c.id == row.id)
                    .values(
                        attempts=table.c.attempts + 1,
                        next_attempt_at=now + timedelta(seconds=lease_seconds),
                    )
                )
        return [_row(row) for row in rows]

    async def delivered(self, message_id: str, now: datetime) -> None:
        """The receiver has it."""
        await self._update(message_id, {"delivered_at": now, "last_error": None})

    async def failed(self, message_id: str, error: str, next_attempt_at: datetime | None) -> None:
        """Tries again at next_attempt_at; None gives the row up (it stays, marked dead)."""
        values: dict[str, Any] = {"last_error": error[:LONGEST_ERROR]}
        values |= {"dead": True} if next_attempt_at is None else {"next_attempt_at": next_attempt_at}
        await self._update(message_id, values)

    async def next_due(self) -> datetime | None:
        """When the next row that can be claimed is due; None when there is none."""
        async with self._database.read() as connection:
            found: datetime | None = await connection.scalar(
                sa.select(sa.func.min(schema.outbox.c.next_attempt_at, type_=schema.UtcDateTime())).where(
                    _open(), ~_blocked()
                )
            )
        return found

    async def waiting(self) -> int:
        """How many rows are neither delivered nor dead."""
        async with self._database.read() as connection:
            found = await connection.scalar(sa.select(sa.func.count()).select_from(schema.outbox).where(_open()))
        return found or 0

    async def dead(self) -> int:
        """How many rows were given up."""
        table = schema.outbox
        async with self._database.read() as connection:
            found = await connection.scalar(sa.select(sa.func.count()).select_from(table).where(table.c.dead))
        return found or 0

    async def _update(self, message_id: str, values: dict[str, Any]) -> None:
        async with self._database.begin() as connection:
            await connection.execute(schema.outbox.update().where(schema.outbox.c.id == message_id).values(**values))


def _row(row: sa.Row[Any]) -> OutboxRow:
    return OutboxRow(
        row.id,
        row.destination,
        row.stream,
        row.interview_id,
        row.application_id,
        row.type,
        row.body,
        row.created_at,
        row.attempts,
    )


def _open() -> sa.ColumnElement[bool]:
    return sa.and_(schema.outbox.c.delivered_at.is_(None), schema.outbox.c.dead.is_(False))


def _blocked() -> sa.ColumnElement[bool]:
    """Whether the stream has an earlier row that is still to be delivered."""
    earlier = schema.outbox.alias("earlier")
    return sa.exists().where(
        earlier.c.destination == schema.outbox.c.destination,
        earlier.c.stream == schema.outbox.c.stream,
        earlier.c.position < schema.outbox.c.position,
        earlier.c.delivered_at.is_(None),
        earlier.c.dead.is_(False),
    )
