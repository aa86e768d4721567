"""Two versions of a text are aligned right when they are short, and in bounded time whatever they hold."""

from __future__ import annotations

import random
import time
from difflib import SequenceMatcher

import pytest

from analyzers.transcription.alignment import opcodes


def rebuilt(before: list[str], after: list[str]) -> None:
    """Asserts that the stretches cover both lists in order, and that only equal ones are called equal."""
    i = j = 0
    last = ""
    for tag, i1, i2, j1, j2 in opcodes(before, after):
        assert (i1, j1) == (i, j)
        assert (tag == "equal") is (before[i1:i2] == after[j1:j2])
        assert (i1 == i2) is (tag == "insert")
        assert (j1 == j2) is (tag == "delete")
        assert not (last == tag == "equal")
        i, j, last = i2, j2, tag
    assert (i, j) == (len(before), len(after))


@pytest.mark.parametrize("few", [2, 15, 3000])
def test_the_stretches_cover_both_lists_whatever_they_hold(few: int) -> None:
    chance = random.Random(few)
    for length in (0, 1, 7, 60, 400):
        before = [str(chance.randrange(few)) for _ in range(length)]
        rebuilt(before, [str(chance.randrange(few)) for _ in range(length + 3)])
        changed = list(before)
        for _ in range(length // 8):
            changed.insert(chance.randrange(len(changed)), "new")
            changed.pop(chance.randrange(len(changed)))
        rebuilt(before, changed)
        rebuilt(before, before[::-1])


def test_short_texts_are_aligned_as_difflib_aligns_them() -> None:
    before = ["I", "asked", "the", "costumer", "for", "the", "order", "number", "and", "checked", "it"]
    after = ["First", "I", "asked", "the", "customer", "for", "her", "order", "number", "then", "checked"]
    assert list(opcodes(before, after)) == SequenceMatcher(a=before, b=after, autojunk=False).get_opcodes()


@pytest.mark.parametrize("few", [2, 15, 3000])
@pytest.mark.parametrize("every", [2, 9, 200])
def test_long_texts_take_no_time_to_speak_of(few: int, every: int) -> None:
    """difflib alone takes minutes for the second of these."""
    chance = random.Random(1)
    before = [str(chance.randrange(few)) for _ in range(20_000)]
    after = ["new" if place % every == 0 else word for place, word in enumerate(before)]
    began = time.process_time()
    found = list(opcodes(before, after))
    assert time.process_time() - began < 3  # some 0.1 s, on a machine that does nothing else
    if every == 200 and few > 2:
        same = sum(i2 - i1 for tag, i1, i2, _, _ in found if tag == "equal")
        assert same > 0.99 * len(before) * (1 - 1 / every)
