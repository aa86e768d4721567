"""What an interview tells the outside and HR's records, written with the events that it tells of."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from server.storage import schema
from server.storage.inbox import INTERVIEWS, put
from server.storage.outbox import OutboxMessage, enqueue

INVITED = "interview.invited"
MILESTONES = "interview."
"""How the types of what happens on the way begin; reports are told as a whole."""
NOT_FOR_RECORDS = ("answers", "marks", "feedback", "recording", "probes")
"""What a report says in the candidate's words or at length: the records need none of it, and keep no copy."""


@dataclass(frozen=True, slots=True)
class About:
    """Whose interview it is. is_trial: nothing is told of it."""

    interview_id: str
    is_trial: bool
    candidate_id: str | None
    job_id: str | None
    application_id: str | None

    @property
    def has_records(self) -> bool:
        """Whether it is part of an application, or makes one: somebody's interview for a job."""
        return bool(self.application_id or (self.candidate_id and self.job_id))


async def tell(
    connection: AsyncConnection, interview_id: str, messages: Sequence[OutboxMessage], now: datetime
) -> None:
    """Adds messages of a kept interview to outbox and inbox, in the caller's transaction."""
    if not messages:
        return
    table = schema.interviews
    query = sa.select(table.c.id, table.c.is_trial, table.c.candidate_id, table.c.job_id, table.c.application_id)
    row = (await connection.execute(query.where(table.c.id == interview_id))).one()
    await _tell(connection, About(*row), messages, now)


async def tell_invited(
    connection: AsyncConnection, made: Sequence[tuple[About, Mapping[str, Any]]], now: datetime
) -> None:
    """interview.invited of new interviews, each with what is said of it beside its ids; in the caller's transaction."""
    for about, said in made:
        await _tell(connection, about, [milestone(about.interview_id, INVITED, said, now)], now)


def milestone(interview_id: str, type_: str, said: Mapping[str, Any], at: datetime) -> OutboxMessage:
    """One message; its candidate, job and application are added when it is told."""
    data = {"interview_id": interview_id, "at": at.isoformat(), **said}
    return OutboxMessage(
        id=f"msg_{uuid.uuid4().hex}",
        interview_id=interview_id,
        type=type_,
        body={"type": type_, "timestamp": at.isoformat(), "data": data},
    )


async def _tell(connection: AsyncConnection, about: About, messages: Sequence[OutboxMessage], now: datetime) -> None:
    if about.is_trial:
        return
    told = [_completed(message, about) for message in messages]
    await enqueue(connection, told, now)
    if not about.has_records:
        return
    for place, message in enumerate(told):
        # What happened at once is worked off in its order.
        at = now + timedelta(microseconds=place)
        await put(connection, INTERVIEWS, message.id, message.type, _for_records(message.body), at)


def _completed(message: OutboxMessage, about: About) -> OutboxMessage:
    if not message.type.startswith(MILESTONES):
        return replace(message, application_id=about.application_id)
    ids = {
        "application_id": about.application_id,
        "candidate_id": about.candidate_id,
        "job_id": about.job_id,
    }
    body = {**message.body, "data": {**message.body["data"], **ids}}
    return replace(message, application_id=about.application_id, body=body)


def _for_records(body: Mapping[str, Any]) -> dict[str, Any]:
    data = body.get("data") or {}
    return {**body, "data": {key: value for key, value in data.items() if key not in NOT_FOR_RECORDS}}
