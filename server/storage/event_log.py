"""The append-only list of each interview's events: the truth everything else is folded from."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from question_flows.model import Language
from server.interview.events import (
    AnswerSkipped,
    AnswerSubmitted,
    EventBody,
    InterviewCompleted,
    InterviewEvent,
    InterviewInvited,
    QuestionAsked,
    RoundEnded,
    decode,
    encode,
)
from server.interview.hr_events import HandedOver, InterviewEnded
from server.storage import schema
from server.storage.database import Database, Prepared
from server.storage.outbox import OutboxMessage
from server.storage.search_key import search_key
from server.storage.telling import About, tell, tell_invited


class Conflict(Exception):
    """Somebody else has appended since: read the log again and decide anew. Nothing was written."""


@dataclass(frozen=True, slots=True)
class InterviewRow:
    """What lists need to know of an interview without folding its log."""

    id: str
    flow_id: str
    flow_version: int
    language: Language
    jurisdiction: str
    candidate_name: str
    candidate_email: str
    created_at: datetime
    completed_at: datetime | None
    candidate_id: str | None
    job_id: str | None
    is_trial: bool
    status: str
    total: float | None
    decision: str | None


@dataclass(frozen=True, slots=True)
class NewInterview:
    """An interview to be made. candidate_id, job_id, application_id: of those tables, or None. round: from 1."""

    id: str
    body: InterviewInvited
    candidate_email: str
    candidate_id: str | None = None
    job_id: str | None = None
    is_trial: bool = False
    application_id: str | None = None
    round: int = 1


@dataclass(frozen=True, slots=True)
class Listed:
    """What lists show of an interview after an event: its status, the machine's total so far, people's decision."""

    status: str
    total: float | None
    decision: str | None


class EventLog:
    """Reads and appends. An append is one transaction; when it returns, it is on disk."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def create(
        self,
        connection: AsyncConnection,
        interview_id: str,
        body: InterviewInvited,
        *,
        candidate_email: str,
        now: datetime,
    ) -> InterviewEvent:
        """Makes an interview with its first event, within the caller's transaction."""
        return (await self.create_all(connection, [NewInterview(interview_id, body, candidate_email)], now=now))[0]

    async def create_all(
        self, connection: AsyncConnection, interviews: Sequence[NewInterview], *, now: datetime
    ) -> list[InterviewEvent]:
        """Makes interviews with the first event of each, within the caller's transaction; the events, in order.

        Raises IntegrityError when an id is taken.
        """
        await connection.execute(schema.interviews.insert(), [_new_row(one, now) for one in interviews])
        events = [InterviewEvent(seq=1, at=now, clock_ms=0, body=one.body) for one in interviews]
        rows = [_rows_of(one.id, [event])[0] for one, event in zip(interviews, events, strict=True)]
        await connection.execute(schema.events.insert(), rows)
        await tell_invited(connection, [_invited(one) for one in interviews], now)
        return events

    async def append(
        self,
        interview_id: str,
        after_seq: int,
        bodies: Sequence[tuple[int, EventBody]],
        *,
        at: datetime,
        outbox: Sequence[OutboxMessage] = (),
        listed: Callable[[Sequence[InterviewEvent]], Listed | None] = lambda events: None,
    ) -> list[InterviewEvent]:
        """Appends (clock_ms, body) pairs behind after_seq, in one transaction with what they tell.

        outbox: told to connected systems and to the records; nothing of a trial is. listed: what these events change in
        lists, None: nothing. Raises Conflict when after_seq is not the last's.
        """
        events = [
            InterviewEvent(seq=after_seq + place, at=at, clock_ms=clock_ms, body=body)
            for place, (clock_ms, body) in enumerate(bodies, start=1)
        ]
        try:
            async with self._database.begin() as connection:
                await _check_last(connection, interview_id, after_seq)
                await _insert(connection, interview_id, events)
                if any(isinstance(event.body, InterviewCompleted) for event in events):
                    table = schema.interviews
                    await connection.execute(table.update().where(table.c.id == interview_id).values(completed_at=at))
                if (shown := listed(events)) is not None:
                    await _list(connection, interview_id, shown)
                await tell(connection, interview_id, outbox, at)
        except IntegrityError as error:
            raise Conflict(f"interview {interview_id}: event {after_seq + 1} exists already") from error
        return events

    async def read(self, interview_id: str, after_seq: int = 0) -> list[InterviewEvent]:
        """The events behind after_seq, in order; empty for an unknown interview."""
        table = schema.events
        query = (
            sa.select(
                table.c.seq,
                table.c.at,
                table.c.clock_ms,
                table.c.type,
                # As text: a long log is parsed in a thread.
                sa.type_coerce(table.c.data, sa.String()).label("data"),
            )
            .where(table.c.interview_id == interview_id, table.c.seq > after_seq)
            .order_by(table.c.seq)
        )
        async with self._database.read() as connection:
            rows = (await connection.execute(query)).all()
        return await asyncio.to_thread(_events_of, rows)

    async def last_seq(self, interview_id: str) -> int:
        """The last event's number; 0 for an unknown interview."""
        async with self._database.read() as connection:
            return await _last_seq(connection, interview_id)

    async def unsettled(self, before: datetime) -> list[str]:
        """Interviews whose every asked question is closed, with no report yet and no event since `before`.

        Also those that a person ended or took over, whatever was open. Not those whose candidate rests between two
        rounds: nothing is to be done for them.
        """
        events, interviews = schema.events, schema.interviews
        asked, closed, ended = (
            sa.func.sum(sa.case((events.c.type.in_([body.__name__ for body in bodies]), 1), else_=0))
            for bodies in ((QuestionAsked,), (AnswerSubmitted, AnswerSkipped), (HandedOver, InterviewEnded))
        )
        last_question, last_rest = (
            sa.func.max(sa.case((events.c.type == body.__name__, events.c.seq), else_=0))
            for body in (QuestionAsked, RoundEnded)
        )
        query = (
            sa.select(events.c.interview_id)
            .join(interviews, interviews.c.id == events.c.interview_id)
            .where(interviews.c.completed_at.is_(None))
            .group_by(events.c.interview_id)
            .having(
                sa.or_(sa.and_(asked > 0, asked == closed, last_rest < last_question), ended > 0),
                sa.func.max(events.c.at, type_=schema.UtcDateTime()) < before,
            )
        )
        async with self._database.read() as connection:
            return list((await connection.scalars(query)).all())

    async def row(self, interview_id: str) -> InterviewRow | None:
        """One interview's row, or None."""
        table = schema.interviews
        async with self._database.read() as connection:
            found = (await connection.execute(sa.select(table).where(table.c.id == interview_id))).one_or_none()
        return _row(found) if found is not None else None

    async def rows(self, limit: int = 200) -> list[InterviewRow]:
        """The newest interviews first."""
        table = schema.interviews
        query = sa.select(table).order_by(table.c.created_at.desc(), table.c.id).limit(limit)
        async with self._database.read() as connection:
            return [_row(found) for found in (await connection.execute(query)).all()]


def _new_row(one: NewInterview, now: datetime) -> dict[str, Any]:
    return {
        "id": one.id,
        "flow_id": one.body.flow_id,
        "flow_version": one.body.flow_version,
        "language": one.body.language.value,
        "jurisdiction": one.body.jurisdiction,
        "candidate_name": one.body.candidate_name,
        "candidate_email": one.candidate_email,
        "created_at": now,
        "candidate_id": one.candidate_id,
        "job_id": one.job_id,
        "is_trial": one.is_trial,
        "application_id": one.application_id,
        "round": one.round,
        "search_key": search_key(one.body.candidate_name, one.candidate_email),
    }


def _invited(one: NewInterview) -> tuple[About, dict[str, Any]]:
    about = About(one.id, one.is_trial, one.candidate_id, one.job_id, one.application_id)
    return about, {"flow_id": one.body.flow_id, "language": one.body.language.value, "round": one.round}


async def _list(connection: AsyncConnection, interview_id: str, shown: Listed) -> None:
    table = schema.interviews
    values = {"status": shown.status, "total": shown.total, "decision": shown.decision}
    await connection.execute(table.update().where(table.c.id == interview_id).values(values))


async def _check_last(connection: AsyncConnection, interview_id: str, after_seq: int) -> None:
    last = await _last_seq(connection, interview_id)
    if last != after_seq:
        raise Conflict(f"interview {interview_id}: last event is {last}, not {after_seq}")


async def _last_seq(connection: AsyncConnection, interview_id: str) -> int:
    table = schema.events
    last = await connection.scalar(sa.select(sa.func.max(table.c.seq)).where(table.c.interview_id == interview_id))
    return last or 0


async def _insert(connection: AsyncConnection, interview_id: str, events: Sequence[InterviewEvent]) -> None:
    await connection.execute(schema.events.insert(), await asyncio.to_thread(_rows_of, interview_id, events))


def _rows_of(interview_id: str, events: Sequence[InterviewEvent]) -> list[dict[str, Any]]:
    return [
        {
            "interview_id": interview_id,
            "seq": event.seq,
            "at": event.at,
            "clock_ms": event.clock_ms,
            "type": event.type,
            "data": Prepared(encode(event.body)),
        }
        for event in events
    ]


def _events_of(rows: Sequence[sa.Row[Any]]) -> list[InterviewEvent]:
    return [InterviewEvent(row.seq, row.at, row.clock_ms, decode(row.type, _parsed(row.data))) for row in rows]


def _parsed(data: str | dict[str, Any]) -> dict[str, Any]:
    """asyncpg parses JSON on its own; SQLite gives text."""
    parsed: dict[str, Any] = json.loads(data) if isinstance(data, str) else data
    return parsed


def _row(found: sa.Row[tuple[object, ...]]) -> InterviewRow:
    values = {one.name: found._mapping[one.name] for one in fields(InterviewRow)}
    return InterviewRow(**{**values, "language": Language(values["language"])})
