"""Which application an interview belongs to; one that HR invited to by hand gets an application of its own."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from server.records.application_events import InterviewArranged, Step
from server.records.application_log import ApplicationLog, Conflict
from server.records.applications import Applications
from server.records.automation import ATTEMPTS
from server.records.commands import step_on
from server.storage import schema
from server.storage.database import Database
from server.storage.outbox import OutboxMessage

CONSOLE = "console"


async def application_of(database: Database, interview_id: str, now: datetime) -> str | None:
    """The application whose round it is; None for a trial, and for one that is for no job or of no candidate."""
    table = schema.interviews
    query = sa.select(table).where(table.c.id == interview_id, table.c.is_trial.is_(False))
    async with database.read() as connection:
        row = (await connection.execute(query)).one_or_none()
    if row is None:
        return None
    application_id: str | None = row.application_id
    if application_id is None:
        if row.candidate_id is None or row.job_id is None:
            return None
        application_id = await Applications(database).open_for(row.candidate_id, row.job_id, CONSOLE, now)
    await _adopt(ApplicationLog(database), application_id, interview_id, row.flow_id, now)
    return application_id


async def _adopt(log: ApplicationLog, application_id: str, interview_id: str, flow_id: str, now: datetime) -> None:
    for _ in range(ATTEMPTS):
        state = await log.state(application_id)
        if state.interview(interview_id) is not None:
            return
        round_ = state.next_round

        async def note(connection: AsyncConnection, round_: int = round_) -> Sequence[OutboxMessage]:
            table = schema.interviews
            values = {"application_id": application_id, "round": round_}
            await connection.execute(table.update().where(table.c.id == interview_id).values(**values))
            return ()

        bodies = [InterviewArranged(interview_id, round_, flow_id, CONSOLE), *step_on(state, Step.INVITED, CONSOLE)]
        try:
            await log.append(application_id, state.seq, bodies, at=now, within=note)
        except Conflict:
            continue
        return
    raise Conflict(f"application {application_id} moves on too fast")
