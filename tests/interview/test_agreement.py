"""Agreement between raters: the published examples, and when there is not enough to tell."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.interview.agreement import FEWEST_UNITS, NotMeasured, agreement, interval_alpha


def units_of(*rows: str) -> list[list[float]]:
    """Each row: a rater's values, "." where there is none."""
    return [[float(row[place]) for row in rows if row[place] != "."] for place in range(len(rows[0]))]


def test_alpha_is_that_of_the_published_examples() -> None:
    # Krippendorff, Computing Krippendorff's Alpha-Reliability (2011), example C with the interval metric: 0.849.
    four = units_of("123321412...", "12332241" + "25.3", ".3332342251.", "123324412" + "51.")
    assert interval_alpha(four) == pytest.approx(0.849, abs=5e-4)
    # The example of three raters and fifteen units with gaps, as encyclopedias give it: 0.811.
    three = units_of(".....34121133.3", "1.213343.......", "..21344.21133.4")
    assert interval_alpha(three) == pytest.approx(0.811, abs=5e-4)


def test_too_little_is_said_with_what_it_rests_on() -> None:
    assert agreement([]).not_measured is NotMeasured.ONE_RATER
    alone = agreement([{"a": 5.0, "b": 6.0}])
    assert (alone.alpha, alone.not_measured, alone.apart, alone.units, alone.raters) == (
        None,
        NotMeasured.ONE_RATER,
        None,
        0,
        1,
    )
    past = agreement([{"a": 5.0}, {"b": 6.0}])
    assert (past.not_measured, past.units) == (NotMeasured.TOO_FEW, 0)
    few = agreement([{"a": 5.0, "b": 6.0}, {"a": 8.0, "b": 7.0}])
    assert (few.alpha, few.not_measured, few.apart, few.units, few.values, few.raters) == (
        None,
        NotMeasured.TOO_FEW,
        2.0,
        2,
        4,
        2,
    )
    same = agreement([dict.fromkeys("abcde", 5.0)] * 2)
    assert (same.alpha, same.not_measured, same.apart) == (None, NotMeasured.ALL_ALIKE, 0.0)


def test_agreement_and_its_contrary() -> None:
    first = dict(zip("abcde", [2.0, 4.0, 5.0, 7.0, 9.0], strict=True))
    assert agreement([first, dict(first)]).alpha == 1.0
    against = agreement([first, dict(zip("abcde", reversed(first.values()), strict=True))])
    assert against.alpha is not None
    assert against.alpha < 0


RATERS = st.lists(
    st.dictionaries(st.sampled_from("abcdefgh"), st.integers(0, 20).map(lambda n: n / 2)), min_size=1, max_size=4
)


@given(ratings=RATERS, data=st.data())
def test_the_order_of_raters_makes_no_difference(ratings: list[dict[str, float]], data: st.DataObject) -> None:
    found = agreement(ratings)
    assert found == agreement(data.draw(st.permutations(ratings)))
    assert (found.alpha is None) is (found.not_measured is not None)
    if found.alpha is not None:
        assert found.alpha <= 1
        assert found.units >= FEWEST_UNITS
        assert 2 * found.units <= found.values <= found.raters * found.units
