"""The tokens that cues and answers are compared by: words to stems (English) or characters, equal ones to one of them.

Answer and cue go the same way: lower case, contractions written out, fillers out, words to stems (English), groups of
equal words to their first (`english_words`, `chinese_words`). A word of LEAST_FUZZY letters or more may be one letter
off, as recognisers write: `apolagise`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from analyzers.results import Transcript
from analyzers.scoring import chinese_words, english_words
from analyzers.scoring.evidence import ends_sentence
from question_flows.model import Language

LEAST_FUZZY = 7
BREAK = "|"
"""Stands between sentences, so that no phrase is found across their border."""

_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)*")
_CHINESE_TOKEN = re.compile(r"[a-z0-9]+|[^\W_]")
_CONTRACTED = {"'ll": "will", "'re": "are", "'m": "am", "'ve": "have", "'d": "would"}
_WHOLE_CONTRACTED = {
    "cannot": ["can", "not"],
    "can't": ["can", "not"],
    "won't": ["will", "not"],
    "let's": ["let", "us"],
    **{f"{stem}'s": [stem, "is"] for stem in ("it", "that", "what", "he", "she", "there", "who", "where", "here")},
}


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


def keys(text: str, language: Language) -> tuple[str, ...]:
    """The tokens of a text that is no answer, such as a cue or a question, as an answer's are made."""
    if language is Language.ENGLISH:
        said = [Token(english_words.stem(word), word, 0, 0, 0, 0) for word in _english_words(text)]
    else:
        said = [Token(word, word, 0, 0, 0, 0) for word in _chinese_words(text)]
    return tuple(token.key for token in grouped(said, language is Language.ENGLISH))


def said_in(transcript: Transcript) -> Iterator[Token]:
    english = transcript.language is Language.ENGLISH
    at = 0
    for index, word in enumerate(transcript.words):
        for said in _english_words(word.text) if english else _chinese_words(word.text):
            yield Token(english_words.stem(said) if english else said, said, index, index, at, at)
            at += 1
        if ends_sentence(word):
            yield Token(BREAK, BREAK, index, index, at, at)
            at += 1


def grouped(said: Sequence[Token], english: bool) -> list[Token]:
    """Fillers out, and every word or phrase of a group replaced by what stands for the group."""
    return _english_grouped(said) if english else _chinese_grouped(said)


def _english_grouped(said: Sequence[Token]) -> list[Token]:
    kept = [token for token in said if token.word not in english_words.FILLERS]
    tokens: list[Token] = []
    at = 0
    while at < len(kept):
        for length in range(min(_LONGEST_ENGLISH.get(kept[at].key, 1), len(kept) - at), 0, -1):
            part = kept[at : at + length]
            group = english_words.GROUPS.get(tuple(token.key for token in part))
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
        group = chinese_words.GROUPS.get(hit.group(), "")
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
    near = {word for form in one_off(key) for word in _GROUPED_WORDS.get(form, ()) if word[0] == key[0]}
    return english_words.GROUPS[(min(near),)] if near else None


ALL_FILLERS = frozenset([*english_words.FILLERS, "嗯", "呃", "唔"])
_LATIN = "\0"
"""Stands for a Latin word where every token is one character."""
_LONGEST_ENGLISH: dict[str, int] = {}
for _phrase in english_words.GROUPS:
    _LONGEST_ENGLISH[_phrase[0]] = max(len(_phrase), _LONGEST_ENGLISH.get(_phrase[0], 1))
_CHINESE_PHRASE = re.compile(
    "|".join(sorted({*chinese_words.GROUPS, *chinese_words.FILLERS}, key=lambda phrase: (-len(phrase), phrase)))
)


def fuzzy_index(at: dict[str, list[int]]) -> dict[str, list[int]]:
    """What is left of each long word without one of its letters → where the word is said."""
    found: dict[str, list[int]] = {}
    for key, places in at.items():
        if len(key) >= LEAST_FUZZY - 1:
            for form in one_off(key):
                found.setdefault(form, []).extend(places)
    return found


@lru_cache(maxsize=8192)
def one_off(key: str) -> frozenset[str]:
    """The word, and the word without one of its letters: two words one letter apart have one of these in common."""
    return frozenset([key, *(key[:index] + key[index + 1 :] for index in range(1, len(key)))])


_GROUPED_WORDS: dict[str, list[str]] = {}
"""What is left of each long word of a group without one of its letters → such words."""
for _phrase in english_words.GROUPS:
    if len(_phrase) == 1 and len(_phrase[0]) >= LEAST_FUZZY:
        for _form in one_off(_phrase[0]):
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
