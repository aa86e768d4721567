"""What happens in the interviews of `scripts/bench wall`, and how late it is seen. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from enum import Enum
from typing import Any

import numpy as np

EVENTS = 10
"""After so many events an interview's next ones are of the same kinds again."""
LONGEST = 60
"""Words of an utterance; then the next begins."""
SAID = "so the first thing that I did was to listen until they had told me everything and then"
TALK = tuple(SAID.split())
_STAMP = re.compile(r"\bt(\d{13})\b")


class Kind(Enum):
    """Of what kind an event is."""

    DRAFT = "stored"
    SCORES = "scores"
    CONNECTION = "connection"
    WORDS = "words"


def kind_of(count: int) -> Kind:
    """Of an interview's events; of ten, seven are words."""
    return {0: Kind.DRAFT, 3: Kind.SCORES, 7: Kind.CONNECTION}.get(count % EVENTS, Kind.WORDS)


def stamp(seconds: float) -> str:
    """A word that tells when it was made. seconds: since the epoch."""
    return f"t{round(seconds * 1000)}"


def stamps(text: str) -> list[int]:
    """The times of all such words in a text, milliseconds since the epoch."""
    return [int(found) for found in _STAMP.findall(text)]


def words_at(count: int, last: str) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """(committed, tentative) words of an utterance that grows by two words an event; `last` is its last word."""
    length = 2 + 2 * count % LONGEST
    texts = [TALK[place % len(TALK)] for place in range(length - 1)] + [last]
    words = [
        {"text": text, "start_ms": place * 300, "end_ms": place * 300 + 250, "confidence": 0.93}
        for place, text in enumerate(texts)
    ]
    return words[:-3], words[-3:]


def percentiles(values: Sequence[float]) -> dict[str, float]:
    """Milliseconds; "events": of how many. Raises ValueError when nothing was measured: no figure is made up."""
    if not values:
        raise ValueError("nothing was measured")
    found = {f"p{share}": round(float(np.percentile(values, share))) for share in (50, 95, 99)}
    return {**found, "worst": round(max(values)), "events": len(values)}


def between(seen: Iterable[tuple[float, float]], start: float, end: float) -> list[float]:
    """Of (when, how late) those of a span of time. when, start, end: the same clock."""
    return [late for when, late in seen if start <= when < end]


def growth(values: Sequence[float]) -> float:
    """How much more the last quarter's median is than the first's; 0.02: 2 %. Raises ValueError below four values."""
    if len(values) < 4:
        raise ValueError("too few values")
    quarter = len(values) // 4
    first, last = float(np.median(values[:quarter])), float(np.median(values[-quarter:]))
    return round(last / first - 1, 4)
