"""Two candidates who turn out to be one: everything of both stays, under one id, and the other id leads there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from server.records.application import ORDER
from server.records.application_events import Closed, Outcome, Step
from server.records.application_log import append_within, last_seq
from server.records.remote_ids import forget_who_brought
from server.storage import record_tables as tables
from server.storage import schema
from server.storage.identities import forget_said


@dataclass(frozen=True, slots=True)
class Doubled:
    """Both have an open application for one job: kept has come further, or as far and longer ago."""

    kept: str
    other: str


async def doubled(connection: AsyncConnection, candidate_id: str, other_id: str) -> Sequence[Doubled]:
    """Jobs for which both have an open application; at most one of the two can stay open once they are one person."""
    table = tables.applications
    query = (
        sa.select(table.c.id, table.c.job_id, table.c.step, table.c.created_at)
        .where(table.c.candidate_id.in_((candidate_id, other_id)), table.c.outcome.is_(None))
        .order_by(table.c.job_id, table.c.created_at, table.c.id)
    )
    by_job: dict[str, list[sa.Row[tuple[str, str, str, datetime]]]] = {}
    for row in (await connection.execute(query)).all():
        by_job.setdefault(row.job_id, []).append(row)
    pairs = [sorted(rows, key=lambda row: -ORDER.index(Step(row.step))) for rows in by_job.values() if len(rows) > 1]
    return [Doubled(first.id, second.id) for first, second in pairs]


async def join(connection: AsyncConnection, kept_id: str, gone_id: str, by: str, now: datetime) -> None:
    """Gives everything of the one to the other, within the caller's transaction; where both have an open application
    for a job, that which has come less far is closed as withdrawn, naming the other. by: who says that they are one.
    """
    people = schema.candidates
    # What is made for one of them this moment is there already, or waits and is made for who is kept.
    both = sa.select(people.c.id).where(people.c.id.in_((kept_id, gone_id))).order_by(people.c.id)
    await connection.execute(both.with_for_update())
    for pair in await doubled(connection, kept_id, gone_id):
        closed = Closed(Outcome.WITHDRAWN, by, f"duplicate of {pair.kept}")
        await append_within(connection, pair.other, await last_seq(connection, pair.other), [closed], at=now)
    for table in (tables.candidate_identities, tables.resumes, tables.applications, schema.interviews):
        await connection.execute(table.update().where(table.c.candidate_id == gone_id).values(candidate_id=kept_id))
    remote = tables.remote_ids
    await connection.execute(
        remote.update().where(remote.c.kind == "candidate", remote.c.local_id == gone_id).values(local_id=kept_id)
    )
    # Who brought the other has no say over where this one's letters go.
    await forget_who_brought(connection, gone_id)
    await forget_said(connection, kept_id)
    await _complete(connection, kept_id, gone_id)
    # Whoever led to the one that goes leads on at once: an alias is always one step long.
    await connection.execute(
        people.update()
        .where(sa.or_(people.c.id == gone_id, people.c.merged_into == gone_id))
        .values(merged_into=kept_id)
    )


async def _complete(connection: AsyncConnection, kept_id: str, gone_id: str) -> None:
    """What is not known of the one is taken from the other; an address belongs to one row only."""
    people = schema.candidates
    rows = (await connection.execute(sa.select(people).where(people.c.id.in_((kept_id, gone_id))))).all()
    kept, gone = sorted(rows, key=lambda row: bool(row.id != kept_id))
    await connection.execute(people.update().where(people.c.id == gone_id).values(email=None))
    missing = {
        name: gone._mapping[name]
        for name in ("email", "phone", "time_zone", "availability")
        if kept._mapping[name] is None and gone._mapping[name] is not None
    }
    if missing:
        await connection.execute(people.update().where(people.c.id == kept_id).values(**missing))
