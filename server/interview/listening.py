"""Listens to spoken answers: words into the log as they become final, signals while they are not."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta

from pydantic import TypeAdapter

from analyzers.results import TranscriptUpdate, TranscriptWord
from analyzers.transcription.stream import AnswerStream
from media.frames import SAMPLE_RATE, AudioFrame, Utterance
from server.interview.engine import keeps_up
from server.interview.events import Purpose, UtteranceLost, UtteranceTranscribed
from server.interview.journal import Journal
from server.interview.pipeline import AnswerPipeline
from server.interview.state import AnswerState, Phase, Status
from server.interview.writing_down import LostBecause, write_down

TAIL_SECONDS = 20.0
"""How long a submitted answer waits for its last words; those that come later are added to it."""
PROMPT_SECONDS = 2.0
"""How long it waits when they cannot be expected: recognition fails or has too much to do."""
LATE_WORDS_SECONDS = 15 * 60.0
"""How long the score of a submitted answer waits for words; after that they are lost, and the log says so."""

LONGEST_SOUND_S = 600
"""How much of one answer's sound is kept in memory for measuring its delivery."""

_WORDS = TypeAdapter(tuple[TranscriptWord, ...])


class Listening:
    """The pipelines of the answer being given and of those whose words are late, each with its own question.

    on_words: called when there are more words than before, for the running score. on_told: called when a closed
    answer has got its last words. line_quality: 0-1, how well sound arrives.
    """

    def __init__(
        self,
        journal: Journal,
        on_words: Callable[[], None],
        on_told: Callable[[], None],
        line_quality: Callable[[], float],
    ) -> None:
        self._journal = journal
        self._on_words = on_words
        self._on_told = on_told
        self._line_quality = line_quality
        self._pipelines: dict[str, AnswerPipeline] = {}
        self._submitted_at: dict[str, datetime] = {}
        self._group: asyncio.TaskGroup | None = None
        self._sound: dict[str, list[Utterance]] = {}
        self._committed: tuple[str, int, tuple[TranscriptWord, ...]] = ("", 0, ())
        self._shown_waiting: dict[str, int] = {}

    def use(self, group: asyncio.TaskGroup) -> None:
        """Tasks run in this group from now on; what waited when the former one ended is decoded here."""
        self._group = group
        for pipeline in self._pipelines.values():
            pipeline.go_on(group)

    def hear(self, frame: AudioFrame) -> None:
        """Takes a frame of the line; what is said outside of an answer is not listened to."""
        answer = self._open_answer()
        if answer is None:
            return
        if answer.question_id not in self._pipelines:
            self._begin(answer)
        if (pipeline := self._pipelines.get(answer.question_id)) is not None:
            pipeline.push(frame)

    def flush(self) -> None:
        """Ends the utterance being spoken; the answer goes on."""
        for pipeline in self._pipelines.values():
            pipeline.flush()

    async def finish(self, question_id: str, *, patiently: bool) -> None:
        """Closes the answer. Returns when every word of it is in the log or its loss, or when that takes too long.

        patiently: up to 20 s, as long as recognition keeps up; else 2 s.
        """
        pipeline, engine = self._pipelines.get(question_id), self._journal.services.engine
        if pipeline is None:
            return
        pipeline.close()
        waited = 0.0
        while pipeline.waiting and waited < (TAIL_SECONDS if patiently and keeps_up(engine) else PROMPT_SECONDS):
            with suppress(TimeoutError):
                async with asyncio.timeout(PROMPT_SECONDS):
                    await pipeline.finish()
            waited += PROMPT_SECONDS

    def stop_hearing(self, question_id: str) -> None:
        """Closes the answer at once: the utterance being spoken is whole, and whatever waits for its words is late."""
        if (pipeline := self._pipelines.get(question_id)) is not None:
            pipeline.close()

    def leave(self, question_id: str) -> None:
        """The answer is submitted; words it still waits for are late."""
        if (pipeline := self._pipelines.get(question_id)) is not None:
            pipeline.close()
            self._submitted_at[question_id] = self._journal.now()
            self._waits(question_id)

    def reopen(self, question_id: str) -> None:
        """The answer goes on after all, if it is still open: its submission was refused."""
        answer = self._journal.state.answer
        if answer is not None and answer.question_id == question_id and question_id in self._pipelines:
            self._pipelines[question_id].reopen()

    def waiting(self, question_id: str | None = None) -> int:
        """How many utterances of this answer, or of all, wait for their words."""
        if question_id is not None:
            pipeline = self._pipelines.get(question_id)
            return pipeline.waiting if pipeline is not None else 0
        return sum(pipeline.waiting for pipeline in self._pipelines.values())

    def seconds_of_patience(self) -> float | None:
        """How long until some submitted answer's late words are waited for no more; None when none are late."""
        if not self._submitted_at:
            return None
        until = min(self._submitted_at.values()) + timedelta(seconds=LATE_WORDS_SECONDS)
        return (until - self._journal.now()).total_seconds()

    async def give_up_late(self) -> None:
        """What has been waited for long enough is lost, and the log says so."""
        latest = self._journal.now() - timedelta(seconds=LATE_WORDS_SECONDS)
        for question_id, submitted_at in list(self._submitted_at.items()):
            pipeline = self._pipelines.get(question_id)
            if submitted_at <= latest and pipeline is not None:
                await pipeline.give_up(LostBecause.TOO_LATE)

    async def close(self, seconds: float) -> None:
        """The server stops: what cannot be written down within this time is lost, and the log says so."""
        pipelines = list(self._pipelines.values())
        for pipeline in pipelines:
            pipeline.close()
        try:
            async with asyncio.timeout(seconds):
                for pipeline in pipelines:
                    await pipeline.finish()
        except TimeoutError:
            for pipeline in pipelines:
                await pipeline.give_up(LostBecause.SERVER_STOPPED)

    def stop(self) -> None:
        """Ends the pipelines' tasks."""
        for pipeline in self._pipelines.values():
            pipeline.stop()

    def words_of(self, answer: AnswerState) -> tuple[TranscriptWord, ...]:
        """All certain words so far, those of the utterance being spoken included."""
        question_id, number, committed = self._committed
        last = max((utterance.number for utterance in answer.utterances), default=0)
        return answer.words + committed if question_id == answer.question_id and number > last else answer.words

    def take_sound(self, question_id: str) -> list[Utterance]:
        """The answer's utterances; they are forgotten here."""
        return self._sound.pop(question_id, [])

    async def heard(self, question_id: str, number: int, update: TranscriptUpdate, utterance: Utterance) -> None:
        """Final words go into the log before anyone sees them; others are shown only."""
        if update.final:
            self._keep_sound(question_id, utterance)
            if update.committed:
                said = UtteranceTranscribed(question_id, number, update.committed, round(update.confidence, 4))
                await write_down(self._journal, said)
        else:
            self._committed = (question_id, number, update.committed)
        await self._journal.signal(
            "transcript",
            {
                "question_id": question_id,
                "utterance_number": number,
                "committed": _WORDS.dump_python(update.committed, mode="json"),
                "tentative": _WORDS.dump_python(update.tentative, mode="json"),
                "confidence": round(update.confidence, 4),
                "final": update.final,
            },
        )
        self._on_words()

    async def lost(self, question_id: str, utterance: Utterance, reason: str) -> None:
        """Nothing is invented: the loss itself goes into the log."""
        await write_down(self._journal, UtteranceLost(question_id, utterance.start_ms, utterance.end_ms, reason))

    def _waits(self, question_id: str) -> None:
        """Forgets a submitted answer that waits for nothing any more, and shows how many still wait."""
        if question_id in self._submitted_at and not self._pipelines[question_id].waiting:
            del self._submitted_at[question_id], self._pipelines[question_id]
            self._on_told()
        if self._group is not None and self._waiting_to_show() != self._shown_waiting:
            self._group.create_task(self.show_waiting())

    async def show_waiting(self) -> None:
        """Publishes how many utterances wait for words that are not to be expected at once."""
        self._shown_waiting = self._waiting_to_show()
        await self._journal.signal("waiting", {"questions": self._shown_waiting})

    def _waiting_to_show(self) -> dict[str, int]:
        everywhere = not keeps_up(self._journal.services.engine)
        return {
            question_id: pipeline.waiting
            for question_id, pipeline in self._pipelines.items()
            if pipeline.waiting and (everywhere or question_id in self._submitted_at)
        }

    def _open_answer(self) -> AnswerState | None:
        state = self._journal.state
        answer = state.answer
        if state.status is not Status.RUNNING or answer is None or answer.phase is not Phase.ANSWERING:
            return None
        return answer

    def _begin(self, answer: AnswerState) -> None:
        """Whether recognition is there or not: what is said waits for it."""
        state, question_id = self._journal.state, answer.question_id
        if self._group is None or not state.allows(Purpose.VOICE):
            return
        terms = state.question(self._journal.flow, question_id).terms.get(state.language, ())
        stream = AnswerStream(
            self._journal.services.engine,
            self._journal.interview_id,
            state.language,
            terms,
            line_quality=self._line_quality,
        )
        heard = max((utterance.number for utterance in answer.utterances), default=0)
        number = heard + len(answer.lost) + 1
        endpointing = self._journal.flow.endpointing
        self._pipelines[question_id] = AnswerPipeline(
            question_id, stream, self, self._group, number, endpointing, on_waiting=self._waits
        )

    def _keep_sound(self, question_id: str, utterance: Utterance) -> None:
        kept = self._sound.setdefault(question_id, [])
        if sum(len(earlier.samples) for earlier in kept) < LONGEST_SOUND_S * SAMPLE_RATE:
            kept.append(utterance)
