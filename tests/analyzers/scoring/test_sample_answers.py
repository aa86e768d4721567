"""Every sample answer of every shipped flow, scored: it shows what its question asks for, and less of anything else."""

from __future__ import annotations

from statistics import mean

import pytest

from analyzers.scoring.rubric import score_answer
from question_flows.loader import shipped_flows
from question_flows.model import Flow, Language, Question, QuestionKind
from tests.analyzers.scoring.spoken import spoken

FLOWS = shipped_flows()
ALL = [
    pytest.param(flow, question, language, answer, id=f"{flow.id}-{question.id}-{language}-{number}")
    for flow in FLOWS.values()
    for question in flow.questions
    for language in flow.languages
    for number, answer in enumerate(question.sample_answers[language], 1)
]


def points(flow: Flow, question: Question, language: Language, answer: str) -> list[float | None]:
    return [one.points for one in score_answer(flow, question, spoken(answer, language)).indicators]


@pytest.mark.parametrize(("flow", "question", "language", "answer"), ALL)
def test_a_sample_answer_shows_what_its_question_asks_for(
    flow: Flow, question: Question, language: Language, answer: str
) -> None:
    given = points(flow, question, language, answer)
    scored = [one for one in given if one is not None]
    assert 2 * len(scored) >= len(given)
    assert mean(scored) >= 6


@pytest.mark.parametrize(
    ("flow", "question", "language", "answer"), [one for one in ALL if str(one.id).startswith("store_manager")]
)
def test_nothing_has_to_be_asked_further_after_the_answers_of_the_demo(
    flow: Flow, question: Question, language: Language, answer: str
) -> None:
    assert None not in points(flow, question, language, answer)


@pytest.mark.parametrize("language", list(Language))
@pytest.mark.parametrize("flow", FLOWS.values(), ids=FLOWS)
def test_an_answer_to_another_question_shows_less(flow: Flow, language: Language) -> None:
    """What is not shown counts 0 here. Role-plays are left out: all their turns are about one matter."""
    asked = [one for one in flow.questions if one.kind not in {QuestionKind.ROLE_PLAY, QuestionKind.FACT}]
    for question in asked:

        def worth(other: Question, question: Question = question) -> float:
            answers = other.sample_answers[language]
            return mean(mean(one or 0 for one in points(flow, question, language, answer)) for answer in answers)

        assert worth(question) - mean(worth(other) for other in asked if other is not question) >= 1, question.id
