"""The figures of one language and one system, from rounds that were heard. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from scripts.benchmarks.streaming.metrics import (
    Errors,
    Finalisation,
    Percentiles,
    finalisations,
    first_partials,
    in_all,
    percentiles,
    settled,
    stability,
    streaming_errors,
    word_appearance,
    word_confirmation,
    words_shown,
)
from scripts.benchmarks.streaming.timeline import Heard, Round

Figures = dict[str, object]


def language_figures(
    alone: Round, accuracy: Sequence[Heard], offline: Errors, silence: Round, sounds: Sequence[str]
) -> Figures:
    """One language of one system.

    alone: one paced interview; all latencies are from it. accuracy: interviews that streaming_error is counted over
    (those of `alone` among them); offline: the errors of the plain decode of the same. silence: sounds without words;
    sounds: their names.
    """
    streaming = in_all(streaming_errors(each) for each in accuracy)
    minutes = silence.sound_s / 60
    return {
        "streaming_error": round(streaming.rate, 4),
        "offline_error": round(offline.rate, 4),
        "first_partial_ms": percentiles(over(alone.heard, first_partials)),
        "confirmation_ms": percentiles(over(alone.heard, word_confirmation)),
        "finalisation_ms": finalisation_figures(alone.heard),
        "stability": stability(alone.heard),
        "rtf": round(alone.cpu_s / alone.sound_s, 4),
        "engine_rtf": None if alone.engine_s is None else round(alone.engine_s / alone.sound_s, 4),
        "silence_words_per_minute": round(sum(len(each.seen.text) for each in silence.heard) / minutes, 2),
        "silence_words": {name: len(each.seen.text) for name, each in zip(sounds, silence.heard, strict=True)},
        "silence_words_shown_per_minute": round(sum(words_shown(each) for each in silence.heard) / minutes, 2),
        "appearance_ms": percentiles(over(alone.heard, word_appearance)),
        "settled_ms": percentiles(over(alone.heard, settled)),
        "decode_lag_ms": percentiles(over(alone.heard, lambda each: each.seen.lags_s)),
        "words_confirmed": len(over(alone.heard, word_confirmation)),
        "words_for_error": streaming.said,
    }


def finalisation_figures(heard: Sequence[Heard]) -> dict[str, Percentiles] | None:
    """p50 and p95 of each part and of the whole; None for peers, which have no endpoint."""
    found = [each for one in heard for each in finalisations(one)]
    parts: dict[str, Callable[[Finalisation], float]] = {
        "endpoint": lambda each: each.endpoint_s,
        "queue": lambda each: each.queue_s,
        "compute": lambda each: each.compute_s,
        "total": lambda each: each.total_s,
    }
    return {name: percentiles([part(each) for each in found]) for name, part in parts.items()} if found else None


def over(heard: Sequence[Heard], measure: Callable[[Heard], Sequence[float]]) -> list[float]:
    """A measure of several interviews, put together."""
    return [value for each in heard for value in measure(each)]


def ratios(
    ours: Sequence[Round], theirs: Sequence[Round], most: tuple[int, int], most_live: tuple[int, int]
) -> dict[str, float | None]:
    """Ours ÷ theirs, both languages together, from the rounds of one interview alone.

    compute, confirmation_p50, confirmation_p95: smaller than 1 is better. most, most_live: interviews carried, ours
    and theirs, by the rule for results and by the one for live words; greater is better. None where theirs is 0 or
    was not measured.
    """
    compute = [sum(r.cpu_s for r in rounds) / sum(r.sound_s for r in rounds) for rounds in (ours, theirs)]
    confirmation = [
        percentiles([value for r in rounds for value in over(r.heard, word_confirmation)]) or {}
        for rounds in (ours, theirs)
    ]
    return {
        "compute": _ratio(*compute),
        "confirmation_p50": _ratio(*(each.get("p50") for each in confirmation)),
        "confirmation_p95": _ratio(*(each.get("p95") for each in confirmation)),
        "interviews": _ratio(*most),
        "interviews_live_words": _ratio(*most_live),
    }


def _ratio(ours: float | None, theirs: float | None) -> float | None:
    return round(ours / theirs, 3) if ours is not None and theirs else None
