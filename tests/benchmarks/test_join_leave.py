"""Candidates come and go: the real server keeps nothing of them. The benchmark does it a thousand times."""

from __future__ import annotations

import pytest

from scripts.benchmarks.join_leave import is_flat, left_over, measure

START = {"threads": 20, "descriptors": 30, "tasks": 40, "rss_mb": 200.0, "task_names": {"peer": 2, "SSE": 4}}


@pytest.mark.parametrize("name", ["threads", "descriptors", "tasks"])
def test_one_thread_file_or_task_left_over_is_not_flat(name: str) -> None:
    assert is_flat(START, START)
    assert not is_flat(START, START | {name: 41})


def test_memory_may_grow_by_fifty_megabytes() -> None:
    assert is_flat(START, START | {"rss_mb": 250.0})
    assert not is_flat(START, START | {"rss_mb": 250.1})


def test_what_is_left_over_is_named() -> None:
    assert left_over(START, START | {"task_names": {"peer": 5, "SSE": 3, "viewer": 1}}) == {"peer": 3, "viewer": 1}


async def test_forty_candidates_come_and_go_and_nothing_is_left_of_them() -> None:
    found = await measure(40, warm_up=12)
    assert found["flat"], found
    assert found["left_over"] == {}
