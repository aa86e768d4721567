"""What has come in and is not in the records: read for HR's list of it, without what it says."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from server.storage.database import Database
from server.storage.paging import Cursor, Order, Page, read_page
from server.storage.record_tables import inbox


class ReceivedState(StrEnum):
    """How far an event is. RETRYING: it has failed and is tried again. ASIDE: a person wants no more of it."""

    WAITING = "waiting"
    RETRYING = "retrying"
    DEAD = "dead"
    ASIDE = "aside"


@dataclass(frozen=True, slots=True)
class ReceivedItem:
    """One event. source: a connection's id, or "interviews". error: a code, empty when it has not failed."""

    source: str
    event_id: str
    type: str
    received_at: datetime
    attempts: int
    next_attempt_at: datetime
    state: ReceivedState
    error: str


async def received_page(
    database: Database, source: str, state: str, cursor: Cursor | None, limit: int = 50
) -> Page[ReceivedItem]:
    """What is not in the records, the newest first; what was set aside only when it is asked for. Empty: all."""
    columns = (column for column in inbox.c if column.name != "body")
    query = sa.select(*columns).where(_in_state(state), sa.true() if not source else inbox.c.source == source)
    # Events of two systems may have the same id, and one page ends between them only at the very same time.
    order = Order(inbox.c.received_at, inbox.c.event_id, True)
    return await read_page(database, query, order, cursor, _row, limit)


async def sources_left(database: Database) -> dict[str, int]:
    """Source → how many of its events were given up, and nobody has set aside."""
    query = sa.select(inbox.c.source, sa.func.count().label("n")).where(_in_state(ReceivedState.DEAD))
    async with database.read() as connection:
        return {row.source: row.n for row in (await connection.execute(query.group_by(inbox.c.source))).all()}


def _in_state(state: str) -> sa.ColumnElement[bool]:
    is_open = sa.and_(inbox.c.processed_at.is_(None), inbox.c.dead.is_(False))
    match state:
        case ReceivedState.WAITING:
            return sa.and_(is_open, inbox.c.last_error.is_(None))
        case ReceivedState.RETRYING:
            return sa.and_(is_open, inbox.c.last_error.is_not(None))
        case ReceivedState.DEAD:
            return sa.and_(inbox.c.processed_at.is_(None), inbox.c.dead.is_(True))
        case ReceivedState.ASIDE:
            return sa.and_(inbox.c.processed_at.is_not(None), inbox.c.dead.is_(True))
        case _:
            return inbox.c.processed_at.is_(None)


def _row(row: sa.Row[Any]) -> ReceivedItem:
    if row.dead:
        state = ReceivedState.DEAD if row.processed_at is None else ReceivedState.ASIDE
    else:
        state = ReceivedState.RETRYING if row.last_error else ReceivedState.WAITING
    return ReceivedItem(
        row.source,
        row.event_id,
        row.type,
        row.received_at,
        row.attempts,
        row.next_attempt_at,
        state,
        row.last_error or "",
    )
