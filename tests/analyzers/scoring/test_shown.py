"""What an answer has shown, and what may be asked further."""

from __future__ import annotations

import pytest

from analyzers.results import WithheldReason
from analyzers.scoring.rubric import score_answer, withhold
from analyzers.scoring.shown import missing_evidence, shown
from question_flows.loader import shipped_flows
from question_flows.model import Language
from tests.analyzers.scoring.spoken import CHINESE, ENGLISH, spoken

FLOW = shipped_flows()["customer_service"]
QUESTION = FLOW.question("late_parcel_1")
ONLY_SORRY = {
    ENGLISH: "I am really very sorry that this parcel did not arrive on Monday",
    CHINESE: "真的非常抱歉，这个包裹星期一没有送到，礼物还在路上",
}


@pytest.mark.parametrize("language", list(Language))
def test_indicators_without_evidence_are_missing_in_the_order_of_the_question(language: Language) -> None:
    answer = spoken(ONLY_SORRY[language], language)
    assert shown(score_answer(FLOW, QUESTION, answer)) == {"apologise"}
    assert missing_evidence(FLOW, QUESTION, answer) == ("acknowledge_feeling", "clarify_facts", "stay_calm")
    assert missing_evidence(FLOW, QUESTION, answer, {"clarify_facts"}) == ("acknowledge_feeling", "stay_calm")


def test_words_against_an_indicator_do_not_show_it_and_are_not_asked_about_again() -> None:
    answer = spoken("well that is not my fault, the driver was late today and that happens")
    assert "apologise" not in shown(score_answer(FLOW, QUESTION, answer))
    assert "apologise" not in missing_evidence(FLOW, QUESTION, answer)


@pytest.mark.parametrize(
    ("text", "confidence"),
    [("", 0.9), ("I am sorry", 0.9), (ONLY_SORRY[ENGLISH], 0.1)],
    ids=["none", "short", "unsure"],
)
def test_nobody_is_asked_further_when_the_answer_cannot_be_judged(text: str, confidence: float) -> None:
    assert missing_evidence(FLOW, QUESTION, spoken(text, confidence=confidence)) == ()


def test_nothing_is_shown_by_a_skipped_question() -> None:
    assert shown(withhold(FLOW, QUESTION, WithheldReason.QUESTION_SKIPPED)) == frozenset()
