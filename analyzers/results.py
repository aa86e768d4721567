"""What analysis yields: words with times and confidence, observations, scores with evidence.

Plain frozen values without behaviour beyond reading themselves; pydantic's TypeAdapter turns them
into JSON and back, so that the event log, the report and the pages share one shape.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from question_flows.model import Language


@dataclass(frozen=True, slots=True)
class TranscriptWord:
    """One recognised word (English) or character (Chinese), or one typed.

    text carries its own punctuation ("days,") and no surrounding space. start_ms, end_ms: interview
    clock, milliseconds; both equal the time of submission when typed. confidence: 0-1; 1 when typed.
    """

    text: str
    start_ms: int
    end_ms: int
    confidence: float


@dataclass(frozen=True, slots=True)
class Transcript:
    """The words of one answer, in order."""

    language: Language
    words: tuple[TranscriptWord, ...]

    @property
    def text(self) -> str:
        """The words as one line: joined by spaces in English; in Chinese, by spaces only between Latin words."""
        return join_words([word.text for word in self.words], self.language)

    @property
    def confidence(self) -> float:
        """Mean confidence of the words, 0-1; 0 when there are none."""
        return sum(word.confidence for word in self.words) / len(self.words) if self.words else 0.0


def join_words(words: list[str], language: Language) -> str:
    """Words as a reader writes them: English with spaces; Chinese without, except between two Latin words."""
    if language is Language.ENGLISH:
        return " ".join(words)
    line = ""
    for word in words:
        if line and line[-1].isascii() and line[-1].isalnum() and word[:1].isascii() and word[:1].isalnum():
            line += " "
        line += word
    return line


@dataclass(frozen=True, slots=True)
class TranscriptUpdate:
    """What is known of the utterance being spoken.

    committed never changes again within the utterance; tentative may. confidence: 0-1, mean of all words, by their
    letters. final: the utterance has ended and tentative is empty. unintelligible: there was speech, and its words
    could not be told. queued_ms, compute_ms: how long its sound was in
    line for the recogniser and how long that computed; 0 when it had been decoded before.
    """

    utterance_number: int
    language: Language
    committed: tuple[TranscriptWord, ...]
    tentative: tuple[TranscriptWord, ...]
    confidence: float
    final: bool
    unintelligible: bool = False
    queued_ms: float = 0.0
    compute_ms: float = 0.0


class ObservationKind(StrEnum):
    """Movements that a camera shows. Never an emotion."""

    FACE_PRESENT = "face_present"
    SECOND_FACE = "second_face"
    SMILE_LIKE_MOUTH_MOVEMENT = "smile_like_mouth_movement"
    EYES_TOWARDS_SCREEN = "eyes_towards_screen"


@dataclass(frozen=True, slots=True)
class Observation:
    """One kind of movement over a stretch of an answer.

    share: in how much of the measurable samples it was seen, 0-1; None when nothing was measurable.
    coverage: share of the samples in which it could be measured, 0-1. samples: pictures looked at.
    """

    kind: ObservationKind
    share: float | None
    coverage: float
    samples: int
    start_ms: int
    end_ms: int


@dataclass(frozen=True, slots=True)
class Delivery:
    """How an answer was spoken: described, never weighed. None where it cannot be measured.

    words_per_minute: words (English) or characters (Chinese) a minute of speech. pause_share: silent share of the
    answer, 0-1. loudness_range_db: 10th to 90th percentile. pitch_range_semitones: likewise.
    """

    words_per_minute: float | None
    pause_share: float | None
    loudness_range_db: float | None
    pitch_range_semitones: float | None


@dataclass(frozen=True, slots=True)
class EvidenceQuote:
    """A verbatim stretch of a transcript: words[first_word : last_word + 1] of the answer to question_id."""

    question_id: str
    text: str
    first_word: int
    last_word: int
    start_ms: int
    end_ms: int


class WithheldReason(StrEnum):
    """Why there is no score. A reason is a result, not a fault of the candidate."""

    NOT_ANSWERED = "not_answered"
    TOO_FEW_WORDS = "too_few_words"
    RECOGNITION_UNCERTAIN = "recognition_uncertain"
    NOT_ENOUGH_EVIDENCE = "not_enough_evidence"
    NO_CONSENT = "no_consent"
    QUESTION_SKIPPED = "question_skipped"
    LINE_FAULT = "line_fault"
    OTHER_LANGUAGE = "other_language"
    NOT_ASKED = "not_asked"
    """Not asked, or not answered yet, when a person ended the questions."""


@dataclass(frozen=True, slots=True)
class IndicatorScore:
    """One indicator in one answer: points 0-10 with at least one quote, or withheld with a reason.

    confidence: 0-1. explanation: one sentence per language (keys: BCP 47 tags).
    """

    indicator_id: str
    points: float | None
    withheld: WithheldReason | None
    confidence: float
    evidence: tuple[EvidenceQuote, ...]
    explanation: Mapping[Language, str]


@dataclass(frozen=True, slots=True)
class AnswerScore:
    """The scores of one answer, one per indicator the question asks for."""

    question_id: str
    indicators: tuple[IndicatorScore, ...]


@dataclass(frozen=True, slots=True)
class CompetencyScore:
    """A competency over the answers so far. coverage: share of its indicators that have points, 0-1.

    observed_weight: share of the points that rests on an observed movement, 0-0.2; 0 unless law, flow and candidate
    allow it.
    """

    competency_id: str
    points: float | None
    withheld: WithheldReason | None
    coverage: float
    confidence: float
    evidence: tuple[EvidenceQuote, ...] = field(default=())
    observed_weight: float = 0.0


@dataclass(frozen=True, slots=True)
class InterviewScore:
    """All competencies and their weighted total. coverage: share of the weight that has points, 0-1."""

    competencies: tuple[CompetencyScore, ...]
    total: float | None
    withheld: WithheldReason | None
    coverage: float
    confidence: float
