"""Which stretches of two lists of words are the same, in a time that grows with their length, whatever they hold. Pure.

`difflib` compares every pair of equal words, which for two long texts of few different words takes minutes. Here what
occurs once in both is found first (patience diff, by runs of words before single ones), and only what is left between
two such places, when it is short, is compared word by word.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from itertools import pairwise

Opcode = tuple[str, int, int, int, int]
"""As of difflib: equal, replace, delete or insert, with before[i1:i2] and after[j1:j2]."""

COMPARED_WHOLLY = 2_500
"""Product of two lengths up to which stretches are compared word by word."""
RUNS = (6, 3, 1)
"""Lengths of the runs that are looked for."""
WORK_PER_WORD = 12
"""How often each word may be looked at, on average. What is left then is called replaced."""


def opcodes(before: Sequence[str], after: Sequence[str]) -> Iterator[Opcode]:
    """How `after` comes from `before`: stretches in order, each word in exactly one, no two equal in a row."""
    i = j = 0
    for i1, j1, size in [*_joined(sorted(_same(before, after))), (len(before), len(after), 0)]:
        if i < i1 or j < j1:
            yield "replace" if i < i1 and j < j1 else "delete" if i < i1 else "insert", i, i1, j, j1
        i, j = i1 + size, j1 + size
        if size:
            yield "equal", i1, i, j1, j


def _joined(blocks: Sequence[tuple[int, int, int]]) -> Iterator[tuple[int, int, int]]:
    """The same with blocks that touch in both made one."""
    start_i = start_j = size = 0
    for i, j, n in blocks:
        if (i, j) == (start_i + size, start_j + size):
            size += n
            continue
        if size:
            yield start_i, start_j, size
        start_i, start_j, size = i, j, n
    if size:
        yield start_i, start_j, size


def _same(a: Sequence[str], b: Sequence[str]) -> Iterator[tuple[int, int, int]]:
    """(place in a, place in b, length) of what is the same, in no order."""
    work = WORK_PER_WORD * (len(a) + len(b))
    open_parts = [(0, len(a), 0, len(b))]
    while open_parts:
        i1, i2, j1, j2 = open_parts.pop()
        size = _length(zip(a[i1:i2], b[j1:j2], strict=False))
        if size:
            yield i1, j1, size
            i1, j1 = i1 + size, j1 + size
        size = _length(zip(reversed(a[i1:i2]), reversed(b[j1:j2]), strict=False))
        if size:
            yield i2 - size, j2 - size, size
            i2, j2 = i2 - size, j2 - size
        work -= i2 - i1 + j2 - j1
        if i1 == i2 or j1 == j2 or work < 0:
            continue
        if (i2 - i1) * (j2 - j1) <= COMPARED_WHOLLY:
            for i, j, size in SequenceMatcher(a=a[i1:i2], b=b[j1:j2], autojunk=False).get_matching_blocks():
                if size:
                    yield i1 + i, j1 + j, size
            continue
        for run in RUNS:
            if places := _places(a[i1:i2], b[j1:j2], run):
                corners = [(i1, j1), *((i1 + i, j1 + j) for i, j in places), (i2, j2)]
                open_parts += [(i, i_next, j, j_next) for (i, j), (i_next, j_next) in pairwise(corners)]
                break


def _length(pairs: Iterator[tuple[str, str]]) -> int:
    """How many pairs are of equals before the first that is not."""
    count = 0
    for one, other in pairs:
        if one != other:
            break
        count += 1
    return count


def _places(a: Sequence[str], b: Sequence[str], run: int) -> list[tuple[int, int]]:
    """Where runs that occur once in both stand, as the longest list of them that is in the same order in both.

    Of runs that follow each other without a change only the first is given.
    """
    in_b = _once(b, run)
    found = [(i, in_b[words]) for words, i in _once(a, run).items() if words in in_b]
    ends: list[int] = []
    last: list[int] = []
    before: list[int] = []
    for index, (_, j) in enumerate(found):
        place = bisect_left(ends, j)
        before.append(last[place - 1] if place else -1)
        ends[place : place + 1], last[place : place + 1] = [j], [index]
    chosen = []
    index = last[-1] if last else -1
    while index >= 0:
        chosen.append(found[index])
        index = before[index]
    chosen.reverse()
    return [(i, j) for (i, j), (i0, j0) in zip(chosen, [(-2, -1), *chosen], strict=False) if (i - i0, j - j0) != (1, 1)]


def _once(words: Sequence[str], run: int) -> dict[tuple[str, ...], int]:
    """Each run of so many words that occurs once → its place, in order."""
    places: dict[tuple[str, ...], int] = {}
    for place, one in enumerate(zip(*(words[offset:] for offset in range(run)), strict=False)):
        places[one] = -1 if one in places else place
    return {one: place for one, place in places.items() if place >= 0}
