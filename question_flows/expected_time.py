"""How long an interview takes that follows a flow. Pure."""

from __future__ import annotations

from question_flows.model import Flow


def expected_minutes(flow: Flow) -> tuple[int, int]:
    """In whole minutes: people who are brief, and all suggested times used up.

    Both with two minutes for the check, and one for the practice question.
    """
    seconds = sum(question.thinking_seconds + question.answer_seconds for question in flow.questions)
    around = 2 + (flow.practice is not None)
    return max(1, seconds // 120) + around, -(-seconds // 60) + around
