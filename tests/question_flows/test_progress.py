"""The order of questions and the thinking time, without a clock of their own."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from question_flows.loader import shipped_flows
from question_flows.model import Flow
from question_flows.progress import first_question, next_question, thinking_left_ms

FLOWS = tuple(shipped_flows().values())


@pytest.mark.parametrize("flow", FLOWS, ids=lambda flow: flow.id)
def test_every_question_comes_once_and_in_order(flow: Flow) -> None:
    asked = [first_question(flow)]
    while (question := next_question(flow, asked[-1].id)) is not None:
        asked.append(question)
    assert tuple(asked) == flow.questions


def test_an_unknown_question_has_no_next() -> None:
    with pytest.raises(KeyError):
        next_question(FLOWS[0], "nobody asks this")


@given(asked_ms=st.integers(0, 10**7), waited_ms=st.integers(0, 10**6))
def test_thinking_time_runs_down_to_nothing(asked_ms: int, waited_ms: int) -> None:
    question = first_question(FLOWS[0])
    left = thinking_left_ms(question, asked_ms=asked_ms, clock_ms=asked_ms + waited_ms)
    assert left == max(0, question.thinking_seconds * 1000 - waited_ms)
