"""Writes down what came of an attempt: the log, the row, what was learned, and what the records must know; at once."""

from __future__ import annotations

import logging
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from server.delivery.connector import Sent
from server.delivery.kept_incoming import INCOMING, encode
from server.delivery.remote import keep_learned
from server.records.incoming import FollowUpReturned
from server.records.news import UNDELIVERED
from server.storage import inbox
from server.storage.database import Database
from server.storage.outbox import BUILTIN, Attempt, OutboxRow, note_attempt, note_delivered, note_failed
from server.storage.record_tables import connections

log = logging.getLogger(__name__)

FOLLOW_UP_ORDERED = "follow_up.ordered"
GONE = "gone"
"""Why a connection is off whose system wants nothing any more (HTTP 410)."""


async def record(
    database: Database, row: OutboxRow, sent: Sent, attempt: Attempt, again: datetime | None, now: datetime
) -> None:
    """One transaction. again: when it is sent again, of a failed one; None: it is a dead letter."""
    async with database.begin() as connection:
        await note_attempt(connection, row, attempt)
        # Also of a failed attempt: what its first calls have made there must be found by the next.
        await keep_learned(connection, row, sent.learned or {}, now)
        if sent.delivered:
            await note_delivered(connection, row.id, now)
            await _tell_records(connection, row, "sent", now)
            return
        counts = await note_failed(connection, row.id, sent.error, again, now=now, claim=row.leased_until)
        if again is None and counts:
            await _tell_records(connection, row, "failed", now)
        if sent.gone and row.destination != BUILTIN:
            await connection.execute(
                connections.update()
                .where(connections.c.id == row.destination, connections.c.is_on)
                .values(is_on=False, off_because=GONE)
            )
            log.error("a connection is switched off: its system wants nothing any more", extra={"id": row.destination})


async def _tell_records(connection: AsyncConnection, row: OutboxRow, status: str, now: datetime) -> None:
    """What was ordered of another system has got there, or will not by itself."""
    follow_up_id = (row.body.get("data") or {}).get("follow_up_id")
    if row.type != FOLLOW_UP_ORDERED or not isinstance(follow_up_id, str):
        return
    told = FollowUpReturned(follow_up_id, None, status, result="" if status == "sent" else UNDELIVERED)
    event_id = f"{row.id}:{status}:{row.leased_until.isoformat()}"
    await inbox.put(connection, row.destination, event_id, INCOMING, encode([told]), now)
