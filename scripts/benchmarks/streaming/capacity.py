"""How many paced interviews a system carries: the rules, which are the same for all, and the search. Pure.

A round of N interviews fails by the rule **for finals** (ours only; the product's own promise) when

- the 95th percentile of queue and compute of a final, that is finalisation without the endpoint wait, exceeds 1 s, or
- a final is lost, or
- the error rate is more than 0.5 points above the system's own with one interview, or
- the sound was not given when due (95th percentile more than 100 ms late): the process itself is too busy.

It fails by the rule **for live words**, which holds for peers in both comparisons, when

- words appear late: the 95th percentile of (first sight − true end of the word) is more than 1 s above the same
  system's own with one interview alone, so that a system that is slow by design loses nothing by that, or
- results lag: the 95th percentile of (result − last sample of the decode due) exceeds 1 s, for the systems that tell it
  (ours: finals, as above; whisper_streaming: every decode; WhisperLive does not tell), or
- any of the above about lost finals, errors and pacing.

Error rates scatter, and by interviews rather than by words, since a recogniser that loses the thread loses a sentence:
two standard errors of the difference, estimated from how much interviews differ, are added to the 0.5 points.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import sqrt
from statistics import median

import numpy as np

from scripts.benchmarks.streaming.figures import over
from scripts.benchmarks.streaming.metrics import (
    Errors,
    finalisations,
    in_all,
    settled,
    streaming_errors,
    word_appearance,
)
from scripts.benchmarks.streaming.timeline import Heard, Round

LONGEST_S = 1.0
LATEST_SOUND_S = 0.1
ERROR_POINTS = 0.005


@dataclass(frozen=True, slots=True)
class RoundFigures:
    """What the rules look at; seconds, None where a system does not tell or nothing was measured.

    cores: processor time that the process had, in cores. engine_busy: share of the time that our engine was computing
    by the clock; near 1 with less than one of the cores means that others use this machine.
    """

    interviews: int
    finals_p95_s: float | None
    lag_p95_s: float | None
    appearance_p95_s: float | None
    errors: tuple[Errors, ...]
    late_s: float
    lost_finals: int
    dropped_partials: int
    spread_s: float | None
    cores: float
    engine_busy: float | None

    def described(self) -> dict[str, object]:
        """For the JSON file, in milliseconds."""
        return {
            "interviews": self.interviews,
            "finals_p95_ms": _ms(self.finals_p95_s),
            "decode_lag_p95_ms": _ms(self.lag_p95_s),
            "appearance_p95_ms": _ms(self.appearance_p95_s),
            "error": round(in_all(self.errors).rate, 4),
            "sound_late_p95_ms": _ms(self.late_s),
            "lost_finals": self.lost_finals,
            "dropped_partials": self.dropped_partials,
            "spread_ms": _ms(self.spread_s),
            "cores_used": round(self.cores, 3),
            "engine_busy": None if self.engine_busy is None else round(self.engine_busy, 3),
        }


def round_figures(played: Round) -> RoundFigures:
    """What a round came to."""
    heard = played.heard
    wall_s = max(each.said.seconds for each in heard)
    return RoundFigures(
        interviews=len(heard),
        finals_p95_s=_p95([each.after_endpoint_s for one in heard for each in finalisations(one)]),
        lag_p95_s=_p95(over(heard, lambda each: each.seen.lags_s)),
        appearance_p95_s=_p95(over(heard, word_appearance)),
        errors=tuple(streaming_errors(each) for each in heard),
        late_s=played.late_s,
        lost_finals=sum(each.seen.lost_finals for each in heard),
        dropped_partials=sum(each.seen.dropped_partials for each in heard),
        spread_s=spread(heard),
        cores=played.cpu_s / wall_s,
        engine_busy=None if played.engine_s is None else played.engine_s / wall_s,
    )


def spread(heard: Sequence[Heard]) -> float | None:
    """Largest minus smallest of the interviews' median finalisations; for peers of the medians of `settled`."""
    medians = [median(times) for each in heard if (times := [f.total_s for f in finalisations(each)] or settled(each))]
    return max(medians) - min(medians) if medians else None


def failures_for_finals(played: RoundFigures, alone: RoundFigures) -> list[str]:
    """Which rules for finals the round breaks; empty when it is carried."""
    failures = []
    if played.finals_p95_s is not None and played.finals_p95_s > LONGEST_S:
        failures.append("finals wait")
    if played.lost_finals:
        failures.append("finals lost")
    allowed = in_all(alone.errors).rate + ERROR_POINTS + scatter(played.errors, alone.errors)
    if in_all(played.errors).rate > allowed:
        failures.append("more errors")
    if played.late_s > LATEST_SOUND_S:
        failures.append("sound late")
    return failures


def failures_for_live_words(played: RoundFigures, alone: RoundFigures) -> list[str]:
    """Which rules for live words the round breaks; empty when it is carried."""
    failures = failures_for_finals(played, alone)
    if played.lag_p95_s is not None and played.lag_p95_s > LONGEST_S:
        failures.append("results lag")
    if played.appearance_p95_s is None or alone.appearance_p95_s is None:
        failures.append("nothing seen")
    elif played.appearance_p95_s > alone.appearance_p95_s + LONGEST_S:
        failures.append("words late")
    return failures


def scatter(first: Sequence[Errors], second: Sequence[Errors]) -> float:
    """Two standard errors of the difference of two error rates, from how much the errors of interviews differ."""
    every = [*first, *second]
    rate, length = in_all(every).rate, in_all(every).said / len(every)
    variance = sum(((each.wrong - rate * each.said) / length) ** 2 for each in every) / max(1, len(every) - 1)
    return 2 * sqrt(variance * (1 / len(first) + 1 / len(second)))


def largest(carried: Callable[[int], bool], most: int) -> int:
    """The largest number carried: 1, 2, 4, 8 … until one is not, or `most`; then once between. 0 if not even one."""
    good, tried = 0, 1
    while tried <= most:
        if not carried(tried):
            between = (good + tried) // 2
            return between if good < between < tried and carried(between) else good
        good, tried = tried, tried * 2
    return good


def _p95(values: Sequence[float]) -> float | None:
    return float(np.percentile(values, 95)) if values else None


def _ms(seconds: float | None) -> float | None:
    return None if seconds is None else round(1000 * seconds)
