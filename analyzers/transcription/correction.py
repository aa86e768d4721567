"""What was heard, put right by whoever said it: words that stay keep their times and confidence. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from analyzers.results import Transcript, TranscriptWord
from analyzers.transcription.alignment import Opcode, opcodes
from analyzers.transcription.words import split_text, spoken_form


def correct(heard: Transcript, text: str, within: tuple[int, int]) -> Transcript:
    """The words of the text, each with the best time there is for it.

    A word that was heard, whatever its case and punctuation, keeps its time and confidence. Others are sure (1.0), and
    share evenly the time of the words they stand for or, where they stand for none, the gap between their neighbours.
    within: from when to when the answer was given, interview clock in milliseconds; bounds gaps at either end.
    """
    parts = split_text(text, heard.language)
    words: list[TranscriptWord] = []
    for tag, i1, i2, j1, j2 in _alignment(heard, parts):
        if tag == "equal":
            kept = zip(heard.words[i1:i2], parts[j1:j2], strict=True)
            words += [replace(word, text=part) for word, part in kept]
        else:
            words += _timed(parts[j1:j2], *_gap(heard.words, i1, i2, within))
    return Transcript(heard.language, tuple(words))


def changed_share(heard: Transcript, corrected: Transcript) -> float:
    """How much was changed, 0-1: of all places for a word, those where another, one more or one less stands.

    Case and punctuation do not count.
    """
    places = changed = 0
    for tag, i1, i2, j1, j2 in _alignment(heard, [word.text for word in corrected.words]):
        places += max(i2 - i1, j2 - j1)
        changed += 0 if tag == "equal" else max(i2 - i1, j2 - j1)
    return changed / places if places else 0.0


def _alignment(heard: Transcript, parts: Sequence[str]) -> Iterator[Opcode]:
    return opcodes([spoken_form(word.text) for word in heard.words], [spoken_form(part) for part in parts])


def _gap(words: Sequence[TranscriptWord], first: int, behind: int, within: tuple[int, int]) -> tuple[int, int]:
    """The time of words[first:behind]; of none: between the word before and the one after."""
    if behind > first:
        return words[first].start_ms, words[behind - 1].end_ms
    start_ms = words[first - 1].end_ms if first else within[0]
    end_ms = words[first].start_ms if first < len(words) else within[1]
    return start_ms, max(start_ms, end_ms)


def _timed(parts: Sequence[str], start_ms: int, end_ms: int) -> Iterator[TranscriptWord]:
    span = end_ms - start_ms
    for n, part in enumerate(parts):
        begin, end = (start_ms + span * place // len(parts) for place in (n, n + 1))
        yield TranscriptWord(part, begin, end, 1.0)
