"""Who is decoded next: finals first, the latest partial of each owner, nobody starved."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from analyzers.transcription.queue import FINALS_IN_A_ROW, DecodeQueue


def drained(queue: DecodeQueue[str]) -> list[str]:
    taken = []
    while (item := queue.pop()) is not None:
        taken.append(item)
    return taken


def test_finals_go_first_in_the_order_they_came() -> None:
    queue: DecodeQueue[str] = DecodeQueue()
    queue.push("anna", "anna partial", final=False)
    queue.push("ben", "ben final", final=True)
    queue.push("cao", "cao final", final=True)
    assert drained(queue) == ["ben final", "cao final", "anna partial"]


def test_a_newer_partial_replaces_the_waiting_one_in_its_place() -> None:
    queue: DecodeQueue[str] = DecodeQueue()
    assert queue.push("anna", "anna 1", final=False) is None
    assert queue.push("ben", "ben 1", final=False) is None
    assert queue.push("anna", "anna 2", final=False) == "anna 1"
    assert drained(queue) == ["anna 2", "ben 1"]


def test_a_final_makes_the_waiting_partial_of_its_owner_needless() -> None:
    queue: DecodeQueue[str] = DecodeQueue()
    queue.push("anna", "partial", final=False)
    assert queue.push("anna", "final", final=True) == "partial"
    assert drained(queue) == ["final"]


def test_a_partial_has_its_turn_between_many_finals() -> None:
    queue: DecodeQueue[str] = DecodeQueue()
    queue.push("anna", "partial", final=False)
    for number in range(FINALS_IN_A_ROW + 2):
        queue.push("ben", f"final {number}", final=True)
    assert drained(queue).index("partial") == FINALS_IN_A_ROW


requests = st.lists(st.tuples(st.sampled_from("abc"), st.booleans(), st.booleans()), max_size=40)


@given(requests)
def test_no_final_is_ever_lost_and_each_owner_has_one_partial_at_most(
    arrivals: list[tuple[str, bool, bool]],
) -> None:
    queue: DecodeQueue[tuple[str, int, bool]] = DecodeQueue()
    taken = []
    replaced = []
    for number, (owner, final, then_pop) in enumerate(arrivals):
        if (old := queue.push(owner, (owner, number, final), final=final)) is not None:
            replaced.append(old)
        if then_pop and (item := queue.pop()) is not None:
            taken.append(item)
    waiting = len(queue)
    rest = []
    while (item := queue.pop()) is not None:
        rest.append(item)
    assert len(rest) == waiting
    assert sum(not final for _, _, final in rest) <= 3
    assert not any(final for _, _, final in replaced)
    assert sorted(taken + rest + replaced) == sorted((o, n, f) for n, (o, f, _) in enumerate(arrivals))
    finals = [number for _, number, final in taken + rest if final]
    assert finals == sorted(finals)
