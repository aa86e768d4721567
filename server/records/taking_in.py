"""What connected systems tell, kept in the records' own words: each thing once, however often it is told."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from datetime import datetime

import sqlalchemy as sa

from question_flows.model import Flow
from server.errors import UserError
from server.records.acts import Acts
from server.records.application import ApplicationState, FollowUp
from server.records.application_events import BY_CONNECTION, ApplicationEventBody, Outcome, RuleBlocked
from server.records.application_log import ApplicationLog, Conflict
from server.records.applications import Applications
from server.records.automation import digest
from server.records.commands import close
from server.records.incoming import (
    ApplicationSeen,
    ApplicationWithdrawn,
    CandidateSeen,
    FollowUpReturned,
    Incoming,
    InterviewOrdered,
    JobSeen,
)
from server.records.jobs_seen import take_in_job
from server.records.news import follow_up_news
from server.records.orders import InterviewOrder, Opening
from server.records.people import People
from server.records.remote_ids import APPLICATION, CANDIDATE, FOLLOW_UP, INTERVIEW, JOB, RemoteIds
from server.records.rules import Action
from server.storage.database import Database
from server.storage.jobs import Jobs
from server.storage.record_tables import connections


class NotKnownYet(Exception):
    """It is about something that has not come yet, or not been told where it went: to be tried again later."""


class NotTheirs(Exception):
    """A connection speaks of what was ordered of somebody else. Changes nothing."""


class TakingIn:
    """system: a connection's id, the system of an API key, or "console"."""

    def __init__(
        self,
        database: Database,
        people: People,
        flows: Mapping[str, Flow],
        acts: Acts,
        look_for_flows: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        self._look_for_flows = look_for_flows
        self._database = database
        self._people = people
        self._flows = flows
        self._acts = acts
        self._applications = Applications(database)
        self._remote_ids = RemoteIds(database)

    async def take(self, system: str, message_id: str, one: Incoming, now: datetime) -> str | None:
        """Keeps it; the application that it is about, if any. message_id: the same when it is told again.

        Raises NotKnownYet, NotTheirs, UserError for what can never be kept.
        """
        match one:
            case CandidateSeen():
                await self._people.take_in(system, one, now)
            case JobSeen():
                await take_in_job(self._database, system, one, now)
            case ApplicationSeen():
                return await self._application(system, one, now)
            case InterviewOrdered():
                return await self._interview(system, one, now)
            case FollowUpReturned():
                return await self._follow_up(system, message_id, one, now)
            case ApplicationWithdrawn():
                return await self._withdrawn(system, one, now)
        return None

    async def _application(self, system: str, seen: ApplicationSeen, now: datetime) -> str:
        application_id = await self._remote_ids.local(system, APPLICATION, seen.remote_id)
        # By another channel the candidate may be at it already: then none is ordered.
        interview_id = digest(system, APPLICATION, seen.remote_id)
        order = InterviewOrder(interview_id, _by(system), system=system, is_first=True)
        if application_id is None:
            candidate_id = await self._known(system, CANDIDATE, seen.candidate_remote_id)
            job_id = await self._known(system, JOB, seen.job_remote_id)
            opening = Opening(candidate_id, job_id, system, seen.remote_id)
            application_id = await self._opened(opening, order if seen.order_interview else None, now)
        if seen.order_interview:
            await self._order(application_id, order, now)
        return application_id

    async def _interview(self, system: str, ordered: InterviewOrdered, now: datetime) -> str:
        known = await self._remote_ids.local(system, INTERVIEW, ordered.remote_id)
        if known is not None and (of := await self._applications.of_interview(known)) is not None:
            return of
        if ordered.flow_id not in self._flows and self._look_for_flows is not None:
            # Another process may have made it, and told of it, this moment.
            await self._look_for_flows()
        if ordered.flow_id not in self._flows:
            raise UserError("flow_unknown", field="flow_id")
        candidate_id = await self._people.take_in(system, ordered.candidate, now)
        if ordered.job_remote_id is not None:
            job_id = await self._known(system, JOB, ordered.job_remote_id)
        else:
            job_id = await self._job_of(system, self._flows[ordered.flow_id], candidate_id, now)
        order = InterviewOrder(
            digest(system, INTERVIEW, ordered.remote_id),
            _by(system),
            ordered.flow_id,
            system=system,
            remote_id=ordered.remote_id,
        )
        application_id = await self._opened(Opening(candidate_id, job_id, system), order, now)
        await self._order(application_id, order, now)
        return application_id

    async def _follow_up(self, system: str, message_id: str, returned: FollowUpReturned, now: datetime) -> str:
        follow_up_id = returned.follow_up_id
        if follow_up_id is None and returned.remote_id is not None:
            # The answer may be here before what was learned when it was sent.
            follow_up_id = await self._remote_ids.local(system, FOLLOW_UP, returned.remote_id)
        application_id = await self._applications.of_follow_up(follow_up_id) if follow_up_id else None
        if follow_up_id is None or application_id is None:
            raise NotKnownYet(FOLLOW_UP)
        state = await ApplicationLog(self._database).state(application_id)
        known = state.follow_up(follow_up_id)
        if known is None or not await self._is_theirs(known, system):
            raise NotTheirs
        await self._acts.record(
            application_id, lambda state: follow_up_news(state, follow_up_id, returned, message_id), now
        )
        return application_id

    async def _withdrawn(self, system: str, withdrawn: ApplicationWithdrawn, now: datetime) -> str:
        application_id = await self._known(system, APPLICATION, withdrawn.remote_id)
        if await self._remote_ids.forget_one_of_several(system, APPLICATION, withdrawn.remote_id, application_id):
            # Who applied twice for one job there is one application here; it goes on by the other.
            return application_id

        def decide(state: ApplicationState) -> list[ApplicationEventBody]:
            if not state.is_open:
                return []
            return [*close(state, Outcome.WITHDRAWN, _by(system), withdrawn.reason[:200])]

        await self._acts.record(application_id, decide, now)
        return application_id

    async def _opened(self, opening: Opening, order: InterviewOrder | None, now: datetime) -> str:
        """The open application, which is opened with its interview if one is ordered and can be made.

        In one transaction: what is cut off behind the one and before the other would be given an interview by a rule,
        and another one by the order that is told again.
        """
        candidate_id, job_id, system = opening.candidate_id, opening.job_id, opening.source
        if order is not None and not await self._applications.is_open_for(candidate_id, job_id):
            # Somebody was quicker, or something is missing, which is said of the application below.
            with suppress(Conflict, UserError):
                return await self._acts.open_with_interview(opening, order, now)
        opened = await self._applications.open_for(candidate_id, job_id, system, now)
        if opening.remote_id is None:
            return opened
        return await self._remote_ids.keep(system, APPLICATION, opening.remote_id, opened, now)

    async def _order(self, application_id: str, order: InterviewOrder, now: datetime) -> None:
        """What cannot be ordered is left to a person, who sees why."""
        try:
            await self._acts.order(application_id, order, now)
        except UserError as error:
            because = error.code.removeprefix("cannot_order_")
            body = RuleBlocked(order.by, 0, Action.ORDER_INTERVIEW.value, because)

            def decide(state: ApplicationState) -> list[ApplicationEventBody]:
                known = any((one.rule_id, one.because) == (order.by, because) for one in state.blocked)
                return [body] if state.is_open and not known else []

            await self._acts.record(application_id, decide, now)

    async def _job_of(self, system: str, flow: Flow, candidate_id: str, now: datetime) -> str:
        """The job that stands for a flow which a system orders without one."""
        person = await self._people.get(candidate_id)
        language = person.language if person.language in flow.languages else flow.languages[0]
        remote_id = f"flow:{flow.id}"
        job_id = await self._remote_ids.local(system, JOB, remote_id)
        if job_id is None:
            job_id = await take_in_job(self._database, system, JobSeen(remote_id, flow.job[language]), now)
            await Jobs(self._database).switch_on(job_id, flow.id)
        return job_id

    async def _known(self, system: str, kind: str, remote_id: str) -> str:
        found = await self._remote_ids.local(system, kind, remote_id)
        if found is None:
            raise NotKnownYet(kind)
        return found

    async def _is_theirs(self, ordered: FollowUp, system: str) -> bool:
        """Whether it was ordered of this system; of people of this console, whoever has a key for it may tell."""
        if ordered.connection_id is not None:
            return ordered.connection_id == system
        return not await self._is_connection(system)

    async def _is_connection(self, system: str) -> bool:
        async with self._database.read() as connection:
            found = await connection.scalar(sa.select(connections.c.id).where(connections.c.id == system))
        return found is not None


def _by(system: str) -> str:
    return f"{BY_CONNECTION}{system}"
