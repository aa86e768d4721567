"""Ordering what others do for an application: an interview, a follow-up; each with its events in one transaction."""

from __future__ import annotations

import uuid
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from question_flows.model import Flow
from server.errors import UserError
from server.interview.events import InterviewEvent
from server.interview.inviting import AlreadyInvited, Invited, Wanted, checked, make
from server.records.application import ApplicationState, fold
from server.records.application_events import (
    ApplicationEvent,
    Applied,
    FollowUpKind,
    FollowUpOrdered,
    RuleBlocked,
)
from server.records.application_log import ApplicationLog, Conflict, append_within
from server.records.applications import Applications, open_within
from server.records.commands import arrange, step_on
from server.records.messages import FOLLOW_UP_ORDERED, follow_up_ordered, message
from server.records.orders import CannotAct, FollowUpOrder, InterviewOrder, Opening, OrderedInterview
from server.records.people import People
from server.records.remote_ids import APPLICATION, INTERVIEW, keep
from server.records.reported import competencies_of
from server.records.rules import STEP_OF, Action
from server.storage import schema
from server.storage.database import Database
from server.storage.event_log import EventLog
from server.storage.invitations import Invitations
from server.storage.jobs import Jobs
from server.storage.outbox import enqueue
from server.storage.record_tables import connections

INTERVIEW_ARRANGED = "interview.arranged"
SEALED_LINK = "sealed_link"
"""In a message's data; the system that gets it reads `link`."""
"""Goes to the system alone that ordered the interview and passes its link on itself."""
PERFORMERS: Mapping[FollowUpKind, frozenset[str]] = {
    FollowUpKind.ASSESSMENT: frozenset({"assessment"}),
    FollowUpKind.BACKGROUND_CHECK: frozenset({"checkr"}),
    FollowUpKind.DEPARTMENT_RATING: frozenset(),
    FollowUpKind.TRAINING: frozenset({"training"}),
}
"""Kinds of connectors that do it when a rule names no connection."""

WriteInvitation = Callable[[AsyncConnection, str, str, datetime], Awaitable[bool]]
"""(connection, interview id, its link's token, now): puts the letter into the outbox; False: nobody to write to."""
Announce = Callable[[str, Sequence[InterviewEvent]], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Means:
    """What ordering needs. sealed_link_of: token → address, to be read by who sends it only: the database keeps no link
    that works. write_letter: None: no letters can be sent.

    look_for_flows: learns what has become a flow since; asked where one is missing.
    """

    database: Database
    event_log: EventLog
    invitations: Invitations
    flows: Mapping[str, Flow]
    people: People
    jurisdiction: str
    invitation_days: int
    sealed_link_of: Callable[[str], str]
    write_letter: WriteInvitation | None = None
    announce: Announce | None = None
    look_for_flows: Callable[[], Awaitable[None]] | None = None
    performers: Mapping[FollowUpKind, Collection[str]] = field(default_factory=lambda: PERFORMERS)


class Ordering:
    """Orders for applications whose state was just read; raises Conflict when that is not the last any more."""

    def __init__(self, means: Means) -> None:
        self._means = means
        self._log = ApplicationLog(means.database)

    async def opening(self, opening: Opening, order: InterviewOrder, now: datetime) -> str:
        """Opens the application with its interview, all or nothing: nobody ever sees it without, and orders another.

        Its id. Raises as `interview`; Conflict also when somebody has opened one this moment.
        """
        application_id = uuid.uuid4().hex
        applied = Applied(opening.candidate_id, opening.job_id, opening.source)
        state = fold([ApplicationEvent(1, now, applied)])
        await self.interview(application_id, state, order, now, opening=opening)
        return application_id

    async def interview(
        self,
        application_id: str,
        state: ApplicationState,
        order: InterviewOrder,
        now: datetime,
        *,
        opening: Opening | None = None,
    ) -> OrderedInterview:
        """Makes the interview, its letter and its place in the application, all or nothing.

        Raises CannotAct no_flow, no_email; UserError application_closed, and as `inviting.checked`; Conflict, also when
        the interview is there already.
        """
        means = self._means
        flow = await self._flow(order.flow_id, state.job_id)
        person = await means.people.get(state.candidate_id)
        language = person.language if person.language in flow.languages else flow.languages[0]
        wanted = checked(
            Wanted(
                flow_id=flow.id,
                language=language,
                candidate_name=person.name,
                email=person.email or "",
                jurisdiction=means.jurisdiction,
                job_id=state.job_id,
                candidate_id=person.id,
                interview_id=order.interview_id,
                application_id=application_id,
                round=state.next_round,
            ),
            means.flows,
        )
        bodies = [*order.with_events, *arrange(state, order.interview_id, flow.id, order.by)]
        told = [False]

        async def with_it(connection: AsyncConnection, made: Sequence[Invited]) -> None:
            if not await _is_still(connection, person.id):
                raise Conflict(f"candidate {person.id} was merged this moment")
            if opening is not None:
                await _open(connection, application_id, opening, now)
            told[0] = await self._tell(connection, application_id, order, made[0], now)
            if order.needs_letter and not told[0]:
                raise CannotAct("no_email")
            if order.system is not None and not told[0]:
                bodies.append(RuleBlocked(order.by, 0, Action.ORDER_INTERVIEW.value, "no_email"))
            await append_within(connection, application_id, state.seq, bodies, at=now, firings=order.firings)

        try:
            [(made, event)] = await make(
                means.database,
                means.event_log,
                means.invitations,
                means.flows,
                [wanted],
                now=now,
                expires_at=now + timedelta(days=means.invitation_days),
                also=with_it,
            )
        except AlreadyInvited as error:
            raise Conflict(f"interview {order.interview_id} is there already") from error
        if means.announce is not None:
            await means.announce(made.interview_id, [event])
        return OrderedInterview(made.interview_id, made.token, told[0])

    async def follow_up(
        self, application_id: str, state: ApplicationState, order: FollowUpOrder, now: datetime
    ) -> None:
        """Orders it of the connection, with a message to it alone.

        Raises CannotAct no_connection, several_connections, connection_off, connection_unfit; UserError
        application_closed; Conflict.
        """
        if not state.is_open:
            raise UserError("application_closed", status=409)
        means = self._means
        application = await Applications(means.database).get(application_id)
        person = await means.people.get(application.candidate_id)
        reported = [one.id for one in state.interviews if one.report_id is not None]
        ordered = FollowUpOrdered(
            order.follow_up_id,
            order.kind,
            await self._performer(order),
            order.by,
            order.department,
            reported[-1] if reported else None,
        )
        bodies = [*order.with_events, ordered, *step_on(state, STEP_OF[order.kind], order.by)]
        candidate = {
            "id": person.id,
            "name": person.name,
            "email": person.email,
            "phone": person.phone,
            "language": person.language.value,
        }
        job = {"id": application.job_id, "title": application.job}
        report: dict[str, Any] = {"total": state.total}
        if order.kind is FollowUpKind.TRAINING:
            # Nobody else needs to know what somebody is weak at.
            report["competencies"] = await competencies_of(means.event_log, means.flows, ordered.interview_id)
        outbox = [follow_up_ordered(application_id, ordered, candidate, job, report, now)]
        await self._log.append(
            application_id,
            state.seq,
            bodies,
            at=now,
            outbox=outbox if ordered.connection_id else (),
            firings=order.firings,
        )

    async def _flow(self, flow_id: str | None, job_id: str) -> Flow:
        """Also one that is made of the competencies of a job that came a moment ago."""
        jobs, flows = Jobs(self._means.database), self._means.flows
        flow = flows.get(flow_id or (await jobs.get(job_id)).flow_id or "")
        if flow is None and self._means.look_for_flows is not None:
            await self._means.look_for_flows()
            flow = flows.get(flow_id or (await jobs.get(job_id)).flow_id or "")
        if flow is None:
            raise CannotAct("no_flow")
        return flow

    async def _performer(self, order: FollowUpOrder) -> str | None:
        if order.connection_id is None and order.kind is FollowUpKind.DEPARTMENT_RATING:
            return None
        table = connections
        query = sa.select(table.c.id, table.c.kind, table.c.subscriptions).where(table.c.is_on)
        async with self._means.database.read() as connection:
            on = {row.id: row for row in (await connection.execute(query)).all()}
        if order.connection_id is not None:
            if order.connection_id not in on:
                raise CannotAct("connection_off")
            if not self._can_do(order.kind, on[order.connection_id]):
                raise CannotAct("connection_unfit")
            return order.connection_id
        able = [id_ for id_, row in on.items() if row.kind in self._means.performers[order.kind]]
        if len(able) != 1:
            raise CannotAct("several_connections" if able else "no_connection")
        return str(able[0])

    def _can_do(self, kind: FollowUpKind, row: sa.Row[Any]) -> bool:
        """Whether a connection that was chosen does this, or takes any order, as a general one that is told of them."""
        performers = self._means.performers
        is_general = not any(row.kind in kinds for kinds in performers.values())
        return row.kind in performers[kind] or (is_general and FOLLOW_UP_ORDERED in row.subscriptions)

    async def _tell(
        self, connection: AsyncConnection, application_id: str, order: InterviewOrder, made: Invited, now: datetime
    ) -> bool:
        """Whether somebody brings the candidate the link: the system that ordered it, or else our letter."""
        if order.system is not None and order.remote_id is not None:
            await keep(connection, order.system, INTERVIEW, order.remote_id, made.interview_id, now)
            if await _passes_links_on(connection, order.system):
                link = self._means.sealed_link_of(made.token)
                data = {"interview_id": made.interview_id, "application_id": application_id, SEALED_LINK: link}
                arranged = message(
                    INTERVIEW_ARRANGED,
                    data,
                    now,
                    application_id=application_id,
                    interview_id=made.interview_id,
                    destination=order.system,
                )
                await enqueue(connection, [arranged], now)
                return True
        write = self._means.write_letter
        return write is not None and await write(connection, made.interview_id, made.token, now)


async def _is_still(connection: AsyncConnection, candidate_id: str) -> bool:
    """Whether this is the candidate's id until the transaction ends, and nobody makes them somebody else's."""
    people = schema.candidates
    query = sa.select(people.c.id).where(people.c.id == candidate_id, people.c.merged_into.is_(None))
    return await connection.scalar(query.with_for_update(read=True)) is not None


async def _open(connection: AsyncConnection, application_id: str, opening: Opening, now: datetime) -> None:
    ids = opening.candidate_id, opening.job_id, opening.source
    opened = await open_within(connection, *ids, now, new_id=application_id)
    if opened == application_id and opening.remote_id is not None:
        opened = await keep(connection, opening.source, APPLICATION, opening.remote_id, application_id, now)
    if opened != application_id:
        raise Conflict(f"application {opened} is there already")


async def _passes_links_on(connection: AsyncConnection, system: str) -> bool:
    query = sa.select(connections.c.subscriptions).where(connections.c.id == system, connections.c.is_on)
    return INTERVIEW_ARRANGED in (await connection.scalar(query) or ())
