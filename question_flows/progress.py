"""Which question comes next, and how much thinking time is left: pure, with the interview clock passed in.

The clock stands still while the interview is paused or the line is down, so no pause costs thinking time. Nothing here
ends a question: time that has run out is shown, never enforced.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from question_flows.model import FOLLOW_UP_MARK, PRACTICE_ID, Flow, Question


def first_question(flow: Flow) -> Question:
    """The first question that counts; the loader refuses a flow without one."""
    return flow.questions[0]


def next_question(flow: Flow, question_id: str, shown: Collection[str] = ()) -> Question | None:
    """The question after this one, a follow-up or the practice; None after the last.

    shown: the indicators for which the answer to this question, with its follow-ups, holds evidence; branches go by it.
    Raises KeyError for a question the flow does not have.
    """
    question = flow.question(question_id)
    if question.id == PRACTICE_ID:
        return first_question(flow)
    own = flow.question(question.follow_up_of) if question.follow_up_of else question
    for branch in own.branches:
        if (branch.indicator_id in shown) is branch.shown:
            return flow.question(branch.go_to)
    return _in_order(flow, own)


def follow_up(
    flow: Flow, question_id: str, missing: Sequence[str], asked: Collection[str], by_people: Collection[str] = ()
) -> Question | None:
    """What is asked further after an answer, before the next question; None when nothing is.

    missing: indicators without evidence so far, in the question's order. asked: ids of everything asked so far, from
    which the flow's limits are counted, those that people asked for (by_people) left out. The first missing indicator
    that has a probe and was not probed here is taken.
    """
    probed = probeable(flow, question_id, missing, asked, by_people)
    question = flow.question(question_id)
    return flow.question(follow_up_id(question, probed[0])) if probed else None


def follow_up_id(question: Question, indicator_id: str) -> str:
    """The id of the follow-up to this question, or to the one that it follows itself, for this indicator."""
    return f"{question.follow_up_of or question.id}{FOLLOW_UP_MARK}{indicator_id}"


def probeable(
    flow: Flow, question_id: str, missing: Sequence[str], asked: Collection[str], by_people: Collection[str] = ()
) -> tuple[str, ...]:
    """The missing indicators that may be asked further now, in order; arguments as of `follow_up`. Empty: none may."""
    question = flow.question(question_id)
    of = question.follow_up_of or question.id
    before = [one for one in asked if FOLLOW_UP_MARK in one and one != PRACTICE_ID and one not in by_people]
    here = [one for one in before if one.startswith(of + FOLLOW_UP_MARK)]
    if len(before) >= flow.follow_ups.most or len(here) >= flow.follow_ups.most_per_question:
        return ()
    return tuple(one for one in missing if follow_up_id(question, one) not in asked and flow.indicator(one).probes)


def successors(flow: Flow, question: Question) -> tuple[Question | None, ...]:
    """What may follow one of the flow's own questions, whatever is answered; None: the end. Each once."""
    nexts: list[Question | None] = [flow.question(branch.go_to) for branch in question.branches]
    decided = {(branch.indicator_id, branch.shown) for branch in question.branches}
    if not any((indicator_id, not shown) in decided for indicator_id, shown in decided):
        nexts.append(_in_order(flow, question))
    return tuple(one for index, one in enumerate(nexts) if one not in nexts[:index])


def longest_rest(flow: Flow, question_id: str) -> int:
    """How many of the flow's own questions may still come after this one, whatever is answered.

    Raises KeyError for a question the flow does not have.
    """
    question, rest = flow.question(question_id), longest_rests(flow)
    if question.id == PRACTICE_ID:
        return 1 + rest[first_question(flow).id]
    return rest[question.follow_up_of or question.id]


def longest_rests(flow: Flow) -> dict[str, int]:
    """The id of each of the flow's own questions → its `longest_rest`."""
    rest: dict[str, int] = {}
    for one in reversed(flow.questions):
        rest[one.id] = max(1 + rest[after.id] if after else 0 for after in successors(flow, one))
    return rest


def thinking_left_ms(question: Question, *, asked_ms: int, clock_ms: int, extra_ms: int = 0) -> int:
    """Suggested thinking time that is left, milliseconds, never below 0; both positions are interview clock.

    extra_ms: what the candidate took besides by asking for a moment.
    """
    return max(0, asked_ms + question.thinking_seconds * 1000 + extra_ms - clock_ms)


def _in_order(flow: Flow, question: Question) -> Question | None:
    index = flow.questions.index(question) + 1
    return next((one for one in flow.questions[index:] if not one.only_by_branch), None)
