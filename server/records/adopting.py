"""Which application an interview belongs to; one that HR invited to by hand gets an application of its own."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from server.records.application_events import InterviewArranged, Step
from server.records.application_log import Conflict, append_within, state_within
from server.records.applications import open_within
from server.records.automation import ATTEMPTS
from server.records.commands import step_on
from server.storage import schema
from server.storage.database import Database

CONSOLE = "console"


async def application_of(database: Database, interview_id: str, now: datetime) -> str | None:
    """The application whose round it is; None for a trial, and for one that is for no job or of no candidate."""
    table = schema.interviews
    query = sa.select(table).where(table.c.id == interview_id, table.c.is_trial.is_(False))
    async with database.read() as connection:
        # Most often nothing is to be written.
        row = (await connection.execute(query)).one_or_none()
        known: str | None = row.application_id if row is not None else None
        if row is None or (known and (await state_within(connection, known)).interview(interview_id) is not None):
            return known
    for _ in range(ATTEMPTS):
        try:
            async with database.begin() as connection:
                row = (await connection.execute(query)).one_or_none()
                return await _adopted(connection, row, now) if row is not None else None
        except (Conflict, IntegrityError):
            continue
    raise Conflict(f"interview {interview_id}: its application moves on too fast")


async def _adopted(connection: AsyncConnection, row: sa.Row[Any], now: datetime) -> str | None:
    """In one transaction: an application that was opened for an interview is never seen without it, so that no rule
    orders it another one."""
    application_id: str | None = row.application_id
    if application_id is None:
        if row.candidate_id is None or row.job_id is None:
            return None
        application_id = await open_within(connection, row.candidate_id, row.job_id, CONSOLE, now)
    state = await state_within(connection, application_id)
    if state.interview(row.id) is None:
        table, round_ = schema.interviews, state.next_round
        values = {"application_id": application_id, "round": round_}
        await connection.execute(table.update().where(table.c.id == row.id).values(**values))
        arranged = InterviewArranged(row.id, round_, row.flow_id, CONSOLE, row.completed_at)
        bodies = [arranged, *step_on(state, Step.INVITED, CONSOLE)]
        await append_within(connection, application_id, state.seq, bodies, at=now)
    return application_id
