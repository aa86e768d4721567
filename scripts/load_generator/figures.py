"""What all candidates together went through. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import chain

import numpy as np

from scripts.load_generator.candidate import CandidateFigures


def summary(candidates: Sequence[CandidateFigures]) -> dict[str, object]:
    """Counts, and percentiles of what took time, milliseconds; None where nothing was measured."""
    lines = [one.line for one in candidates]
    refused = [*_all(one.refused_ms for one in candidates), *_all(line.refused_ms for line in lines)]
    silent = sum(one.refused_without_retry_after for one in candidates)
    said, heard = sum(one.words_said for one in candidates), sum(one.words_heard for one in candidates)
    return {
        "candidates": len(candidates),
        "joined": sum(one.joined for one in candidates),
        "completed": sum(one.completed for one in candidates),
        "refused": {
            "count": len(refused),
            "without_retry_after": silent + sum(line.refused_without_retry_after for line in lines),
            "answered_ms": percentiles(refused),
        },
        "connect_ms": percentiles(_all(line.connect_ms for line in lines)),
        "answers": sum(len(one.handed_in_ms) for one in candidates),
        "handed_in_ms": percentiles(_all(one.handed_in_ms for one in candidates)),
        "words": {"said": said, "heard": heard, "share": round(heard / said, 3) if said else None},
        "first_word_ms": percentiles(_all(one.first_word_ms for one in candidates)),
        "line": {
            "lost": sum(len(line.back_ms) for line in lines),
            "ice_restarts": sum(line.restarts for line in lines),
            "new_connections": sum(line.renewals for line in lines),
            "back_ms": percentiles(_all(line.back_ms for line in lines)),
        },
        "errors": dict(Counter(chain(*(one.errors for one in candidates), *(line.errors for line in lines)))),
    }


def percentiles(values: Sequence[float]) -> dict[str, float] | None:
    """p50, p95 and the worst; None without values."""
    if not values:
        return None
    return {
        "p50": round(float(np.percentile(values, 50)), 1),
        "p95": round(float(np.percentile(values, 95)), 1),
        "worst": round(max(values), 1),
    }


def _all(lists: Iterable[Sequence[float]]) -> list[float]:
    return [value for values in lists for value in values]
