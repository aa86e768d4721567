"""What follows a submitted answer: its score and observations, and after the last one the report."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from functools import partial

from analyzers.delivery import measure
from analyzers.results import Delivery, TranscriptWord
from media.frames import Utterance
from server.interview.events import (
    AnswerMode,
    AnswerObserved,
    AnswerScored,
    ConfirmedBy,
    EventBody,
    InterviewCompleted,
    Purpose,
    ReportWritten,
    TranscriptCheckBegan,
    TranscriptsConfirmed,
)
from server.interview.journal import Journal
from server.interview.listening import Listening
from server.interview.marking import mark
from server.interview.report_messages import REPORT_READY, report_message
from server.interview.second_opinion import SecondOpinions
from server.interview.state import AnswerState, InterviewState, Status
from server.interview.watching import Watching


class Settling:
    """Works off what the log says is still to do, so that a crash in between is made up for by looking again."""

    def __init__(self, journal: Journal, listening: Listening, watching: Watching, opinions: SecondOpinions) -> None:
        self._journal = journal
        self._listening = listening
        self._watching = watching
        self._opinions = opinions

    async def settle(self, group: asyncio.TaskGroup) -> None:
        """Observes and scores the submitted answers whose words stand; completes the interview when nothing is left.

        Second opinions are asked for in the group; only the report waits for them, and they are bounded in time.
        What is still to come of a spoken answer is waited for, though not for ever: no word comes behind its score.
        """
        await self._listening.give_up_late()
        await self._journal.record(_missing_check)
        await self._confirm_by_time()
        for question_id in [answer.question_id for answer in self._journal.state.asked]:
            state = self._journal.state
            answer = (state.answers or {})[question_id]
            late = answer.mode is AnswerMode.VOICE and self._listening.waiting(question_id) > 0
            if answer.transcript is None or answer.score is not None or late:
                continue
            await self._observe(answer)
            if state.has_final_words(answer):
                await self._score(answer)
        self._opinions.seek(group)
        if self._is_over(self._journal.state) and not self._listening.waiting():
            await self._complete()

    def seconds_of_patience(self) -> float | None:
        """How long until late words, or a candidate who checks nothing, are waited for no more; None: nothing is."""
        patience = [self._listening.seconds_of_patience()]
        if not self._listening.waiting():  # Words that come late are to be checked too.
            patience.append(self._check_seconds())
        return min((seconds for seconds in patience if seconds is not None), default=None)

    def _check_seconds(self) -> float | None:
        state = self._journal.state
        if not state.is_checking or state.check_since is None:
            return None
        until = state.check_since + timedelta(minutes=self._journal.services.check_minutes)
        return (until - self._journal.now()).total_seconds()

    async def _confirm_by_time(self) -> None:
        def decided(state: InterviewState) -> Sequence[EventBody]:
            seconds = self._check_seconds()
            is_over = seconds is not None and seconds <= 0 and not self._listening.waiting()
            return [TranscriptsConfirmed(ConfirmedBy.TIME)] if is_over else []

        await self._journal.record(decided)

    async def _observe(self, answer: AnswerState) -> None:
        """As soon as the answer's words are there: its sound and what was seen are not kept for longer."""
        observations = self._watching.take(answer)
        delivery = await self._delivery(answer)
        if observations or delivery is not None:
            await self._journal.record(lambda _: [AnswerObserved(answer.question_id, observations, delivery)])

    async def _score(self, answer: AnswerState) -> None:
        while answer.score is None:
            # In a thread: a long answer takes longer than the event loop may stand still.
            score, scorer = await asyncio.to_thread(mark, self._journal.flow, self._journal.state, answer)
            scored = AnswerScored(score, scorer)
            await self._journal.record(partial(_unless_changed, answer, scored))
            # Another process may have been quicker, or a late word: then it is scored with that.
            answer = (self._journal.state.answers or {})[answer.question_id]

    async def _delivery(self, answer: AnswerState) -> Delivery | None:
        state = self._journal.state
        sound = self._listening.take_sound(answer.question_id)
        allowed = state.allows(Purpose.SCORING) and state.allows(Purpose.VOICE)
        if not sound or not allowed or answer.mode is not AnswerMode.VOICE:
            return None
        # After a crash the earlier sound is gone: words without their sound would look like fast speech.
        return await asyncio.to_thread(measure, sound, words_within(answer.words, sound), state.language)

    def _is_over(self, state: InterviewState) -> bool:
        # What comes next is decided with the answer before it: when nothing is open, nothing is to come.
        # Handed over to a person before it began, it is over too.
        if state.status not in (Status.READY, Status.RUNNING, Status.CHECKING) or not state.nothing_to_come:
            return False
        scored = all(answer.score for answer in state.asked)
        return scored and not self._opinions.awaited(state)

    async def _complete(self) -> None:
        journal = self._journal
        now = journal.now()
        message = await report_message(journal, REPORT_READY, [InterviewCompleted()], now)
        await journal.record(
            lambda current: [InterviewCompleted(), ReportWritten(message.id)] if self._is_over(current) else [],
            at=now,
            outbox=(message,),
        )


def _unless_changed(answer: AnswerState, scored: AnswerScored, state: InterviewState) -> Sequence[EventBody]:
    now = (state.answers or {})[answer.question_id]
    return [scored] if now.score is None and now.transcript == answer.transcript else []


def _missing_check(state: InterviewState) -> Sequence[EventBody]:
    """The check of an interview whose last answer was closed by a version that knew none."""
    if state.status is not Status.RUNNING or not state.nothing_to_come:
        return []
    unscored = any(answer.mode is AnswerMode.VOICE and answer.score is None for answer in state.asked)
    return [TranscriptCheckBegan()] if unscored else []


def words_within(words: Sequence[TranscriptWord], sound: Sequence[Utterance]) -> list[TranscriptWord]:
    """The words that were spoken in these utterances."""
    return [word for word in words if any(u.start_ms <= word.start_ms < u.end_ms for u in sound)]
