"""What is denied, left to others or only praised shows nothing; what one clause does for several shows each less."""

from __future__ import annotations

import pytest

from analyzers.scoring.agency import not_own
from analyzers.scoring.matching import SearchableAnswer
from analyzers.scoring.rubric import score_answer
from question_flows.loader import shipped_flows
from tests.analyzers.scoring.spoken import CHINESE, ENGLISH, spoken

FLOW = shipped_flows()["software_engineer"]


def disowned(text: str) -> list[str]:
    """The words that show no act of the candidate's."""
    answer = SearchableAnswer(spoken(text, ENGLISH))
    return [answer.said[index].word for index in sorted(not_own(answer))]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("I don't write tests for that.", "write tests for that"),
        ("Somebody should have asked her first, I think.", "have asked her first"),
        ("I'm a big believer in unit tests, in reviews.", "big believer in unit tests"),
        ("He said everyone has to review it.", "review it"),
        ("I do not promise before I have checked it.", ""),
        ("I did not just write tests, I measured.", ""),
        ("I did not interrupt her and asked why.", ""),
        ("I never wrote it but asked a colleague.", "wrote it"),
        ("I wrote the tests, they were not slow.", ""),
        ("One day a colleague was ill and I took over.", ""),
    ],
)
def test_only_what_is_not_the_candidates_own_act_is_disowned(text: str, words: str) -> None:
    assert disowned(text) == words.split()


def test_chinese_clauses_are_not_read() -> None:
    assert not_own(SearchableAnswer(spoken("我从来不写测试。", CHINESE))) == frozenset()


def points_for_tests(text: str) -> float:
    score = score_answer(FLOW, FLOW.question("code_quality"), spoken(text, ENGLISH))
    return next(one.points or 0.0 for one in score.indicators if one.indicator_id == "write_tests")


def test_believing_in_tests_earns_less_than_writing_them() -> None:
    rest = " The pipeline runs everything at every commit, two colleagues read the code."
    assert points_for_tests(f"I wrote unit tests for the change.{rest}") >= 4
    assert points_for_tests(f"I do not really write unit tests for a change.{rest}") == 0


def test_a_clause_of_its_own_is_worth_more_than_a_shared_one() -> None:
    question = FLOW.question("code_quality")
    own = score_answer(FLOW, question, spoken("I wrote unit tests, then the pipeline runs them.", ENGLISH))
    shared = score_answer(FLOW, question, spoken("I wrote unit tests then the pipeline runs them.", ENGLISH))
    before, after = (
        {one.indicator_id: one for one in score.indicators if one.points is not None} for score in (own, shared)
    )
    assert set(before) == set(after)
    assert all((after[name].points or 0) < (before[name].points or 0) for name in ("write_tests", "automate_checks"))
    assert "also count for another indicator" in after["write_tests"].explanation[ENGLISH]
    assert "其他指标" in after["write_tests"].explanation[CHINESE]
    assert "also count" not in before["write_tests"].explanation[ENGLISH]
