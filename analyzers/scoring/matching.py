"""Finds cues in a transcript, said in these or in equal words: stems in English, characters in Chinese.

Answer and cue go the same way: lower case, contractions written out, fillers out, words to stems (English), groups of
equal words to their first (`lexicon`). A cue is then found where its words stand in order, with at most MOST_SKIPPED
words of no weight between them ("call the driver" in "called our driver": no; in "called up the driver": no; in "call
just the driver": yes). A word of LEAST_FUZZY letters or more may be one letter off, as recognisers write: `apolagise`.
What is negated is not found.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from analyzers.results import Transcript
from analyzers.scoring import lexicon
from analyzers.scoring.evidence import ends_clause, ends_sentence
from analyzers.scoring.paraphrases import PARAPHRASES
from question_flows.model import Language

MOST_SKIPPED = 2
LEAST_SHARED = 0.5
"""A row of paraphrases is for a cue that holds this share of the words on its left, and two of them at least."""
MOST_STARRED = {Language.ENGLISH: 4, Language.CHINESE: 6}
"""How many tokens a `*` in a paraphrase may stand for."""
LEAST_FUZZY = 7

_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)*")
_CHINESE_TOKEN = re.compile(r"[a-z0-9]+|[^\W_]")
BREAK = "|"
"""Stands between sentences, so that no phrase is found across their border."""
_STAR = "*"

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


@dataclass(frozen=True, slots=True)
class Token:
    """What is compared: an English stem or what stands for its group, a Chinese character, or BREAK.

    word: as it was said, lower case. first_word, last_word: where in the transcript, both included. first_said,
    last_said: where among `SearchableAnswer.said`, both included.
    """

    key: str
    word: str
    first_word: int
    last_word: int
    first_said: int
    last_said: int


class SearchableAnswer:
    """A transcript made ready for searching."""

    def __init__(self, transcript: Transcript) -> None:
        self.transcript = transcript
        self._english = transcript.language is Language.ENGLISH
        self.said = tuple(_said(transcript))
        """Every word (Chinese: character) as it was said, and a BREAK after each sentence."""
        self.length = sum(1 for token in self.said if token.key != BREAK)
        """Words in English; in Chinese characters, a Latin word counting as one."""
        self.tokens = _grouped(self.said, self._english)
        self._at: dict[str, list[int]] = {}
        for index, token in enumerate(self.tokens):
            self._at.setdefault(token.key, []).append(index)
        self._misspelt = _fuzzy_index(self._at) if self._english else {}
        self._skipped = lexicon.ENGLISH_SKIPPED if self._english else lexicon.CHINESE_SKIPPED

    def text(self, leaving_out: Collection[int] = ()) -> str:
        """The words in lower case, single spaces (English) or none (Chinese) between them, BREAK between sentences.

        leaving_out: indices of `said`; each stretch of them becomes a BREAK. Fillers are left out too.
        """
        separator = " " if self._english else ""
        words: list[str] = []
        for index, token in enumerate(self.said):
            word = BREAK if index in leaving_out else token.word
            if word in _ALL_FILLERS or (word == BREAK and words[-1:] == [BREAK]):
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
            {place for form in _one_off(key) for place in self._misspelt.get(form, ()) if self._near(key, place)}
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


def keys(text: str, language: Language) -> tuple[str, ...]:
    """The tokens of a text that is no answer, such as a cue or a question, as an answer's are made."""
    if language is Language.ENGLISH:
        said = [Token(lexicon.stem(word), word, 0, 0, 0, 0) for word in _english_words(text)]
    else:
        said = [Token(word, word, 0, 0, 0, 0) for word in _chinese_words(text)]
    return tuple(token.key for token in _grouped(said, language is Language.ENGLISH))


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


def _said(transcript: Transcript) -> Iterator[Token]:
    english = transcript.language is Language.ENGLISH
    at = 0
    for index, word in enumerate(transcript.words):
        for said in _english_words(word.text) if english else _chinese_words(word.text):
            yield Token(lexicon.stem(said) if english else said, said, index, index, at, at)
            at += 1
        if ends_sentence(word):
            yield Token(BREAK, BREAK, index, index, at, at)
            at += 1


def _grouped(said: Sequence[Token], english: bool) -> list[Token]:
    """Fillers out, and every word or phrase of a group replaced by what stands for the group."""
    return _english_grouped(said) if english else _chinese_grouped(said)


def _english_grouped(said: Sequence[Token]) -> list[Token]:
    kept = [token for token in said if token.word not in lexicon.ENGLISH_FILLERS]
    tokens: list[Token] = []
    at = 0
    while at < len(kept):
        for length in range(min(_LONGEST_ENGLISH.get(kept[at].key, 1), len(kept) - at), 0, -1):
            part = kept[at : at + length]
            group = lexicon.ENGLISH_GROUPS.get(tuple(token.key for token in part))
            if group is None and length == 1:
                group = _misspelt_group(part[0].key)
            if group is not None or length == 1:
                tokens.append(_joined(group or part[0].key, part))
                at += length
                break
    return tokens


def _chinese_grouped(said: Sequence[Token]) -> list[Token]:
    text = "".join(token.word if len(token.word) == 1 else _LATIN for token in said)
    tokens: list[Token] = []
    at = 0
    for hit in _CHINESE_PHRASE.finditer(text):
        tokens += said[at : hit.start()]
        at = hit.end()
        # A filler stands for nothing.
        group = lexicon.CHINESE_GROUPS.get(hit.group(), "")
        tokens += [_joined(character, said[hit.start() : hit.end()]) for character in group]
    return [*tokens, *said[at:]]


def _joined(key: str, part: Sequence[Token]) -> Token:
    first, last = part[0], part[-1]
    return Token(
        key,
        " ".join(one.word for one in part),
        first.first_word,
        last.last_word,
        first.first_said,
        last.last_said,
    )


@lru_cache(maxsize=8192)
def _misspelt_group(key: str) -> str | None:
    """The group of the word that is one letter off this one; None for short words and where there is none."""
    if len(key) < LEAST_FUZZY - 1:
        return None
    near = {word for form in _one_off(key) for word in _GROUPED_WORDS.get(form, ()) if word[0] == key[0]}
    return lexicon.ENGLISH_GROUPS[(min(near),)] if near else None


_ALL_FILLERS = frozenset([*lexicon.ENGLISH_FILLERS, "嗯", "呃", "唔"])
_LATIN = "\0"
"""Stands for a Latin word where every token is one character."""
_LONGEST_ENGLISH: dict[str, int] = {}
for _phrase in lexicon.ENGLISH_GROUPS:
    _LONGEST_ENGLISH[_phrase[0]] = max(len(_phrase), _LONGEST_ENGLISH.get(_phrase[0], 1))
_CHINESE_PHRASE = re.compile(
    "|".join(sorted({*lexicon.CHINESE_GROUPS, *lexicon.CHINESE_FILLERS}, key=lambda phrase: (-len(phrase), phrase)))
)


def _fuzzy_index(at: dict[str, list[int]]) -> dict[str, list[int]]:
    """What is left of each long word without one of its letters → where the word is said."""
    found: dict[str, list[int]] = {}
    for key, places in at.items():
        if len(key) >= LEAST_FUZZY - 1:
            for form in _one_off(key):
                found.setdefault(form, []).extend(places)
    return found


@lru_cache(maxsize=8192)
def _one_off(key: str) -> frozenset[str]:
    """The word, and the word without one of its letters: two words one letter apart have one of these in common."""
    return frozenset([key, *(key[:index] + key[index + 1 :] for index in range(1, len(key)))])


_GROUPED_WORDS: dict[str, list[str]] = {}
"""What is left of each long word of a group without one of its letters → such words."""
for _phrase in lexicon.ENGLISH_GROUPS:
    if len(_phrase) == 1 and len(_phrase[0]) >= LEAST_FUZZY:
        for _form in _one_off(_phrase[0]):
            _GROUPED_WORDS.setdefault(_form, []).append(_phrase[0])


def _english_words(text: str) -> list[str]:
    words: list[str] = []
    for word in _WORD.findall(text.lower().replace("’", "'")):
        words.extend(_written_out(word))
    return words


def _chinese_words(text: str) -> list[str]:
    return _CHINESE_TOKEN.findall(text.lower())


@lru_cache(maxsize=8192)
def _written_out(word: str) -> list[str]:
    """ "don't" → do, not; "I'll" → i, will; "customer's" → customer."""
    if "'" not in word and word != "cannot":
        return [word]
    if word in _WHOLE_CONTRACTED:
        return _WHOLE_CONTRACTED[word]
    if word.endswith("n't"):
        return [word.removesuffix("n't"), "not"]
    stem, _, ending = word.rpartition("'")
    if f"'{ending}" in _CONTRACTED:
        return [stem, _CONTRACTED[f"'{ending}"]]
    return [stem] if ending == "s" else [word]
