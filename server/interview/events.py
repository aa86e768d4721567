"""Everything that can have happened in an interview. The list of these events is the truth.

An event's body is one of the frozen classes below; its class name is its `type` in the database and
on the wire. Bodies become JSON by `encode` and come back by `decode`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from pydantic import TypeAdapter

from analyzers.results import AnswerScore, Delivery, Observation, Transcript, TranscriptWord
from question_flows.model import Language
from server.interview.hr_events import (
    CandidateFeedbackReleased,
    CompetencyRated,
    Decided,
    HandedOver,
    HintSent,
    InterviewCancelled,
    InterviewEnded,
    MomentMarked,
    QuestionRequested,
    ReviewFinished,
    ScoreOverridden,
    TimeGiven,
)


class Purpose(StrEnum):
    """What a candidate consents to, each on its own; refusing one never ends the interview."""

    VOICE = "voice"
    """Speech is sent, heard and transcribed by a machine. Refused: answers are typed."""
    SCORING = "scoring"
    """Answers are scored by a machine against the competency model. Refused: a person reads them."""
    RECORDING = "recording"
    """Sound and picture are recorded, and people of the company may watch them, live and afterwards."""
    EXPRESSION = "expression"
    """The camera's pictures are looked at for movements. Refused with RECORDING: no picture is sent."""


class AnswerMode(StrEnum):
    """How an answer was given."""

    VOICE = "voice"
    TYPED = "typed"
    CHOICE = "choice"
    """One of a fact question's options."""


class SurveyItem(StrEnum):
    """What the candidate may rate beside the interview as a whole."""

    CLARITY = "clarity"
    FAIRNESS = "fairness"
    TECHNOLOGY = "technology"


@dataclass(frozen=True, slots=True)
class InterviewInvited:
    flow_id: str
    flow_version: int
    language: Language
    jurisdiction: str
    candidate_name: str


@dataclass(frozen=True, slots=True)
class ConsentRecorded:
    """granted: purpose → yes or no, for every purpose that was asked.

    second_scorer: whether the candidate was told that answers also go to a second scorer outside this server.
    """

    granted: Mapping[Purpose, bool]
    second_scorer: bool = False


@dataclass(frozen=True, slots=True)
class InterviewStarted:
    pass


@dataclass(frozen=True, slots=True)
class QuestionAsked:
    """index counts from 0.

    Of a follow-up that a model has chosen, and only of that: probe: its number among the indicator's predefined probes;
    wording: what the candidate saw, in the interview's language; worded_by: the model.
    asked_by: the person of HR who asked for it; empty when the flow did.
    """

    question_id: str
    index: int
    probe: int = 0
    wording: str | None = None
    worded_by: str | None = None
    asked_by: str = ""


@dataclass(frozen=True, slots=True)
class ProbeSought:
    """A model chooses the follow-up to this answer, among the probes of these indicators; QuestionAsked ends that soon.

    question_id: the question just answered, which may be a follow-up itself.
    """

    question_id: str
    indicator_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class HintOpened:
    question_id: str
    hint: int


@dataclass(frozen=True, slots=True)
class AnswerStarted:
    """The candidate began to answer: thinking time was over or cut short by themselves."""

    question_id: str


@dataclass(frozen=True, slots=True)
class UtteranceTranscribed:
    """One utterance, final. Positions in words are interview clock, milliseconds."""

    question_id: str
    number: int
    words: tuple[TranscriptWord, ...]
    confidence: float


@dataclass(frozen=True, slots=True)
class UtteranceLost:
    """Speech that was heard and could not be transcribed; the report states it.

    reason: an error's class name, or one of `LostBecause`.
    """

    question_id: str
    start_ms: int
    end_ms: int
    reason: str


@dataclass(frozen=True, slots=True)
class AnswerDrafted:
    """What stands in the text field so far; the last one wins."""

    question_id: str
    text: str


@dataclass(frozen=True, slots=True)
class AnswerSubmitted:
    """The answer is closed. transcript: every word known then, spoken utterances joined, or what was typed.

    Words of a spoken answer may come later, as further UtteranceTranscribed, until it is corrected or scored.
    code: what was typed to a code question with its lines and spaces, which the words do not hold.
    """

    question_id: str
    mode: AnswerMode
    transcript: Transcript
    option_id: str | None = None
    code: str | None = None


@dataclass(frozen=True, slots=True)
class AnswerSkipped:
    """The candidate passed over the question; it has no answer and no score."""

    question_id: str


@dataclass(frozen=True, slots=True)
class AnswerRestarted:
    """The candidate begins the answer again: only what is said or typed from now on is the answer."""

    question_id: str


@dataclass(frozen=True, slots=True)
class MomentTaken:
    """The candidate asked for a moment. extra_ms: thinking time on top, milliseconds."""

    question_id: str
    extra_ms: int


@dataclass(frozen=True, slots=True)
class RoundEnded:
    """A rest begins, in which the clock stands still. next_question_id: what is asked when the candidate goes on."""

    round_id: str
    next_round_id: str
    next_question_id: str


@dataclass(frozen=True, slots=True)
class TranscriptCheckBegan:
    """Nothing is asked any more, and the candidate may put right what was heard; the clock stands still."""


@dataclass(frozen=True, slots=True)
class TranscriptCorrected:
    """The answer's words as the candidate says they are; the last one wins. What was heard stays in the utterances."""

    question_id: str
    transcript: Transcript


class ConfirmedBy(StrEnum):
    """What ended the check of the transcripts."""

    CANDIDATE = "candidate"
    TIME = "time"
    """The candidate did nothing for as long as the check may last."""


@dataclass(frozen=True, slots=True)
class TranscriptsConfirmed:
    """The words stand as they are, and are scored."""

    by: ConfirmedBy


@dataclass(frozen=True, slots=True)
class HelpRequested:
    """The candidate calls for a person. message: in their words, may be empty."""

    message: str


@dataclass(frozen=True, slots=True)
class HelpAcknowledged:
    """Somebody of HR is on it. user: who."""

    user: str = ""


@dataclass(frozen=True, slots=True)
class HelpWithdrawn:
    """The candidate needs no help any more."""


@dataclass(frozen=True, slots=True)
class AnswerScored:
    """scorer: name and version of what scored."""

    score: AnswerScore
    scorer: str


@dataclass(frozen=True, slots=True)
class SecondOpinionGiven:
    """What another scorer found in the same answer: shown beside the score, never part of it."""

    score: AnswerScore
    scorer: str


@dataclass(frozen=True, slots=True)
class SecondOpinionFailed:
    """The built-in score stands alone. reason: a `ScorerFailure`."""

    question_id: str
    reason: str


@dataclass(frozen=True, slots=True)
class AnswerObserved:
    """Observations over one answer; never part of a score."""

    question_id: str
    observations: tuple[Observation, ...]
    delivery: Delivery | None


@dataclass(frozen=True, slots=True)
class ConnectionLost:
    """The candidate's page went away; the interview clock stands still until it is back."""


@dataclass(frozen=True, slots=True)
class ConnectionRestored:
    """lost_ms: wall-clock milliseconds without the candidate, given back to their clock."""

    lost_ms: int


@dataclass(frozen=True, slots=True)
class ServerRestarted:
    """The server took the interview up again from the log."""


class PausedBy(StrEnum):
    """Who paused."""

    CANDIDATE = "candidate"
    HR = "hr"


@dataclass(frozen=True, slots=True)
class InterviewPaused:
    """user: who of HR, when it was HR."""

    by: PausedBy
    user: str = ""


@dataclass(frozen=True, slots=True)
class InterviewResumed:
    """user: who of HR, when it was HR."""

    by: PausedBy
    user: str = ""


@dataclass(frozen=True, slots=True)
class RecognitionFailed:
    """reason: "model_missing": answers are typed; "engine_failing": speech is kept and written down afterwards."""

    reason: str


@dataclass(frozen=True, slots=True)
class RecognitionRestored:
    pass


@dataclass(frozen=True, slots=True)
class RecordingStarted:
    """The first sound or picture of the interview went to the disk."""


@dataclass(frozen=True, slots=True)
class RecordingGap:
    """A stretch of interview clock that is missing from the recording though it ought to be there. reason: a name."""

    start_ms: int
    end_ms: int
    reason: str


@dataclass(frozen=True, slots=True)
class RecordingStored:
    """The finished recording is safe. key: its name in the store; sha256: of the file as it is played, hexadecimal.

    size_bytes: of that file. Positions in it are interview clock.
    """

    key: str
    media_type: str
    size_bytes: int
    sha256: str
    duration_ms: int
    has_video: bool


@dataclass(frozen=True, slots=True)
class RecordingFailed:
    """The recording could not be finished and stored so far. reason: an error's class name or another name."""

    reason: str


@dataclass(frozen=True, slots=True)
class InterviewCompleted:
    pass


@dataclass(frozen=True, slots=True)
class FeedbackGiven:
    """The candidate's feedback on the interview. rating: 1-5. answers: survey item → 1-5, of those given."""

    rating: int
    comment: str
    answers: Mapping[SurveyItem, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class DimensionRated:
    """A person's own rating of what people alone rate; a later one of the same rater for it takes its place.

    points: 0-10. reason: what it rests on. rater: an e-mail address. blind: given before the rater had seen any score.
    """

    dimension_id: str
    points: float
    reason: str
    rater: str
    department: str = ""
    blind: bool = False


@dataclass(frozen=True, slots=True)
class ReportWritten:
    """The report that went into the outbox in the same transaction. report_id: its webhook id."""

    report_id: str


EventBody = (
    InterviewInvited
    | ConsentRecorded
    | InterviewStarted
    | QuestionAsked
    | ProbeSought
    | HintOpened
    | AnswerStarted
    | UtteranceTranscribed
    | UtteranceLost
    | AnswerDrafted
    | AnswerSubmitted
    | AnswerSkipped
    | AnswerRestarted
    | MomentTaken
    | RoundEnded
    | TranscriptCheckBegan
    | TranscriptCorrected
    | TranscriptsConfirmed
    | HelpRequested
    | HelpAcknowledged
    | HelpWithdrawn
    | AnswerScored
    | SecondOpinionGiven
    | SecondOpinionFailed
    | AnswerObserved
    | ConnectionLost
    | ConnectionRestored
    | ServerRestarted
    | InterviewPaused
    | InterviewResumed
    | RecognitionFailed
    | RecognitionRestored
    | RecordingStarted
    | RecordingGap
    | RecordingStored
    | RecordingFailed
    | InterviewCompleted
    | FeedbackGiven
    | DimensionRated
    | ReportWritten
    | TimeGiven
    | HintSent
    | QuestionRequested
    | MomentMarked
    | HandedOver
    | InterviewEnded
    | InterviewCancelled
    | CompetencyRated
    | ScoreOverridden
    | ReviewFinished
    | Decided
    | CandidateFeedbackReleased
)


@dataclass(frozen=True, slots=True)
class InterviewEvent:
    """One event in its place. seq counts from 1 without a gap; at: aware UTC; clock_ms: interview clock."""

    seq: int
    at: datetime
    clock_ms: int
    body: EventBody

    @property
    def type(self) -> str:
        """The body's class name."""
        return type(self.body).__name__


_ADAPTERS: Mapping[str, TypeAdapter[EventBody]] = {body.__name__: TypeAdapter(body) for body in EventBody.__args__}


def encode(body: EventBody) -> dict[str, Any]:
    """The body as JSON-ready values."""
    data: dict[str, Any] = _ADAPTERS[type(body).__name__].dump_python(body, mode="json")
    return data


def decode(type_name: str, data: Mapping[str, Any]) -> EventBody:
    """The body with this type name. Raises KeyError for an unknown type, pydantic.ValidationError for bad data."""
    return _ADAPTERS[type_name].validate_python(data)
