"""What must leave the house: rows written with the events that cause them, claimed by the worker that posts them."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from server.storage import schema
from server.storage.database import Database, Prepared
from server.storage.leasing import LEASE_SECONDS, begin_anew, due_again_after_set_back, lease, read_body
from server.storage.record_tables import connections, deliveries

LONGEST_ERROR = 500
BUILTIN = "builtin"
"""The destination that is always there: the company's endpoint of the settings, or the server's own."""
SUBSCRIBED = "*"
"""No destination: each connection that is on and wants the type gets a row of its own, the built-in one its reports."""
BUILTIN_TYPES = frozenset({"report.ready", "report.updated"})


@dataclass(frozen=True, slots=True)
class OutboxMessage:
    """One message to deliver at least once. id: the webhook id, the receiver's idempotency key.

    Of an interview, of an application or of both. destination: a connection's id, "builtin", or SUBSCRIBED; of the rows
    that this one makes only the built-in's, or that of a named destination, has this very id.
    """

    id: str
    interview_id: str | None
    type: str
    body: Mapping[str, Any]
    application_id: str | None = None
    destination: str = SUBSCRIBED

    @property
    def stream(self) -> str:
        """What keeps its order on the way: everything of one interview, else of one application."""
        return self.interview_id or self.application_id or self.id


@dataclass(frozen=True, slots=True)
class OutboxRow:
    """A claimed message. attempts: tries before that came to an end. leased_until: which no other claim of it has.

    lost: claims in a row before this one whose worker was killed.
    """

    id: str
    destination: str
    stream: str
    interview_id: str | None
    application_id: str | None
    type: str
    body: Mapping[str, Any]
    created_at: datetime
    attempts: int
    leased_until: datetime
    lost: int = 0


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt, as HR's delivery log has it. status: HTTP, None: none came. error: empty: it was delivered."""

    at: datetime
    duration_ms: int
    status: int | None
    error: str


async def enqueue(connection: AsyncConnection, messages: Sequence[OutboxMessage], now: datetime) -> None:
    """Adds messages within the caller's transaction, due at once, behind the stream's earlier ones."""
    wanting: Mapping[str, Sequence[str]] | None = None
    for message in messages:
        if message.destination != SUBSCRIBED:
            await _add(connection, message, message.destination, message.id, now)
            continue
        if wanting is None:
            wanting = await _wanting(connection)
        if message.type in BUILTIN_TYPES:
            await _add(connection, message, BUILTIN, message.id, now)
        for connection_id, types in wanting.items():
            if message.type in types:
                await _add(connection, message, connection_id, f"msg_{uuid.uuid4().hex}", now)


async def _wanting(connection: AsyncConnection) -> Mapping[str, Sequence[str]]:
    """Connections that are on → the types they are sent.

    One that was switched off by itself counts: nobody has decided that it shall miss what happens meanwhile.
    """
    wanted = sa.or_(connections.c.is_on, connections.c.off_because.is_not(None))
    query = sa.select(connections.c.id, connections.c.subscriptions).where(wanted)
    return {row.id: row.subscriptions for row in (await connection.execute(query.order_by(connections.c.id))).all()}


async def _add(
    connection: AsyncConnection, message: OutboxMessage, destination: str, row_id: str, now: datetime
) -> None:
    table = schema.outbox
    if connection.dialect.name == "postgresql":
        # An application and its interview write into one stream, each in its own transaction: one after the other.
        lock = sa.func.hashtextextended(f"{destination} {message.stream}", 0)
        await connection.execute(sa.select(sa.func.pg_advisory_xact_lock(lock)))
    last = await connection.scalar(
        sa.select(sa.func.coalesce(sa.func.max(table.c.position), 0)).where(
            table.c.destination == destination, table.c.stream == message.stream
        )
    )
    await connection.execute(
        table.insert().values(
            id=row_id,
            destination=destination,
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
    """Claims, delivers, fails. Of each stream to one destination only the oldest open row can be claimed."""

    def __init__(self, database: Database) -> None:
        self.database = database

    async def destinations_due(self, now: datetime) -> list[str]:
        """Where something could be sent now."""
        table = schema.outbox
        # One row of each is enough: a hundred thousand may wait for a destination that is off.
        opened = sa.select(table.c.destination).where(_open()).distinct().subquery("opened")
        theirs = table.c.destination == opened.c.destination
        is_due = sa.exists().where(theirs, _open(), table.c.next_attempt_at <= now, ~_blocked())
        query = sa.select(opened.c.destination).where(is_due)
        async with self.database.read() as connection:
            return sorted((await connection.scalars(query)).all())

    async def claim(
        self, now: datetime, limit: int = 10, lease_seconds: float = LEASE_SECONDS, destination: str | None = None
    ) -> list[OutboxRow]:
        """Takes due rows for lease_seconds: a worker that dies with them leaves them due again after that, or later.

        destination: None: any. PostgreSQL workers skip each other's rows (FOR UPDATE SKIP LOCKED); SQLite has one
        writer at a time.
        """
        table = schema.outbox
        query = (
            sa.select(*_CLAIMED)
            .where(_open(), table.c.next_attempt_at <= now, ~_blocked())
            .order_by(table.c.next_attempt_at, table.c.id)
            .limit(limit)
        )
        if destination is not None:
            query = query.where(table.c.destination == destination)
        if not self.database.is_sqlite:
            query = query.with_for_update(skip_locked=True, of=table)
        async with self.database.begin() as connection:
            rows = (await connection.execute(query)).all()
            leases = await lease(connection, table, ("id",), rows, now, lease_seconds)
        return [_row(row, await read_body(row.text), until) for row, until in zip(rows, leases, strict=True)]

    async def mend_set_back(self, now: datetime) -> int:
        """Lets nothing wait for a time that a clock ahead of this one has set; how many rows did."""
        return await due_again_after_set_back(self.database, schema.outbox, schema.outbox.c.created_at, _open(), now)

    async def delivered(self, message_id: str, now: datetime) -> None:
        """The receiver has it."""
        async with self.database.begin() as connection:
            await note_delivered(connection, message_id, now)

    async def failed(self, message_id: str, error: str, next_attempt_at: datetime | None) -> None:
        """Tries again at next_attempt_at; None gives the row up (it stays, marked dead)."""
        async with self.database.begin() as connection:
            await note_failed(connection, message_id, error, next_attempt_at, now=None)

    async def replay(self, condition: sa.ColumnElement[bool], now: datetime) -> int:
        """Sends again, under the same ids, what was delivered or given up and meets the condition; how many rows.

        What waits for its next try is tried now. condition: on schema.outbox, such as ids or a destination.
        """
        table = schema.outbox
        over = sa.or_(table.c.delivered_at.is_not(None), table.c.dead)
        return await begin_anew(self.database, table, table.c.delivered_at, over, condition, now)

    async def next_due(self) -> datetime | None:
        """When the next row that can be claimed is due; None when there is none."""
        async with self.database.read() as connection:
            found: datetime | None = await connection.scalar(
                sa.select(sa.func.min(schema.outbox.c.next_attempt_at, type_=schema.UtcDateTime())).where(
                    _open(), ~_blocked()
                )
            )
        return found

    async def waiting(self) -> int:
        """How many rows are neither delivered nor dead."""
        return await self._count(_open())

    async def dead(self) -> int:
        """How many rows were given up."""
        return await self._count(schema.outbox.c.dead.is_(True))

    async def _count(self, condition: sa.ColumnElement[bool]) -> int:
        async with self.database.read() as connection:
            return await connection.scalar(sa.select(sa.func.count(schema.outbox.c.id)).where(condition)) or 0


async def note_delivered(connection: AsyncConnection, message_id: str, now: datetime) -> None:
    """The receiver has it, whoever else tries meanwhile. Within the caller's transaction."""
    table = schema.outbox
    values = {"delivered_at": now, "dead": False, "last_error": None, "lost": 0, "attempts": table.c.attempts + 1}
    await connection.execute(table.update().where(table.c.id == message_id).values(**values))


async def note_failed(
    connection: AsyncConnection,
    message_id: str,
    error: str,
    next_attempt_at: datetime | None,
    *,
    now: datetime | None,
    claim: datetime | None = None,
) -> bool:
    """As `Outbox.failed`, within the caller's transaction; whether it counts.

    claim: the leased_until of what has failed; when another worker has claimed the row since, or delivered it, that
    counts. now: None: not told, and a clock that is set back later is not noticed.
    """
    table = schema.outbox
    values: dict[str, Any] = {"last_error": error[:LONGEST_ERROR], "lost": 0, "attempts": table.c.attempts + 1}
    values |= {"dead": True} if next_attempt_at is None else {"next_attempt_at": next_attempt_at, "set_at": now}
    ours = sa.true() if claim is None else sa.and_(table.c.next_attempt_at == claim, _open())
    changed = await connection.execute(table.update().where(table.c.id == message_id, ours).values(**values))
    return changed.rowcount == 1


async def note_attempt(connection: AsyncConnection, row: OutboxRow, attempt: Attempt) -> None:
    """Writes one attempt into the delivery log, within the caller's transaction."""
    values = {
        "outbox_id": row.id,
        "destination": row.destination,
        "at": attempt.at,
        "duration_ms": attempt.duration_ms,
        "status": attempt.status,
        "error": attempt.error[:LONGEST_ERROR],
    }
    await connection.execute(deliveries.insert().values(**values))


_CLAIMED = (
    *(column for column in schema.outbox.c if column.name != "body"),
    # Read off the event loop.
    sa.cast(schema.outbox.c.body, sa.Text).label("text"),
)


def _row(row: sa.Row[Any], body: Mapping[str, Any], leased_until: datetime) -> OutboxRow:
    interview_id, application_id = row.interview_id, row.application_id
    made, tries, lost = row.created_at, row.attempts, row.lost
    return OutboxRow(
        row.id,
        row.destination,
        row.stream,
        interview_id,
        application_id,
        row.type,
        body,
        made,
        tries,
        leased_until,
        lost,
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
