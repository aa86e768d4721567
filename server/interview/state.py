"""Where an interview stands: frozen values, with time passed in. `fold.py` makes them from the events."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum

from analyzers.results import AnswerScore, Delivery, Observation, Transcript, TranscriptWord
from question_flows.model import FOLLOW_UP_MARK, PRACTICE_ID, Flow, Language, Question
from question_flows.progress import thinking_left_ms
from server.interview import events as happened
from server.interview.events import AnswerMode, PausedBy, Purpose
from server.interview.hr_events import CandidateFeedbackReleased, Decided, HandedOver, InterviewEnded, QuestionRequested
from server.interview.intervention import Intervention
from server.interview.review import Review
from server.interview.written import is_written, written_question


class Status(StrEnum):
    """How far an interview is."""

    INVITED = "invited"
    READY = "ready"
    """Consent is recorded; nothing has been asked."""
    RUNNING = "running"
    PAUSED = "paused"
    BETWEEN_ROUNDS = "between_rounds"
    """A rest of any length before the next round; the clock stands still."""
    CHECKING = "checking"
    """Everything is answered, and what was heard is checked by the candidate, then scored; the clock stands still."""
    COMPLETED = "completed"
    CANCELLED = "cancelled"
    """Called off before it began; nothing is to come."""


MISSED = (Status.RUNNING, Status.PAUSED)
"""While this, a candidate who is away is missed; between rounds they may rest wherever they like."""
UNDER_WAY = (*MISSED, Status.BETWEEN_ROUNDS, Status.CHECKING)
"""The interview has begun and is not over."""


class Phase(StrEnum):
    """Where the candidate is within one question."""

    THINKING = "thinking"
    ANSWERING = "answering"
    SUBMITTED = "submitted"


class FaultKind(StrEnum):
    """What can interrupt an interview; each is in the report."""

    OUTAGE = "outage"
    RESTART = "restart"
    PAUSE = "pause"
    UTTERANCE_LOST = "utterance_lost"
    RECOGNITION_FAILED = "recognition_failed"
    RECORDING_GAP = "recording_gap"
    RECORDING_FAILED = "recording_failed"


GIVEN_BACK = (FaultKind.OUTAGE, FaultKind.RESTART, FaultKind.PAUSE)


@dataclass(frozen=True, slots=True)
class Fault:
    """One interruption. clock_ms: interview clock at its start.

    lost_ms: wall-clock time it took and gave back to the candidate's clock; None while it lasts.
    detail: who paused, or an error's class name. question_id: the question open at that time.
    """

    kind: FaultKind
    at: datetime
    clock_ms: int
    lost_ms: int | None
    detail: str
    question_id: str | None


@dataclass(frozen=True, slots=True)
class RecordingState:
    """What became of sound and picture. failed: why storing it has failed so far; None when it has not."""

    started: bool = False
    stored: happened.RecordingStored | None = None
    failed: str | None = None
    gaps: tuple[happened.RecordingGap, ...] = ()


@dataclass(frozen=True, slots=True)
class HelpState:
    """The candidate's open call for a person. at: aware UTC. acknowledged: somebody is on it."""

    at: datetime
    message: str
    acknowledged: bool = False


@dataclass(frozen=True, slots=True)
class Rating:
    """What a person rated. at: aware UTC."""

    given: happened.DimensionRated
    at: datetime


@dataclass(frozen=True, slots=True)
class Letter:
    """The feedback that the candidate may read. at: aware UTC."""

    given: CandidateFeedbackReleased
    at: datetime


@dataclass(frozen=True, slots=True)
class AnswerState:
    """One question as far as it has been answered. All `_ms`: interview clock.

    utterances: in the order they were spoken, also when the words of one came late. transcript: of a submitted answer;
    that of a spoken one grows by late words until it is corrected or scored. extra_ms: thinking time on top. restarts:
    how often the candidate began again; utterances before restarted_ms are earlier attempts, no part of the answer.
    probe, wording, worded_by, asked_by: as in QuestionAsked. given_thinking_ms, given_answering_ms: time that people
    gave, by what the candidate was at. cut_short: a person ended the questions while it was open.
    """

    question_id: str
    index: int
    asked_ms: int
    probe: int = 0
    wording: str | None = None
    worded_by: str | None = None
    asked_by: str = ""
    started_ms: int | None = None
    submitted_ms: int | None = None
    hints: tuple[int, ...] = ()
    utterances: tuple[happened.UtteranceTranscribed, ...] = ()
    lost: tuple[happened.UtteranceLost, ...] = ()
    draft: str = ""
    extra_ms: int = 0
    given_thinking_ms: int = 0
    given_answering_ms: int = 0
    cut_short: bool = False
    restarts: int = 0
    restarted_ms: int | None = None
    skipped: bool = False
    option_id: str | None = None
    code: str | None = None
    mode: AnswerMode | None = None
    transcript: Transcript | None = None
    corrected: bool = False
    """Whether the transcript is another than what was heard, because the candidate put it right."""
    score: AnswerScore | None = None
    scorer: str | None = None
    second_opinion: AnswerScore | None = None
    second_scorer: str | None = None
    second_opinion_failed: str | None = None
    observed: bool = False
    observations: tuple[Observation, ...] = ()
    delivery: Delivery | None = None

    @property
    def phase(self) -> Phase:
        """thinking, answering or submitted."""
        if self.submitted_ms is not None:
            return Phase.SUBMITTED
        return Phase.THINKING if self.started_ms is None else Phase.ANSWERING

    @property
    def text(self) -> str:
        """The submitted answer as it is read: code with its lines, all else as one line; empty before."""
        if self.code is not None:
            return self.code
        return self.transcript.text if self.transcript else ""

    @property
    def words(self) -> tuple[TranscriptWord, ...]:
        """Every final word spoken so far, in order; earlier attempts left out."""
        return tuple(word for utterance in self.counting for word in utterance.words)

    @property
    def counting(self) -> tuple[happened.UtteranceTranscribed, ...]:
        """The utterances of this attempt: all, unless the answer was begun again."""
        if self.restarted_ms is None:
            return self.utterances
        since = self.restarted_ms
        return tuple(one for one in self.utterances if one.words and one.words[0].start_ms >= since)

    @property
    def earlier_attempts(self) -> tuple[TranscriptWord, ...]:
        """What was said before the answer was begun again."""
        counting = self.counting
        return tuple(word for one in self.utterances if one not in counting for word in one.words)

    @property
    def recognised_until_ms(self) -> int:
        """Until where speech is safely in the log: the end of the last utterance, or where the answer started."""
        spoken = [utterance.words[-1].end_ms for utterance in self.utterances if utterance.words]
        return max([*spoken, self.started_ms or self.asked_ms])


@dataclass(frozen=True, slots=True)
class InterviewState:
    """The interview after `seq` events. at, clock_ms: wall clock (UTC) and interview clock of the last one."""

    seq: int
    at: datetime
    clock_ms: int
    flow_id: str
    flow_version: int
    language: Language
    jurisdiction: str
    candidate_name: str
    invited_at: datetime
    status: Status = Status.INVITED
    consents: Mapping[Purpose, bool] | None = None
    told_of_second_scorer: bool = False
    started_at: datetime | None = None
    completed_at: datetime | None = None
    connected: bool = False
    disconnected_since: datetime | None = None
    question_id: str | None = None
    """The open question; None before the start, between rounds, while a probe is chosen, and after the last answer."""
    next_question_id: str | None = None
    """What is asked after the rest between two rounds; None unless there is one."""
    probe_sought: happened.ProbeSought | None = None
    """The choice of a follow-up that is under way: no question is open meanwhile, and one is to come."""
    answers: Mapping[str, AnswerState] | None = None
    check_since: datetime | None = None
    """When the check of the transcripts began, or the candidate or late words last changed something in it."""
    confirmed: happened.ConfirmedBy | None = None
    """What ended the check; None before that, and where nothing was spoken."""
    recognition_failed: str | None = None
    recording: RecordingState = RecordingState()
    faults: tuple[Fault, ...] = ()
    feedback: happened.FeedbackGiven | None = None
    ratings: tuple[Rating, ...] = ()
    """By people, of the flow's dimensions: one of each rater for each."""
    review: Review = field(default_factory=Review)
    decision: Decided | None = None
    letter: Letter | None = None
    interventions: tuple[Intervention, ...] = ()
    """What people did while it ran, in order."""
    requested: tuple[QuestionRequested, ...] = ()
    """What people want asked before anything of the flow, in order."""
    handed_over: HandedOver | None = None
    ended: InterviewEnded | None = None
    help: HelpState | None = None
    help_requests: int = 0
    pauses: int = 0
    """How often the candidate has paused."""
    report_id: str | None = None

    @property
    def ticking(self) -> bool:
        """Whether the interview clock runs."""
        return self.status is Status.RUNNING and self.connected

    def clock_at(self, now: datetime) -> int:
        """Interview clock in milliseconds; stands still unless running and connected."""
        if not self.ticking:
            return self.clock_ms
        return self.clock_ms + max(0, int((now - self.at) / timedelta(milliseconds=1)))

    def allows(self, purpose: Purpose) -> bool:
        """Whether the candidate said yes to this purpose."""
        return bool(self.consents and self.consents.get(purpose))

    def person_instead(self, flow: Flow) -> bool:
        """Whether a person has to interview: the flow asks for a recording, and the candidate refused it."""
        return self.status is Status.READY and flow.recording_required and not self.allows(Purpose.RECORDING)

    @property
    def answer(self) -> AnswerState | None:
        """The open question's answer."""
        return self.answers[self.question_id] if self.answers and self.question_id else None

    @property
    def nothing_to_come(self) -> bool:
        """Whether every question has been asked and answered."""
        begun = bool(self.asked) or self.is_cut_short
        return begun and not (self.question_id or self.next_question_id or self.probe_sought)

    @property
    def is_cut_short(self) -> bool:
        """Whether a person ended the machine's questions: nothing more is asked."""
        return self.handed_over is not None or self.ended is not None

    @property
    def paused_by(self) -> PausedBy | None:
        """Who paused, while it is paused."""
        if self.status is not Status.PAUSED:
            return None
        return next((PausedBy(one.detail) for one in self.faults[::-1] if one.kind is FaultKind.PAUSE), None)

    @property
    def place(self) -> AnswerState | None:
        """Where the flow has got to: the last of its own questions that was asked, without what was asked beside it."""
        return next((one for one in self.asked[::-1] if FOLLOW_UP_MARK not in one.question_id), None)

    def question(self, flow: Flow, question_id: str) -> Question:
        """A question asked or requested, in the words the candidate sees, which may be a model's or a person's.

        Raises KeyError when the flow has none, and nobody has worded it.
        """
        asked = (self.answers or {}).get(question_id)
        put = asked or next((one for one in self.requested if one.question_id == question_id), None)
        if is_written(question_id):
            if put is None or put.wording is None:
                raise KeyError(question_id)
            return written_question(flow, question_id, put.wording)
        question = flow.question(question_id)
        if put is None or (put.wording is None and not put.probe):
            return question
        predefined = flow.indicator(question.indicator_ids[0]).probes[put.probe :][:1]
        text = predefined[0] if predefined else question.text
        return replace(question, text=text if put.wording is None else {**text, self.language: put.wording})

    @property
    def is_checking(self) -> bool:
        """Whether the candidate may still put right what was heard."""
        return self.status is Status.CHECKING and self.confirmed is None

    def has_final_words(self, answer: AnswerState) -> bool:
        """Whether a submitted answer's words stand: typed ones at once, spoken ones when they have been confirmed."""
        return answer.transcript is not None and (answer.mode is not AnswerMode.VOICE or self.confirmed is not None)

    @property
    def given_back_ms(self) -> int:
        """Wall-clock time of ended pauses, outages and restarts, in which the candidate's clock stood still."""
        return sum(fault.lost_ms or 0 for fault in self.faults if fault.kind in GIVEN_BACK)

    @property
    def asked(self) -> tuple[AnswerState, ...]:
        """All questions asked so far, in order; the practice question is none."""
        return tuple(answer for answer in (self.answers or {}).values() if answer.question_id != PRACTICE_ID)

    def thinking_left_ms(self, question: Question, now: datetime) -> int:
        """Thinking time left for the open question; 0 when answering has begun or the time is over."""
        answer = (self.answers or {}).get(question.id)
        if answer is None or answer.phase is not Phase.THINKING:
            return 0
        clock_ms = self.clock_at(now)
        extra_ms = answer.extra_ms + answer.given_thinking_ms
        return thinking_left_ms(question, asked_ms=answer.asked_ms, clock_ms=clock_ms, extra_ms=extra_ms)
