"""From what systems tell to what was seen."""

from __future__ import annotations

from typing import Any

from scripts.benchmarks.streaming.timeline import Watch, timeline_of, tokens


def test_words_are_compared_without_case_and_punctuation() -> None:
    assert tokens("We checked; ten, ORDERS!") == ("we", "checked", "ten", "orders")
    assert tokens("我给Excel，打了。") == ("我", "给", "excel", "打", "了")


def test_what_changes_nothing_is_no_sight() -> None:
    watch = Watch()
    watch.see(0.5, "", "")
    watch.see(1.0, "we", "checked")
    watch.see(1.5, "We,", "checked")
    watch.see(2.0, "we checked", "")
    assert [each.at_s for each in watch.sights] == [1.0, 2.0]


def test_a_peers_notes_become_a_timeline() -> None:
    noted: dict[str, list[Any]] = {"sights": [[1.0, "", " we"], [2.0, " we checked", ""]], "lags_s": [0.1, 0.2]}
    seen = timeline_of(noted)
    assert seen.text == ("we", "checked")
    assert seen.lags_s == (0.1, 0.2)
