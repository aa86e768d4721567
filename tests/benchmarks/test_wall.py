"""The pure parts of the wall's benchmark, its readers, and that its server's interviews run and are seen."""

from __future__ import annotations

import asyncio
import os
import time
from collections import Counter
from pathlib import Path

import pytest

from scripts.benchmarks.process_use import cpu_seconds, rss_mb
from scripts.benchmarks.wall import plain, serving, watching
from scripts.benchmarks.wall_viewers import Pace
from scripts.benchmarks.wall_words import Kind, between, growth, kind_of, percentiles, stamp, stamps, words_at


def test_of_ten_events_seven_are_words_and_one_is_stored() -> None:
    assert Counter(kind_of(count) for count in range(1000)) == {
        Kind.WORDS: 700,
        Kind.DRAFT: 100,
        Kind.SCORES: 100,
        Kind.CONNECTION: 100,
    }


def test_the_last_word_tells_when_an_event_was_made() -> None:
    committed, tentative = words_at(7, stamp(1_795_809_776.8124))
    texts = [word["text"] for word in committed + tentative]
    assert len(texts) == 16
    assert stamps(" ".join(texts)) == [1_795_809_776_812]
    assert texts[-1] == "t1795809776812"
    assert stamps("t123 at1795809776812 t17958097768123") == []


def test_an_utterance_grows_and_then_the_next_one_begins() -> None:
    lengths = [sum(map(len, words_at(count, "t"))) for count in range(31)]
    assert (lengths[:3], lengths[29], lengths[30]) == ([2, 4, 6], 60, 2)


def test_figures_are_of_a_span_of_time_and_never_made_up() -> None:
    seen = [(1.0, 10.0), (2.0, 20.0), (3.0, 30.0), (4.0, 40.0)]
    assert between(seen, 2.0, 4.0) == [20.0, 30.0]
    assert percentiles([20.0, 30.0]) == {"p50": 25, "p95": 30, "p99": 30, "worst": 30, "events": 2}
    with pytest.raises(ValueError, match="nothing was measured"):
        percentiles([])


def test_growth_compares_the_quarters_at_both_ends() -> None:
    assert growth([100, 100, 300, 1, 110, 110, 110, 110]) == 0.1
    with pytest.raises(ValueError, match="too few"):
        growth([1, 2, 3])


def test_what_a_process_uses_is_counted() -> None:
    before, began = cpu_seconds(os.getpid()), time.thread_time()
    while time.thread_time() - began < 0.3:
        pass
    assert cpu_seconds(os.getpid()) - before >= 0.25
    assert 10 < rss_mb(os.getpid()) < 10_000


async def test_readers_see_the_interviews_of_the_benchmarks_server(tmp_path: Path) -> None:
    async with serving(tmp_path / "data", interviews=3, rate=20) as server:
        cores, late = await plain(server, "/former", 2, 1, settles_s=0.2)
        assert 0 < cores < 8
        assert late["events"] > 20
        async with watching(server, [Pace.QUICK, Pace.SLOW, Pace.STOPS]) as (quick, slow, stops), asyncio.timeout(20):
            while len(quick.seen) < 20 or not slow.read:
                await asyncio.sleep(0.05)
            assert 0 < slow.read < quick.read
            assert stops.ends == 0
