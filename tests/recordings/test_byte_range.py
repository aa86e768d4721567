"""Which bytes a Range header asks for."""

from __future__ import annotations

import pytest

from server.recordings.byte_range import NotSatisfiable, asked_for


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (None, None),
        ("bytes=0-0", (0, 1)),
        ("bytes=10-19", (10, 20)),
        ("bytes=90-", (90, 100)),
        ("bytes=90-1000", (90, 100)),
        ("bytes=-10", (90, 100)),
        ("bytes=-1000", (0, 100)),
        ("bytes= 10 - 19", (10, 20)),
        ("bytes=0-9,20-29", None),
        ("bytes=-", None),
        ("bytes=9-8", None),
        ("lines=0-9", None),
        ("bytes=a-b", None),
        ("bytes=²-³", None),
        ("bytes=" + "9" * 40 + "-", None),
    ],
)
def test_a_range_or_the_whole(header: str | None, expected: tuple[int, int] | None) -> None:
    assert asked_for(header, 100) == expected


@pytest.mark.parametrize("header", ["bytes=100-", "bytes=100-200", "bytes=-0"])
def test_a_range_behind_the_end_cannot_be_served(header: str) -> None:
    with pytest.raises(NotSatisfiable):
        asked_for(header, 100)


def test_an_empty_file_has_no_range() -> None:
    with pytest.raises(NotSatisfiable):
        asked_for("bytes=0-", 0)
