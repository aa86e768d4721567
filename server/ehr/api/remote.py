"""What the caller's system calls ours: many at once, for lists."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import sqlalchemy as sa

from server.ehr.api.declaring import Call
from server.keys import DATABASE
from server.storage.record_tables import remote_ids


async def remote_ids_of(call: Call, kind: str, ids: Collection[str]) -> Mapping[str, str]:
    """Our id → the caller's, of those it has one for; the first known where there are several."""
    query = (
        sa.select(remote_ids.c.local_id, remote_ids.c.remote_id)
        .where(remote_ids.c.system == call.key.system, remote_ids.c.kind == kind, remote_ids.c.local_id.in_(list(ids)))
        .order_by(remote_ids.c.created_at.desc(), remote_ids.c.remote_id.desc())
    )
    async with call.app[DATABASE].read() as connection:
        return {row.local_id: row.remote_id for row in (await connection.execute(query)).all()}
