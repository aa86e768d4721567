"""Tells connected systems that a person is erased here: ids only, so that nothing of the person is kept for it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from server.records.messages import message
from server.storage.erasure import Whole, parts
from server.storage.outbox import enqueue
from server.storage.record_tables import connections, remote_ids

CANDIDATE_ERASED = "candidate.erased"


async def tell_erased(connection: AsyncConnection, candidate_id: str, them: Whole, now: datetime) -> list[str]:
    """Puts a message to each connection that is on and wants it; their ids. Before `erase`, in its transaction.

    data: candidate_id, merged_ids (of candidates who were merged into them), remote_ids: kind -> what that system calls
    theirs. An id that is an address or a name is left out: the message stays in the delivery log when the person is
    gone.
    """
    query = sa.select(connections.c.id, connections.c.subscriptions).where(connections.c.is_on)
    rows = (await connection.execute(query.order_by(connections.c.id))).all()
    wanting = [row.id for row in rows if CANDIDATE_ERASED in row.subscriptions]
    for id_ in wanting:
        data = {
            "candidate_id": candidate_id,
            "merged_ids": sorted(set(them.candidates) - {candidate_id}),
            "remote_ids": await _called(connection, id_, them),
        }
        await enqueue(connection, [message(CANDIDATE_ERASED, data, now, destination=id_)], now)
    return wanting


async def _called(connection: AsyncConnection, system: str, them: Whole) -> Mapping[str, list[str]]:
    ours = [*them.candidates, *them.applications, *them.interviews, *them.follow_ups]
    found: dict[str, list[str]] = {}
    for some in parts(ours):
        query = sa.select(remote_ids.c.kind, remote_ids.c.remote_id).where(
            remote_ids.c.system == system, remote_ids.c.local_id.in_(some)
        )
        for row in (await connection.execute(query.order_by(remote_ids.c.kind, remote_ids.c.remote_id))).all():
            if not them.is_told_by(row.remote_id):
                found.setdefault(row.kind, []).append(row.remote_id)
    return found
