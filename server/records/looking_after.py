"""Which applications are looked at again: all of them in time, a few at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import sqlalchemy as sa

from server.storage import record_tables as tables
from server.storage.database import Database

AT_ONCE = 500
"""Applications of each sort that one round looks at."""
OVERLAP = timedelta(minutes=5)
"""What one round looks at again of the time before: what was decided then may have been committed since, or by a node
whose clock is a little behind."""


@dataclass(frozen=True, slots=True)
class Look:
    """How far the looking has come; each sort goes on behind its id. since, after: of those that came to their step.

    moved_since, after_moved: of those of which a follow-up moved; None: since the same time. after_stuck: of those that
    wait for something, round and round. after_any: of all that are open; None: not looked at any more, each was once.
    """

    since: datetime
    after: str = ""
    moved_since: datetime | None = None
    after_moved: str = ""
    after_stuck: str = ""
    after_any: str | None = None


def look_of_a_start(now: datetime) -> Look:
    """Of a server that starts: every open application once, however long ago another left it undone."""
    return Look(now - OVERLAP, after_any="")


async def to_look_at(database: Database, look: Look, now: datetime, limit: int = AT_ONCE) -> tuple[Sequence[str], Look]:
    """The open applications of the next round, each once, and how far the looking has come then."""
    table = tables.applications
    opened = sa.select(table.c.id, table.c.step_since).where(table.c.outcome.is_(None)).limit(limit)
    came = sa.or_(table.c.step_since > look.since, sa.and_(table.c.step_since == look.since, table.c.id > look.after))
    moves = tables.follow_ups
    moved_at, moved_since = sa.func.max(moves.c.updated_at), look.moved_since or look.since
    moved_behind = sa.or_(moved_at > moved_since, sa.and_(moved_at == moved_since, table.c.id > look.after_moved))
    of_moves = (
        sa.select(table.c.id, moved_at.label("moved_at"))
        .join(moves, moves.c.application_id == table.c.id)
        .where(table.c.outcome.is_(None), moves.c.updated_at >= moved_since)
        .group_by(table.c.id)
        .having(moved_behind)
        .order_by(moved_at, table.c.id)
        .limit(limit)
    )
    async with database.read() as connection:
        moved = (await connection.execute(of_moves)).all()
        lately = (await connection.execute(opened.where(came).order_by(table.c.step_since, table.c.id))).all()
        is_stuck = table.c.stuck.is_not(None), table.c.id > look.after_stuck
        stuck = (await connection.execute(opened.where(*is_stuck).order_by(table.c.id))).all()
        any_ = []
        if look.after_any is not None:
            query = opened.where(table.c.id > look.after_any).order_by(table.c.id)
            any_ = list((await connection.execute(query)).all())
    after = replace(
        look,
        since=lately[-1].step_since if len(lately) == limit else now - OVERLAP,
        after=lately[-1].id if len(lately) == limit else "",
        moved_since=moved[-1].moved_at if len(moved) == limit else now - OVERLAP,
        after_moved=moved[-1].id if len(moved) == limit else "",
        after_stuck=stuck[-1].id if len(stuck) == limit else "",
        after_any=any_[-1].id if len(any_) == limit else None,
    )
    return list(dict.fromkeys(row.id for row in (*lately, *moved, *stuck, *any_))), after
