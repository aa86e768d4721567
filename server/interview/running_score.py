"""The score while an answer is being spoken: shown, never stored."""

from __future__ import annotations

import asyncio

from pydantic import TypeAdapter

from analyzers.results import AnswerScore, InterviewScore, Transcript
from analyzers.scoring.combine import combine
from analyzers.scoring.rubric import score_answer
from question_flows.model import Flow
from server.interview.events import Purpose
from server.interview.journal import Journal
from server.interview.listening import Listening
from server.interview.observed import observed_shares
from server.interview.state import InterviewState

AT_MOST_EVERY_SECONDS = 1.0

ANSWER_SCORE = TypeAdapter(AnswerScore)
INTERVIEW_SCORE = TypeAdapter(InterviewScore)


def interview_score(flow: Flow, state: InterviewState, running: AnswerScore | None = None) -> InterviewScore:
    """All competencies over the scored answers and, if given, the one being spoken."""
    scores = [answer.score for answer in state.asked if answer.score is not None]
    return combine(flow, [*scores, running] if running is not None else scores, observed_shares(flow, state))


class RunningScore:
    """Scores what has been said so far after each change, at most once a second."""

    def __init__(self, journal: Journal, listening: Listening) -> None:
        self._journal = journal
        self._listening = listening

    async def follow(self, changed: asyncio.Event) -> None:
        """Publishes the signal `scores` whenever `changed` is set."""
        while True:
            await changed.wait()
            changed.clear()
            await self._publish()
            await asyncio.sleep(AT_MOST_EVERY_SECONDS)

    async def _publish(self) -> None:
        state, flow = self._journal.state, self._journal.flow
        if not state.allows(Purpose.SCORING):
            return
        running: AnswerScore | None = None
        if state.answer is not None and (words := self._listening.words_of(state.answer)):
            question = flow.question(state.answer.question_id)
            # In a thread: a long answer takes longer than the event loop may stand still.
            running = await asyncio.to_thread(score_answer, flow, question, Transcript(state.language, words))
        score = interview_score(flow, state, running)
        await self._journal.signal(
            "scores",
            {
                "question_id": state.question_id,
                "score": INTERVIEW_SCORE.dump_python(score, mode="json"),
                "answer": ANSWER_SCORE.dump_python(running, mode="json") if running is not None else None,
            },
        )
