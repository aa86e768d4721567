"""What follows a submitted answer: its score and observations, and after the last one the report."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Sequence

from analyzers.delivery import measure
from analyzers.results import Delivery, TranscriptWord
from media.frames import Utterance
from server.interview.events import (
    AnswerMode,
    AnswerObserved,
    AnswerScored,
    EventBody,
    InterviewCompleted,
    InterviewEvent,
    Purpose,
    ReportWritten,
)
from server.interview.journal import Journal
from server.interview.listening import Listening
from server.interview.marking import mark
from server.interview.report import build_report, report_json
from server.interview.second_opinion import SecondOpinions
from server.interview.state import AnswerState, InterviewState, Status
from server.interview.watching import Watching
from server.storage.outbox import OutboxMessage

REPORT_READY = "report.ready"


class Settling:
    """Works off what the log says is still to do, so that a crash in between is made up for by looking again."""

    def __init__(self, journal: Journal, listening: Listening, watching: Watching, opinions: SecondOpinions) -> None:
        self._journal = journal
        self._listening = listening
        self._watching = watching
        self._opinions = opinions

    async def settle(self, group: asyncio.TaskGroup) -> None:
        """Scores every submitted answer that has no score; completes the interview when nothing is left.

        Second opinions are asked for in the group; only the report waits for them, and they are bounded in time.
        What is still to come of a spoken answer is waited for, though not for ever: no word comes behind its score.
        """
        await self._listening.give_up_late()
        for question_id in [answer.question_id for answer in self._journal.state.asked]:
            answer = (self._journal.state.answers or {})[question_id]
            if answer.transcript is None or answer.score is not None:
                continue
            if answer.mode is not AnswerMode.VOICE or not self._listening.waiting(question_id):
                await self._score(answer)
        self._opinions.seek(group)
        if self._is_over(self._journal.state) and not self._listening.waiting():
            await self._complete()

    async def _score(self, answer: AnswerState) -> None:
        # In a thread: a long answer takes longer than the event loop may stand still.
        score, scorer = await asyncio.to_thread(mark, self._journal.flow, self._journal.state, answer)
        bodies: list[EventBody] = [AnswerScored(score, scorer)]
        observations = self._watching.take(answer)
        delivery = await self._delivery(answer)
        if observations or delivery is not None:
            bodies.append(AnswerObserved(answer.question_id, observations, delivery))

        def still_to_do(state: InterviewState) -> Sequence[EventBody]:
            now = (state.answers or {})[answer.question_id]
            return bodies if now.score is None else []

        await self._journal.record(still_to_do)

    async def _delivery(self, answer: AnswerState) -> Delivery | None:
        state = self._journal.state
        sound = self._listening.take_sound(answer.question_id)
        allowed = state.allows(Purpose.SCORING) and state.allows(Purpose.VOICE)
        if not sound or not allowed or answer.mode is not AnswerMode.VOICE:
            return None
        # After a crash the earlier sound is gone: words without their sound would look like fast speech.
        return await asyncio.to_thread(measure, sound, words_within(answer.words, sound), state.language)

    def _is_over(self, state: InterviewState) -> bool:
        if state.status is not Status.RUNNING or state.question_id is not None:
            return False
        # The next question is asked in the same breath as an answer is closed: when none is open, none is to come.
        scored = bool(state.asked) and all(answer.score for answer in state.asked)
        return scored and not self._opinions.awaited(state)

    async def _complete(self) -> None:
        journal, log = self._journal, self._journal.services.event_log
        events = await log.read(journal.interview_id)
        row = await log.row(journal.interview_id)
        now, state = journal.now(), journal.state
        done = InterviewEvent(state.seq + 1, now, state.clock_at(now), InterviewCompleted())
        report = await asyncio.to_thread(
            build_report,
            journal.interview_id,
            [*events[: state.seq], done],
            journal.flow,
            candidate_email=row.candidate_email if row else "",
        )
        message = OutboxMessage(
            id=f"msg_{uuid.uuid4().hex}",
            interview_id=journal.interview_id,
            type=REPORT_READY,
            body={"type": REPORT_READY, "timestamp": now.isoformat(), "data": report_json(report)},
        )
        await journal.record(
            lambda current: [InterviewCompleted(), ReportWritten(message.id)] if self._is_over(current) else [],
            at=now,
            outbox=(message,),
        )


def words_within(words: Sequence[TranscriptWord], sound: Sequence[Utterance]) -> list[TranscriptWord]:
    """The words that were spoken in these utterances."""
    return [word for word in words if any(u.start_ms <= word.start_ms < u.end_ms for u in sound)]
