"""What has been finished: the newest interviews and whether their reports have arrived."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa

from server.storage import schema
from server.storage.database import Database
from server.storage.interview_list import visible


class DeliveryState(StrEnum):
    """How far a report is on its way to the HR system."""

    DELIVERED = "delivered"
    WAITING = "waiting"
    RETRYING = "retrying"
    DEAD = "dead"


@dataclass(frozen=True, slots=True)
class Delivery:
    """The last report of an interview. error: of the last attempt, empty when there was none."""

    state: DeliveryState
    attempts: int
    delivered_at: datetime | None
    next_attempt_at: datetime
    error: str


@dataclass(frozen=True, slots=True)
class FinishedInterview:
    """One line of the list. delivery: None when no report was written."""

    id: str
    candidate_name: str
    flow_id: str
    completed_at: datetime
    delivery: Delivery | None


async def finished(database: Database, reviewer_id: str | None, limit: int = 20) -> list[FinishedInterview]:
    """Completed interviews, the last completed first, without trials. reviewer_id: only what is assigned to them."""
    table = schema.interviews
    query = (
        sa.select(table.c.id, table.c.candidate_name, table.c.flow_id, table.c.completed_at)
        .where(table.c.completed_at.is_not(None), visible(reviewer_id))
        .order_by(table.c.completed_at.desc())
        .limit(limit)
    )
    async with database.read() as connection:
        rows = (await connection.execute(query)).all()
    found = await deliveries(database, [row.id for row in rows])
    return [
        FinishedInterview(row.id, row.candidate_name, row.flow_id, row.completed_at, found.get(row.id)) for row in rows
    ]


async def deliveries(database: Database, interview_ids: Sequence[str]) -> dict[str, Delivery]:
    """The last outbox row of each of these interviews that has one."""
    table = schema.outbox
    query = sa.select(table).where(table.c.interview_id.in_(interview_ids)).order_by(table.c.position)
    async with database.read() as connection:
        rows = (await connection.execute(query)).all()
    return {
        row.interview_id: Delivery(
            state=_state(row.delivered_at, row.dead, row.last_error),
            attempts=row.attempts,
            delivered_at=row.delivered_at,
            next_attempt_at=row.next_attempt_at,
            error=row.last_error or "",
        )
        for row in rows
    }


def _state(delivered_at: datetime | None, dead: bool, error: str | None) -> DeliveryState:
    if delivered_at is not None:
        return DeliveryState.DELIVERED
    if dead:
        return DeliveryState.DEAD
    return DeliveryState.RETRYING if error else DeliveryState.WAITING
