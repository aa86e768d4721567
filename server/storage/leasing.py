"""What outbox and inbox have in common: leases of rows, and a clock that was set back."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from zlib import crc32

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from server.storage.database import Database

LEASE_SECONDS = 60.0
MOST_LOST = 5
"""Claims in a row whose worker was killed, behind which a row is given up: it may be what kills the workers.

Below that they count as no try: deploys and crashes for other reasons bring nothing nearer to its end.
"""
SET_BACK = timedelta(minutes=5)
"""How far the clocks of nodes may be apart; what was decided later than that from now was so by another clock."""
CHECK_CLOCK_EVERY = timedelta(minutes=1)
"""How often a worker looks whether the clock was set back."""


class ClockCheck:
    """When a worker looks whether the clock was set back: at once, then every CHECK_CLOCK_EVERY by that clock."""

    def __init__(self) -> None:
        self._at: datetime | None = None

    def is_due(self, now: datetime) -> bool:
        """Whether to look now; if so, it counts as done."""
        if self._at and abs(now - self._at) < CHECK_CLOCK_EVERY:
            return False
        self._at = now
        return True


def lease_until(now: datetime, lease_seconds: float, name: str, lost: int) -> datetime:
    """The longer and the wider apart the more often its worker was killed.

    What kills workers is so tried on its own soon, and draws nobody else into it. name: of the row.
    """
    share = crc32(f"{name} {lost}".encode()) / 0xFFFFFFFF
    return now + timedelta(seconds=lease_seconds * (1 + min(lost, MOST_LOST) * share))


async def read_body(text: str) -> Any:
    """A JSON column's value off the event loop: several megabytes take their time."""
    return await asyncio.to_thread(json.loads, text)


async def begin_anew(
    database: Database,
    table: sa.Table,
    ended: sa.Column[datetime],
    again: sa.ColumnElement[bool],
    condition: sa.ColumnElement[bool],
    now: datetime,
) -> int:
    """Makes rows due now, as if never tried; how many. again: which of those that are over; what waits is too.

    ended: the column with the time of rows that are done with. condition: what was asked for.
    """
    # What is under way just now is left to it.
    waits = sa.and_(ended.is_(None), table.c.dead.is_(False), table.c.last_error.is_not(None), table.c.lost == 0)
    anew = {"dead": False, "attempts": 0, "lost": 0, "last_error": None, "next_attempt_at": now, "set_at": now}
    update = table.update().where(sa.or_(again, waits), condition).values({**anew, ended.name: None})
    async with database.begin() as connection:
        return (await connection.execute(update)).rowcount


async def due_again_after_set_back(
    database: Database, table: sa.Table, written: sa.Column[datetime], is_open: sa.ColumnElement[bool], now: datetime
) -> int:
    """Brings forward the open rows that were set by a clock that was more than SET_BACK ahead of `now`; how many.

    They would wait for hours else. Only by a lease's length from now: one of them may be under way. written: the column
    with the time of rows that nobody has touched yet.
    """
    ahead = sa.and_(is_open, sa.func.coalesce(table.c.set_at, written, type_=written.type) > now + SET_BACK)
    async with database.read() as connection:
        if (await connection.execute(sa.select(sa.literal(1)).where(sa.exists().where(ahead)))).first() is None:
            return 0
    anew = {"next_attempt_at": now + timedelta(seconds=LEASE_SECONDS), "set_at": now}
    async with database.begin() as connection:
        return (await connection.execute(table.update().where(ahead).values(**anew))).rowcount


async def lease(
    connection: AsyncConnection,
    table: sa.Table,
    key: Sequence[str],
    rows: Sequence[sa.Row[Any]],
    now: datetime,
    s: float,
) -> list[datetime]:
    """Claims rows within the caller's transaction; until when each is. key: the columns that name one. s: seconds."""
    found = []
    for row in rows:
        its = row._mapping
        until = lease_until(now, s, " ".join(its[name] for name in key), its["lost"])
        leased = {"lost": table.c.lost + 1, "next_attempt_at": until, "set_at": now}
        await connection.execute(table.update().where(*(table.c[name] == its[name] for name in key)).values(leased))
        found.append(until)
    return found
