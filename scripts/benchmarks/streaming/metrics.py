"""Figures from timelines, the same for ours and for the peers. Pure: hand-made timelines test them.

Latencies are measured against the true times of the words, which the speech synthesiser gives.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import pairwise

import jiwer
import numpy as np

from question_flows.model import Language
from scripts.benchmarks.streaming.sound import TrueWord
from scripts.benchmarks.streaming.timeline import Heard, Sight, Tokens

Percentiles = dict[str, float] | None


def percentiles(seconds: Sequence[float]) -> Percentiles:
    """p50 and p95 in whole milliseconds; None where nothing was measured: no figure is made up."""
    if not seconds:
        return None
    return {f"p{share}": float(round(1000 * np.percentile(seconds, share))) for share in (50, 95)}


@dataclass(frozen=True, slots=True)
class Errors:
    """Words (Chinese: characters) wrong, missing or invented, of so many said."""

    wrong: int
    said: int

    @property
    def rate(self) -> float:
        """The share; may exceed 1."""
        return self.wrong / self.said

    def __add__(self, other: Errors) -> Errors:
        return Errors(self.wrong + other.wrong, self.said + other.said)


def errors(said: Sequence[Tokens], understood: Sequence[Tokens], language: Language) -> Errors:
    """Micro-averaged over all pairs: edits on words of English, on characters of Chinese."""
    joiner = "" if language is Language.CHINESE else " "
    process = jiwer.process_characters if language is Language.CHINESE else jiwer.process_words
    found = process([joiner.join(text) for text in said], [joiner.join(text) for text in understood])
    missed = found.substitutions + found.deletions
    return Errors(missed + found.insertions, missed + found.hits)


def streaming_errors(heard: Heard) -> Errors:
    """Of what stood there in the end."""
    return errors([tuple(word.text for word in heard.said.words)], [heard.seen.text], heard.said.language)


def in_all(each: Iterable[Errors]) -> Errors:
    """Micro-averaged."""
    return sum(each, start=Errors(0, 0))


def first_seen(said: Sequence[TrueWord], sights: Sequence[Sight]) -> dict[int, float]:
    """For each word that was ever shown in its place, certain or not: when first. Keys are positions in `said`.

    What is shown is aligned with those words only that somebody had begun to say by then.
    """
    seen: dict[int, float] = {}
    for sight in sights:
        begun = [word.text for word in said if word.start_s < sight.at_s]
        for said_at, _ in _aligned(begun, sight.visible):
            seen.setdefault(said_at, sight.at_s)
    return seen


def confirmed(said: Sequence[TrueWord], sights: Sequence[Sight]) -> dict[int, float]:
    """For each word that was understood in the end: when it, and all before it, stood committed as they stay."""
    if not sights:
        return {}
    last = sights[-1].committed
    at: list[float] = []
    for sight in sights:
        at += [sight.at_s] * (_common_head(sight.committed, last) - len(at))
    pairs = _aligned([word.text for word in said], last)
    return {said_at: at[shown_at] for said_at, shown_at in pairs}


def word_appearance(heard: Heard) -> list[float]:
    """Seconds from each word's true end to its first sight."""
    said = heard.said.words
    return [at - said[index].end_s for index, at in first_seen(said, heard.seen.sights).items()]


def word_confirmation(heard: Heard) -> list[float]:
    """Seconds from each word's true end to its being committed."""
    said = heard.said.words
    return [at - said[index].end_s for index, at in confirmed(said, heard.seen.sights).items()]


def first_partials(heard: Heard) -> list[float]:
    """For each spoken utterance that was ever seen: seconds from the true start of its speech to its first word."""
    seen = first_seen(heard.said.words, heard.seen.sights)
    return [
        min(seen[index] for index in own if index in seen) - heard.said.words[own[0]].start_s
        for own in _positions(heard)
        if any(index in seen for index in own)
    ]


def settled(heard: Heard) -> list[float]:
    """For each spoken utterance: seconds from the true end of its speech until its words are committed.

    All of them that are understood at all. It needs no notion of an endpoint, and so suits every system.
    """
    at = confirmed(heard.said.words, heard.seen.sights)
    return [
        max(at[index] for index in own if index in at) - heard.said.words[own[-1]].end_s
        for own in _positions(heard)
        if any(index in at for index in own)
    ]


@dataclass(frozen=True, slots=True)
class Finalisation:
    """Where the time goes between the true end of speech and the final words, in seconds."""

    endpoint_s: float
    queue_s: float
    compute_s: float

    @property
    def total_s(self) -> float:
        """All three."""
        return self.endpoint_s + self.queue_s + self.compute_s

    @property
    def after_endpoint_s(self) -> float:
        """Queue and compute: what load makes longer."""
        return self.queue_s + self.compute_s


def finalisations(heard: Heard) -> list[Finalisation]:
    """Of each of our finals with at least one newly said word, against the true end of the last such word.

    A word is a final's when more than half of it is spoken by what the pipeline takes for the end of speech. queue is
    what is neither endpoint wait nor computing: waiting in line, for the batch, for earlier finals of the answer.
    """
    found: list[Finalisation] = []
    told = 0
    for final in heard.seen.finals:
        words = [word for word in heard.said.words if (word.start_s + word.end_s) / 2 < final.speech_end_s]
        if len(words) <= told:
            continue
        told = len(words)
        after_endpoint_s = final.received_at_s - final.ended_at_s
        compute_s = min(final.compute_ms / 1000, after_endpoint_s)
        found.append(Finalisation(final.ended_at_s - words[-1].end_s, after_endpoint_s - compute_s, compute_s))
    return found


def stability(heard: Sequence[Heard]) -> float | None:
    """Words taken back ÷ words in the end (normalised erasure, Arivazhagan et al., arXiv 1912.03393); 0 is best.

    At each change all visible words from the first that differs on count as taken back. None when nothing was shown.
    """
    final = sum(len(each.seen.text) for each in heard)
    return round(sum(_retracted(each) for each in heard) / final, 4) if final else None


def words_shown(heard: Heard) -> int:
    """Every word that ever stood there: those that stayed and those that were taken back."""
    return len(heard.seen.text) + _retracted(heard)


def _retracted(heard: Heard) -> int:
    return sum(
        len(before.visible) - _common_head(before.visible, after.visible)
        for before, after in pairwise(heard.seen.sights)
    )


def _positions(heard: Heard) -> list[range]:
    """Of each utterance, where its words are among all words of the interview."""
    positions: list[range] = []
    begin = 0
    for utterance in heard.said.utterances:
        positions.append(range(begin, begin + len(utterance.words)))
        begin += len(utterance.words)
    return positions


def _aligned(said: Sequence[str], shown: Sequence[str]) -> list[tuple[int, int]]:
    matcher = SequenceMatcher(a=said, b=shown, autojunk=False)
    return [(block.a + k, block.b + k) for block in matcher.get_matching_blocks() for k in range(block.size)]


def _common_head(first: Tokens, second: Tokens) -> int:
    length = 0
    for one, other in zip(first, second, strict=False):
        if one != other:
            break
        length += 1
    return length
