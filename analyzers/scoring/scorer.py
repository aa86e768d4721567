"""What scores an answer: one protocol, two implementations (the built-in rubric here, a language model in `llm.py`)."""

from __future__ import annotations

import asyncio
from enum import StrEnum
from typing import Protocol

from analyzers.results import AnswerScore, Transcript
from analyzers.scoring.rubric import SCORER, score_answer
from question_flows.model import Flow, Question


class ScorerFailure(StrEnum):
    """Why a scorer gave no score; the report says it."""

    UNREACHABLE = "unreachable"
    """No connection, or it broke."""
    TIMED_OUT = "timed_out"
    OVERLOADED = "overloaded"
    """Too many requests, or an error of its own, and still so after the retries."""
    REFUSED = "refused"
    """It does not accept our key, model or request."""
    UNUSABLE = "unusable"
    """What it answered is not what was asked for: no JSON, unknown indicators, points outside 0-10."""
    BROKEN = "broken"
    """A fault of this server's own."""


class ScorerFailed(Exception):
    """There is no score. Holds neither the candidate's words nor what the scorer said, so it may be logged."""

    def __init__(self, reason: ScorerFailure, detail: str = "") -> None:
        super().__init__(f"{reason.value}: {detail}" if detail else reason.value)
        self.reason = reason


class Scorer(Protocol):
    """Gives the points of one answer, each with its quotes."""

    @property
    def name(self) -> str:
        """Name and version, for the report."""
        ...

    async def score(self, flow: Flow, question: Question, transcript: Transcript) -> AnswerScore:
        """One score per indicator that the question asks for. Raises ScorerFailed."""
        ...


class BuiltInScorer:
    """The rubric, in a thread: a long answer takes longer than the event loop may stand still."""

    @property
    def name(self) -> str:
        """The rubric's name and version."""
        return SCORER

    async def score(self, flow: Flow, question: Question, transcript: Transcript) -> AnswerScore:
        """The points by cues, structure and specificity; never fails."""
        return await asyncio.to_thread(score_answer, flow, question, transcript)
