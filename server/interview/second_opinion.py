"""Asks the second scorer about scored answers, beside everything else; whatever it does, the report is written."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from functools import partial

from analyzers.results import AnswerScore, WithheldReason
from analyzers.scoring.scorer import Scorer, ScorerFailed, ScorerFailure
from server.interview.events import EventBody, Purpose, SecondOpinionFailed, SecondOpinionGiven
from server.interview.failures import describe
from server.interview.journal import Journal
from server.interview.state import AnswerState, InterviewState

log = logging.getLogger(__name__)


class SecondOpinions:
    """One interview's. settled: called when an opinion, or its failure, is in the log."""

    def __init__(self, journal: Journal, settled: Callable[[], None]) -> None:
        self._journal = journal
        self._settled = settled
        self._asked: dict[str, asyncio.Task[None]] = {}

    def awaited(self, state: InterviewState) -> list[AnswerState]:
        """The scored answers whose second opinion is still to come; after a restart they are asked about again.

        None without a scorer, without consent to scoring, or where the candidate was not told that there is one.
        """
        allowed = state.allows(Purpose.SCORING) and state.told_of_second_scorer
        if self._journal.services.second_scorer is None or not allowed:
            return []
        return [answer for answer in state.asked if _wants_opinion(answer)]

    def seek(self, group: asyncio.TaskGroup) -> None:
        """Asks about every awaited answer that is not asked about yet; returns at once."""
        scorer = self._journal.services.second_scorer
        for answer in self.awaited(self._journal.state):
            if scorer is not None and answer.question_id not in self._asked:
                task = group.create_task(self._ask(scorer, answer))
                self._asked[answer.question_id] = task
                task.add_done_callback(partial(self._forget, answer.question_id))

    def stop(self) -> None:
        """Ends what is under way; whoever takes the interview up asks again."""
        for task in self._asked.values():
            task.cancel()

    def _forget(self, question_id: str, _: asyncio.Task[None]) -> None:
        self._asked.pop(question_id, None)

    async def _ask(self, scorer: Scorer, answer: AnswerState) -> None:
        body = await self._opinion(scorer, answer)

        def still_awaited(state: InterviewState) -> Sequence[EventBody]:
            return [body] if _wants_opinion((state.answers or {})[answer.question_id]) else []

        await self._journal.record(still_awaited)
        self._settled()

    async def _opinion(self, scorer: Scorer, answer: AnswerState) -> EventBody:
        flow, interview_id = self._journal.flow, self._journal.interview_id
        question = self._journal.state.question(flow, answer.question_id)
        assert answer.transcript is not None
        try:
            score = await scorer.score(flow, question, answer.transcript)
        except ScorerFailed as error:
            log.warning("interview %s has no second opinion (%s)", interview_id, error)
            return SecondOpinionFailed(answer.question_id, error.reason.value)
        except Exception as error:  # noqa: BLE001
            # The score of record stands: nothing that happens to an opinion may hold up the report.
            log.error("interview %s has no second opinion: %s", interview_id, describe(error))
            return SecondOpinionFailed(answer.question_id, ScorerFailure.BROKEN.value)
        return SecondOpinionGiven(score, scorer.name)


def _wants_opinion(answer: AnswerState) -> bool:
    if answer.score is None or answer.transcript is None:
        return False
    settled = answer.second_opinion is not None or answer.second_opinion_failed is not None
    return not settled and _judgeable(answer.score)


def _judgeable(score: AnswerScore) -> bool:
    """Whether the answer could be judged at all: one too short or badly heard is no fairer to judge for a model."""
    return any(one.points is not None or one.withheld is WithheldReason.NOT_ENOUGH_EVIDENCE for one in score.indicators)
