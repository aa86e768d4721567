"""Machine, people and both: hand-calculated examples, and what holds for all of them."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzers.results import CompetencyScore, InterviewScore, WithheldReason
from question_flows.model import Department, Dimension, Flow, Language, Review
from server.interview.combined import OTHERS, Combined, Missing, Opinion, combined, department_of, people_points
from tests.interview.houses import FLOWS

TEXT = dict.fromkeys(Language, "x")
SHOP = Department("shop", {Language.ENGLISH: "Store management", Language.CHINESE: "门店管理"}, 0.6)
OFFICE = Department("office", {Language.ENGLISH: "Human resources", Language.CHINESE: "人力资源"}, 0.3)
REVIEW = Review(True, 0.4, (SHOP, OFFICE), 0.1)
FOUR = FLOWS["store_manager"].competencies[:4]


def flow_of(weights: list[float], review: Review = REVIEW, dimension_weight: float = 0.0) -> Flow:
    """A flow with the competencies a, b … of these weights, and the dimension d."""
    competencies = tuple(
        replace(FOUR[0], id=chr(97 + place), weight=weight, observation=None) for place, weight in enumerate(weights)
    )
    dimensions = (Dimension("d", TEXT, TEXT, dimension_weight),)
    return replace(FLOWS["store_manager"], competencies=competencies, dimensions=dimensions, review=review)


def machine(total: float | None, *points: float | None) -> InterviewScore:
    """A machine's score over a, b …"""
    none = WithheldReason.NOT_ENOUGH_EVIDENCE
    competencies = tuple(
        CompetencyScore(chr(97 + place), one, none if one is None else None, 1.0, 1.0)
        for place, one in enumerate(points)
    )
    return InterviewScore(competencies, total, none if total is None else None, 1.0, 1.0)


def of(flow: Flow, score: InterviewScore, dimension: float | None = None, **points: float) -> Combined:
    """With one rater of the shop's."""
    rated = {name: [Opinion(value, "shop")] for name, value in points.items()}
    return combined(flow, score, score, rated, {"d": [Opinion(dimension, "shop")]} if dimension is not None else {})


def test_departments_count_by_their_weights_and_their_raters_by_the_mean() -> None:
    shop, office = [Opinion(8, "shop"), Opinion(6, "store MANAGEMENT")], [Opinion(4, " 人力资源 ")]
    # (0.6 * 7 + 0.3 * 4) / 0.9
    assert people_points(REVIEW, [*shop, *office]) == 6.0
    # (0.6 * 7 + 0.3 * 4 + 0.1 * 10) / 1
    assert people_points(REVIEW, [*shop, *office, Opinion(10, "Logistics")]) == 6.4
    assert people_points(REVIEW, office) == 4.0
    assert people_points(REVIEW, []) is None
    without_others = replace(REVIEW, departments=(SHOP, replace(OFFICE, weight=0.4)), others_weight=0.0)
    assert people_points(without_others, [*shop, Opinion(0, "Logistics")]) == 7.0
    assert people_points(without_others, [Opinion(0, ""), Opinion(3, "Logistics")]) is None
    assert people_points(Review(), [Opinion(9, "shop"), Opinion(4, ""), Opinion(5, "x")]) == 6.0
    assert [department_of(REVIEW, name) for name in ("SHOP", "Human  Resources", "", "hr")] == [
        "shop",
        "office",
        OTHERS,
        OTHERS,
    ]


def test_each_competency_and_the_total_by_hand() -> None:
    found = of(flow_of([0.5, 0.5]), machine(6.0, 5.0, 7.0), a=10.0, b=2.0)
    a, b = found.competencies.values()
    assert (a.machine, a.human, a.combined) == (5.0, 10.0, 7.0)  # 0.6 * 5 + 0.4 * 10
    assert (b.machine, b.human, b.combined) == (7.0, 2.0, 5.0)  # 0.6 * 7 + 0.4 * 2
    assert (found.total.machine, found.total.human, found.total.combined) == (6.0, 6.0, 6.0)
    # A dimension with a weight: (0.5 * 10 + 0.5 * 2 + 0.25 * 1) / 1.25, (0.5 * 7 + 0.5 * 5 + 0.25 * 1) / 1.25
    found = of(flow_of([0.5, 0.5], dimension_weight=0.25), machine(6.0, 5.0, 7.0), 1.0, a=10.0, b=2.0)
    assert (found.total.machine, found.total.human, found.total.combined) == (6.0, 5.0, 5.0)
    assert found.dimensions == {"d": 1.0}
    shown_only = of(flow_of([0.5, 0.5]), machine(6.0, 5.0, 7.0), 1.0, a=10.0, b=2.0)
    assert (shown_only.total.combined, shown_only.dimensions) == (6.0, {"d": 1.0})


def test_what_is_missing_is_said_and_never_taken_for_0() -> None:
    flow = flow_of([0.6, 0.4])
    found = of(flow, machine(5.0, 5.0, None), a=9.0, b=9.0)
    assert [one.missing for one in found.competencies.values()] == [None, Missing.MACHINE_WITHHELD]
    assert found.competencies["b"].combined is None
    # Of b there is no combined score; a alone has more than half of the weight: 0.6 * 5 + 0.4 * 9.
    assert (found.total.human, found.total.combined) == (9.0, 6.6)
    found = of(flow, machine(None, None, 5.0), a=9.0, b=9.0)
    assert (found.total.combined, found.total.missing) == (None, Missing.MACHINE_WITHHELD)
    found = of(flow, machine(5.0, 5.0, 5.0), b=9.0)
    assert (found.total.human, found.total.combined, found.total.missing) == (None, None, Missing.TOO_LITTLE)
    found = of(flow, machine(5.0, 5.0, 5.0), 9.0)
    assert (found.total.human, found.total.missing) == (None, Missing.NOT_RATED)
    alone = replace(REVIEW, departments=(replace(SHOP, weight=1.0),), others_weight=0.0)
    found = combined(flow_of([1.0], alone), machine(5.0, 5.0), machine(5.0, 5.0), {"a": [Opinion(3, "office")]}, {})
    assert found.competencies["a"].missing is Missing.NOT_COUNTED


def test_the_combined_score_takes_the_corrected_points_and_the_original_stays() -> None:
    rated = {"a": [Opinion(6, "shop")]}
    found = combined(flow_of([1.0]), machine(2.0, 2.0), machine(7.0, 7.0), rated, {})
    for score in (found.competencies["a"], found.total):
        assert (score.machine, score.corrected, score.human, score.combined) == (2.0, 7.0, 6.0, 6.6)


POINTS = st.integers(0, 20).map(lambda halves: halves / 2)
OPINIONS = st.lists(st.builds(Opinion, POINTS, st.sampled_from(["shop", "office", "", "Logistics"])), max_size=6)


@given(opinions=OPINIONS, data=st.data())
def test_people_lie_between_their_ratings_in_whatever_order(opinions: list[Opinion], data: st.DataObject) -> None:
    points = people_points(REVIEW, opinions)
    assert points == people_points(REVIEW, data.draw(st.permutations(opinions)))
    if points is None:
        assert opinions == []
    else:
        values = [one.points for one in opinions]
        assert min(values) - 0.05 <= points <= max(values) + 0.05


@given(
    scores=st.lists(st.none() | POINTS, min_size=3, max_size=3),
    rated=st.lists(OPINIONS, min_size=3, max_size=3),
    share=st.sampled_from([0.0, 0.25, 0.4, 1.0]),
)
def test_a_combined_score_lies_between_the_two_and_is_there_only_with_both(
    scores: list[float | None], rated: list[list[Opinion]], share: float
) -> None:
    flow = flow_of([0.5, 0.3, 0.2], replace(REVIEW, human_weight=share))
    score = machine(5.0, *scores)
    found = combined(flow, score, score, dict(zip("abc", rated, strict=True)), {})
    for one in (*found.competencies.values(), found.total):
        assert (one.combined is None) is (one.missing is not None)
    for one in found.competencies.values():
        assert (one.combined is None) is (one.corrected is None or one.human is None)
        if one.combined is None or one.corrected is None or one.human is None:
            continue
        low, high = sorted([one.corrected, one.human])
        assert low - 0.05 <= one.combined <= high + 0.05
        if share in (0.0, 1.0):
            assert one.combined == pytest.approx(one.human if share else one.corrected)
