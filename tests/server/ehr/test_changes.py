"""Reading a list by time of change: what a fake system with late commits and coarse clocks shows comes exactly once."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from server.ehr.connectors.changes import Place, earlier

PAGE = 3


def clock(minute: int) -> str:
    """A time as such a system writes it."""
    return f"2026-03-01 {12 + minute // 60:02}:{minute % 60:02}:00"


def read_all(place: Place, rows: dict[str, tuple[str, int]]) -> Iterator[tuple[Place, dict[str, int]]]:
    """One pass as a connector makes it, page by page; rows: key → (time of change, what it says)."""
    wanted = {key: row for key, row in rows.items() if row[0] >= place.floor}
    if not place.is_under_way:
        place = place.begun(max(row[0] for row in rows.values()))
    while place.is_under_way:
        page = sorted((key, *row) for key, row in wanted.items() if key > place.after)[:PAGE]
        place, news = place.read([(key, changed, {"said": said}) for key, changed, said in page])
        if len(page) < PAGE:
            place = place.ended()
        place = Place.of(json.loads(json.dumps(place.kept())))
        yield place, {key: said["said"] for key, _, said in news}


@settings(max_examples=60)
@given(
    # Each step: some rows change (key, minutes that the commit is late), then a pass that may be cut after a page.
    st.lists(
        st.tuples(st.lists(st.tuples(st.integers(0, 7), st.integers(0, 4)), max_size=4), st.integers(0, 3)),
        max_size=12,
    )
)
def test_nothing_is_missed_and_nothing_comes_twice(steps: list[tuple[list[tuple[int, int]], int]]) -> None:
    rows = {"k0": (clock(0), 0)}
    place, told, sayings = Place(), dict[str, int](), iter(range(1, 1000))
    for minute, (changes, pages) in enumerate([*steps, ([], 99)], start=10):
        for key, late in changes:
            rows[f"k{key}"] = (clock(minute - late), next(sayings))
        for number, (reached, news) in enumerate(read_all(place, rows)):
            assert all(told.get(key) != said for key, said in news.items())
            place, told = reached, {**told, **news}
            if number == pages:
                break
    # The pass before may have been cut; a whole one is the last.
    for reached, news in read_all(place, rows):
        place, told = reached, {**told, **news}
    assert told == {key: said for key, (_, said) in rows.items()}
    assert [news for _, news in read_all(place, rows) if news] == []


def test_only_what_may_come_again_is_kept() -> None:
    rows: Any = [(f"k{number:02}", clock(number), {"said": number}) for number in range(50)]
    place, news = Place().begun(clock(49)).read(rows)
    assert len(news) == 50
    assert sorted(place.ended().told) == [f"k{number}" for number in range(44, 50)]
    assert earlier("2026-03-01 12:00:00.123456") == "2026-03-01 11:55:00"
