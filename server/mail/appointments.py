"""The appointments table: one calendar entry for each interview, whose sequence rises with every change."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from server.mail.letter import Appointment
from server.storage.record_tables import appointments


@dataclass(frozen=True, slots=True)
class Kept:
    """An appointment that was made once. cancelled_at: None: it holds."""

    appointment: Appointment
    cancelled_at: datetime | None


async def read_appointment(connection: AsyncConnection, interview_id: str) -> Kept | None:
    """The interview's appointment, also one that was cancelled."""
    query = sa.select(appointments).where(appointments.c.interview_id == interview_id)
    row = (await connection.execute(query)).one_or_none()
    return Kept(_appointment(row), row.cancelled_at) if row else None


async def put_appointment(
    connection: AsyncConnection, interview_id: str, uid: str, starts_at: datetime, ends_at: datetime, time_zone: str
) -> Appointment:
    """Makes it or moves it, in the caller's transaction; two who do so at once get different sequences."""
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    values = {"starts_at": starts_at, "ends_at": ends_at, "time_zone": time_zone, "cancelled_at": None}
    made = insert(appointments).values(interview_id=interview_id, uid=uid, sequence=0, **values)
    changed = made.on_conflict_do_update(
        index_elements=["interview_id"], set_={**values, "sequence": appointments.c.sequence + 1}
    )
    return _appointment((await connection.execute(changed.returning(appointments))).one())


async def cancel_appointment(connection: AsyncConnection, interview_id: str, now: datetime) -> Appointment | None:
    """Takes it back, in the caller's transaction; None when there is none that holds."""
    changed = (
        appointments.update()
        .where(appointments.c.interview_id == interview_id, appointments.c.cancelled_at.is_(None))
        .values(sequence=appointments.c.sequence + 1, cancelled_at=now)
        .returning(appointments)
    )
    row = (await connection.execute(changed)).one_or_none()
    return _appointment(row) if row else None


def _appointment(row: sa.Row[Any]) -> Appointment:
    return Appointment(row.uid, row.sequence, row.starts_at, row.ends_at, row.time_zone)
