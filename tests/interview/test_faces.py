"""A second face is told of when it stays, once, and again when it has gone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from server.interview.faces import SecondFace

START = datetime(2026, 5, 4, 9, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("pictures", "told"),
    [
        ("..........", ""),
        ("2........2.", ""),  # somebody walks past, twice
        ("2.2.......", ""),
        ("222.......", "  +    -"),  # gone when none of the last five shows it
        ("2.2.2.....", "    +    -"),
        ("222????...", "  +"),  # too dark to tell: neither here nor gone
        (".222..2.....222", "   +       -  +"),
    ],
)
def test_it_is_told_when_it_stays_and_when_it_has_gone(pictures: str, told: str) -> None:
    second = SecondFace()
    signs = ""
    for number, picture in enumerate(pictures):
        changed = second.take({"2": True, ".": False, "?": None}[picture], START + timedelta(seconds=number))
        signs += ("+" if second.since else "-") if changed else " "
    assert signs.rstrip() == told


def test_it_has_been_there_since_it_was_first_seen() -> None:
    second = SecondFace()
    for number, seen in enumerate((False, True, False, True, True)):
        second.take(seen, START + timedelta(seconds=number))
    assert second.since == START + timedelta(seconds=1)
