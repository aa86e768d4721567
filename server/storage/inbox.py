"""What has come in and is worked off later: each event once, claimed by a worker, tried again, given up at last."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from server.storage.database import Database, Prepared
from server.storage.leasing import LEASE_SECONDS, begin_anew, due_again_after_set_back, lease, read_body
from server.storage.record_tables import inbox

INTERVIEWS = "interviews"
"""The source of what our own interviews tell the records."""
LONGEST_EVENT_ID = 200
LONGEST_TYPE = 60
LONGEST_ERROR = 500


@dataclass(frozen=True, slots=True)
class InboxItem:
    """A claimed event. source: a connection's id or INTERVIEWS. attempts: tries before that came to an end.

    leased_until: which no other claim of it has. lost: claims in a row before this one whose worker was killed.
    """

    source: str
    event_id: str
    type: str
    body: Mapping[str, Any]
    received_at: datetime
    attempts: int
    leased_until: datetime
    lost: int


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

    async def claim(self, now: datetime, limit: int = 10, lease_seconds: float = LEASE_SECONDS) -> list[InboxItem]:
        """Takes due items for lease_seconds, in the order they came; see `Outbox.claim`."""
        query = (
            sa.select(*_CLAIMED)
            .where(_open(), inbox.c.next_attempt_at <= now)
            .order_by(inbox.c.received_at, inbox.c.event_id)
            .limit(limit)
        )
        if not self.database.is_sqlite:
            query = query.with_for_update(skip_locked=True)
        async with self.database.begin() as connection:
            rows = (await connection.execute(query)).all()
            leases = await lease(connection, inbox, ("source", "event_id"), rows, now, lease_seconds)
        return [_item(row, await read_body(row.text), until) for row, until in zip(rows, leases, strict=True)]

    async def mend_set_back(self, now: datetime) -> int:
        """As `Outbox.mend_set_back`."""
        return await due_again_after_set_back(self.database, inbox, inbox.c.received_at, _open(), now)

    async def is_due(self, now: datetime) -> bool:
        """Whether there is something to claim; needs no turn of writing."""
        query = sa.select(inbox.c.source).where(_open(), inbox.c.next_attempt_at <= now).limit(1)
        async with self.database.read() as connection:
            return (await connection.execute(query)).first() is not None

    async def processed(self, item: InboxItem, now: datetime) -> None:
        """The records know it."""
        values = {"processed_at": now, "last_error": None, "lost": 0, "attempts": inbox.c.attempts + 1}
        async with self.database.begin() as connection:
            await connection.execute(inbox.update().where(*_is(item.source, item.event_id)).values(**values))

    async def failed(
        self, item: InboxItem, error: str, next_attempt_at: datetime | None, now: datetime, *, is_try: bool = True
    ) -> None:
        """Tries again at next_attempt_at; None gives it up (it stays, marked dead). is_try: False: it counts as none.

        Changes nothing when another worker has claimed the item since.
        """
        values: dict[str, Any] = {"last_error": error[:LONGEST_ERROR], "lost": 0}
        values |= {"dead": True} if next_attempt_at is None else {"next_attempt_at": next_attempt_at, "set_at": now}
        if is_try:
            values["attempts"] = inbox.c.attempts + 1
        ours = *_is(item.source, item.event_id), _open(), inbox.c.next_attempt_at == item.leased_until
        async with self.database.begin() as connection:
            await connection.execute(inbox.update().where(*ours).values(**values))

    async def replay(self, condition: sa.ColumnElement[bool], now: datetime) -> int:
        """Works off once more what was given up or set aside and meets the condition on the table; how many items.

        What waits for its next try is tried now.
        """
        return await begin_anew(self.database, inbox, inbox.c.processed_at, inbox.c.dead, condition, now)

    async def set_aside(self, condition: sa.ColumnElement[bool], now: datetime) -> int:
        """A person wants no more of what was given up or waits for its next try; how many items."""
        is_left = sa.or_(inbox.c.dead, sa.and_(inbox.c.last_error.is_not(None), inbox.c.lost == 0))
        aside = inbox.update().where(is_left, inbox.c.processed_at.is_(None), condition)
        async with self.database.begin() as connection:
            return (await connection.execute(aside.values(dead=True, processed_at=now))).rowcount

    async def waiting(self) -> int:
        """How many items are neither worked off nor dead."""
        async with self.database.read() as connection:
            return await connection.scalar(sa.select(sa.func.count()).select_from(inbox).where(_open())) or 0

    async def dead(self) -> int:
        """How many items were given up, and nobody has set aside."""
        query = sa.select(sa.func.count()).select_from(inbox).where(inbox.c.dead, inbox.c.processed_at.is_(None))
        async with self.database.read() as connection:
            return await connection.scalar(query) or 0


def _open() -> sa.ColumnElement[bool]:
    return sa.and_(inbox.c.processed_at.is_(None), inbox.c.dead.is_(False))


def _is(source: str, event_id: str) -> tuple[sa.ColumnElement[bool], ...]:
    return inbox.c.source == source, inbox.c.event_id == event_id


_CLAIMED = (
    *(column for column in inbox.c if column.name != "body"),
    # Read off the event loop.
    sa.cast(inbox.c.body, sa.Text).label("text"),
)


def _item(row: sa.Row[Any], body: Mapping[str, Any], leased_until: datetime) -> InboxItem:
    return InboxItem(row.source, row.event_id, row.type, body, row.received_at, row.attempts, leased_until, row.lost)
