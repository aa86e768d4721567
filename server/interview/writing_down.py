"""What was heard, into the log: once, with patience for the database, and never behind its answer's score."""

from __future__ import annotations

import asyncio
import logging
from enum import StrEnum

from sqlalchemy.exc import SQLAlchemyError

from server.interview.events import AnswerMode, EventBody, UtteranceLost, UtteranceTranscribed
from server.interview.journal import Journal
from server.interview.state import AnswerState, InterviewState, Status

RETRY_AFTER_SECONDS = (0.2, 0.5, 1.0, 2.0, 4.0)
"""When what was said is written down again after the database failed."""

log = logging.getLogger(__name__)


class LostBecause(StrEnum):
    """Why speech was never transcribed although recognition did not fail on it."""

    UNINTELLIGIBLE = "unintelligible"
    """Many voices at once, or one drowned in noise: its words could not be told, and none are invented."""
    TOO_MUCH_WAITING = "too_much_waiting"
    """Recognition was away for so long that the sound no longer fitted into memory."""
    TOO_LATE = "too_late"
    """Recognition was still away when the answer had to be scored."""
    SERVER_STOPPED = "server_stopped"
    """Recognition was away when the server was stopped, or it could not be done in time."""


async def write_down(journal: Journal, body: UtteranceTranscribed | UtteranceLost) -> None:
    """Nobody can say it again: a database that is away for a moment is waited for. Raises SQLAlchemyError after 8 s."""
    for seconds in RETRY_AFTER_SECONDS:
        try:
            await journal.record(lambda state: what_to_write(state, body))
            return
        except SQLAlchemyError as error:
            log.warning("interview %s: words wait (%s)", journal.interview_id, type(error).__name__)
            await asyncio.sleep(seconds)
    await journal.record(lambda state: what_to_write(state, body))


def what_to_write(state: InterviewState, body: UtteranceTranscribed | UtteranceLost) -> list[EventBody]:
    """The utterance, once; when its answer was scored without it (by another process), that it came too late."""
    answer = (state.answers or {})[body.question_id]
    if isinstance(body, UtteranceLost):
        return [] if body in answer.lost else [body]
    if _is_there(answer, body):
        return []
    if state.status is Status.COMPLETED or (answer.mode is AnswerMode.VOICE and answer.score is not None):
        return [UtteranceLost(body.question_id, body.words[0].start_ms, body.words[-1].end_ms, LostBecause.TOO_LATE)]
    return [body]


def _is_there(answer: AnswerState, body: UtteranceTranscribed) -> bool:
    return any(utterance.number == body.number for utterance in answer.utterances)
