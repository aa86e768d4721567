"""The figures of all lines: sums that outlive the lines and never fall."""

from __future__ import annotations

from dataclasses import dataclass, replace

from hypothesis import given
from hypothesis import strategies as st

from media.line_stats import LineStats
from server.interview.lines import Lines

NOTHING = LineStats(*[0] * 11)


@dataclass(eq=False)
class Line:
    """A line whose figures a test sets."""

    stats: LineStats = NOTHING


def test_what_a_line_carried_stays_when_it_has_ended() -> None:
    lines, first, second = Lines(), Line(), Line()
    lines.add(first)
    lines.add(second)
    first.stats = replace(NOTHING, packets_received=100, bytes=5000, jitter_ms=12.5, freezes=1)
    second.stats = replace(NOTHING, packets_received=10, jitter_ms=2.5)
    assert (len(lines), lines.jitter_ms()) == (2, [12.5, 2.5])
    lines.remove(first)
    assert (len(lines), lines.jitter_ms()) == (1, [2.5])
    totals = lines.totals()
    assert (totals["packets_received"], totals["bytes"], totals["freezes"]) == (110, 5000, 1)
    assert "jitter_ms" not in totals


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(-5, 20), st.booleans()), max_size=60))
def test_no_sum_ever_falls_though_lost_packets_come_after_all(steps: list[tuple[int, int, bool]]) -> None:
    lines, there = Lines(), [Line() for _ in range(4)]
    for line in there:
        lines.add(line)
    before = lines.totals()
    for index, change, ends in steps:
        line = there[index]
        line.stats = replace(line.stats, packets_lost=max(0, line.stats.packets_lost + change))
        if ends:
            lines.remove(line)
            there[index] = Line()
            lines.add(there[index])
        after = lines.totals()
        assert all(after[name] >= before[name] for name in after)
        before = after
