"""From a decoder's text pieces to words as people count them: words in English, characters in Chinese. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from analyzers.results import TranscriptWord
from question_flows.model import Language

_LONGEST_LOOP = 8
"""Longest phrase, in words, looked for when a decoder has run into a loop."""

_CHINESE_TOKEN = re.compile(r"[A-Za-z0-9]+(?:[.'’+#&/_%@-]+[A-Za-z0-9]+)*[+#%]*|\S")


@dataclass(frozen=True, slots=True)
class Piece:
    """One stretch of decoded text with its leading space, if any. start_ms, end_ms: relative to the utterance."""

    text: str
    start_ms: int
    end_ms: int
    probability: float


@dataclass(slots=True)
class _Unit:
    """A word under construction. probabilities: of its letters, punctuation left out."""

    text: str
    start_ms: float
    end_ms: float
    probabilities: list[float]
    open: bool


def to_words(pieces: Iterable[Piece], language: Language) -> tuple[TranscriptWord, ...]:
    """Group the letters of the pieces into words, in order.

    English: split at spaces. Chinese: each character is a word; Latin letters and digits that touch stay one
    word ("Excel", "2024"). Punctuation belongs to the word before it, an opening bracket or quote to the one
    after. A piece's time is shared evenly by its letters; confidence is the mean over a word's letters.
    """
    units: list[_Unit] = []
    opening = ""
    after_space = True
    for letter, start_ms, end_ms, probability in _letters(pieces):
        if letter.isspace():
            after_space = True
            continue
        if letter == "\ufffd":
            continue
        if not letter.isalnum():
            if _opens(letter, after_space):
                opening += letter
            elif units:
                units[-1].text += letter
                units[-1].open = letter in "-'’.+#&/_%@" and not after_space
            after_space = False
            continue
        joins = units and units[-1].open and not after_space and not opening
        if joins and (language is Language.ENGLISH or _latin(letter)):
            unit = units[-1]
            unit.text += letter
            unit.end_ms = end_ms
            unit.probabilities.append(probability)
        else:
            units.append(_Unit(opening + letter, start_ms, end_ms, [probability], open=True))
            opening = ""
        units[-1].open = language is Language.ENGLISH or _latin(letter)
        after_space = False
    return tuple(
        TranscriptWord(
            text=unit.text,
            start_ms=round(unit.start_ms),
            end_ms=round(unit.end_ms),
            confidence=round(sum(unit.probabilities) / len(unit.probabilities), 4),
        )
        for unit in units
    )


def without_loop(words: Sequence[TranscriptWord]) -> tuple[TranscriptWord, ...]:
    """The words up to the first round of a loop, all of them when there is none.

    A decoder that has lost the thread repeats one phrase, and does not find back. A phrase counts as a loop when it
    stands at least four times in a row, and one of one or two words eight times: people do say "no, no, no".
    """
    forms = [spoken_form(word.text) for word in words]
    for start in range(len(forms)):
        for length in range(1, min(_LONGEST_LOOP, (len(forms) - start) // 4) + 1):
            rounds = 8 if length <= 2 else 4
            phrase = forms[start : start + length]
            if forms[start : start + length * rounds] == phrase * rounds:
                return tuple(words[: start + length])
    return tuple(words)


def split_text(text: str, language: Language) -> list[str]:
    """The words of a text that somebody typed, as those of speech are told apart.

    English: split at spaces. Chinese: characters; Latin words and numbers stay whole. Punctuation belongs to the word
    before it.
    """
    if language is Language.ENGLISH:
        return text.split()
    parts: list[str] = []
    for token in _CHINESE_TOKEN.findall(text):
        if parts and not any(letter.isalnum() for letter in token):
            parts[-1] += token
        else:
            parts.append(token)
    return parts


def spoken_form(text: str) -> str:
    """What two writings of one word have in common: letters and digits, case folded (all of it if none)."""
    return "".join(letter for letter in text.casefold() if letter.isalnum()) or text


def _letters(pieces: Iterable[Piece]) -> Iterable[tuple[str, float, float, float]]:
    for piece in pieces:
        sounding = [letter.isalnum() for letter in piece.text]
        share = (piece.end_ms - piece.start_ms) / max(1, sum(sounding))
        time_ms = float(piece.start_ms)
        for letter, sounds in zip(piece.text, sounding, strict=True):
            end_ms = time_ms + share if sounds else time_ms
            yield letter, time_ms, end_ms, piece.probability
            time_ms = end_ms


def _latin(letter: str) -> bool:
    return letter.isascii() or "LATIN" in unicodedata.name(letter, "")


def _opens(letter: str, after_space: bool) -> bool:
    """Whether the mark begins what follows; a straight quote does so behind a space."""
    return unicodedata.category(letter) in ("Ps", "Pi") or (letter in "\"'$£€¥#@" and after_space)
