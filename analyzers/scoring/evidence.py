"""Quotes as evidence: cut out of a transcript word by word, and refused when they are not verbatim."""

from __future__ import annotations

import re

from analyzers.results import EvidenceQuote, Transcript, TranscriptWord, join_words
from question_flows.model import Language

LONGEST_QUOTE = {Language.ENGLISH: 20, Language.CHINESE: 40}
"""How long a quote grows around its cue: words in English, characters in Chinese."""

_SENTENCE_END = re.compile(r"[.!?。！？…]['\"”’)）]*$")
_CLAUSE_END = re.compile(r"[.!?。！？…,;:，；：、]['\"”’)）]*$")


class NotVerbatim(Exception):
    """The quote does not stand in the transcript as it claims."""


def ends_sentence(word: TranscriptWord) -> bool:
    """Whether the word's own punctuation closes a sentence."""
    return bool(_SENTENCE_END.search(word.text))


def ends_clause(word: TranscriptWord) -> bool:
    """Whether the word's own punctuation closes a clause or a sentence."""
    return bool(_CLAUSE_END.search(word.text))


def quote(question_id: str, transcript: Transcript, first_word: int, last_word: int) -> EvidenceQuote:
    """The words first_word..last_word (both included) of the answer. Raises IndexError when there are no such words."""
    if not 0 <= first_word <= last_word < len(transcript.words):
        raise IndexError(f"no words {first_word}..{last_word} in an answer of {len(transcript.words)}")
    return EvidenceQuote(
        question_id=question_id,
        text=_text(transcript, first_word, last_word),
        first_word=first_word,
        last_word=last_word,
        start_ms=transcript.words[first_word].start_ms,
        end_ms=transcript.words[last_word].end_ms,
    )


def verify(quote: EvidenceQuote, transcript: Transcript) -> None:
    """Raises NotVerbatim unless the transcript has exactly these words in this place at these times."""
    first, last = quote.first_word, quote.last_word
    if not 0 <= first <= last < len(transcript.words):
        raise NotVerbatim(f"words {first}..{last} lie outside the answer")
    if quote.text != _text(transcript, first, last):
        raise NotVerbatim(f"words {first}..{last} of the answer read differently")
    if (quote.start_ms, quote.end_ms) != (transcript.words[first].start_ms, transcript.words[last].end_ms):
        raise NotVerbatim(f"words {first}..{last} were spoken at another time")


def surroundings(transcript: Transcript, first_word: int, last_word: int) -> tuple[int, int]:
    """The words around a cue that make it readable: its sentence, else its clauses, else as much as fits.

    Never longer than LONGEST_QUOTE unless the cue itself is.
    """
    longest = LONGEST_QUOTE[transcript.language]
    for is_end in (ends_sentence, ends_clause):
        first, last = first_word, last_word
        while first > 0 and not is_end(transcript.words[first - 1]):
            first -= 1
        while last < len(transcript.words) - 1 and not is_end(transcript.words[last]):
            last += 1
        if _length(transcript, first, last) <= longest:
            return first, last
    first, last = first_word, last_word
    while True:
        # More follows than precedes: what comes after a cue usually says what it was about.
        wider = [
            (first, last + 1) if last + 1 < len(transcript.words) else None,
            (first - 1, last) if first > 0 else None,
        ]
        fitting = [span for span in wider if span and _length(transcript, *span) <= longest]
        if not fitting:
            return first, last
        first, last = fitting[0]


def _text(transcript: Transcript, first: int, last: int) -> str:
    return join_words([word.text for word in transcript.words[first : last + 1]], transcript.language)


def _length(transcript: Transcript, first: int, last: int) -> int:
    if transcript.language is Language.ENGLISH:
        return last - first + 1
    return sum(len(word.text) for word in transcript.words[first : last + 1])
