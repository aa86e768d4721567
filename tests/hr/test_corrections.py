"""What a candidate changed in a transcript is shown piece by piece and can be joined to either version again."""

from __future__ import annotations

import pytest

from server.hr.corrections import Change, changes


@pytest.mark.parametrize(
    ("heard", "corrected"),
    [
        ("I sent the parcel too day", "I sent the parcel today"),
        ("", "Everything was missing."),
        ("nothing of this was said", ""),
        ("我问了顾客的定单号", "我问了顾客的订单号，马上查了"),
        ("same", "same"),
        ("we use Java 好的", "we used Java，好的"),
    ],
)
def test_both_versions_can_be_read_from_the_pieces(heard: str, corrected: str) -> None:
    pieces = changes(heard, corrected)
    assert "".join(text for change, text in pieces if change is not Change.ADDED) == heard
    assert "".join(text for change, text in pieces if change is not Change.REMOVED) == corrected
    assert all(text for _, text in pieces)


def test_only_what_changed_is_marked() -> None:
    assert changes("call the costumer now", "call the customer now") == [
        (Change.KEPT, "call the "),
        (Change.REMOVED, "costumer"),
        (Change.ADDED, "customer"),
        (Change.KEPT, " now"),
    ]
    assert changes("查定单号", "查订单号")[1:3] == [(Change.REMOVED, "定"), (Change.ADDED, "订")]
