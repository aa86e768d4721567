"""Progress through a flow: order, phases and suggested times, with the clock passed in."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from question_flows.loader import shipped_flows
from question_flows.progress import Phase, Progress, WrongPhase

FLOW = shipped_flows()["customer_service"]


def test_it_starts_with_thinking_about_the_first_question() -> None:
    progress = Progress.start(FLOW)
    assert (progress.index, progress.total, progress.phase) == (0, 6, Phase.THINKING)
    assert progress.question is FLOW.questions[0]
    assert progress.thinking_left_ms(0) == 30_000


def test_thinking_time_runs_down_to_zero_and_ends_nothing() -> None:
    progress = Progress.start(FLOW, clock_ms=5_000)
    assert progress.thinking_left_ms(12_000) == 23_000
    assert progress.thinking_left_ms(99_000) == 0
    assert progress.phase is Phase.THINKING


def test_answering_time_may_be_exceeded() -> None:
    progress = Progress.start(FLOW).answer(10_000)
    assert progress.thinking_left_ms(11_000) == 0
    assert progress.answer_left_ms(11_000) == 119_000
    assert progress.answer_left_ms(140_000) == -10_000


def test_questions_come_in_the_order_of_the_flow() -> None:
    progress = Progress.start(FLOW)
    seen = []
    while progress.question is not None:
        seen.append(progress.question.id)
        progress = progress.answer(progress.since_ms + 1_000).next(progress.since_ms + 9_000)
    assert seen == [question.id for question in FLOW.questions]
    assert progress.done
    assert progress.index == progress.total


def test_a_new_question_gives_its_own_thinking_time() -> None:
    progress = Progress.start(FLOW).next(40_000)
    assert progress.thinking_left_ms(42_000) == 8_000


def test_skipped_questions_are_remembered() -> None:
    progress = Progress.start(FLOW).skip(1_000).next(2_000).skip(3_000)
    assert progress.skipped == ("experience", "late_parcel_2")
    assert progress.index == 3


def test_no_step_is_taken_twice_or_after_the_end() -> None:
    with pytest.raises(WrongPhase):
        Progress.start(FLOW).answer(1).answer(2)
    done = Progress.start(FLOW)
    for _ in FLOW.questions:
        done = done.next(1)
    for step in (done.answer, done.next, done.skip):
        with pytest.raises(WrongPhase):
            step(2)
    assert done.thinking_left_ms(5) == done.answer_left_ms(5) == 0


@settings(deadline=None)
@given(st.lists(st.sampled_from(["answer", "next", "skip"]), max_size=40))
def test_any_steps_keep_the_place_within_the_flow(steps: list[str]) -> None:
    progress = Progress.start(FLOW)
    for clock_ms, step in enumerate(steps):
        try:
            progress = getattr(progress, step)(clock_ms)
        except WrongPhase:
            continue
        assert 0 <= progress.index <= progress.total
        assert progress.done == (progress.index == progress.total) == (progress.question is None)
        assert len(progress.skipped) <= progress.index
