"""The entries of an interview's timeline: what kinds there are, and what each says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from pydantic import TypeAdapter


class Lane(StrEnum):
    """Which row of a drawn timeline an entry stands in."""

    COURSE = "course"
    """The interview as the flow and the candidate make it."""
    FAULTS = "faults"
    """What interrupts it."""
    PEOPLE = "people"
    """A call for a person, and all that people of HR do."""


class EntryKind(StrEnum):
    """What an entry tells of. A span has a length; it is open until its end is in the log."""

    STARTED = "started"
    PRACTICE = "practice"
    QUESTION = "question"
    """Span: from asking until the answer is submitted or passed over."""
    ANSWER = "answer"
    """Span: from beginning to answer until submitting."""
    SUBMITTED = "submitted"
    """detail: an `AnswerMode`."""
    SKIPPED = "skipped"
    AGAIN = "again"
    """The candidate began the answer anew."""
    HINT = "hint"
    """The candidate opened one of the flow's."""
    MOMENT = "moment"
    """The candidate asked for a moment; length_ms: the thinking time on top."""
    ROUND = "round"
    """Span: the rest before a round. detail: that round's id; text: its title."""
    CHECK = "check"
    """Span: the candidate checks what was heard."""
    CORRECTION = "correction"
    CONFIRMED = "confirmed"
    """detail: a `ConfirmedBy`."""
    COMPLETED = "completed"

    PAUSE = "pause"
    """Span. detail: a `PausedBy`; one of HR's stands among what people do."""
    OUTAGE = "outage"
    """Span: the candidate was away."""
    RESTART = "restart"
    """Span: the server restarted, until the candidate was back."""
    RECOGNITION_FAILED = "recognition_failed"
    """Span. detail: the reason, as in the event."""
    UTTERANCE_LOST = "utterance_lost"
    RECORDING_GAP = "recording_gap"
    RECORDING_FAILED = "recording_failed"
    """Span, until the recording is stored after all."""

    HELP = "help"
    """text: what the candidate wrote, which may be nothing."""
    HELP_TAKEN = "help_taken"
    HELP_WITHDRAWN = "help_withdrawn"
    TIME_GIVEN = "time_given"
    """length_ms: the time on top."""
    HINT_SENT = "hint_sent"
    QUESTION_REQUESTED = "question_requested"
    """text: a person's own wording or the probe."""
    MARK = "mark"
    """text: the note, which may be empty."""
    HANDED_OVER = "handed_over"
    ENDED = "ended"
    """A person ended the questions; text: the reason."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that happened. seq: the event's, which begins it. at: aware UTC. clock_ms: interview clock.

    until: when a span ended, None while it is open and for a moment. open: whether it lasts. length_ms: interview clock
    for what takes place in it (question, answer, lost words, a gap in the recording), wall clock for what stops it
    (pause, outage, restart, rest, check) or runs beside it; None while open, for a moment, and where it never ended.
    by: the person of HR's e-mail address, or "". text: in the language asked for where the flow has it; see the kinds.
    """

    seq: int
    kind: EntryKind
    lane: Lane
    at: datetime
    clock_ms: int
    question_id: str | None = None
    until: datetime | None = None
    open: bool = False
    length_ms: int | None = None
    by: str = ""
    text: str = ""
    detail: str = ""


_ENTRIES = TypeAdapter(tuple[Entry, ...])


def timeline_json(entries: Sequence[Entry]) -> list[dict[str, Any]]:
    """The entries as JSON-ready values."""
    data: list[dict[str, Any]] = _ENTRIES.dump_python(tuple(entries), mode="json")
    return data
