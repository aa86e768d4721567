"""The reminders table: what is still to be reminded of, and when; a row is taken by one process only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from server.mail.letter import Appointment, LetterKind
from server.mail.reminder_plan import plan
from server.storage.record_tables import reminders

OF_APPOINTMENT = (LetterKind.DAY_BEFORE, LetterKind.HOUR_BEFORE)


@dataclass(frozen=True, slots=True)
class Due:
    """A reminder whose time has come."""

    interview_id: str
    kind: LetterKind
    due_at: datetime


async def plan_reminders(
    connection: AsyncConnection,
    interview_id: str,
    now: datetime,
    expires_at: datetime,
    appointment: Appointment | None,
    *,
    anew: bool = False,
) -> None:
    """Writes down what is to come, in the caller's transaction; what was planned and not sent is forgotten.

    anew: with a new link. Otherwise only the appointment changed, and the link's reminders are not sent a second time.
    """
    wanted = plan(now, expires_at, appointment)
    sent = sa.select(reminders.c.kind).where(reminders.c.interview_id == interview_id, reminders.c.sent_at.isnot(None))
    again = set(LetterKind) if anew else set(OF_APPOINTMENT)
    done = set() if anew else {kind for kind in await connection.scalars(sent) if kind not in again}
    await connection.execute(
        reminders.delete().where(
            reminders.c.interview_id == interview_id,
            sa.or_(reminders.c.sent_at.is_(None), reminders.c.kind.in_([kind.value for kind in again])),
        )
    )
    rows = [
        {"interview_id": interview_id, "kind": kind.value, "due_at": due_at, "sent_at": None}
        for kind, due_at in wanted.items()
        if kind not in done
    ]
    if rows:
        insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
        # Somebody else may be planning the same at this moment.
        await connection.execute(insert(reminders).on_conflict_do_nothing(), rows)


async def forget_reminders(connection: AsyncConnection, interview_id: str) -> int:
    """None is sent any more; how many were still to come. Of several who do so at once one gets the number."""
    forgotten = await connection.execute(
        reminders.delete().where(reminders.c.interview_id == interview_id, reminders.c.sent_at.is_(None))
    )
    return forgotten.rowcount


async def take_due(connection: AsyncConnection, now: datetime) -> Due | None:
    """The oldest that is due, marked as sent in the caller's transaction; other processes do not get it."""
    query = (
        sa.select(reminders)
        .where(reminders.c.sent_at.is_(None), reminders.c.due_at <= now)
        .order_by(reminders.c.due_at, reminders.c.interview_id)
        .limit(1)
    )
    if connection.dialect.name == "postgresql":
        query = query.with_for_update(skip_locked=True)
    row = (await connection.execute(query)).one_or_none()
    if row is None:
        return None
    await connection.execute(
        reminders.update()
        .where(reminders.c.interview_id == row.interview_id, reminders.c.kind == row.kind)
        .values(sent_at=now)
    )
    return Due(row.interview_id, LetterKind(row.kind), row.due_at)
