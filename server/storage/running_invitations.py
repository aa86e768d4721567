"""Who has been invited and can still take part."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime

import sqlalchemy as sa

from server.storage import schema
from server.storage.database import Database


async def running_invitations(
    database: Database, emails: Collection[str], now: datetime
) -> Mapping[tuple[str, str], datetime]:
    """(address, job or else flow) → when they were invited, of interviews that are not over and whose link has not
    expired unused; emails: in lower case."""
    if not emails:
        return {}
    table, links = schema.interviews, schema.invitations
    query = (
        sa.select(table.c.candidate_email, table.c.job_id, table.c.flow_id, table.c.created_at)
        .join(links, links.c.interview_id == table.c.id)
        .where(
            table.c.candidate_email.in_(emails),
            table.c.completed_at.is_(None),
            table.c.is_trial.is_(False),
            table.c.status != "cancelled",
            sa.or_(links.c.redeemed_at.is_not(None), links.c.expires_at > now),
        )
        .order_by(table.c.created_at)
    )
    async with database.read() as connection:
        rows = (await connection.execute(query)).all()
    return {(row.candidate_email, row.job_id or row.flow_id): row.created_at for row in rows}
