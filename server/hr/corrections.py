"""What a candidate changed in a transcript, piece by piece: what stayed, what went, what came."""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import StrEnum
from typing import NamedTuple

from analyzers.transcription.alignment import opcodes

_TOKEN = re.compile(r"[\u3400-\u9fff]|[^\s\u3400-\u9fff]+|\s+")
"""A Chinese character, a word of another script, or the space between."""


class Change(StrEnum):
    """What happened to a piece of the text."""

    KEPT = "kept"
    REMOVED = "removed"
    ADDED = "added"


class Piece(NamedTuple):
    """A run of text that was treated alike."""

    change: Change
    text: str


def changes(heard: str, corrected: str) -> list[Piece]:
    """From what was heard to what the candidate made of it, by words, in Chinese by characters.

    KEPT and REMOVED pieces joined are `heard`; KEPT and ADDED pieces joined are `corrected`. None is empty.
    """
    return list(_pieces(_TOKEN.findall(heard), _TOKEN.findall(corrected)))


def _pieces(before: list[str], after: list[str]) -> Iterator[Piece]:
    for tag, i1, i2, j1, j2 in opcodes(before, after):
        if tag == "equal":
            yield Piece(Change.KEPT, "".join(before[i1:i2]))
            continue
        if i2 > i1:
            yield Piece(Change.REMOVED, "".join(before[i1:i2]))
        if j2 > j1:
            yield Piece(Change.ADDED, "".join(after[j1:j2]))
