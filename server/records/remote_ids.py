"""What other systems call our candidates, jobs, applications, interviews and follow-ups, and back."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from server.errors import UserError
from server.storage.database import Database
from server.storage.record_tables import remote_ids

CANDIDATE = "candidate"
JOB = "job"
COMPETENCY_MODEL = "competency_model"
APPLICATION = "application"
INTERVIEW = "interview"
FOLLOW_UP = "follow_up"
BROUGHT = "brought"
"""Which system brought a candidate: the remote id is our own. It alone, and people, say where letters go."""
LONGEST = 200


class RemoteIds:
    """Reads the map; `keep` writes it. system: a connection's id, or the system an API key stands for."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def local(self, system: str, kind: str, remote_id: str) -> str | None:
        """Our id, or None."""
        async with self._database.read() as connection:
            return await local_id(connection, system, kind, remote_id)

    async def remote(self, system: str, kind: str, local_id: str) -> str | None:
        """What the system calls it, or None. After a merging the id that was known first."""
        query = (
            sa.select(remote_ids.c.remote_id)
            .where(remote_ids.c.system == system, remote_ids.c.kind == kind, remote_ids.c.local_id == local_id)
            .order_by(remote_ids.c.created_at, remote_ids.c.remote_id)
            .limit(1)
        )
        async with self._database.read() as connection:
            found: str | None = await connection.scalar(query)
        return found

    async def everywhere(self, kind: str, local_id: str) -> Mapping[str, list[str]]:
        """System → what it calls this one, for HR's pages."""
        query = (
            sa.select(remote_ids.c.system, remote_ids.c.remote_id)
            .where(remote_ids.c.kind == kind, remote_ids.c.local_id == local_id)
            .order_by(remote_ids.c.system, remote_ids.c.created_at)
        )
        found: dict[str, list[str]] = {}
        async with self._database.read() as connection:
            for row in (await connection.execute(query)).all():
                found.setdefault(row.system, []).append(row.remote_id)
        return found

    async def forget_one_of_several(self, system: str, kind: str, remote_id: str, local_id: str) -> bool:
        """Whether the system knows ours by another id too; then this one is forgotten."""
        theirs = remote_ids.c.system == system, remote_ids.c.kind == kind, remote_ids.c.local_id == local_id
        this = remote_ids.c.remote_id == _checked(remote_id)
        async with self._database.begin() as connection:
            # Locked, so that of two that go at once one is left.
            found = await connection.scalars(sa.select(remote_ids.c.remote_id).where(*theirs).with_for_update())
            if set(found.all()) <= {remote_id}:
                return False
            await connection.execute(remote_ids.delete().where(*theirs, this))
        return True

    async def keep(self, system: str, kind: str, remote_id: str, local_id: str, now: datetime) -> str:
        """As the function, in a transaction of its own."""
        async with self._database.begin() as connection:
            return await keep(connection, system, kind, remote_id, local_id, now)


async def local_id(connection: AsyncConnection, system: str, kind: str, remote_id: str) -> str | None:
    """Our id for what the system calls this, or None, within the caller's transaction."""
    found: str | None = await connection.scalar(
        sa.select(remote_ids.c.local_id).where(
            remote_ids.c.system == system, remote_ids.c.kind == kind, remote_ids.c.remote_id == _checked(remote_id)
        )
    )
    return found


async def keep(
    connection: AsyncConnection, system: str, kind: str, remote_id: str, local_id_: str, now: datetime
) -> str:
    """Remembers what the system calls ours, within the caller's transaction; whose it is: who was first stays.

    Raises UserError remote_id_unfit for one that is empty, too long or holds a NUL.
    """
    insert = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
    values = {
        "system": system,
        "kind": kind,
        "remote_id": _checked(remote_id),
        "local_id": local_id_,
        "created_at": now,
    }
    await connection.execute(insert(remote_ids).values(**values).on_conflict_do_nothing())
    return await local_id(connection, system, kind, remote_id) or local_id_


async def brought_by(connection: AsyncConnection, system: str, candidate_ids: Collection[str]) -> Collection[str]:
    """Those of the candidates whom this system brought, within the caller's transaction."""
    theirs = remote_ids.c.system == system, remote_ids.c.kind == BROUGHT
    query = sa.select(remote_ids.c.local_id).where(*theirs, remote_ids.c.remote_id.in_(candidate_ids))
    return frozenset((await connection.scalars(query)).all())


async def forget_who_brought(connection: AsyncConnection, candidate_id: str) -> None:
    """From now on only people say where the candidate's letters go."""
    whose = remote_ids.c.kind == BROUGHT, remote_ids.c.local_id == candidate_id
    await connection.execute(remote_ids.delete().where(*whose))


def _checked(remote_id: str) -> str:
    if not 0 < len(remote_id) <= LONGEST or "\x00" in remote_id:
        raise UserError("remote_id_unfit", field="remote_id", params={"length": str(LONGEST)})
    return remote_id
