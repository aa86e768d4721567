"""Recognised Chinese in simplified characters, whatever script the model happened to write. Deterministic.

Whisper writes Mandarin in either script, and changes between them (faster-whisper#521). OpenCC's dictionaries decide
by phrase, so that 皇后 keeps its 后 and 以後 gets it, 乾隆 keeps his 乾 and 乾淨 becomes 干净.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cache

from opencc import OpenCC

from analyzers.results import TranscriptWord


def simplified(words: Sequence[TranscriptWord]) -> tuple[TranscriptWord, ...]:
    """The words in simplified characters: as many, with their times and confidences.

    Latin letters, digits and punctuation stay as they are, and so do words that are in simplified characters already.
    """
    texts = [word.text for word in words]
    converted = convert("".join(texts))
    if len(converted) != sum(map(len, texts)):
        # A phrase became longer or shorter, and it cannot be said which word has which part of it.
        return tuple(replace(word, text=convert(word.text)) for word in words)
    result, at = [], 0
    for word in words:
        result.append(replace(word, text=converted[at : at + len(word.text)]))
        at += len(word.text)
    return tuple(result)


def convert(text: str) -> str:
    """The text in simplified characters.

    Which 著 is a 着 (看著, but not 著名) is decided by the conventions of Taiwan, and only where the text shows by
    other characters that it is traditional: in simplified text 著 is right, and those would write 原着 for 原著.
    """
    return _converter("tw2s").convert(text) if _converter("t2s").convert(text) != text else text


@cache
def _converter(name: str) -> OpenCC:
    """Loaded when Chinese is first heard (7 ms); a server of English interviews never needs it."""
    return OpenCC(name)
