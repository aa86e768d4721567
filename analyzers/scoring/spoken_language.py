"""Whether an answer is in the language of the interview, told by its script."""

from __future__ import annotations

import re

from analyzers.results import Transcript
from question_flows.model import Language

MOST_OF_OTHER = 0.6
"""From this share on of words in the other script, an answer is in the other language. Chinese engineers' talk of
frameworks stays far below it."""

_HAN = re.compile(r"[\u3400-\u9fff]")
_LATIN_WORD = re.compile(r"[A-Za-z]+(?:'[A-Za-z]+)*")


def in_other_language(transcript: Transcript) -> bool:
    """Whether most of the words are Chinese characters in an English interview, or Latin words in a Chinese one.

    A Chinese word has about two characters: that is how the two are weighed against each other.
    """
    text = " ".join(word.text for word in transcript.words)
    chinese = len(_HAN.findall(text)) / 2
    english = len(_LATIN_WORD.findall(text))
    if not chinese and not english:
        return False
    other = chinese if transcript.language is Language.ENGLISH else english
    return other / (chinese + english) >= MOST_OF_OTHER
