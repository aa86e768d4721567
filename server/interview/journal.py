"""One interview's log and the state folded from it: everything that happens passes through here, one by one."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from analyzers.expression import ExpressionAnalyzer
from analyzers.scoring.probe_choice import ProbeChooser
from analyzers.scoring.scorer import Scorer
from analyzers.transcription.scheduler import Scheduler
from media.ice import IceSettings
from media.recorder import Gap, LineRecording
from question_flows.model import Flow
from server.interview.events import AnswerObserved, AnswerScored, EventBody, InterviewEvent, Purpose, ServerRestarted
from server.interview.fold import apply, fold
from server.interview.lines import Lines
from server.interview.milestones import milestones
from server.interview.room import Room
from server.interview.state import InterviewState
from server.interview.total import listed
from server.live.hub import Hub
from server.live.messages import Signal
from server.storage.event_log import Conflict, EventLog, Listed
from server.storage.outbox import OutboxMessage

ATTEMPTS = 3
"""How often an append is decided anew when another process was quicker."""


def utc_now() -> datetime:
    """The wall clock."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Services:
    """What all interviews of a process share. grace_seconds: how long a page may be away before that is an outage.

    record: begins to record a line of the interview with this id, and says later what was lost; None: nothing is.
    second_scorer: gives a second opinion on every scored answer; None: there is none. check_minutes: how long the check
    of the transcripts lasts in which the candidate does nothing. probe_chooser: chooses and words follow-ups; None:
    they are asked in order, as they stand in the flow.
    """

    event_log: EventLog
    hub: Hub
    engine: Scheduler
    room: Room
    lines: Lines
    ice: IceSettings
    expression: ExpressionAnalyzer | None
    purposes_offered: Callable[[str], tuple[Purpose, ...]]
    now: Callable[[], datetime] = utc_now
    grace_seconds: float = 3.0
    record: Callable[[str, Gap], LineRecording] | None = None
    second_scorer: Scorer | None = None
    check_minutes: float = 10.0
    probe_chooser: ProbeChooser | None = None


CHANGING_TOTAL = (AnswerScored, AnswerObserved)
"""What the machine's total may be another after."""


class Journal:
    """Appends, folds, publishes. What is decided and what is appended happen under one lock."""

    def __init__(self, interview_id: str, flow: Flow, state: InterviewState, services: Services) -> None:
        self.interview_id = interview_id
        self.flow = flow
        self.state = state
        self.services = services
        self._lock = asyncio.Lock()

    def now(self) -> datetime:
        """The wall clock; never before the last event, even when it was set back."""
        return max(self.services.now(), self.state.at)

    def clock_ms(self) -> int:
        """The interview clock."""
        return self.state.clock_at(self.now())

    async def record(
        self,
        decide: Callable[[InterviewState], Sequence[EventBody]],
        *,
        at: datetime | None = None,
        outbox: Sequence[OutboxMessage] = (),
        in_thread: bool = False,
    ) -> list[InterviewEvent]:
        """Appends what `decide` makes of the state, in one transaction, and publishes it once it is on disk.

        at: when it happened, if not now. in_thread: `decide` takes long. Raises what `decide` raises; Conflict
        when other processes keep being quicker; SQLAlchemyError when the database fails. Nothing has happened then.
        """
        for attempt in range(1, ATTEMPTS + 1):
            async with self._lock:
                try:
                    bodies = await asyncio.to_thread(decide, self.state) if in_thread else decide(self.state)
                    return await self._append(bodies, at, outbox)
                except Conflict:
                    await self._catch_up()
                    if attempt == ATTEMPTS:
                        raise
        raise AssertionError("unreachable")

    async def catch_up(self, seq: int) -> bool:
        """Reads what another process has appended, up to seq at least; whether there was anything."""
        async with self._lock:
            if self.state.seq >= seq:
                return False
            await self._catch_up()
            return True

    async def signal(self, type_name: str, data: Mapping[str, Any]) -> None:
        """Publishes something perishable."""
        await self.services.hub.publish_signal(Signal(self.interview_id, type_name, self.state.seq, data))

    async def _append(
        self, bodies: Sequence[EventBody], at: datetime | None, outbox: Sequence[OutboxMessage]
    ) -> list[InterviewEvent]:
        if not bodies:
            return []
        when = max(at, self.state.at) if at else self.now()
        # Nobody knows when the former process ended: the clock goes on from the last thing it wrote.
        restarted = isinstance(bodies[0], ServerRestarted)
        clock_ms = self.state.clock_ms if restarted else self.state.clock_at(when)
        bodies_at = [(clock_ms, body) for body in bodies]
        coming = [InterviewEvent(self.state.seq + place, when, clock_ms, body) for place, body in enumerate(bodies, 1)]
        after = self._after(coming)
        told = milestones(self.interview_id, after, coming)
        events = await self.services.event_log.append(
            self.interview_id,
            self.state.seq,
            bodies_at,
            at=when,
            outbox=(*told, *outbox),
            listed=lambda _: self._listed(after, coming),
        )
        self.state = after
        await self.services.hub.publish_events(self.interview_id, events)
        return events

    def _listed(self, after: InterviewState, events: Sequence[InterviewEvent]) -> Listed | None:
        """What lists show after these events, when they can have changed that."""
        scored = any(isinstance(event.body, CHANGING_TOTAL) for event in events)
        if after.status is self.state.status and after.decision == self.state.decision and not scored:
            return None
        return listed(self.flow, after)

    def _after(self, events: Sequence[InterviewEvent]) -> InterviewState:
        state = self.state
        for event in events:
            state = apply(state, event)
        return state

    async def _catch_up(self) -> None:
        self.state = fold(await self.services.event_log.read(self.interview_id))
