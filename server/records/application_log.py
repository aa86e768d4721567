"""The append-only list of each application's events, written with everything that follows from them or not at all."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from server.errors import UserError
from server.interview.state import Status
from server.records.application import ApplicationState, apply, fold, is_beyond
from server.records.application_events import (
    BY_INTERVIEW,
    BY_RULE,
    ApplicationEvent,
    ApplicationEventBody,
    Applied,
    Closed,
    FollowUpMoved,
    FollowUpOrdered,
    FollowUpStatus,
    Step,
    StepReached,
    decode,
    encode,
)
from server.records.messages import steps_told
from server.storage import record_tables as tables
from server.storage.database import Database
from server.storage.event_log import Conflict
from server.storage.outbox import OutboxMessage, enqueue

__all__ = ["ApplicationLog", "Conflict", "Firing", "Within"]

Within = Callable[[AsyncConnection], Awaitable[Sequence[OutboxMessage]]]
"""What else is written in the same transaction, and what it wants sent."""

FOLLOW_UP_FAILED = "follow_up_failed"
INTERVIEW_CANCELLED = "interview_cancelled"


@dataclass(frozen=True, slots=True)
class Firing:
    """A rule that acts now; nobody can have it act again for this application at this step. reason: as RuleFired."""

    rule_id: str
    rule_version: int
    step: Step
    reason: dict[str, Any]


class ApplicationLog:
    """Reads and appends. An append is one transaction; when it returns, it is on disk."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def read(self, application_id: str) -> list[ApplicationEvent]:
        """All events in order; empty for an unknown application."""
        async with self._database.read() as connection:
            return await _read(connection, application_id)

    async def state(self, application_id: str) -> ApplicationState:
        """Where it stands. Raises UserError application_unknown (404)."""
        events = await self.read(application_id)
        if not events:
            raise UserError("application_unknown", status=404)
        return fold(events)

    async def append(
        self,
        application_id: str,
        after_seq: int,
        bodies: Sequence[ApplicationEventBody],
        *,
        at: datetime,
        outbox: Sequence[OutboxMessage] = (),
        firings: Sequence[Firing] = (),
        within: Within | None = None,
    ) -> list[ApplicationEvent]:
        """Appends behind after_seq; with it what lists show, follow-ups, firings and messages, steps' among them.

        Raises Conflict when after_seq is not the last's, or one of the firings has happened. Nothing was written then.
        """
        try:
            async with self._database.begin() as connection:
                return await append_within(
                    connection, application_id, after_seq, bodies, at=at, outbox=outbox, firings=firings, within=within
                )
        except IntegrityError as error:
            raise Conflict(f"application {application_id}: somebody else has written") from error


async def append_within(
    connection: AsyncConnection,
    application_id: str,
    after_seq: int,
    bodies: Sequence[ApplicationEventBody],
    *,
    at: datetime,
    outbox: Sequence[OutboxMessage] = (),
    firings: Sequence[Firing] = (),
    within: Within | None = None,
) -> list[ApplicationEvent]:
    """As `append`, within the caller's transaction, which a Conflict or an IntegrityError must end."""
    _refuse_what_only_people_do(bodies)
    before = await _read(connection, application_id)
    if not before or before[-1].seq != after_seq:
        raise Conflict(f"application {application_id}: event {after_seq} is not the last")
    former = state = fold(before)
    events = [ApplicationEvent(place, at, body) for place, body in enumerate(bodies, start=after_seq + 1)]
    await _insert(connection, application_id, events)
    for event in events:
        state = apply(state, event)
    await _list(connection, application_id, state)
    await _keep_follow_ups(connection, application_id, events)
    await _keep_firings(connection, application_id, firings, at)
    more = await within(connection) if within is not None else ()
    told = steps_told(application_id, await _whose(connection, application_id), former, bodies, at)
    await enqueue(connection, [*told, *outbox, *more], at)
    return events


async def state_within(connection: AsyncConnection, application_id: str) -> ApplicationState:
    """Where it stands in the caller's transaction. Raises ValueError for an unknown application."""
    return fold(await _read(connection, application_id))


async def last_seq(connection: AsyncConnection, application_id: str) -> int:
    """The last event's number; 0 for an unknown application."""
    table = tables.application_events
    query = sa.select(sa.func.max(table.c.seq)).where(table.c.application_id == application_id)
    return await connection.scalar(query) or 0


async def begin(
    connection: AsyncConnection, application_id: str, candidate_id: str, job_id: str, source: str, now: datetime
) -> None:
    """The first event of an application whose row was just made, within the caller's transaction."""
    await _insert(connection, application_id, [ApplicationEvent(1, now, Applied(candidate_id, job_id, source))])


def stuck_because(state: ApplicationState) -> str | None:
    """Why it does not go on until a person acts: a blocked rule's name for it, or what was called off or has failed."""
    if not state.is_open:
        return None
    if state.blocked:
        return state.blocked[-1].because
    if state.interviews and state.interviews[-1].status == Status.CANCELLED and not is_beyond(state.step, Step.INVITED):
        return INTERVIEW_CANCELLED
    kinds = {one.kind: one for one in state.follow_ups}
    failed = any(one.status is FollowUpStatus.FAILED for one in kinds.values() if one.moved_at >= state.step_since)
    return FOLLOW_UP_FAILED if failed else None


def _refuse_what_only_people_do(bodies: Sequence[ApplicationEventBody]) -> None:
    for body in bodies:
        match body:
            case Closed(by=by) | StepReached(step=Step.OFFERED, by=by) if by == BY_INTERVIEW or by.startswith(BY_RULE):
                raise ValueError("only people close an application or offer")
            case _:
                pass


async def _read(connection: AsyncConnection, application_id: str) -> list[ApplicationEvent]:
    table = tables.application_events
    known = application_id if application_id.isalnum() else ""
    query = sa.select(table).where(table.c.application_id == known).order_by(table.c.seq)
    rows = (await connection.execute(query)).all()
    return [ApplicationEvent(row.seq, row.at, decode(row.type, row.data)) for row in rows]


async def _whose(connection: AsyncConnection, application_id: str) -> str:
    """The candidate, after every merging."""
    table = tables.applications
    query = sa.select(table.c.candidate_id).where(table.c.id == application_id)
    return str((await connection.execute(query)).scalar_one())


async def _insert(connection: AsyncConnection, application_id: str, events: Sequence[ApplicationEvent]) -> None:
    rows = [
        {
            "application_id": application_id,
            "seq": event.seq,
            "at": event.at,
            "type": event.type,
            "data": encode(event.body),
        }
        for event in events
    ]
    if rows:
        await connection.execute(tables.application_events.insert(), rows)


async def _list(connection: AsyncConnection, application_id: str, state: ApplicationState) -> None:
    table = tables.applications
    values = {
        "step": state.step.value,
        "step_since": state.step_since,
        "outcome": state.outcome.value if state.outcome else None,
        "total": state.total,
        "stuck": stuck_because(state),
    }
    await connection.execute(table.update().where(table.c.id == application_id).values(**values))


async def _keep_follow_ups(
    connection: AsyncConnection, application_id: str, events: Sequence[ApplicationEvent]
) -> None:
    table = tables.follow_ups
    for event in events:
        match event.body:
            case FollowUpOrdered() as body:
                await connection.execute(
                    table.insert().values(
                        id=body.follow_up_id,
                        application_id=application_id,
                        kind=body.kind.value,
                        connection_id=body.connection_id,
                        status=FollowUpStatus.ORDERED.value,
                        created_at=event.at,
                        updated_at=event.at,
                    )
                )
            case FollowUpMoved() as body:
                moved = {"status": body.status.value, "updated_at": event.at}
                await connection.execute(table.update().where(table.c.id == body.follow_up_id).values(**moved))
            case _:
                pass


async def _keep_firings(
    connection: AsyncConnection, application_id: str, firings: Sequence[Firing], at: datetime
) -> None:
    rows = [
        {
            "rule_id": one.rule_id,
            "rule_version": one.rule_version,
            "application_id": application_id,
            "step": one.step.value,
            "at": at,
            "reason": one.reason,
        }
        for one in firings
    ]
    if rows:
        await connection.execute(tables.firings.insert(), rows)
