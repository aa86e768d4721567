"""What can be asked of an interview. `decide.py` says what follows from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from server.interview.events import AnswerMode, PausedBy, Purpose, SurveyItem
from server.interview.hr_commands import Intervening
from server.interview.hr_events import Decision

LONGEST_TEXT = 20_000
"""Characters of a typed answer or draft."""

LONGEST_COMMENT = 2_000
"""Characters of feedback, and of the reason for a rating."""

LONGEST_LETTER = 4_000
"""Characters of the feedback to a candidate."""

LONGEST_HELP_MESSAGE = 300
"""Characters of a call for help."""

MOMENT_MS = 30_000
"""What one request for a moment adds to the thinking time."""


@dataclass(frozen=True, slots=True)
class GiveConsent:
    """granted: an answer for every purpose offered. second_scorer: the page told of a scorer outside this server."""

    granted: Mapping[Purpose, bool]
    second_scorer: bool = False


@dataclass(frozen=True, slots=True)
class Start:
    """Asks the first question."""


@dataclass(frozen=True, slots=True)
class StartAnswer:
    """Thinking time is over or cut short: speech is listened to from now on."""

    question_id: str


@dataclass(frozen=True, slots=True)
class OpenHint:
    """hint counts from 0."""

    question_id: str
    hint: int


@dataclass(frozen=True, slots=True)
class SaveDraft:
    """An empty text replaces a non-empty one only when `cleared` says that the candidate emptied the field."""

    question_id: str
    text: str
    cleared: bool = False


@dataclass(frozen=True, slots=True)
class SubmitAnswer:
    """text: what was typed, for mode typed; option_id: for mode choice. Saying it twice changes nothing."""

    question_id: str
    mode: AnswerMode
    text: str | None = None
    option_id: str | None = None


@dataclass(frozen=True, slots=True)
class SkipQuestion:
    """Goes on without an answer."""

    question_id: str


@dataclass(frozen=True, slots=True)
class RestartAnswer:
    """Begins the open answer again, where the flow allows it."""

    question_id: str


@dataclass(frozen=True, slots=True)
class TakeMoment:
    """Asks for more thinking time."""

    question_id: str


@dataclass(frozen=True, slots=True)
class ContinueInterview:
    """The rest between two rounds is over."""


@dataclass(frozen=True, slots=True)
class CorrectTranscript:
    """text: the spoken answer as it should read; an empty one counts only when `cleared` says that it is meant."""

    question_id: str
    text: str
    cleared: bool = False


@dataclass(frozen=True, slots=True)
class ConfirmTranscripts:
    """The words are right: they may be scored."""


@dataclass(frozen=True, slots=True)
class CallForHelp:
    """Calls a person of HR. message: at most 300 characters, may be empty."""

    message: str = ""


@dataclass(frozen=True, slots=True)
class WithdrawHelp:
    """No help is needed any more."""


@dataclass(frozen=True, slots=True)
class AcknowledgeHelp:
    """HR tells the candidate that somebody is on it. user: who, an e-mail address."""

    user: str = ""


@dataclass(frozen=True, slots=True)
class Pause:
    """user: who of HR, when it is HR."""

    by: PausedBy = PausedBy.CANDIDATE
    user: str = ""


@dataclass(frozen=True, slots=True)
class Resume:
    """Only who paused goes on. user: who of HR, when it is HR."""

    by: PausedBy = PausedBy.CANDIDATE
    user: str = ""


@dataclass(frozen=True, slots=True)
class GiveFeedback:
    """rating: 1-5. comment: at most 2,000 characters. answers: survey item → 1-5."""

    rating: int
    comment: str = ""
    answers: Mapping[SurveyItem, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RateDimension:
    """A person of HR's rates. points: 0-10, whole or half. reason: at most 2,000 characters. rater: an e-mail address.

    only_rates: sees no scores before having rated, where the flow asks for blind rating.
    """

    dimension_id: str
    points: float
    reason: str
    rater: str
    department: str = ""
    only_rates: bool = False


@dataclass(frozen=True, slots=True)
class RateCompetency:
    """As `RateDimension`, for what the machine scores too."""

    competency_id: str
    points: float
    reason: str
    rater: str
    department: str = ""
    only_rates: bool = False


@dataclass(frozen=True, slots=True)
class OverrideScore:
    """A person's points, 0-10, whole or half, in place of the machine's for an indicator; None takes them back.

    reason: at most 2,000 characters; may be empty when points is None.
    """

    question_id: str
    indicator_id: str
    points: float | None
    reason: str
    by: str


@dataclass(frozen=True, slots=True)
class FinishReview:
    """The rater has given what they had to. rater: an e-mail address."""

    rater: str


@dataclass(frozen=True, slots=True)
class Decide:
    """What a person decides about the candidate. decision: None when none was chosen. reason: 1-2,000 characters."""

    decision: Decision | None
    reason: str
    by: str


@dataclass(frozen=True, slots=True)
class ReleaseFeedback:
    """Gives the candidate this to read. text: at most 4,000 characters, no scores. by: an e-mail address."""

    text: str
    by: str


Command = (
    GiveConsent
    | Start
    | StartAnswer
    | OpenHint
    | SaveDraft
    | SubmitAnswer
    | SkipQuestion
    | RestartAnswer
    | TakeMoment
    | ContinueInterview
    | CorrectTranscript
    | ConfirmTranscripts
    | Pause
    | Resume
    | CallForHelp
    | WithdrawHelp
    | AcknowledgeHelp
    | GiveFeedback
    | RateDimension
    | RateCompetency
    | OverrideScore
    | FinishReview
    | Decide
    | ReleaseFeedback
    | Intervening
)
