"""What a message speaks of, and what the connected system calls it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from server.storage import schema
from server.storage.database import Database
from server.storage.outbox import BUILTIN, OutboxRow
from server.storage.record_tables import remote_ids

KINDS = ("candidate", "job", "application", "interview", "follow_up")
LONGEST_REMOTE_ID = 200


async def remote_ids_of(database: Database, row: OutboxRow) -> Mapping[str, str]:
    """Kind → the destination's id, of everything the message speaks of that the system has one for."""
    if row.destination == BUILTIN:
        return {}
    async with database.read() as connection:
        ours = await local_ids_of(connection, row)
        if not ours:
            return {}
        query = sa.select(remote_ids.c.kind, remote_ids.c.remote_id).where(
            remote_ids.c.system == row.destination,
            sa.or_(*(sa.and_(remote_ids.c.kind == kind, remote_ids.c.local_id == ours[kind]) for kind in ours)),
        )
        # Of several (two candidates there who are one here) the last that came counts.
        found = (await connection.execute(query.order_by(remote_ids.c.created_at))).all()
    return {one.kind: one.remote_id for one in found}


async def keep_learned(connection: AsyncConnection, row: OutboxRow, learned: Mapping[str, str], now: datetime) -> None:
    """Remembers what the destination calls what the message speaks of, within the caller's transaction."""
    ours = await local_ids_of(connection, row)
    insert = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
    for kind, remote_id in learned.items():
        if kind in ours and 0 < len(remote_id) <= LONGEST_REMOTE_ID:
            statement = insert(remote_ids).values(
                system=row.destination, kind=kind, remote_id=remote_id, local_id=ours[kind], created_at=now
            )
            await connection.execute(statement.on_conflict_do_nothing())


async def local_ids_of(connection: AsyncConnection, row: OutboxRow) -> Mapping[str, str]:
    """Kind → our id, of what the message's own data, its interview and its application name."""
    data = row.body.get("data") or {}
    found = {kind: _named(data, kind) for kind in KINDS}
    found["interview"] = found["interview"] or row.interview_id
    found["application"] = found["application"] or row.application_id
    if found["interview"]:
        table = schema.interviews
        query = sa.select(table.c.candidate_id, table.c.job_id, table.c.application_id)
        about = (await connection.execute(query.where(table.c.id == found["interview"]))).one_or_none()
        if about is not None:
            found["candidate"] = found["candidate"] or about.candidate_id
            found["job"] = found["job"] or about.job_id
            found["application"] = found["application"] or about.application_id
    return {kind: id_ for kind, id_ in found.items() if id_}


def _named(data: Mapping[str, Any], kind: str) -> str | None:
    nested = data.get(kind)
    found = data.get(f"{kind}_id") or (nested.get("id") if isinstance(nested, Mapping) else None)
    return found if isinstance(found, str) else None
