"""Finds cues in a transcript, said in these or in equal words: stems in English, characters in Chinese.

A cue is found where its tokens (`tokens`) stand in order, with at most MOST_SKIPPED words of no weight between them
("call the driver" in "called our driver": no; in "called up the driver": no; in "call just the driver": yes).
What is negated is not found.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass, field
from functools import lru_cache

from analyzers.results import Transcript
from analyzers.scoring import chinese_words, english_words
from analyzers.scoring.evidence import ends_clause
from analyzers.scoring.paraphrases import PARAPHRASES
from analyzers.scoring.tokens import (
    ALL_FILLERS,
    BREAK,
    LEAST_FUZZY,
    fuzzy_index,
    grouped,
    keys,
    one_off,
    said_in,
)
from question_flows.model import Language

MOST_SKIPPED = 2
LEAST_SHARED = 0.5
"""A row of paraphrases is for a cue that holds this share of the words on its left, and two of them at least."""
MOST_STARRED = {Language.ENGLISH: 4, Language.CHINESE: 6}
"""How many tokens a `*` in a paraphrase may stand for."""
_STAR = "*"

_ENGLISH_NEGATION = {"not", "never", "without", "hardly", "neither", "nor"}
_CHINESE_NEGATION = re.compile(
    r"(?:没有?|(?<!不得)不(?:会|能|想|愿意?|肯|去|用|必|太|够|曾|再)?|未|(?<![特分个区级])别|无法|没能|没去|从来不)$"
)
_ENGLISH_REACH = 2
"""How many words before a cue a negation still turns it round."""
_LOOK_BACK = 8
"""How many words before a cue are looked at; the longest negation is shorter."""


@dataclass(frozen=True, slots=True)
class Match:
    """A cue found in the words first_word..last_word, both included.

    first, last: the same in tokens of the answer. said: the alternative of the cue that was found.
    paraphrase: whether it is none of the cue's own.
    """

    first_word: int
    last_word: int
    first: int = field(default=0, compare=False)
    last: int = field(default=0, compare=False)
    said: tuple[str, ...] = field(default=(), compare=False)
    paraphrase: bool = field(default=False, compare=False)

    def overlaps(self, other: Match) -> bool:
        """Whether the two share a word."""
        return self.first_word <= other.last_word and other.first_word <= self.last_word


class SearchableAnswer:
    """A transcript made ready for searching."""

    def __init__(self, transcript: Transcript) -> None:
        self.transcript = transcript
        self._english = transcript.language is Language.ENGLISH
        self.said = tuple(said_in(transcript))
        """Every word (Chinese: character) as it was said, and a BREAK after each sentence."""
        self.length = sum(1 for token in self.said if token.key != BREAK)
        """Words in English; in Chinese characters, a Latin word counting as one."""
        self.tokens = grouped(self.said, self._english)
        self._at: dict[str, list[int]] = {}
        for index, token in enumerate(self.tokens):
            self._at.setdefault(token.key, []).append(index)
        self._misspelt = fuzzy_index(self._at) if self._english else {}
        self._skipped = english_words.SKIPPED if self._english else chinese_words.SKIPPED

    def text(self, leaving_out: Collection[int] = ()) -> str:
        """The words in lower case, single spaces (English) or none (Chinese) between them, BREAK between sentences.

        leaving_out: indices of `said`; each stretch of them becomes a BREAK. Fillers are left out too.
        """
        separator = " " if self._english else ""
        words: list[str] = []
        for index, token in enumerate(self.said):
            word = BREAK if index in leaving_out else token.word
            if word in ALL_FILLERS or (word == BREAK and words[-1:] == [BREAK]):
                continue
            words.append(word)
        return separator + "".join(f"{word}{separator}" for word in words)

    def equal_text(self, leaving_out: Collection[int] = ()) -> str:
        """As `text`, with every word or phrase of a group replaced by what stands for the group."""
        separator = " " if self._english else ""
        return separator + "".join(
            f"{BREAK if token.first_said in leaving_out else token.key}{separator}" for token in self.tokens
        )

    def find(self, cue: str, *, paraphrased: bool = False) -> list[Match]:
        """Where the cue, or one of its alternatives divided by |, is said and not negated; nothing twice.

        paraphrased: whether what is said instead of it (`paraphrases`) counts too.
        """
        hits = [
            Match(self.tokens[first].first_word, self.tokens[last].last_word, first, last, alternative, other)
            for other in ((False, True) if paraphrased else (False,))
            for alternative in self._possible(cue, paraphrase=other)
            for first in self._places(alternative[0])
            if (last := self._run(alternative, first)) is not None
        ]
        found: list[Match] = []
        for hit in sorted(hits, key=lambda hit: (hit.first, -hit.last)):
            if (not found or hit.first > found[-1].last) and not self._negated(hit):
                found.append(hit)
        return found

    def _possible(self, cue: str, *, paraphrase: bool) -> list[tuple[str, ...]]:
        """The alternatives of the cue whose first word is said, or may be a misspelt one."""
        by_first = _by_first(cue, self.transcript.language, paraphrase)
        said = self._at.keys() & by_first.keys()
        if self._misspelt:
            said.update(key for key in by_first if len(key) >= LEAST_FUZZY and key not in self._at)
        return [alternative for key in said for alternative in by_first[key]]

    def _places(self, key: str) -> list[int]:
        exact = self._at.get(key)
        if exact is not None or len(key) < LEAST_FUZZY:
            return exact or []
        return sorted(
            {place for form in one_off(key) for place in self._misspelt.get(form, ()) if self._near(key, place)}
        )

    def _near(self, key: str, place: int) -> bool:
        return self.tokens[place].key[0] == key[0]

    def _run(self, alternative: tuple[str, ...], first: int) -> int | None:
        """The last token of the alternative that begins at `first`; None when the rest does not follow."""
        at = first
        starred = False
        for key in alternative[1:]:
            if key == _STAR:
                starred = True
                continue
            most = MOST_STARRED[self.transcript.language] if starred else MOST_SKIPPED
            for step in range(1, most + 2):
                if at + step >= len(self.tokens):
                    return None
                token = self.tokens[at + step]
                if token.key == key or (len(key) >= LEAST_FUZZY and at + step in self._places(key)):
                    at += step
                    starred = False
                    break
                if token.key == BREAK or not (starred or token.word in self._skipped):
                    return None
            else:
                return None
        return at

    def _negated(self, hit: Match) -> bool:
        words = [self.tokens[index].word for index in range(self._clause_start(hit), hit.first)]
        if not self._english:
            return bool(_CHINESE_NEGATION.search("".join(words)))
        if words[-1:] in (["only"], ["just"]) and "not" in words[-_ENGLISH_REACH:]:
            return False
        following = self.tokens[hit.last + 1].word if hit.last + 1 < len(self.tokens) else ""
        negated_after = following == "not" and not ends_clause(self.transcript.words[hit.last_word])
        return negated_after or not _ENGLISH_NEGATION.isdisjoint(words[-_ENGLISH_REACH:])

    def _clause_start(self, hit: Match) -> int:
        """Where the hit's clause begins: "it does not arrive, I will call" negates no call."""
        start = hit.first
        while start > 0 and hit.first - start < _LOOK_BACK:
            before = self.tokens[start - 1]
            same_word = before.last_word == self.tokens[start].first_word
            if before.key == BREAK or (not same_word and ends_clause(self.transcript.words[before.last_word])):
                break
            start -= 1
        return start


@lru_cache(maxsize=4096)
def _alternatives(cue: str, language: Language, paraphrased: bool) -> tuple[tuple[str, ...], ...]:
    own = dict.fromkeys(found for part in cue.split("|") if (found := keys(part, language)))
    if not paraphrased:
        return tuple(own)
    others = dict.fromkeys(
        phrase
        for words, phrases in _paraphrases(language)
        if len(words.intersection(own)) >= min(len(own), max(2, LEAST_SHARED * len(words)))
        for phrase in phrases
    )
    return tuple(other for other in others if other not in own)


@lru_cache(maxsize=4096)
def _by_first(cue: str, language: Language, paraphrased: bool) -> dict[str, list[tuple[str, ...]]]:
    found: dict[str, list[tuple[str, ...]]] = {}
    for alternative in _alternatives(cue, language, paraphrased):
        found.setdefault(alternative[0], []).append(alternative)
    return found


@lru_cache(maxsize=2)
def _paraphrases(language: Language) -> list[tuple[frozenset[tuple[str, ...]], list[tuple[str, ...]]]]:
    """Rows of the words of cues, and of what may be said instead."""
    rows = [row.split("=>") for row in PARAPHRASES[language].strip().splitlines()]
    return [
        (
            frozenset(keys(cue, language) for cue in cues.split(",")),
            [_starred(other.strip(), language) for other in others.split(",")],
        )
        for cues, others in rows
    ]


def _starred(phrase: str, language: Language) -> tuple[str, ...]:
    first, *others = (keys(part, language) for part in phrase.split(_STAR))
    return sum(((_STAR, *other) for other in others), first)
