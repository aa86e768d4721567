"""An interview house on SQLite and an in-memory broker, with a clock that tests turn."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from analyzers.expression import ExpressionAnalyzer
from analyzers.scoring.probe_choice import ProbeChooser
from analyzers.scoring.scorer import Scorer
from analyzers.transcription.dispatcher import EngineStatus
from analyzers.transcription.model_hub import ModelUnavailable
from analyzers.transcription.scheduler import Scheduler
from analyzers.transcription.whisper import Whisper
from media.ice import IceSettings
from media.recorder import Gap, LineRecording
from question_flows.model import Flow, Language
from server.admission import Admission, Limits
from server.interview.commands import GiveConsent, Start, StartAnswer, SubmitAnswer
from server.interview.events import AnswerMode, InterviewEvent, Purpose
from server.interview.registry import Interviews
from server.interview.session import InterviewSession
from server.interview.state import InterviewState
from server.live.hub import Broker, Hub
from server.live.memory import MemoryBroker
from server.storage.database import Database
from server.storage.event_log import EventLog
from tests.analyzers.transcription.speech import until
from tests.empty_database import put_empty
from tests.fixed_flows import fixed_flows

ALL = {Purpose.VOICE: True, Purpose.SCORING: True, Purpose.RECORDING: True}
FLOWS = fixed_flows()
LOOPBACK = IceSettings(hosts=("127.0.0.1",))
ENDLESS_GRACE_SECONDS = 3600.0
"""No absence is an outage, however long a busy machine takes over a test: with a turned clock, the default."""
NO_GRACE_SECONDS = 0.0
"""Every absence is an outage at once: for tests of absences, which then need not wait for one."""


@dataclass(slots=True)
class Clock:
    """A wall clock that stands still until it is turned."""

    time: datetime = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.time

    def turn(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)


@dataclass(slots=True)
class House:
    """One server process's interviews."""

    database: Database
    hub: Hub
    interviews: Interviews
    engine: Scheduler
    clock: Clock | None
    log: EventLog = field(init=False)

    def __post_init__(self) -> None:
        self.log = self.interviews.event_log

    def now(self) -> datetime:
        return self.clock() if self.clock else datetime.now(UTC)

    async def invite(
        self, flow_id: str = "customer_service", language: Language = Language.ENGLISH, law: str = "EU"
    ) -> str:
        interview_id, _ = await self.interviews.invite(
            flow_id=flow_id,
            language=language,
            candidate_name="Ada",
            email="ada@example.org",
            jurisdiction=law,
            now=self.now(),
        )
        return interview_id

    async def started(self, **invitation: object) -> InterviewSession:
        """A session whose first question is open."""
        session = await self.interviews.get(await self.invite(**invitation))  # type: ignore[arg-type]
        await self.start(session)
        return session

    async def start(self, session: InterviewSession) -> None:
        """Opens its first question."""
        await session.execute(GiveConsent(dict.fromkeys(session.purposes, True)))
        await session.execute(Start())
        if self.engine.status is EngineStatus.UNAVAILABLE:
            await eventually(lambda: session.state.recognition_failed is not None)

    async def events(self, session: InterviewSession) -> list[InterviewEvent]:
        return await self.log.read(session.interview_id)

    async def types(self, session: InterviewSession) -> list[str]:
        return [event.type for event in await self.events(session)]


@asynccontextmanager
async def house(
    folder: Path,
    *,
    clock: Clock | None = None,
    flows: dict[str, Flow] | None = None,
    engine: Scheduler | None = None,
    expression: ExpressionAnalyzer | None = None,
    grace_seconds: float | None = None,
    broker: Broker | None = None,
    limits: Limits | None = None,
    record: Callable[[str, Gap], LineRecording] | None = None,
    second_scorer: Scorer | None = None,
    check_minutes: float = 10.0,
    probe_chooser: ProbeChooser | None = None,
) -> AsyncIterator[House]:
    """A process: the database in `folder` outlives it.

    grace_seconds: real time, as the server waits for it. Left out, it never passes where the clock is turned: a clock
    that stands still must not stand still because a test took long.
    """
    if grace_seconds is None:
        grace_seconds = ENDLESS_GRACE_SECONDS if clock else 3.0
    put_empty(folder / "interviews.sqlite")
    database = Database(f"sqlite+aiosqlite:///{folder / 'interviews.sqlite'}")
    await database.open()
    hub = Hub(broker or MemoryBroker(), EventLog(database))
    own_engine = Scheduler(no_model) if engine is None else nullcontext(engine)
    options: dict[str, Callable[[], datetime]] = {"now": clock} if clock else {}
    try:
        async with own_engine as recognition:
            if engine is None:
                await until(recognition, EngineStatus.UNAVAILABLE)
            interviews = Interviews(
                database,
                hub,
                flows or FLOWS,
                engine=recognition,
                ice=LOOPBACK,
                admission=Admission(limits),
                expression=expression,
                grace_seconds=grace_seconds,
                record=record,
                second_scorer=second_scorer,
                check_minutes=check_minutes,
                probe_chooser=probe_chooser,
                **options,  # type: ignore[arg-type]
            )
            async with interviews:
                yield House(database, hub, interviews, recognition, clock)
    finally:
        await hub.close()
        await database.close()


def no_model() -> Whisper:
    """A model hub that cannot be reached."""
    raise ModelUnavailable("hub", "The model 'small' could not be fetched from /somewhere.")


async def answer_typed(session: InterviewSession, text: str) -> InterviewState:
    """Types an answer to the open question."""
    question_id = session.state.question_id
    assert question_id is not None
    await session.execute(StartAnswer(question_id))
    return await session.execute(SubmitAnswer(question_id, AnswerMode.TYPED, text))


def sample_answer(session: InterviewSession, question_id: str) -> str:
    """What a good candidate might say."""
    question = session.flow.question(question_id)
    own = session.flow.question(question.follow_up_of or question_id)
    return own.sample_answers[session.state.language][0]


async def eventually(condition: Callable[[], bool], seconds: float = 10.0) -> None:
    """Returns once the condition holds; raises TimeoutError."""
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.01)
