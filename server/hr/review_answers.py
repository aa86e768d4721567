"""An interview's answers as the review room shows them: where each word stands, and when it was said. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any

from analyzers.results import Transcript, TranscriptWord
from analyzers.transcription.alignment import opcodes
from question_flows.model import QuestionKind
from server.hr.report import in_code, words_of
from server.interview.events import AnswerMode
from server.interview.report import Report
from server.interview.reported_answer import ReportedAnswer

UNSURE = 0.5
"""Below this confidence a word is marked, as in the report."""


@dataclass(frozen=True, slots=True)
class Version:
    """One version of an answer's words.

    text: as it is shown. words: four numbers for each word: how long the gap before it is and the word itself, in the
    UTF-16 units of a browser's strings; when it begins, counted from the beginning of the word before; how long it
    lasts (milliseconds). unsure: (place, confidence) of words that recognition is not sure of; changed: places of those
    that the other version does not have.
    """

    text: str
    words: tuple[int, ...]
    unsure: tuple[tuple[int, float], ...] = ()
    changed: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class ReviewedAnswer:
    """A reported answer with what the review room needs beside it. All `_ms`: interview clock, as in the recording.

    start_ms: where the answer begins, else where the question was asked. end_ms: None while the answer is open.
    points: mean of its rated indicators, 0-10, None without any. heard: what a machine heard, where that was corrected.
    """

    reported: ReportedAnswer
    start_ms: int
    end_ms: int | None
    points: float | None
    rated: int
    shown: Version | None
    heard: Version | None

    @property
    def is_spoken(self) -> bool:
        """Whether each of its words has a moment of its own in the recording."""
        return self.reported.mode is AnswerMode.VOICE

    @property
    def length_ms(self) -> int | None:
        """How long the answer took; None while it is open and where the question was passed over."""
        if self.end_ms is None or self.reported.skipped:
            return None
        return max(0, self.end_ms - self.start_ms)


def reviewed_answers(report: Report) -> list[ReviewedAnswer]:
    """Every answer of the report, in the order it was asked."""
    return [_reviewed(answer) for answer in report.answers]


def script_json(answers: Sequence[ReviewedAnswer]) -> list[dict[str, Any]]:
    """What the page's script needs of the answers; their texts stand in the page."""
    return [
        {
            "id": one.reported.question_id,
            "asked": one.reported.asked_ms,
            "start": one.start_ms,
            "spoken": one.is_spoken,
            "shown": _version_json(one.shown),
            "heard": _version_json(one.heard),
        }
        for one in answers
    ]


def _reviewed(answer: ReportedAnswer) -> ReviewedAnswer:
    given = [one.points for one in answer.score.indicators if one.points is not None] if answer.score else []
    shown = heard = None
    if answer.transcript and answer.transcript.words:
        removed, added = _changed(answer.heard, answer.transcript) if answer.heard else ((), ())
        shown = _version(_pieces(answer), answer.transcript.words, added)
        heard = _version(_apart(answer.heard), answer.heard.words, removed) if answer.heard else None
    return ReviewedAnswer(
        answer,
        start_ms=answer.asked_ms if answer.started_ms is None else answer.started_ms,
        end_ms=answer.submitted_ms,
        points=fmean(given) if given else None,
        rated=len(given),
        shown=shown,
        heard=heard,
    )


def _pieces(answer: ReportedAnswer) -> Iterator[tuple[str, str]]:
    assert answer.transcript is not None
    if answer.kind is QuestionKind.CODE:
        # As a browser reads the page.
        return in_code(answer.text.replace("\r\n", "\n").replace("\r", "\n"), answer.transcript)
    return _apart(answer.transcript)


def _apart(transcript: Transcript) -> Iterator[tuple[str, str]]:
    for piece, word in zip(words_of(transcript), transcript.words, strict=True):
        yield piece[: len(piece) - len(word.text)], word.text


def _version(pieces: Iterable[tuple[str, str]], words: Sequence[TranscriptWord], changed: tuple[int, ...]) -> Version:
    text, numbers, before_ms = "", [], 0
    for place, (gap, piece) in enumerate(pieces):
        text += gap + piece
        if piece and place < len(words):
            word = words[place]
            numbers += [_units(gap), _units(piece), word.start_ms - before_ms, word.end_ms - word.start_ms]
            before_ms = word.start_ms
    unsure = tuple((place, round(word.confidence, 2)) for place, word in enumerate(words) if word.confidence < UNSURE)
    return Version(text, tuple(numbers), unsure, changed)


def _changed(heard: Transcript, corrected: Transcript) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """(places of words that went, places of words that came)."""
    removed: list[int] = []
    added: list[int] = []
    for tag, i1, i2, j1, j2 in opcodes([word.text for word in heard.words], [word.text for word in corrected.words]):
        if tag != "equal":
            removed += range(i1, i2)
            added += range(j1, j2)
    return tuple(removed), tuple(added)


def _units(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def _version_json(version: Version | None) -> dict[str, Any] | None:
    if version is None:
        return None
    return {"words": version.words, "unsure": version.unsure, "changed": version.changed}
