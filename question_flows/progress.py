"""Which question comes next, and how much thinking time is left: pure, with the interview clock passed in.

The clock stands still while the interview is paused or the line is down, so no pause costs thinking time. Nothing here
ends a question: time that has run out is shown, never enforced.
"""

from __future__ import annotations

from question_flows.model import Flow, Question


def first_question(flow: Flow) -> Question:
    """The question an interview opens with; the loader refuses a flow without one."""
    return flow.questions[0]


def next_question(flow: Flow, question_id: str) -> Question | None:
    """The question after this one; None after the last. Raises KeyError for a question the flow does not have."""
    index = flow.questions.index(flow.question(question_id)) + 1
    return flow.questions[index] if index < len(flow.questions) else None


def thinking_left_ms(question: Question, *, asked_ms: int, clock_ms: int) -> int:
    """Suggested thinking time that is left, milliseconds, never below 0; both positions are interview clock."""
    return max(0, asked_ms + question.thinking_seconds * 1000 - clock_ms)
