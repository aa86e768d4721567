"""Which words of a growing hypothesis are certain: LocalAgreement-2 (Macháček et al., arXiv 2307.14743). Pure.

A word is committed when two successive decodes of the growing utterance agree on it, and neither is in doubt: two
greedy decodes often make the same mistake, and what is committed never changes (measured with the project's model: in
English this brings the streaming error from 1.5 points above the offline decode's to its level, at no cost). The last
word of a hypothesis is not committed while its speaker goes on: its sound may be cut off, and whether a full stop
belongs behind it is not known yet.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from analyzers.results import TranscriptWord
from analyzers.transcription.words import spoken_form

Words = tuple[TranscriptWord, ...]

DOUBTFUL_BELOW = 0.5
"""A word of less confidence waits for the end of its utterance."""

BEHIND_MS = 250
"""Two decodes differ by less about the time of one word."""


class LocalAgreement:
    """The words of one utterance while it is spoken; words in English, characters in Chinese.

    What has been committed never changes, whatever later hypotheses say.
    """

    def __init__(self) -> None:
        self._committed: Words = ()
        self._previous: Words = ()

    @property
    def committed(self) -> Words:
        """The words that are certain."""
        return self._committed

    def update(self, hypothesis: Sequence[TranscriptWord], *, paused: bool = False) -> tuple[Words, Words]:
        """Take the decode of the utterance as heard so far; return (committed, tentative) words.

        paused: its speaker has stopped for now, so that its last word is whole.
        """
        rest = continuation(self._committed, hypothesis)
        agreed = 0
        for earlier, later in zip(self._previous, rest if paused else rest[:-1], strict=False):
            in_doubt = min(earlier.confidence, later.confidence) < DOUBTFUL_BELOW
            if in_doubt or spoken_form(earlier.text) != spoken_form(later.text):
                break
            agreed += 1
        self._committed += rest[:agreed]
        self._previous = rest[agreed:]
        return self._committed, self._previous

    def finish(self, hypothesis: Sequence[TranscriptWord]) -> Words:
        """Take the decode of the whole utterance; all its words behind the committed ones become certain."""
        self._committed += continuation(self._committed, hypothesis)
        self._previous = ()
        return self._committed


def continuation(committed: Sequence[TranscriptWord], hypothesis: Sequence[TranscriptWord]) -> Words:
    """The words of a hypothesis behind those that are committed already.

    The hypothesis is cut where its head is nearest to the committed words by edit distance (Levenshtein),
    since it may spell some of them differently; of equally near cuts the one at the committed time.
    Where fewer than half of the committed words are met, time alone decides. What lies clearly before the committed
    time is a repetition and left out.
    """
    if not committed:
        return tuple(hypothesis)
    end_ms = committed[-1].end_ms
    distances = _head_distances(committed, hypothesis)
    by_time = sum((word.start_ms + word.end_ms) // 2 < end_ms for word in hypothesis)
    cut = by_time
    if min(distances) * 2 <= len(committed):
        cut = min(range(len(distances)), key=lambda length: (distances[length], abs(length - by_time)))
    ahead = (word for word in hypothesis[cut:] if word.end_ms > end_ms - BEHIND_MS)
    return tuple(_not_before(word, end_ms) for word in ahead)


def _not_before(word: TranscriptWord, end_ms: int) -> TranscriptWord:
    """The word, moved where two decodes differ about its time so that words stay in order."""
    if word.start_ms >= end_ms:
        return word
    return replace(word, start_ms=end_ms, end_ms=max(word.end_ms, end_ms))


def _head_distances(committed: Sequence[TranscriptWord], hypothesis: Sequence[TranscriptWord]) -> list[int]:
    """Edit distance of the committed words to the first 0, 1, … all words of the hypothesis."""
    heard = [spoken_form(word.text) for word in hypothesis]
    row = list(range(len(heard) + 1))
    for position, word in enumerate(committed, start=1):
        form = spoken_form(word.text)
        diagonal, row[0] = row[0], position
        for column, other in enumerate(heard, start=1):
            substitution = diagonal + (form != other)
            diagonal = row[column]
            row[column] = min(substitution, row[column] + 1, row[column - 1] + 1)
    return row
