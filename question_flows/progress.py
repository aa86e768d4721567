"""Where a candidate is in a flow: which question, thinking or answering, and how much time is suggested.

A pure state machine: every position is passed in as milliseconds of interview clock, which stands
still while the interview is paused or the line is down, so that no pause costs thinking time.
Nothing here ends a question: time that has run out is shown, never enforced.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Self

from question_flows.model import Flow, Question


class Phase(StrEnum):
    """What the candidate does with the current question."""

    THINKING = "thinking"
    ANSWERING = "answering"
    DONE = "done"
    """No question is left."""


class WrongPhase(Exception):
    """The step does not exist in this phase, such as answering after the last question."""


@dataclass(frozen=True, slots=True)
class Progress:
    """A place in a flow. index: current question, from 0, `total` when done. since_ms: when the phase began."""

    flow: Flow
    index: int
    phase: Phase
    since_ms: int
    skipped: tuple[str, ...] = ()
    """Ids of the questions left without an answer, in order."""

    @classmethod
    def start(cls, flow: Flow, clock_ms: int = 0) -> Self:
        """The first question, thinking."""
        return cls(flow, 0, Phase.THINKING, clock_ms)

    @property
    def total(self) -> int:
        """How many questions the flow has."""
        return len(self.flow.questions)

    @property
    def question(self) -> Question | None:
        """The current question; None when done."""
        return self.flow.questions[self.index] if self.index < self.total else None

    @property
    def done(self) -> bool:
        return self.phase is Phase.DONE

    def thinking_left_ms(self, clock_ms: int) -> int:
        """Suggested thinking time that is left, never below 0; 0 outside the thinking phase."""
        if self.question is None or self.phase is not Phase.THINKING:
            return 0
        return max(0, self.question.thinking_seconds * 1000 - (clock_ms - self.since_ms))

    def answer_left_ms(self, clock_ms: int) -> int:
        """Suggested answering time that is left; below 0 by as much as the answer is longer. 0 unless answering."""
        if self.question is None or self.phase is not Phase.ANSWERING:
            return 0
        return self.question.answer_seconds * 1000 - (clock_ms - self.since_ms)

    def answer(self, clock_ms: int) -> Self:
        """Answering begins, before or after the thinking time has run out. Raises WrongPhase unless thinking."""
        if self.phase is not Phase.THINKING:
            raise WrongPhase(f"cannot begin to answer while {self.phase}")
        return replace(self, phase=Phase.ANSWERING, since_ms=clock_ms)

    def next(self, clock_ms: int) -> Self:
        """On to the next question, or done after the last. Raises WrongPhase when done already."""
        if self.phase is Phase.DONE:
            raise WrongPhase("no question is left")
        index = self.index + 1
        phase = Phase.THINKING if index < self.total else Phase.DONE
        return replace(self, index=index, phase=phase, since_ms=clock_ms)

    def skip(self, clock_ms: int) -> Self:
        """Like next, and the current question is kept among the skipped ones."""
        question = self.question
        moved = self.next(clock_ms)
        return replace(moved, skipped=(*self.skipped, question.id)) if question else moved
