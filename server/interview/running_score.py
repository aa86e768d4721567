"""The score while answers are spoken and their words not confirmed: shown, never stored."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from pydantic import TypeAdapter

from analyzers.results import AnswerScore, InterviewScore, Transcript
from analyzers.scoring.rubric import score_answer
from question_flows.model import PRACTICE_ID, Flow
from server.interview.events import Purpose
from server.interview.journal import Journal
from server.interview.listening import Listening
from server.interview.marking import mark
from server.interview.state import AnswerState, InterviewState
from server.interview.total import interview_score

AT_MOST_EVERY_SECONDS = 1.0

ANSWER_SCORE = TypeAdapter(AnswerScore)
ANSWER_SCORES = TypeAdapter(list[AnswerScore])
INTERVIEW_SCORE = TypeAdapter(InterviewScore)


def score_json(flow: Flow, state: InterviewState, provisional: Mapping[str, AnswerScore]) -> dict[str, Any]:
    """The same as pages take it. provisional: whether it rests on words that are not confirmed, or still being said."""
    score = interview_score(flow, state, provisional)
    return {**INTERVIEW_SCORE.dump_python(score, mode="json"), "provisional": bool(provisional)}


def provisional_scores(flow: Flow, state: InterviewState) -> dict[str, AnswerScore]:
    """Question id → what the submitted answers without a score would get as they stand; costs some 2 ms an answer."""
    return {answer.question_id: mark(flow, state, answer)[0] for answer in unscored(state)}


def unscored(state: InterviewState) -> list[AnswerState]:
    """The submitted answers that are still to be scored."""
    return [answer for answer in state.asked if answer.transcript is not None and answer.score is None]


class RunningScore:
    """Scores what has been said so far after each change, at most once a second, each answer once as it stands."""

    def __init__(self, journal: Journal, listening: Listening) -> None:
        self._journal = journal
        self._listening = listening
        self._known: dict[str, tuple[Transcript, AnswerScore]] = {}
        self._told: dict[str, AnswerScore] = {}

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
        # In a thread: a long answer takes longer than the event loop may stand still.
        provisional = await asyncio.to_thread(self._submitted, state)
        news = [score for question_id, score in provisional.items() if self._told.get(question_id) != score]
        running = await asyncio.to_thread(self._running, state)
        scores = {**provisional, running.question_id: running} if running is not None else provisional
        await self._journal.signal(
            "scores",
            {
                "question_id": state.question_id,
                "score": score_json(flow, state, scores),
                "answer": ANSWER_SCORE.dump_python(running, mode="json") if running is not None else None,
                "answers": ANSWER_SCORES.dump_python(news, mode="json"),
            },
        )
        self._told = provisional

    def _submitted(self, state: InterviewState) -> dict[str, AnswerScore]:
        """The provisional scores; one is made anew only when its words have changed."""
        known: dict[str, tuple[Transcript, AnswerScore]] = {}
        for answer in unscored(state):
            assert answer.transcript is not None
            before = self._known.get(answer.question_id)
            if before is not None and before[0] == answer.transcript:
                known[answer.question_id] = before
            else:
                known[answer.question_id] = (answer.transcript, mark(self._journal.flow, state, answer)[0])
        self._known = known
        return {question_id: score for question_id, (_, score) in known.items()}

    def _running(self, state: InterviewState) -> AnswerScore | None:
        """The score of what has been said to the open question; None when there is nothing, or it never counts."""
        answer, flow = state.answer, self._journal.flow
        if answer is None or answer.question_id == PRACTICE_ID or not (words := self._listening.words_of(answer)):
            return None
        question = state.question(flow, answer.question_id)
        return score_answer(flow, question, Transcript(state.language, words)) if question.indicator_ids else None
