"""Listens to spoken answers: words into the log as they become final, signals while they are not."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from pydantic import TypeAdapter
from sqlalchemy.exc import SQLAlchemyError

from analyzers.results import TranscriptUpdate, TranscriptWord
from analyzers.transcription.stream import AnswerStream
from media.frames import SAMPLE_RATE, AudioFrame, Utterance
from server.interview.events import Purpose, UtteranceLost, UtteranceTranscribed
from server.interview.journal import Journal
from server.interview.pipeline import TAIL_SECONDS, AnswerPipeline
from server.interview.state import AnswerState, Phase, Status

LONGEST_SOUND_S = 600
"""How much of one answer's sound is kept in memory for measuring its delivery."""

RETRY_AFTER_SECONDS = (0.2, 0.5, 1.0, 2.0, 4.0)
"""When what was said is written down again after the database failed."""

log = logging.getLogger(__name__)

_WORDS = TypeAdapter(tuple[TranscriptWord, ...])


class Listening:
    """The pipeline of the answer being given, and what it has yielded that is not in the log.

    on_words: called when there are more words than before, for the running score.
    """

    def __init__(self, journal: Journal, on_words: Callable[[], None]) -> None:
        self._journal = journal
        self._on_words = on_words
        self._pipeline: AnswerPipeline | None = None
        self._group: asyncio.TaskGroup | None = None
        self._sound: dict[str, list[Utterance]] = {}
        self._committed: tuple[str, int, tuple[TranscriptWord, ...]] = ("", 0, ())

    def use(self, group: asyncio.TaskGroup) -> None:
        """Tasks run in this group from now on; a former pipeline is gone with its group."""
        self._group = group
        self._pipeline = None

    def hear(self, frame: AudioFrame) -> None:
        """Takes a frame of the line; what is said outside of an answer is not listened to."""
        answer = self._open_answer()
        if answer is None:
            return
        if self._pipeline is None or self._pipeline.question_id != answer.question_id:
            self._pipeline = self._begin(answer)
        if self._pipeline is not None:
            self._pipeline.push(frame)

    def flush(self) -> None:
        """Ends the utterance being spoken; the answer goes on."""
        if self._pipeline is not None:
            self._pipeline.flush()

    async def finish(self, question_id: str, seconds: float = TAIL_SECONDS) -> None:
        """Returns when every word of the answer is in the log, or its loss."""
        if self._pipeline is not None and self._pipeline.question_id == question_id:
            await self._pipeline.finish(seconds)

    def stop(self) -> None:
        """Ends the pipeline's task; what it has not told is not waited for."""
        if self._pipeline is not None:
            self._pipeline.stop()
            self._pipeline = None

    def go_on(self) -> None:
        """The answer goes on after all: its submission was refused."""
        if self._pipeline is not None and self._pipeline.closed:
            self._pipeline = None

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
                await self._write_down(said)
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
        await self._write_down(UtteranceLost(question_id, utterance.start_ms, utterance.end_ms, reason))

    async def _write_down(self, body: UtteranceTranscribed | UtteranceLost) -> None:
        """Nobody can say it again: a database that is away for a moment is waited for."""
        for seconds in RETRY_AFTER_SECONDS:
            try:
                await self._journal.record(lambda _: [body])
                return
            except SQLAlchemyError as error:
                log.warning("interview %s: words wait (%s)", self._journal.interview_id, type(error).__name__)
                await asyncio.sleep(seconds)
        await self._journal.record(lambda _: [body])

    def _open_answer(self) -> AnswerState | None:
        state = self._journal.state
        answer = state.answer
        if state.status is not Status.RUNNING or answer is None or answer.phase is not Phase.ANSWERING:
            return None
        return answer

    def _begin(self, answer: AnswerState) -> AnswerPipeline | None:
        state, scheduler = self._journal.state, self._journal.services.engine.scheduler
        if scheduler is None or self._group is None or not state.allows(Purpose.VOICE):
            return None
        question = self._journal.flow.question(answer.question_id)
        stream = AnswerStream(
            scheduler, self._journal.interview_id, state.language, question.terms.get(state.language, ())
        )
        heard = max((utterance.number for utterance in answer.utterances), default=0)
        first_number = heard + len(answer.lost) + 1
        endpointing = self._journal.flow.endpointing
        return AnswerPipeline(answer.question_id, stream, self, self._group, first_number, endpointing)

    def _keep_sound(self, question_id: str, utterance: Utterance) -> None:
        kept = self._sound.setdefault(question_id, [])
        if sum(len(earlier.samples) for earlier in kept) < LONGEST_SOUND_S * SAMPLE_RATE:
            kept.append(utterance)
