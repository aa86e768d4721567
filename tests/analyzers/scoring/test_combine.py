"""Competencies and the total: weighted by confidence and by the flow's weights, withheld below half."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from analyzers.results import AnswerScore, EvidenceQuote, IndicatorScore, InterviewScore, WithheldReason
from analyzers.scoring.combine import combine
from analyzers.scoring.rubric import score_answer, withhold
from question_flows.loader import shipped_flows
from question_flows.model import Flow, Language, QuestionKind, WeighedObservation
from tests.analyzers.scoring.spoken import spoken

FLOW = shipped_flows()["customer_service"]


def scored(name: str, points: float, confidence: float = 1.0, question: str = "q") -> IndicatorScore:
    return IndicatorScore(name, points, None, confidence, (EvidenceQuote(question, "x", 0, 0, 0, 1),), {})


def withheld(name: str, reason: WithheldReason) -> IndicatorScore:
    return IndicatorScore(name, None, reason, 0.0, (), {})


def test_nothing_answered_yet() -> None:
    score = combine(FLOW, [])
    assert (score.total, score.withheld) == (None, WithheldReason.NOT_ANSWERED)
    assert (score.coverage, score.confidence) == (0, 0)
    assert {one.withheld for one in score.competencies} == {WithheldReason.NOT_ANSWERED}


def test_an_indicator_is_the_mean_of_its_answers_weighted_by_confidence() -> None:
    answers = [
        AnswerScore("a", (scored("apologise", 8, 0.9, "a"), scored("listen", 5, 1, "a"))),
        AnswerScore("b", (scored("apologise", 2, 0.1, "b"),)),
    ]
    empathy = combine(FLOW, answers).competencies[0]
    assert empathy.competency_id == "empathy"
    assert empathy.points == pytest.approx((7.4 + 5) / 2)
    assert empathy.coverage == pytest.approx(2 / 3, abs=1e-3)
    assert empathy.confidence == pytest.approx((0.5 + 1) / 3)
    assert [quote.question_id for quote in empathy.evidence] == ["a", "b"]


def test_a_competency_with_less_than_half_its_indicators_is_withheld_with_its_evidence() -> None:
    empathy = combine(FLOW, [AnswerScore("a", (scored("apologise", 8),))]).competencies[0]
    assert (empathy.points, empathy.withheld) == (None, WithheldReason.NOT_ENOUGH_EVIDENCE)
    assert empathy.coverage == pytest.approx(1 / 3, abs=1e-3)
    assert len(empathy.evidence) == 1


def all_of(competency_id: str, points: float) -> tuple[IndicatorScore, ...]:
    (competency,) = [one for one in FLOW.competencies if one.id == competency_id]
    return tuple(scored(indicator.id, points) for indicator in competency.indicators)


def test_the_total_is_weighted_and_needs_half_the_weight() -> None:
    """empathy 0.3, problem solving 0.3, communication 0.2, teamwork 0.2"""
    one = combine(FLOW, [AnswerScore("a", all_of("empathy", 9))])
    assert (one.total, one.withheld, one.coverage) == (None, WithheldReason.NOT_ENOUGH_EVIDENCE, 0.3)
    half = combine(FLOW, [AnswerScore("a", (*all_of("empathy", 9), *all_of("teamwork", 4)))])
    assert half.coverage == 0.5
    assert half.total == pytest.approx((0.3 * 9 + 0.2 * 4) / 0.5)
    assert half.withheld is None
    assert half.confidence == 0.5


def test_a_question_scored_again_counts_once_with_its_last_score() -> None:
    first, again = (AnswerScore("a", all_of("empathy", points)) for points in (2, 8))
    assert combine(FLOW, [first, again]).competencies[0].points == 8


@pytest.mark.parametrize("reason", [WithheldReason.NO_CONSENT, WithheldReason.RECOGNITION_UNCERTAIN])
def test_a_reason_shared_by_all_is_the_reason_of_the_whole(reason: WithheldReason) -> None:
    score = combine(FLOW, [withhold(FLOW, question, reason) for question in FLOW.questions])
    assert score.withheld is reason
    assert {one.withheld for one in score.competencies} == {reason}


def test_different_reasons_are_not_enough_evidence() -> None:
    answers = [
        AnswerScore("a", (withheld("apologise", WithheldReason.NOT_ANSWERED),)),
        AnswerScore("b", (withheld("apologise", WithheldReason.TOO_FEW_WORDS),)),
    ]
    assert combine(FLOW, answers).competencies[0].withheld is WithheldReason.NOT_ENOUGH_EVIDENCE


def test_scores_of_an_indicator_the_flow_does_not_have_take_no_part() -> None:
    assert combine(FLOW, [AnswerScore("a", (scored("juggling", 10),))]).total is None


def test_a_follow_up_alone_counts_where_the_answer_before_it_had_no_points() -> None:
    parent = AnswerScore("a", (withheld("apologise", WithheldReason.NOT_ENOUGH_EVIDENCE), scored("listen", 4)))
    probe = AnswerScore("a-apologise", (scored("apologise", 7, question="a-apologise"),))
    empathy = combine(FLOW, [parent, probe]).competencies[0]
    assert empathy.points == pytest.approx((7 + 4) / 2)
    assert "a-apologise" in {quote.question_id for quote in empathy.evidence}


def test_a_follow_up_without_evidence_takes_nothing_away() -> None:
    parent = AnswerScore("a", all_of("empathy", 6))
    probe = AnswerScore("a-apologise", (withheld("apologise", WithheldReason.NOT_ENOUGH_EVIDENCE),))
    assert combine(FLOW, [parent, probe]).competencies[0] == combine(FLOW, [parent]).competencies[0]


def weighing(weight: float) -> Flow:
    first, *others = FLOW.competencies
    return replace(
        FLOW,
        competencies=(
            replace(first, observation=WeighedObservation("smile_like_mouth_movement", weight)),
            *others,
        ),
    )


ALL_SIX = [AnswerScore("a", tuple(one for competency in FLOW.competencies for one in all_of(competency.id, 6)))]


def test_an_observation_takes_its_share_of_its_competency_and_the_score_says_so() -> None:
    score = combine(weighing(0.1), ALL_SIX, {"empathy": 1.0})
    assert score.competencies[0].points == pytest.approx(0.9 * 6 + 0.1 * 10)
    assert score.competencies[0].observed_weight == 0.1
    assert [one.observed_weight for one in score.competencies[1:]] == [0, 0, 0]
    assert score.total == pytest.approx(0.3 * 6.4 + 0.7 * 6, abs=0.06)


def as_json(score: InterviewScore) -> bytes:
    return TypeAdapter(InterviewScore).dump_json(score)


@pytest.mark.parametrize(
    ("flow", "observed"),
    [
        (FLOW, {"empathy": 1.0}),
        (weighing(0.1), None),
        (weighing(0.1), {}),
        (weighing(0.1), {"teamwork": 1.0}),
        (weighing(0.0), {"empathy": 1.0}),
    ],
    ids=["the flow weighs none", "not allowed", "none seen", "another competency", "weight 0"],
)
def test_without_leave_or_weight_an_observation_changes_not_one_byte(
    flow: Flow, observed: dict[str, float] | None
) -> None:
    assert as_json(combine(flow, ALL_SIX, observed)) == as_json(combine(FLOW, ALL_SIX))


def test_an_observation_makes_no_points_where_words_gave_none() -> None:
    assert combine(weighing(0.2), [], {"empathy": 1.0}) == combine(FLOW, [])


def test_a_share_outside_0_to_1_is_refused() -> None:
    with pytest.raises(ValueError, match="0-1"):
        combine(weighing(0.1), ALL_SIX, {"empathy": 1.5})


@pytest.mark.parametrize("flow", shipped_flows().values(), ids=lambda flow: flow.id)
@pytest.mark.parametrize("language", list(Language))
@pytest.mark.parametrize("number", [0, 1])
def test_a_whole_interview_of_sample_answers_has_a_total(flow: Flow, language: Language, number: int) -> None:
    answers = [
        score_answer(flow, question, spoken(question.sample_answers[language][number], language))
        for question in flow.questions
        if question.kind is not QuestionKind.FACT
    ]
    score = combine(flow, answers)
    assert score.coverage == 1
    assert score.total is not None
    assert score.total >= 6
    assert score.confidence > 0.5


NAMES = [indicator.id for competency in FLOW.competencies for indicator in competency.indicators]
POINTS = st.floats(0, 10)


@given(st.lists(st.tuples(st.sampled_from(NAMES), POINTS | st.none(), st.floats(0, 1)), max_size=40))
def test_the_total_lies_between_the_points_it_is_made_of(given: list[tuple[str, float | None, float]]) -> None:
    answers = [
        AnswerScore(
            str(number),
            (
                withheld(name, WithheldReason.NOT_ENOUGH_EVIDENCE)
                if points is None
                else scored(name, points, confidence, str(number)),
            ),
        )
        for number, (name, points, confidence) in enumerate(given)
    ]
    score = combine(FLOW, answers)
    known = [points for _, points, _ in given if points is not None]
    assert (score.total is None) == (score.withheld is not None)
    assert (score.total is None) == (score.coverage < 0.5)
    if score.total is not None:
        # Rounded twice to a tenth on the way.
        assert min(known) - 0.11 <= score.total <= max(known) + 0.11
    assert 0 <= score.confidence <= 1
