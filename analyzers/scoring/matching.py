"""Finds cues in a transcript: whole words in English, substrings in Chinese, negated ones left out."""

from __future__ import annotations

import re
from bisect import bisect_left
from dataclasses import dataclass
from functools import lru_cache

from analyzers.results import Transcript, TranscriptWord
from analyzers.scoring.evidence import ends_clause, ends_sentence
from question_flows.model import Language

_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)*")
_BREAK = "|"
"""Stands between sentences, so that no phrase is found across their border."""

_CONTRACTED = {"'ll": "will", "'re": "are", "'m": "am", "'ve": "have", "'d": "would"}
_WHOLE_CONTRACTED = {
    "cannot": ["can", "not"],
    "can't": ["can", "not"],
    "won't": ["will", "not"],
    "let's": ["let", "us"],
    **{f"{stem}'s": [stem, "is"] for stem in ("it", "that", "what", "he", "she", "there", "who", "where", "here")},
}
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
    """A cue found in the words first_word..last_word, both included."""

    first_word: int
    last_word: int

    def overlaps(self, other: Match) -> bool:
        """Whether the two share a word."""
        return self.first_word <= other.last_word and other.first_word <= self.last_word


class SearchableAnswer:
    """A transcript made ready for searching: lower case, contractions written out, punctuation gone."""

    def __init__(self, transcript: Transcript) -> None:
        self.transcript = transcript
        self._english = transcript.language is Language.ENGLISH
        pieces: list[str] = [" "] if self._english else []
        owner: list[int] = [0] if self._english else []
        """Which word each character of the text belongs to."""
        self.length = 0
        """Words in English; in Chinese characters, a Latin word counting as one."""
        for index, word in enumerate(transcript.words):
            for token in _tokens(word.text):
                piece = f"{token} " if self._english else token
                pieces.append(piece)
                owner.extend([index] * len(piece))
                self.length += 1 if self._english or token.isascii() else len(token)
            if ends_sentence(word):
                piece = f"{_BREAK} " if self._english else _BREAK
                pieces.append(piece)
                owner.extend([index] * len(piece))
        self.text = "".join(pieces)
        self._owner = owner

    def find(self, cue: str) -> list[Match]:
        """Where the cue, or one of its alternatives divided by |, is said and not negated."""
        return [
            self._match(hit)
            for hit in _pattern(cue, self.transcript.language).finditer(self.text)
            if not self._negated(hit)
        ]

    def search(self, pattern: re.Pattern[str]) -> list[Match]:
        """Where a pattern written for the searchable text is found; empty hits do not count."""
        return [self._match(hit) for hit in pattern.finditer(self.text) if hit.end() > hit.start()]

    def _match(self, hit: re.Match[str]) -> Match:
        return Match(self._owner[hit.start()], self._owner[hit.end() - 1])

    def _negated(self, hit: re.Match[str]) -> bool:
        before = self.text[self._clause_start(hit) : hit.start()]
        if not self._english:
            return bool(_CHINESE_NEGATION.search(before))
        words = before.split()[-_ENGLISH_REACH:]
        if words[-1:] in (["only"], ["just"]) and "not" in words:
            return False
        negated_after = self.text.startswith(" not ", hit.end()) and not ends_clause(self._word_at(hit.end() - 1))
        return negated_after or not _ENGLISH_NEGATION.isdisjoint(words)

    def _clause_start(self, hit: re.Match[str]) -> int:
        """Where the hit's clause begins in the text: "it does not arrive, I will call" negates no call."""
        first = self._owner[hit.start()]
        clause = first
        while clause > 0 and first - clause < _LOOK_BACK and not ends_clause(self.transcript.words[clause - 1]):
            clause -= 1
        return bisect_left(self._owner, clause, hi=hit.start())

    def _word_at(self, position: int) -> TranscriptWord:
        return self.transcript.words[self._owner[position]]


def _tokens(text: str) -> list[str]:
    tokens: list[str] = []
    for token in _WORD.findall(text.lower().replace("’", "'")):
        tokens.extend(_written_out(token))
    return tokens


def _written_out(token: str) -> list[str]:
    """ "don't" → do, not; "I'll" → i, will; "customer's" → customer."""
    if "'" not in token and token != "cannot":
        return [token]
    if token in _WHOLE_CONTRACTED:
        return _WHOLE_CONTRACTED[token]
    if token.endswith("n't"):
        return [token.removesuffix("n't"), "not"]
    stem, _, ending = token.rpartition("'")
    if f"'{ending}" in _CONTRACTED:
        return [stem, _CONTRACTED[f"'{ending}"]]
    return [stem] if ending == "s" else [token]


@lru_cache(maxsize=2048)
def _pattern(cue: str, language: Language) -> re.Pattern[str]:
    # Longest first, so that "sorry for" is found before "sorry".
    alternatives = sorted((_tokens(part) for part in cue.split("|")), key=lambda tokens: -sum(map(len, tokens)))
    if language is Language.ENGLISH:
        body = "|".join(" ".join(map(re.escape, tokens)) for tokens in alternatives)
        return re.compile(rf"(?<= )(?:{body})(?= )")
    return re.compile("|".join("".join(map(re.escape, tokens)) for tokens in alternatives))
