"""What people of HR did in an interview, while it ran and afterwards. Part of the events in `events.py`.

by, rater, user: the person's e-mail address. Texts are trimmed and never empty unless said otherwise.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class TimeGiven:
    """extra_ms: time on top for this question, milliseconds."""

    question_id: str
    extra_ms: int
    by: str


@dataclass(frozen=True, slots=True)
class HintSent:
    """A hint written by a person, beside the flow's own; it never lowers a score."""

    question_id: str
    text: str
    by: str


@dataclass(frozen=True, slots=True)
class QuestionRequested:
    """This is asked next, before anything of the flow.

    question_id: a follow-up's, then probe is the number among the indicator's probes and wording is None; or that of
    a question in this person's own words, in wording, which no machine scores.
    """

    question_id: str
    by: str
    probe: int = 0
    wording: str | None = None


@dataclass(frozen=True, slots=True)
class MomentMarked:
    """A moment to come back to: the event's own place. note: may be empty."""

    note: str
    by: str


@dataclass(frozen=True, slots=True)
class HandedOver:
    """A person goes on from here; the machine asks nothing more. message: what the candidate reads."""

    message: str
    by: str


@dataclass(frozen=True, slots=True)
class InterviewEnded:
    """A person ended the questions before the flow did; what was answered is checked, scored and reported."""

    reason: str
    by: str


@dataclass(frozen=True, slots=True)
class InterviewCancelled:
    """A person called it off before it began. reason: HR's; the candidate never reads it."""

    reason: str
    by: str


@dataclass(frozen=True, slots=True)
class CompetencyRated:
    """A person's own rating; a later one of the same rater for it takes its place. points: 0-10.

    blind: given before the rater had seen any other score.
    """

    competency_id: str
    points: float
    reason: str
    rater: str
    department: str = ""
    blind: bool = False


@dataclass(frozen=True, slots=True)
class ScoreOverridden:
    """A person's points, 0-10, in place of the machine's for one indicator of one answer; None takes that back.

    reason: may be empty then.
    """

    question_id: str
    indicator_id: str
    points: float | None
    reason: str
    by: str


@dataclass(frozen=True, slots=True)
class ReviewFinished:
    """The rater has given what they had to, and may now see the other scores."""

    rater: str


class Decision(StrEnum):
    """What a person decided about the candidate after this interview."""

    ADVANCE = "advance"
    HOLD = "hold"
    DECLINE = "decline"


@dataclass(frozen=True, slots=True)
class Decided:
    """The last one counts."""

    decision: Decision
    reason: str
    by: str


@dataclass(frozen=True, slots=True)
class CandidateFeedbackReleased:
    """What the candidate reads about their interview; the last one counts. It holds no scores."""

    text: str
    by: str
