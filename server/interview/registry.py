"""All interviews: made by an invitation, taken up from the log when somebody comes, released when nobody is there."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from types import TracebackType
from typing import Self

from sqlalchemy.exc import SQLAlchemyError

from analyzers.expression import ExpressionAnalyzer
from analyzers.scoring.probe_choice import ProbeChooser
from analyzers.scoring.scorer import Scorer
from analyzers.transcription.scheduler import Scheduler
from media.ice import IceSettings
from media.recorder import Gap, LineRecording
from question_flows.model import Flow, Language
from server.admission import Admission
from server.errors import UserError
from server.governance.policy import purposes_offered
from server.interview.events import Purpose
from server.interview.failures import describe
from server.interview.fold import fold
from server.interview.inviting import Also, Invited, Wanted, checked, make
from server.interview.journal import Services, utc_now
from server.interview.lines import Lines
from server.interview.report import Report, build_report
from server.interview.room import Room
from server.interview.session import InterviewSession
from server.interview.state import InterviewState
from server.live.hub import Hub
from server.storage.database import Database
from server.storage.event_log import Conflict, EventLog
from server.storage.invitations import Invitations
from server.workers.ownership import OwnedElsewhere, Ownership

log = logging.getLogger(__name__)

RELEASE_AFTER = timedelta(minutes=10)
LOOK_EVERY_SECONDS = 60.0
SETTLED_AFTER = timedelta(seconds=5)
"""Scoring the last answer and writing the report take less; after that, whoever was at it is gone."""
CLOSE_SECONDS = 5.0


class Interviews:
    """`async with interviews:` keeps the live ones; leaving ends them all within 5 s."""

    def __init__(
        self,
        database: Database,
        hub: Hub,
        flows: Mapping[str, Flow],
        *,
        engine: Scheduler,
        ice: IceSettings,
        admission: Admission | None = None,
        invitation_days: int = 14,
        expression: ExpressionAnalyzer | None = None,
        purposes_offered: Callable[[str], tuple[Purpose, ...]] = purposes_offered,
        now: Callable[[], datetime] = utc_now,
        grace_seconds: float = 3.0,
        ownership: Ownership | None = None,
        record: Callable[[str, Gap], LineRecording] | None = None,
        second_scorer: Scorer | None = None,
        check_minutes: float = 10.0,
        probe_chooser: ProbeChooser | None = None,
        look_for_flows: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        """look_for_flows: learns flows that another process has made since; asked where one is not known."""
        self.event_log = EventLog(database)
        self.hub = hub
        self.flows = flows
        self.engine = engine
        self.ice = ice
        self.invitations = Invitations(database)
        self._database = database
        self._look_for_flows = look_for_flows
        self._ownership = ownership
        self._invitation_days = invitation_days
        self.lines = Lines()
        self.room = Room(admission or Admission(), engine, self._under_way)
        self._services = Services(
            self.event_log,
            hub,
            engine,
            self.room,
            self.lines,
            ice,
            expression,
            purposes_offered,
            now,
            grace_seconds,
            record,
            second_scorer,
            check_minutes,
            probe_chooser,
        )
        self._sessions: dict[str, tuple[InterviewSession, asyncio.Task[None]]] = {}
        self._loading = asyncio.Lock()
        self._caretaker: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._caretaker = asyncio.create_task(self._take_care(), name="interviews-caretaker")
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._caretaker is not None:
            self._caretaker.cancel()
            await asyncio.wait([self._caretaker])
        async with self._loading:
            sessions, self._sessions = self._sessions, {}
        await asyncio.gather(*(_end(session, task) for session, task in sessions.values()))

    async def invite(
        self,
        *,
        flow_id: str,
        language: Language,
        candidate_name: str,
        email: str,
        jurisdiction: str,
        now: datetime,
        candidate_id: str | None = None,
        job_id: str | None = None,
        is_trial: bool = False,
    ) -> tuple[str, str]:
        """Makes an interview and the link to it: (interview_id, token). email may be empty. Raises as `checked`.

        Who is known by the address is the same candidate again; candidate_id names one, and is_trial none.
        """
        wanted = Wanted(flow_id, language, candidate_name, email, jurisdiction, job_id, candidate_id, is_trial)
        [made] = await self.invite_all([wanted], now)
        return made.interview_id, made.token

    async def invite_all(self, wanted: Sequence[Wanted], now: datetime, also: Also | None = None) -> list[Invited]:
        """All of these, in order, or none of them. also: what else is written with them, in one transaction.

        Raises as `checked`; AlreadyInvited when one of their ids is taken.
        """
        await self._know(*(one.flow_id for one in wanted))
        wanted = [checked(one, self.flows) for one in wanted]
        expires_at = now + timedelta(days=self._invitation_days)
        made = await make(
            self._database,
            self.event_log,
            self.invitations,
            self.flows,
            wanted,
            now=now,
            expires_at=expires_at,
            also=also,
        )
        for invited, event in made:
            await self.hub.publish_events(invited.interview_id, [event])
        return [invited for invited, _ in made]

    async def get(self, interview_id: str, *, here: bool = False) -> InterviewSession:
        """The live session, taken up from the log if need be; here: not by a worker with less load.

        Raises UserError interview_unknown (404); OwnedElsewhere when it is another worker's, to which the request
        is then forwarded: ask before anything has been done.
        """
        if self._ownership is not None and interview_id not in self._sessions:
            await self._ownership.claim(interview_id, for_own=here)
        try:
            return await self._taken_up(interview_id)
        except BaseException:
            if self._ownership is not None and interview_id not in self._sessions:
                await self._ownership.release([interview_id])
            raise

    async def hand_over(self, interview_id: str) -> None:
        """Lets another worker begin what there is no room for here. Raises OwnedElsewhere, unless none has room."""
        if self._ownership is not None and self._ownership.directory.others_have_room():
            await self.release([interview_id])
            await self._ownership.claim(interview_id)

    async def find(self, interview_id: str) -> InterviewSession | None:
        """The live session if there is one; never makes one. Raises OwnedElsewhere."""
        if interview_id in self._sessions:
            return self._sessions[interview_id][0]
        if self._ownership is not None:
            await self._ownership.look_up(interview_id)
        return None

    async def _taken_up(self, interview_id: str) -> InterviewSession:
        async with self._loading:
            if interview_id not in self._sessions:
                state = await self._read(interview_id)
                await self._know(state.flow_id)
                session = InterviewSession(interview_id, self.flow_of(state), state, self._services)
                await session.take_up()
                task = asyncio.create_task(session.run(), name=f"interview-{interview_id}")
                self._sessions[interview_id] = (session, task)
            return self._sessions[interview_id][0]

    async def state(self, interview_id: str) -> InterviewState:
        """Where an interview stands; reading starts nothing. Raises UserError interview_unknown (404)."""
        if interview_id in self._sessions:
            return self._sessions[interview_id][0].state
        return await self._read(interview_id)

    def flow_of(self, state: InterviewState) -> Flow:
        """The flow the interview was made with. Raises UserError flow_unknown (404) when it is gone."""
        flow = self.flows.get(state.flow_id)
        if flow is None:
            raise UserError("flow_unknown", status=404)
        return flow

    async def _know(self, *flow_ids: str) -> None:
        if self._look_for_flows is not None and any(flow_id not in self.flows for flow_id in flow_ids):
            await self._look_for_flows()

    async def report(self, interview_id: str) -> Report:
        """The report as far as the interview has got. Raises UserError interview_unknown (404)."""
        events = await self.event_log.read(interview_id)
        row = await self.event_log.row(interview_id)
        if not events or row is None:
            raise UserError("interview_unknown", status=404)
        state = fold(events)
        await self._know(state.flow_id)
        flow = self.flow_of(state)
        return await asyncio.to_thread(build_report, interview_id, events, flow, candidate_email=row.candidate_email)

    def running(self) -> tuple[InterviewSession, ...]:
        """The sessions in this process."""
        return tuple(session for session, _ in self._sessions.values())

    async def release_idle(self, now: datetime) -> None:
        """Forgets sessions where nobody has been for ten minutes; they are in the log."""
        idle = [key for key, (session, _) in self._sessions.items() if session.idle_for(now) >= RELEASE_AFTER]
        await self.release(idle)
        for interview_id in idle:
            self.hub.forget(interview_id)

    async def release(self, interview_ids: Iterable[str]) -> None:
        """Ends these sessions here; whoever comes next takes the interviews up from the log, in any process."""
        async with self._loading:
            released = [self._sessions.pop(key) for key in interview_ids if key in self._sessions]
        await asyncio.gather(*(_end(session, task) for session, task in released))
        if self._ownership is not None:
            await self._ownership.release(
                session.interview_id for session, _ in released if session.interview_id not in self._sessions
            )

    async def take_up_unsettled(self, now: datetime) -> None:
        """Makes up for a process that ended between the last answer and the report: nobody may come back for it."""
        for interview_id in await self.event_log.unsettled(now - SETTLED_AFTER):
            try:
                await self.get(interview_id, here=True)
            except OwnedElsewhere:
                continue
            except (UserError, Conflict, ValueError, LookupError) as error:
                # Its flow is gone, or its log is from a newer version: the others do not wait for it.
                log.warning("interview %s cannot be taken up (%s)", interview_id, type(error).__name__)

    def _under_way(self) -> int:
        return sum(session.under_way for session in self.running())

    async def _take_care(self) -> None:
        while True:
            try:
                await self.take_up_unsettled(self._services.now())
                await self.release_idle(self._services.now())
            except SQLAlchemyError as error:
                log.warning("interviews are looked after later (%s)", type(error).__name__)
            await asyncio.sleep(LOOK_EVERY_SECONDS)

    async def _read(self, interview_id: str) -> InterviewState:
        events = await self.event_log.read(interview_id)
        if not events:
            raise UserError("interview_unknown", status=404)
        return fold(events)


async def _end(session: InterviewSession, task: asyncio.Task[None]) -> None:
    try:
        async with asyncio.timeout(CLOSE_SECONDS):
            await session.close()
            await asyncio.shield(task)
        return
    except TimeoutError:
        pass
    except Exception as error:  # noqa: BLE001
        # The database is away, say: nothing may be left running, and the others end as they should.
        log.error("interview %s ends without its last words: %s", session.interview_id, describe(error))
    task.cancel()
    await asyncio.wait([task])
