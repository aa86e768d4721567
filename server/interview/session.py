"""One live interview: obeys commands, listens to the line, and keeps its failures to itself."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any

from analyzers.transcription.dispatcher import EngineStatus
from media.peer import Peer
from question_flows.model import Flow
from server.errors import UserError
from server.interview.commands import (
    Command,
    CorrectTranscript,
    Decide,
    FinishReview,
    SkipQuestion,
    Start,
    SubmitAnswer,
)
from server.interview.decide import Situation, decide
from server.interview.engine import recognition_events, recognition_json
from server.interview.events import (
    AnswerDrafted,
    AnswerMode,
    AnswerRestarted,
    AnswerSkipped,
    AnswerSubmitted,
    EventBody,
    InterviewEvent,
    InterviewPaused,
    InterviewStarted,
    ProbeSought,
    Purpose,
    QuestionAsked,
    ServerRestarted,
    TranscriptCorrected,
    TranscriptsConfirmed,
)
from server.interview.failures import describe
from server.interview.hr_commands import CancelInterview, EndInterview, HandOver
from server.interview.hr_events import HandedOver, InterviewEnded
from server.interview.journal import Journal, Services
from server.interview.line import CandidateLine
from server.interview.listening import LATE_WORDS_SECONDS, Listening
from server.interview.presence import Presence
from server.interview.probing import Probing
from server.interview.recording import Recording
from server.interview.report_messages import record_and_tell
from server.interview.running_score import RunningScore
from server.interview.second_opinion import SecondOpinions
from server.interview.settling import Settling
from server.interview.state import MISSED, UNDER_WAY, InterviewState, Status
from server.interview.viewers import Viewers
from server.interview.watching import Watching
from server.live.messages import LiveEvent

log = logging.getLogger(__name__)

LAST_WORDS_SECONDS = 3.0
"""How long a server that stops waits for the words of what was spoken."""
LONGEST_RETRY_SECONDS = 30.0


class InterviewSession:
    """One interview in this process. Made by `Interviews.get`, which also runs and ends it."""

    def __init__(self, interview_id: str, flow: Flow, state: InterviewState, services: Services) -> None:
        self.interview_id = interview_id
        self.flow = flow
        self._services = services
        self._journal = Journal(interview_id, flow, state, services)
        self._presence = Presence(self._journal)
        self._words_changed = asyncio.Event()
        self._to_settle = asyncio.Event()
        self._engine_changed = asyncio.Event()
        self._closing = asyncio.Event()
        self._running = asyncio.Event()
        self._group: asyncio.TaskGroup | None = None
        self.has_ended = False
        """Whether it is closed; the interview may go on in another process."""
        self._listening = Listening(
            self._journal, self._words_changed.set, self._to_settle.set, lambda: self._line.quality
        )
        self._watching = Watching(self._journal)
        self._running_score = RunningScore(self._journal, self._listening)
        self._opinions = SecondOpinions(self._journal, self._to_settle.set)
        self._probing = Probing(self._journal, self._react)
        self._settling = Settling(self._journal, self._listening, self._watching, self._opinions)
        self._recording = Recording(self._journal)
        self._line = CandidateLine(
            self._journal,
            self._presence,
            self._listening.hear,
            self._watching.see,
            self._recording.follow,
            self._watching.looks,
        )
        self.viewers = Viewers(self._journal, lambda: self.live_peer)

    @property
    def state(self) -> InterviewState:
        """Where the interview stands."""
        return self._journal.state

    @property
    def purposes(self) -> tuple[Purpose, ...]:
        """What the candidate is asked consent for."""
        return self._services.purposes_offered(self.state.jurisdiction)

    @property
    def recognition(self) -> dict[str, Any]:
        """Whether speech is recognised: available, loading, failing, reason."""
        return recognition_json(self._services.engine)

    @property
    def second_scorer(self) -> bool:
        """Whether answers also go to a model outside this server, which the candidate has to be told."""
        return self._services.second_scorer is not None or self._services.probe_chooser is not None

    @property
    def somebody(self) -> bool:
        """Whether the candidate is there now."""
        return self._presence.somebody

    @property
    def under_way(self) -> bool:
        """Whether the candidate is there, or away for less than the grace time, and the interview is not complete."""
        return (self._presence.somebody or self.state.connected) and self.state.status in UNDER_WAY

    @property
    def live_peer(self) -> Peer | None:
        """The candidate's line, while there is one."""
        return self._line.peer

    @property
    def check_minutes(self) -> float:
        """How long a candidate who changes nothing has for the check of what was heard, in minutes."""
        return self._services.check_minutes

    def waiting(self, question_id: str) -> int:
        """How many utterances of this answer wait for their words."""
        return self._listening.waiting(question_id)

    def now(self) -> datetime:
        """The wall clock, UTC."""
        return self._journal.now()

    def idle_for(self, now: datetime) -> timedelta:
        """How long nobody has been there, and no words were waited for that only this process has the sound of."""
        if self._presence.somebody:
            return timedelta(0)
        patience = timedelta(seconds=LATE_WORDS_SECONDS) if self._listening.waiting() else timedelta(0)
        return max(timedelta(0), now - self._presence.gone_since - patience)

    async def execute(self, command: Command) -> InterviewState:
        """Obeys a command: what it causes is on disk and published when this returns.

        Raises UserError, which changes nothing; SQLAlchemyError when the database fails.
        """
        if isinstance(command, SubmitAnswer):
            events = await self._submit(command)
        elif isinstance(command, Start):
            events = await self._start(command)
        elif isinstance(command, Decide | FinishReview):
            events = await record_and_tell(self._journal, lambda state: self._decide(state, command))
        elif isinstance(command, EndInterview | HandOver | CancelInterview):
            events = await self._cut_short(command)
        else:
            # What is asked after a skipped follow-up depends on what a long answer holds.
            # A long text is compared with what was heard, word by word.
            in_thread = isinstance(command, SkipQuestion | CorrectTranscript)
            events = await self._journal.record(lambda state: self._decide(state, command), in_thread=in_thread)
        for event in events:
            self._react(event.body)
        return self.state

    async def _start(self, command: Start) -> list[InterviewEvent]:
        with self._services.room.entrance() as entrance:

            def decided(state: InterviewState) -> list[EventBody]:
                # Whoever has begun already is never turned away.
                begins = state.status is Status.READY
                has_room = entrance.ask(spoken=state.allows(Purpose.VOICE)) if begins else True
                return self._decide(state, command, has_room=has_room)

            events = await self._journal.record(decided)
            entrance.began = bool(events)
        return events

    async def _submit(self, command: SubmitAnswer) -> list[InterviewEvent]:
        # What was said before somebody chose to type is kept with its question too; nobody has to wait for it.
        await self._listening.finish(command.question_id, patiently=command.mode is AnswerMode.VOICE)
        try:
            return await self._journal.record(lambda state: self._decide(state, command), in_thread=True)
        finally:
            # Refused, or the database is away: what is said from now on still belongs to this answer.
            self._listening.reopen(command.question_id)

    async def _cut_short(self, command: EndInterview | HandOver | CancelInterview) -> list[InterviewEvent]:
        # Nobody waits for the last words: they are late, and are checked and scored with the others.
        question_id = self.state.question_id
        if question_id is not None:
            self._listening.stop_hearing(question_id)
        try:
            return await self._journal.record(lambda state: self._decide(state, command))
        finally:
            if question_id is not None:
                self._listening.reopen(question_id)  # Only what is still open.

    @property
    def line(self) -> CandidateLine:
        """The candidate's sound and pictures."""
        return self._line

    async def attach(self, offer_sdp: str) -> tuple[str, str]:
        """(peer_id, answer SDP) for a browser's offer; a line there was before is ended.

        Raises UserError: worker_gone (503) when the session has been closed, and what CandidateLine.attach raises.
        """
        await self._running.wait()
        answered = await self._line.attach(offer_sdp, self._spawn)
        if self.live_peer is not None:
            self.viewers.follow(self.live_peer)
        return answered

    async def detach(self, peer_id: str) -> None:
        """Ends this line. Raises UserError peer_unknown (404)."""
        await self._line.detach(peer_id)

    @asynccontextmanager
    async def candidate_present(self) -> AsyncIterator[None]:
        """The candidate's page is open for the length of this context."""
        try:
            await self._presence.arrive()
            yield
        finally:
            self._presence.leave()

    async def take_up(self) -> None:
        """For a session made from the log: says that the former process ended while the candidate was there."""
        await self._journal.record(
            lambda state: [ServerRestarted()] if state.connected and state.status in MISSED else []
        )

    async def run(self) -> None:
        """Lives until `close`. The one place that catches everything: no interview's failure touches another."""
        listener = self._engine_changed.set
        self._services.engine.on_change(listener)
        retry_seconds = 1.0
        try:
            while not self._closing.is_set():
                try:
                    await self._live()
                except Exception as error:  # noqa: BLE001
                    log.error("interview %s failed and goes on: %s", self.interview_id, describe(error))
                    await self._pause_before_retry(retry_seconds)
                    retry_seconds = min(LONGEST_RETRY_SECONDS, retry_seconds * 2)
        finally:
            self.has_ended = True
            self._running.set()  # Whoever waits for it is told that there is nothing to wait for.
            self._services.engine.forget(listener)

    async def close(self) -> None:
        """Ends the line and the tasks; what was being said is written down first if it can be within 3 s."""
        # First, as they end by themselves then, whatever fails below.
        self.viewers.send_away()
        await self._listening.close(LAST_WORDS_SECONDS)
        await self.viewers.close()
        await self._line.close()
        try:
            await self._recording.finish()
        finally:
            self._closing.set()

    async def _live(self) -> None:
        try:
            async with asyncio.TaskGroup() as group:
                self._group = group
                self._listening.use(group)
                self._to_settle.set()
                self._engine_changed.set()
                self._running.set()
                tasks = [
                    group.create_task(self._presence.watch()),
                    group.create_task(self._running_score.follow(self._words_changed)),
                    group.create_task(self._settle(group)),
                    group.create_task(self._tell_recognition()),
                    group.create_task(self.viewers.show()),
                    group.create_task(self._follow_other_processes()),
                    group.create_task(self._recording.write_down()),
                ]
                await self._closing.wait()
                await self._line.close()
                for task in tasks:
                    task.cancel()
                self._listening.stop()
                self._opinions.stop()
                self._probing.stop()
        finally:
            self._running.clear()
            self._group = None

    async def _pause_before_retry(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._closing.wait()
        except TimeoutError:
            pass

    def _spawn(self, coroutine: Coroutine[Any, Any, None]) -> None:
        if self._group is None:
            # It was closed meanwhile; where the interview goes on, the page's next request finds out.
            coroutine.close()
            raise UserError("worker_gone", status=503, retry_after_s=1)
        self._group.create_task(coroutine)

    def _decide(self, state: InterviewState, command: Command, *, has_room: bool = True) -> list[EventBody]:
        engine, question_id = self._services.engine, state.question_id
        situation = Situation(
            clock_ms=self._journal.clock_ms(),
            purposes=self.purposes,
            speech_counts=engine.status is not EngineStatus.UNAVAILABLE
            or (question_id is not None and self._listening.waiting(question_id) > 0),
            has_room=has_room,
            words_late=question_id is not None and self._listening.waiting(question_id) > 0,
            probes_chosen=self._services.probe_chooser is not None,
            now=self._journal.now(),
        )
        return decide(state, self.flow, command, situation)

    def _react(self, body: EventBody) -> None:
        match body:
            case InterviewStarted():
                self._engine_changed.set()
                self._presence.look_again()
            case AnswerDrafted() | QuestionAsked():
                self._presence.look_again()
            case AnswerSubmitted(question_id, mode):
                self._listening.leave(question_id)
                self._to_settle.set()
                if mode is not AnswerMode.VOICE:
                    self._presence.line_settled()
            case AnswerSkipped(question_id):
                self._listening.leave(question_id)
                self._to_settle.set()
            case HandedOver() | InterviewEnded():
                for answer in (self.state.answers or {}).values():
                    if answer.cut_short:
                        self._listening.leave(answer.question_id)
                self._presence.line_settled()
                self._to_settle.set()
            case ProbeSought():
                if self._group is not None:
                    self._probing.seek(self._group)
            case TranscriptCorrected() | TranscriptsConfirmed():
                self._to_settle.set()
            case AnswerRestarted():
                self._listening.flush()
            case InterviewPaused():
                self._listening.flush()

    async def _settle(self, group: asyncio.TaskGroup) -> None:
        while True:
            try:
                async with asyncio.timeout(self._settling.seconds_of_patience()):
                    await self._to_settle.wait()
            except TimeoutError:
                pass  # Late words, or a candidate who does nothing, have been waited for long enough.
            self._to_settle.clear()
            self._probing.seek(group)
            await self._settling.settle(group)
            if self.state.status is Status.COMPLETED:
                self.viewers.send_away()
            self._words_changed.set()

    async def _tell_recognition(self) -> None:
        while True:
            await self._engine_changed.wait()
            self._engine_changed.clear()
            await self._journal.record(lambda state: recognition_events(state, self._services.engine))
            await self._journal.signal("recognition", self.recognition)
            await self._listening.show_waiting()

    async def _follow_other_processes(self) -> None:
        """Keeps up when the interview's requests are served by several processes."""
        while True:
            async for message in self._services.hub.follow(self.interview_id, self.state.seq):
                if isinstance(message, LiveEvent) and await self._journal.catch_up(message.event.seq):
                    self._react(message.event.body)
                    self._presence.look_again()
            await asyncio.sleep(1.0)
