"""What a person of HR did while an interview ran, as the folded state keeps it, and pages and the report show it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from pydantic import TypeAdapter

from question_flows.model import PRACTICE_ID
from server.interview import hr_events as by_hr
from server.interview.events import InterviewEvent, InterviewPaused, InterviewResumed, PausedBy


class InterventionKind(StrEnum):
    """What was done."""

    PAUSE = "pause"
    RESUME = "resume"
    TIME = "time"
    HINT = "hint"
    QUESTION = "question"
    """One of the flow's probes, or a question in a person's own words, was put next."""
    MARK = "mark"
    """For people only: no departure from the standard interview."""
    HAND_OVER = "hand_over"
    END = "end"


@dataclass(frozen=True, slots=True)
class Intervention:
    """at: aware UTC. clock_ms: interview clock. by: an e-mail address.

    question_id: the question it concerns: the open one, or the one that is asked by it; None where none that counts is.
    text: a hint, a question's words, a note, a message or a reason. extra_ms: time given; 0 for all else. probe: of a
    question in the flow's words, its number among the indicator's probes.
    """

    kind: InterventionKind
    at: datetime
    clock_ms: int
    question_id: str | None
    by: str
    text: str = ""
    extra_ms: int = 0
    probe: int = 0


_INTERVENTIONS = TypeAdapter(tuple[Intervention, ...])


def intervention_of(event: InterviewEvent, question_id: str | None) -> Intervention | None:
    """What this event says that a person of HR did; None for another event. question_id: the open question."""
    K = InterventionKind

    def done(kind: InterventionKind, by: str, text: str = "", *, extra_ms: int = 0, probe: int = 0) -> Intervention:
        concerned = getattr(event.body, "question_id", question_id)
        counting = concerned if concerned != PRACTICE_ID else None
        return Intervention(kind, event.at, event.clock_ms, counting, by, text, extra_ms, probe)

    match event.body:
        case InterviewPaused(PausedBy.HR, user):
            return done(K.PAUSE, user)
        case InterviewResumed(PausedBy.HR, user):
            return done(K.RESUME, user)
        case by_hr.TimeGiven(extra_ms=extra_ms, by=by):
            return done(K.TIME, by, extra_ms=extra_ms)
        case by_hr.HintSent(text=text, by=by):
            return done(K.HINT, by, text)
        case by_hr.QuestionRequested(by=by, probe=probe, wording=wording):
            return done(K.QUESTION, by, wording or "", probe=probe)
        case by_hr.MomentMarked(note, by):
            return done(K.MARK, by, note)
        case by_hr.HandedOver(message, by):
            return done(K.HAND_OVER, by, message)
        case by_hr.InterviewEnded(reason, by) | by_hr.InterviewCancelled(reason, by):
            return done(K.END, by, reason)
        case _:
            return None


def interventions_json(interventions: tuple[Intervention, ...]) -> list[dict[str, Any]]:
    """As JSON-ready values."""
    data: list[dict[str, Any]] = _INTERVENTIONS.dump_python(interventions, mode="json")
    return data
