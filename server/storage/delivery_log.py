"""What went out, to whom, and how each attempt ended: read for HR's delivery log."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from server.errors import UserError
from server.storage import schema
from server.storage.database import Database
from server.storage.paging import Cursor, Order, Page, read_page
from server.storage.record_tables import deliveries

MOST_ATTEMPTS = 100
"""Of one message that are shown; the schedule of attempts holds far fewer, replays come on top."""


class State(StrEnum):
    """How far a message is. RETRYING: at least one attempt has failed and another will follow."""

    WAITING = "waiting"
    RETRYING = "retrying"
    DELIVERED = "delivered"
    DEAD = "dead"


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which messages; empty: all. about: an interview's or an application's id. Days are UTC, both included."""

    destination: str = ""
    state: str = ""
    type: str = ""
    about: str = ""
    since: date | None = None
    until: date | None = None


@dataclass(frozen=True, slots=True)
class LoggedMessage:
    """One line: everything but what the message says. error: of the last attempt, empty when none has failed."""

    id: str
    destination: str
    type: str
    interview_id: str | None
    application_id: str | None
    created_at: datetime
    attempts: int
    next_attempt_at: datetime
    delivered_at: datetime | None
    state: State
    error: str


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt. status: HTTP, None when no answer came. error: empty: it was delivered."""

    at: datetime
    duration_ms: int
    status: int | None
    error: str


@dataclass(frozen=True, slots=True)
class Standing:
    """What is not delivered to one destination. oldest: when the first of those that wait was written."""

    waiting: int = 0
    retrying: int = 0
    dead: int = 0
    oldest: datetime | None = None


class DeliveryLog:
    """Reads; writes nothing."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def page(self, wanted: Wanted, cursor: Cursor | None) -> Page[LoggedMessage]:
        """The newest first."""
        table = schema.outbox
        query = sa.select(*_COLUMNS).where(*conditions(wanted))
        return await read_page(self._database, query, Order(table.c.created_at, table.c.id, True), cursor, _row)

    async def message(self, message_id: str) -> tuple[LoggedMessage, Mapping[str, Any]]:
        """One message and its body. Raises UserError message_unknown (404)."""
        table = schema.outbox
        query = sa.select(*_COLUMNS, table.c.body).where(table.c.id == (message_id if message_id.isprintable() else ""))
        async with self._database.read() as connection:
            found = (await connection.execute(query)).one_or_none()
        if found is None:
            raise UserError("message_unknown", status=404)
        return _row(found), found.body

    async def attempts(self, message_id: str) -> Sequence[Attempt]:
        """The last first."""
        query = sa.select(deliveries).where(deliveries.c.outbox_id == message_id)
        async with self._database.read() as connection:
            rows = (await connection.execute(query.order_by(deliveries.c.id.desc()).limit(MOST_ATTEMPTS))).all()
        return [Attempt(row.at, row.duration_ms, row.status, row.error) for row in rows]

    async def standings(self) -> Mapping[str, Standing]:
        """Destination → what is not delivered there; destinations that have everything are left out."""
        table = schema.outbox
        tried = table.c.last_error.is_not(None)
        query = (
            sa.select(
                table.c.destination,
                table.c.dead,
                tried.label("tried"),
                sa.func.count().label("n"),
                sa.func.min(table.c.created_at, type_=schema.UtcDateTime()).label("oldest"),
            )
            .where(table.c.delivered_at.is_(None))
            .group_by(table.c.destination, table.c.dead, tried)
        )
        found: dict[str, Standing] = {}
        async with self._database.read() as connection:
            rows = (await connection.execute(query)).all()
        for row in rows:
            former = found.get(row.destination, Standing())
            if row.dead:
                found[row.destination] = Standing(former.waiting, former.retrying, former.dead + row.n, former.oldest)
                continue
            found[row.destination] = Standing(
                former.waiting + (0 if row.tried else row.n),
                former.retrying + (row.n if row.tried else 0),
                former.dead,
                min(former.oldest or row.oldest, row.oldest),
            )
        return found

    async def last_delivered(self) -> Mapping[str, datetime]:
        """Destination → when something last arrived there."""
        table = schema.outbox
        latest = sa.func.max(table.c.delivered_at, type_=schema.UtcDateTime())
        query = sa.select(table.c.destination, latest.label("at")).where(table.c.delivered_at.is_not(None))
        async with self._database.read() as connection:
            rows = (await connection.execute(query.group_by(table.c.destination))).all()
        return {row.destination: row.at for row in rows}

    async def types(self) -> Sequence[str]:
        """Every message type there is."""
        query = sa.select(schema.outbox.c.type).distinct().order_by(schema.outbox.c.type)
        async with self._database.read() as connection:
            return list((await connection.scalars(query)).all())


def conditions(wanted: Wanted) -> list[sa.ColumnElement[bool]]:
    """What a row of the outbox has to meet to be wanted."""
    table = schema.outbox
    found: list[sa.ColumnElement[bool]] = []
    if wanted.destination:
        found.append(table.c.destination == wanted.destination)
    if wanted.state:
        found.append(_in_state(wanted.state))
    if wanted.type:
        found.append(table.c.type == wanted.type)
    if wanted.about:
        found.append(sa.or_(table.c.interview_id == wanted.about, table.c.application_id == wanted.about))
    if wanted.since is not None:
        found.append(table.c.created_at >= _midnight(wanted.since))
    if wanted.until is not None and wanted.until < date.max:
        found.append(table.c.created_at < _midnight(wanted.until + timedelta(days=1)))
    return found


def _in_state(state: str) -> sa.ColumnElement[bool]:
    table = schema.outbox
    is_open = sa.and_(table.c.delivered_at.is_(None), table.c.dead.is_(False))
    match state:
        case State.DELIVERED:
            return table.c.delivered_at.is_not(None)
        case State.DEAD:
            return table.c.dead.is_(True)
        case State.WAITING:
            return sa.and_(is_open, table.c.last_error.is_(None))
        case State.RETRYING:
            return sa.and_(is_open, table.c.last_error.is_not(None))
        case _:
            return sa.true()


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


_COLUMNS = tuple(column for column in schema.outbox.c if column.name not in ("body", "stream", "position"))


def _row(row: sa.Row[Any]) -> LoggedMessage:
    if row.delivered_at is not None:
        state = State.DELIVERED
    elif row.dead:
        state = State.DEAD
    else:
        state = State.RETRYING if row.last_error else State.WAITING
    return LoggedMessage(
        row.id,
        row.destination,
        row.type,
        row.interview_id,
        row.application_id,
        row.created_at,
        row.attempts,
        row.next_attempt_at,
        row.delivered_at,
        state,
        row.last_error or "",
    )
