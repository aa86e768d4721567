"""What has to be true of the ways through a flow: all reach their questions and ask everybody for the same.

Looks at a flow whose parts are right by themselves, and at each of its variants.
"""

from __future__ import annotations

from collections.abc import Iterator

from question_flows.model import Flow, Question
from question_flows.problems import FieldPath, Problem
from question_flows.progress import first_question, successors
from question_flows.variants import expanded


def path_problems(flow: Flow) -> list[Problem]:
    """Everything wrong with the ways through the flow; a problem that several variants share is told once."""
    places: dict[str, FieldPath] = {question.id: ("questions", index) for index, question in enumerate(flow.questions)}
    found: dict[tuple[FieldPath, str], Problem] = {}
    for one in expanded(flow):
        for problem in (*_tag_problems(flow), *_problems_of(one, flow, places)):
            told = f"{problem.text} (in {one.id})" if flow.variants and problem.path[0] != "variants" else problem.text
            found.setdefault((problem.path, problem.text), Problem(problem.path, told))
    return list(found.values())


def _tag_problems(flow: Flow) -> Iterator[Problem]:
    carried = {tag for question in flow.questions for tag in question.tags}
    for index, variant in enumerate(flow.variants):
        if not variant.tags:
            yield Problem(("variants", index, "tags"), "needs at least one tag, or the variant asks nothing of its own")
        for at, tag in enumerate(variant.tags):
            if tag not in carried:
                yield Problem(("variants", index, "tags", at), f"{tag!r} is carried by no question")


def _problems_of(one: Flow, flow: Flow, places: dict[str, FieldPath]) -> Iterator[Problem]:
    if not one.questions:
        yield Problem(("questions",), "needs at least one question")
        return
    lost = [
        Problem((*places[question.id], "branches", index, "go_to"), f"{branch.go_to!r} is not asked here")
        for question in one.questions
        for index, branch in enumerate(question.branches)
        if branch.go_to not in {other.id for other in one.questions}
    ]
    if lost:
        yield from lost
        return
    if first_question(one).only_by_branch:
        where = (*places[first_question(one).id], "only_by_branch")
        yield Problem(where, "cannot be set for the first question, to which no branch leads")
    reached = _reached(one)
    for question in one.questions:
        if question.id not in reached:
            yield Problem(places[question.id], "is never asked; no way leads here")
    yield from _coverage_problems(one, flow, places)
    held = {question.round_id for question in one.questions}
    for index, part in enumerate(one.rounds):
        if part.id not in held:
            yield Problem(("rounds", index), f"{part.id!r} has no question")


def _reached(flow: Flow) -> set[str]:
    reached: set[str] = set()
    ahead: list[Question] = [first_question(flow)]
    while ahead:
        question = ahead.pop()
        if question.id not in reached:
            reached.add(question.id)
            ahead.extend(one for one in successors(flow, question) if one is not None)
    return reached


def _coverage_problems(one: Flow, flow: Flow, places: dict[str, FieldPath]) -> Iterator[Problem]:
    """Candidates stay comparable only when each of them is asked for each indicator."""
    for at, competency in enumerate(flow.competencies):
        for index, indicator in enumerate(competency.indicators):
            asking = [question for question in one.questions if indicator.id in question.indicator_ids]
            if not asking:
                yield Problem(("competencies", at, "indicators", index), "is asked for by no question")
            elif _avoidable(one, indicator.id):
                which = asking[0].indicator_ids.index(indicator.id)
                where = (*places[asking[0].id], "indicator_ids", which)
                yield Problem(
                    where, f"{indicator.id!r} is asked for on some ways through the branches only, not on all"
                )


def _avoidable(flow: Flow, indicator_id: str) -> bool:
    """Whether a way leads to the end past every question that asks for the indicator."""
    ends: dict[str, bool] = {}
    for question in reversed(flow.questions):
        nexts = successors(flow, question)
        ends[question.id] = indicator_id not in question.indicator_ids and any(
            one is None or ends[one.id] for one in nexts
        )
    return ends[first_question(flow).id]
