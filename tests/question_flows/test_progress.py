"""The order of questions, what is asked further, and the thinking time, without a clock of their own."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from question_flows.loader import shipped_flows
from question_flows.model import PRACTICE_ID, Flow, FollowUps, Question
from question_flows.progress import (
    first_question,
    follow_up,
    longest_rest,
    next_question,
    successors,
    thinking_left_ms,
)
from question_flows.variants import expanded
from tests.question_flows.rich import rich_flow

FLOWS = tuple(shipped_flows().values())
RICH_FLOW, JAVA, PYTHON = expanded(rich_flow())
BOTH = {"soothe", "hear"}


def way(flow: Flow, shown: set[str]) -> list[str]:
    """The ids of all questions when the answers show just these indicators."""
    asked = [first_question(flow).id]
    while (question := next_question(flow, asked[-1], shown)) is not None:
        asked.append(question.id)
    return asked


@pytest.mark.parametrize("flow", [*FLOWS, RICH_FLOW, JAVA, PYTHON], ids=lambda flow: flow.id)
@settings(max_examples=40)
@given(data=st.data())
def test_every_way_comes_to_its_end_in_order_and_asks_for_everything(flow: Flow, data: st.DataObject) -> None:
    asked = [first_question(flow)]
    while True:
        shown = data.draw(st.sets(st.sampled_from(asked[-1].indicator_ids))) if asked[-1].indicator_ids else set()
        rest = longest_rest(flow, asked[-1].id)
        question = next_question(flow, asked[-1].id, shown)
        if question is None:
            break
        assert longest_rest(flow, question.id) < rest
        assert question in successors(flow, asked[-1])
        asked.append(question)
    places = [flow.questions.index(question) for question in asked]
    assert places == sorted(set(places))
    known = {indicator.id for competency in flow.competencies for indicator in competency.indicators}
    assert {indicator_id for question in asked for indicator_id in question.indicator_ids} == known


@pytest.mark.parametrize(
    ("shown", "turns"),
    [
        (BOTH, ["enter", "calm", "leave"]),
        ({"soothe"}, ["enter", "calm", "leave"]),
        (set[str](), ["enter", "shout", "leave"]),
    ],
)
def test_a_role_play_goes_by_what_was_shown(shown: set[str], turns: list[str]) -> None:
    assert way(RICH_FLOW, shown) == ["shifts", "opener", *turns]


def test_the_first_branch_that_applies_is_taken() -> None:
    questions = tuple(
        replace(question, branches=(*question.branches, replace(question.branches[0], shown=True, go_to="leave")))
        if question.id == "enter"
        else question
        for question in RICH_FLOW.questions
    )
    flow = replace(RICH_FLOW, questions=questions)
    assert way(flow, {"soothe"})[2:] == ["enter", "leave"]
    assert way(flow, set())[2:] == ["enter", "shout", "leave"]
    assert [one.id if one else None for one in successors(flow, flow.question("enter"))] == ["shout", "leave"]


def test_the_longest_rest_is_that_of_the_longest_way() -> None:
    assert [longest_rest(RICH_FLOW, question.id) for question in RICH_FLOW.questions] == [4, 3, 2, 1, 1, 0]
    assert longest_rest(JAVA, "shifts") == 5
    assert longest_rest(RICH_FLOW, PRACTICE_ID) == 5
    assert longest_rest(RICH_FLOW, "enter-soothe") == 2
    with pytest.raises(KeyError):
        longest_rest(RICH_FLOW, "nobody asks this")


def test_the_practice_question_comes_before_the_first_and_gives_evidence_for_nothing() -> None:
    practice = RICH_FLOW.question(PRACTICE_ID)
    assert practice.indicator_ids == ()
    assert practice.follow_up_of is None
    assert next_question(RICH_FLOW, PRACTICE_ID) == first_question(RICH_FLOW)
    with pytest.raises(KeyError):
        replace(RICH_FLOW, practice=None).question(PRACTICE_ID)


def test_after_a_follow_up_the_branches_of_its_question_hold() -> None:
    for shown, turn in ((BOTH, "calm"), (set[str](), "shout")):
        question = next_question(RICH_FLOW, "enter-soothe", shown)
        assert question is not None
        assert question.id == turn


def test_a_follow_up_asks_the_probe_of_the_first_indicator_that_has_one() -> None:
    question = follow_up(RICH_FLOW, "opener", ["plan", "act"], ["shifts", "opener"])
    assert question is not None
    assert (question.id, question.follow_up_of, question.indicator_ids) == ("opener-act", "opener", ("act",))
    assert question.text == RICH_FLOW.indicator("act").probes[0]
    assert (question.thinking_seconds, question.answer_seconds) == (0, 45)
    assert follow_up(RICH_FLOW, "opener", ["plan"], ["opener"]) is None
    assert follow_up(RICH_FLOW, "opener", [], ["opener"]) is None


def test_a_follow_up_is_not_asked_beyond_the_limits() -> None:
    assert follow_up(RICH_FLOW, "opener-act", ["act"], ["opener", "opener-act"]) is None
    asked = ["opener", "opener-act", "enter", "enter-soothe", "calm", "leave"]
    assert follow_up(RICH_FLOW, "leave", ["soothe"], asked) is None
    assert follow_up(RICH_FLOW, "leave", ["soothe"], [*asked[:3], "leave"]) is not None
    assert follow_up(replace(RICH_FLOW, follow_ups=FollowUps(most=0)), "opener", ["act"], ["opener"]) is None
    assert follow_up(replace(RICH_FLOW, follow_ups=FollowUps(most_per_question=0)), "opener", ["act"], []) is None


def test_the_practice_question_does_not_count_as_a_follow_up() -> None:
    flow = replace(RICH_FLOW, follow_ups=FollowUps(most=1))
    assert follow_up(flow, "opener", ["act"], [PRACTICE_ID, "opener"]) is not None


@settings(max_examples=40)
@given(most=st.integers(0, 5), per_question=st.integers(0, 4))
def test_no_interview_has_more_follow_ups_than_its_flow_allows(most: int, per_question: int) -> None:
    for plain in (*FLOWS, JAVA):
        flow = replace(plain, follow_ups=FollowUps(most=most, most_per_question=per_question))
        asked: list[str] = []
        question: Question | None = first_question(flow)
        while question is not None:
            asked.append(question.id)
            own = flow.question(question.follow_up_of) if question.follow_up_of else question
            question = follow_up(flow, question.id, own.indicator_ids, asked) or next_question(flow, question.id)
        probes = [one for one in asked if "-" in one]
        assert len(asked) == len(set(asked))
        assert len(probes) <= most
        assert all(sum(one.startswith(f"{of.id}-") for one in probes) <= per_question for of in flow.questions)


def test_an_unknown_question_has_no_next() -> None:
    with pytest.raises(KeyError):
        next_question(FLOWS[0], "nobody asks this")


@given(asked_ms=st.integers(0, 10**7), waited_ms=st.integers(0, 10**6), extra_ms=st.integers(0, 10**5))
def test_thinking_time_runs_down_to_nothing(asked_ms: int, waited_ms: int, extra_ms: int) -> None:
    question = first_question(FLOWS[0])
    left = thinking_left_ms(question, asked_ms=asked_ms, clock_ms=asked_ms + waited_ms, extra_ms=extra_ms)
    assert left == max(0, question.thinking_seconds * 1000 + extra_ms - waited_ms)
