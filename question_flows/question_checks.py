"""What has to be true of each question, and of the rounds they stand in; reads a flow's plain values."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from question_flows.model import QuestionKind
from question_flows.problems import FieldPath, Group, Problem, groups, ids_of, indicator_groups, listed, number

_FEWEST_OPTIONS = 2
WEIGHABLE = ("smile_like_mouth_movement", "eyes_towards_screen")
"""The observed movements that may take part in points; whether a face is there at all never does."""
_MOST_OBSERVATION_WEIGHT = 0.2
_LIMITS = (("thinking_seconds", 0, 3600), ("answer_seconds", 1, 7200), ("redos", 0, 100))
"""What each of a question's numbers has to be at least and at most."""


def question_problems(data: dict[str, Any]) -> Iterator[Problem]:
    """Everything that is wrong with single questions: references, kinds and limits."""
    indicators = ids_of(indicator_groups(data))
    scenarios = ids_of(groups(data.get("scenarios")))
    questions = list(groups(data.get("questions"), "questions"))
    for path, question in questions:
        yield from _indicator_problems(question, path, indicators)
        yield from _scenario_problems(question, path, scenarios)
        yield from _option_problems(question, path)
        yield from _code_problems(question, path)
        yield from _branch_problems(question, path, questions)
        for name, least, most in _LIMITS:
            given = question.get(name)
            if isinstance(given, int) and given < least:
                yield Problem((*path, name), f"is {given}; it has to be at least {least}")
            if isinstance(given, int) and given > most:
                yield Problem((*path, name), f"is {given}; it has to be at most {most}")


def round_problems(data: dict[str, Any]) -> Iterator[Problem]:
    """Rounds hold questions that follow each other, in the order in which the rounds are listed."""
    rounds = [group.get("id") for _, group in groups(data.get("rounds"), "rounds")]
    furthest = 0
    for path, question in groups(data.get("questions"), "questions"):
        where = (*path, "round_id")
        name = question.get("round_id")
        if name is None:
            if rounds:
                yield Problem(where, "is missing; in a flow with rounds each question names its round")
        elif name not in rounds:
            if isinstance(name, str):
                yield Problem(where, f"{name!r} is not a round of this flow")
        elif rounds.index(name) < furthest:
            yield Problem(where, f"{name!r} comes after {rounds[furthest]!r}; keep the questions in the rounds' order")
        else:
            furthest = rounds.index(name)


def _is(question: dict[str, Any], kind: QuestionKind) -> bool:
    return bool(question.get("kind") == kind.value)


def _indicator_problems(question: dict[str, Any], path: FieldPath, known: set[str]) -> Iterator[Problem]:
    given = question.get("indicator_ids")
    fact = _is(question, QuestionKind.FACT)
    if given == [] and not fact:
        yield Problem((*path, "indicator_ids"), "needs at least one indicator")
    if fact and listed(given):
        yield Problem((*path, "indicator_ids"), "has to be empty; a fact question is never scored")
    named = listed(given)
    for index, indicator in enumerate(named):
        where = (*path, "indicator_ids", index)
        if isinstance(indicator, str) and indicator not in known:
            yield Problem(where, f"{indicator!r} is not an indicator of this flow")
        if indicator in named[:index]:
            yield Problem(where, f"{indicator!r} is named twice")


def _scenario_problems(question: dict[str, Any], path: FieldPath, known: set[str]) -> Iterator[Problem]:
    scenario = question.get("scenario_id")
    role_play = _is(question, QuestionKind.ROLE_PLAY)
    where = (*path, "scenario_id")
    if isinstance(scenario, str) and scenario not in known:
        yield Problem(where, f"{scenario!r} is not a scenario of this flow")
    if role_play and scenario is None:
        yield Problem(where, "is missing; a role_play question names its scenario")
    if not role_play and scenario is not None:
        yield Problem(where, "belongs to role_play questions only")


def _option_problems(question: dict[str, Any], path: FieldPath) -> Iterator[Problem]:
    fact = _is(question, QuestionKind.FACT)
    options = question.get("options")
    where = (*path, "options")
    if not fact and options:
        yield Problem(where, "belong to fact questions only")
    if fact and len(listed(options)) < _FEWEST_OPTIONS:
        yield Problem(
            where, f"has {len(listed(options))}; a fact question needs at least {_FEWEST_OPTIONS} to choose from"
        )


def _code_problems(question: dict[str, Any], path: FieldPath) -> Iterator[Problem]:
    code = _is(question, QuestionKind.CODE)
    language = question.get("code_language")
    where = (*path, "code_language")
    if code and language is None:
        yield Problem(where, 'is missing; a code question names its language, such as "Java"')
    if isinstance(language, str) and not language.strip():
        yield Problem(where, "is blank")
    if not code and language is not None:
        yield Problem(where, "belongs to code questions only")


def _branch_problems(question: dict[str, Any], path: FieldPath, questions: list[Group]) -> Iterator[Problem]:
    """Branches lead onwards within a role-play; whether the ways hold together, `path_checks` tells."""
    if question.get("branches") and not _is(question, QuestionKind.ROLE_PLAY):
        yield Problem((*path, "branches"), "belong to role_play questions only")
        return
    places = {str(group.get("id")): (place, group) for place, group in reversed(questions)}
    asked = question.get("indicator_ids")
    taken: list[tuple[str, bool]] = []
    for where, branch in groups(question.get("branches"), *path, "branches"):
        indicator, shown, target = branch.get("indicator_id"), branch.get("shown"), branch.get("go_to")
        if isinstance(indicator, str) and indicator not in listed(asked):
            yield Problem((*where, "indicator_id"), f"{indicator!r} is not among this question's indicator_ids")
        if isinstance(indicator, str) and isinstance(shown, bool):
            if (indicator, shown) in taken or any((one, not was) in taken for one, was in taken):
                yield Problem(where, "is never taken; the branches before it leave nothing")
            taken.append((indicator, shown))
        if not isinstance(target, str):
            continue
        place, group = places.get(target, (None, {}))
        if place is None:
            yield Problem((*where, "go_to"), f"{target!r} is not a question of this flow")
        elif place <= path:
            yield Problem((*where, "go_to"), f"{target!r} is not a later question")
        elif group.get("scenario_id") != question.get("scenario_id"):
            yield Problem((*where, "go_to"), f"{target!r} is not of the same scenario")


def observation_problems(data: dict[str, Any]) -> Iterator[Problem]:
    """An observation weighs little, and only where role-plays alone give evidence."""
    for path, competency in groups(data.get("competencies"), "competencies"):
        observation = competency.get("observation")
        if not isinstance(observation, dict):
            continue
        where = (*path, "observation")
        kind, weight = observation.get("kind"), observation.get("weight")
        if isinstance(kind, str) and kind not in WEIGHABLE:
            yield Problem((*where, "kind"), f"{kind!r} is not one of {', '.join(WEIGHABLE)}")
        if number(weight) and not 0 < weight <= _MOST_OBSERVATION_WEIGHT:
            yield Problem((*where, "weight"), f"is {weight}; it is more than 0 and at most {_MOST_OBSERVATION_WEIGHT}")
        own = ids_of(groups(competency.get("indicators")))
        for _, question in groups(data.get("questions")):
            asked = own.intersection(one for one in listed(question.get("indicator_ids")) if isinstance(one, str))
            if asked and not _is(question, QuestionKind.ROLE_PLAY):
                yield Problem(where, f"is only for what role-plays alone show; {question.get('id')!r} is none")
                break
