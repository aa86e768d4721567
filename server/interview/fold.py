"""From the list of events to where the interview stands. Pure: the events carry all the time there is."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta

from analyzers.results import Transcript
from server.interview import events as happened
from server.interview import hr_events as by_hr
from server.interview.events import AnswerMode, InterviewEvent, PausedBy
from server.interview.hr_events import CandidateFeedbackReleased
from server.interview.intervention import intervention_of
from server.interview.review import after_review
from server.interview.state import (
    UNDER_WAY,
    AnswerState,
    Fault,
    FaultKind,
    HelpState,
    InterviewState,
    Letter,
    Rating,
    Status,
)


def fold(events: Iterable[InterviewEvent]) -> InterviewState:
    """The state after all events. Raises ValueError unless the first is InterviewInvited and none is missing."""
    state: InterviewState | None = None
    for event in events:
        state = apply(state, event)
    if state is None:
        raise ValueError("an interview without events")
    return state


def apply(state: InterviewState | None, event: InterviewEvent) -> InterviewState:
    """The state after one more event. Raises ValueError when it is not the next one."""
    if event.seq != (state.seq if state else 0) + 1:
        raise ValueError(f"event {event.seq} does not follow event {state.seq if state else 0}")
    if state is None:
        return _invited(event)
    after = replace(state, seq=event.seq, at=event.at, clock_ms=event.clock_ms)
    if (done := intervention_of(event, state.question_id)) is not None:
        after = replace(after, interventions=(*after.interventions, done))
    for part in (
        _course(state, after, event),
        _recorded(after, event),
        _intervened(after, event),
        _reviewed(after, event),
    ):
        if part is not None:
            return part
    return _answered(after, event)


def _invited(event: InterviewEvent) -> InterviewState:
    body = event.body
    if not isinstance(body, happened.InterviewInvited):
        raise ValueError("an interview begins with InterviewInvited")
    return InterviewState(
        seq=event.seq,
        at=event.at,
        clock_ms=event.clock_ms,
        flow_id=body.flow_id,
        flow_version=body.flow_version,
        language=body.language,
        jurisdiction=body.jurisdiction,
        candidate_name=body.candidate_name,
        invited_at=event.at,
    )


def _course(before: InterviewState, after: InterviewState, event: InterviewEvent) -> InterviewState | None:
    """What concerns the whole interview; None for an event that concerns one answer."""
    match event.body:
        case happened.ConsentRecorded(granted, second_scorer):
            return replace(after, status=Status.READY, consents=granted, told_of_second_scorer=second_scorer)
        case happened.InterviewStarted():
            return replace(after, status=Status.RUNNING, started_at=event.at, connected=True)
        case happened.InterviewPaused(by):
            pauses = after.pauses + (by is PausedBy.CANDIDATE)
            # HR may pause while the candidate does: that ends the one and begins the other.
            former = _ended(after, event, FaultKind.PAUSE)
            return replace(_fault(former, event, FaultKind.PAUSE, by.value), status=Status.PAUSED, pauses=pauses)
        case happened.InterviewResumed():
            return replace(_ended(after, event, FaultKind.PAUSE), status=Status.RUNNING)
        case happened.ProbeSought():
            return replace(after, probe_sought=event.body)
        case happened.RoundEnded(next_question_id=next_question_id):
            return replace(after, status=Status.BETWEEN_ROUNDS, next_question_id=next_question_id)
        case happened.TranscriptCheckBegan():
            return replace(after, status=Status.CHECKING, check_since=event.at)
        case happened.TranscriptsConfirmed(by):
            return replace(after, confirmed=by)
        case happened.ConnectionLost():
            lost = _fault(after, event, FaultKind.OUTAGE, "")
            return replace(lost, connected=False, disconnected_since=event.at)
        case happened.ServerRestarted():
            lost = _fault(after, event, FaultKind.RESTART, "")
            return replace(lost, connected=False, disconnected_since=before.disconnected_since or before.at)
        case happened.ConnectionRestored(lost_ms):
            restored = _closed(after, lost_ms, FaultKind.OUTAGE, FaultKind.RESTART)
            return replace(restored, connected=True, disconnected_since=None)
        case happened.RecognitionFailed(reason):
            # It may fail in another way while it fails: that ends the one and begins the other.
            former = _ended(after, event, FaultKind.RECOGNITION_FAILED)
            failed = _fault(former, event, FaultKind.RECOGNITION_FAILED, reason)
            return replace(failed, recognition_failed=reason)
        case happened.RecognitionRestored():
            return replace(_ended(after, event, FaultKind.RECOGNITION_FAILED), recognition_failed=None)
        case happened.InterviewCompleted():
            return replace(after, status=Status.COMPLETED, completed_at=event.at, question_id=None)
        case happened.HelpRequested(message):
            called = replace(after, help=HelpState(event.at, message), help_requests=after.help_requests + 1)
            return _still_checking(called, event)
        case happened.HelpAcknowledged():
            return replace(after, help=replace(after.help, acknowledged=True) if after.help else None)
        case happened.HelpWithdrawn():
            return replace(after, help=None)
        case happened.FeedbackGiven() as feedback:
            return replace(after, feedback=feedback)
        case happened.DimensionRated(dimension_id, rater=rater) as rated:
            who = (dimension_id, rater)
            others = [one for one in before.ratings if (one.given.dimension_id, one.given.rater) != who]
            return replace(after, ratings=(*others, Rating(rated, event.at)))
        case CandidateFeedbackReleased() as released:
            return replace(after, letter=Letter(released, event.at))
        case happened.ReportWritten(report_id):
            return replace(after, report_id=report_id)
        case _:
            return None


def _reviewed(state: InterviewState, event: InterviewEvent) -> InterviewState | None:
    """What people rated and decided afterwards; None for another event."""
    review = after_review(state.review, event)
    if review is None:
        return None
    return replace(state, review=review, decision=review.decisions[-1].given if review.decisions else None)


def _recorded(state: InterviewState, event: InterviewEvent) -> InterviewState | None:
    """What concerns the recording; None for another event."""
    recording = state.recording
    match event.body:
        case happened.RecordingStarted():
            return replace(state, recording=replace(recording, started=True))
        case happened.RecordingGap(reason=reason) as gap:
            after = replace(state, recording=replace(recording, gaps=(*recording.gaps, gap)))
            return _fault(after, event, FaultKind.RECORDING_GAP, reason, lost=gap)
        case happened.RecordingStored() as stored:
            after = _ended(state, event, FaultKind.RECORDING_FAILED)
            return replace(after, recording=replace(recording, started=True, stored=stored, failed=None))
        case happened.RecordingFailed(reason):
            after = replace(state, recording=replace(recording, failed=reason))
            return after if recording.failed is not None else _fault(after, event, FaultKind.RECORDING_FAILED, reason)
        case _:
            return None


def _intervened(state: InterviewState, event: InterviewEvent) -> InterviewState | None:
    """What a person of HR did; None for another event."""
    match event.body:
        case by_hr.TimeGiven(question_id, extra_ms):
            answer = _of(state, question_id)
            if answer.started_ms is None:
                return _with(state, replace(answer, given_thinking_ms=answer.given_thinking_ms + extra_ms))
            return _with(state, replace(answer, given_answering_ms=answer.given_answering_ms + extra_ms))
        case by_hr.QuestionRequested() as requested:
            return replace(state, requested=(*state.requested, requested))
        case by_hr.HintSent() | by_hr.MomentMarked():
            return state
        case by_hr.HandedOver() as handed_over:
            return _cut_short(replace(state, handed_over=handed_over), event)
        case by_hr.InterviewEnded() as ended:
            return _cut_short(replace(state, ended=ended), event)
        case by_hr.InterviewCancelled():
            return replace(state, status=Status.CANCELLED)
        case _:
            return None


def _cut_short(state: InterviewState, event: InterviewEvent) -> InterviewState:
    """Nothing more is asked, and no pause goes on; what is open stays as far as it got, AnswerSubmitted may follow."""
    resumed = _ended(state, event, FaultKind.PAUSE)
    status = Status.RUNNING if state.status in UNDER_WAY else state.status
    over = replace(resumed, status=status, question_id=None, next_question_id=None, probe_sought=None, requested=())
    if state.answer is None:
        return over
    nothing = Transcript(state.language, ())
    return _with(over, replace(state.answer, cut_short=True, transcript=nothing, submitted_ms=event.clock_ms))


def _answered(state: InterviewState, event: InterviewEvent) -> InterviewState:
    """What concerns one question."""
    match event.body:
        case happened.QuestionAsked(question_id, index, probe, wording, worded_by, asked_by):
            asked = AnswerState(
                question_id,
                index,
                asked_ms=event.clock_ms,
                probe=probe,
                wording=wording,
                worded_by=worded_by,
                asked_by=asked_by,
            )
            requested = tuple(one for one in state.requested if one.question_id != question_id)
            # It ends the rest between two rounds, or the choice of a probe, if there is one.
            going_on = replace(
                state, status=Status.RUNNING, next_question_id=None, probe_sought=None, requested=requested
            )
            return replace(_with(going_on, asked), question_id=question_id)
        case happened.AnswerStarted(question_id):
            return _with(state, replace(_of(state, question_id), started_ms=event.clock_ms))
        case happened.HintOpened(question_id, hint):
            answer = _of(state, question_id)
            return _with(state, replace(answer, hints=(*answer.hints, hint)))
        case happened.AnswerDrafted(question_id, text):
            return _with(state, replace(_of(state, question_id), draft=text))
        case happened.UtteranceTranscribed(question_id) as utterance:
            heard = _heard(_of(state, question_id), utterance)
            return _still_checking(_with(state, heard), event)
        case happened.UtteranceLost(question_id) as lost:
            answer = _of(state, question_id)
            after = _with(state, replace(answer, lost=(*answer.lost, lost)))
            return _fault(after, event, FaultKind.UTTERANCE_LOST, lost.reason, question_id, lost)
        case happened.AnswerSubmitted(question_id, mode, transcript, option_id, code):
            given = replace(_of(state, question_id), mode=mode, transcript=transcript, option_id=option_id, code=code)
            return _closing(state, given, event)
        case happened.AnswerSkipped(question_id):
            nothing = Transcript(state.language, ())
            return _closing(state, replace(_of(state, question_id), skipped=True, transcript=nothing), event)
        case happened.AnswerRestarted(question_id):
            answer = _of(state, question_id)
            again = replace(answer, restarts=answer.restarts + 1, restarted_ms=event.clock_ms, draft="")
            return _with(state, again)
        case happened.MomentTaken(question_id, extra_ms):
            answer = _of(state, question_id)
            return _with(state, replace(answer, extra_ms=answer.extra_ms + extra_ms))
        case happened.TranscriptCorrected(question_id, transcript):
            answer = _of(state, question_id)
            right = replace(answer, transcript=transcript, corrected=transcript.words != answer.words)
            return _still_checking(_with(state, right), event)
        case happened.AnswerScored(score, scorer):
            return _with(state, replace(_of(state, score.question_id), score=score, scorer=scorer))
        case happened.SecondOpinionGiven(score, scorer):
            return _with(state, replace(_of(state, score.question_id), second_opinion=score, second_scorer=scorer))
        case happened.SecondOpinionFailed(question_id, reason):
            return _with(state, replace(_of(state, question_id), second_opinion_failed=reason))
        case happened.AnswerObserved(question_id, observations, delivery):
            answer = _of(state, question_id)
            return _with(state, replace(answer, observed=True, observations=observations, delivery=delivery))
        case _:
            raise ValueError(f"{event.type} cannot be event {event.seq}")


def _closing(state: InterviewState, answer: AnswerState, event: InterviewEvent) -> InterviewState:
    closed = replace(answer, submitted_ms=event.clock_ms)
    still_open = None if state.question_id == answer.question_id else state.question_id
    return replace(_with(state, closed), question_id=still_open)


def _still_checking(state: InterviewState, event: InterviewEvent) -> InterviewState:
    return replace(state, check_since=event.at) if state.check_since is not None else state


def _heard(answer: AnswerState, utterance: happened.UtteranceTranscribed) -> AnswerState:
    """The answer with its utterances in the order they were spoken; a spoken transcript grows by late words."""
    utterances = sorted((*answer.utterances, utterance), key=lambda one: one.number)
    heard = replace(answer, utterances=tuple(utterances))
    if answer.mode is not AnswerMode.VOICE or answer.transcript is None or answer.corrected:
        return heard
    return replace(heard, transcript=replace(answer.transcript, words=heard.words))


def _of(state: InterviewState, question_id: str) -> AnswerState:
    answer = (state.answers or {}).get(question_id)
    if answer is None:
        raise ValueError(f"question {question_id} was not asked before event {state.seq}")
    return answer


def _with(state: InterviewState, answer: AnswerState) -> InterviewState:
    return replace(state, answers={**(state.answers or {}), answer.question_id: answer})


def _fault(
    state: InterviewState,
    event: InterviewEvent,
    kind: FaultKind,
    detail: str,
    question_id: str | None = None,
    lost: happened.UtteranceLost | happened.RecordingGap | None = None,
) -> InterviewState:
    fault = Fault(
        kind=kind,
        at=event.at,
        clock_ms=lost.start_ms if lost else event.clock_ms,
        lost_ms=lost.end_ms - lost.start_ms if lost else None,
        detail=detail,
        question_id=question_id or state.question_id,
    )
    return replace(state, faults=(*state.faults, fault))


def _ended(state: InterviewState, event: InterviewEvent, kind: FaultKind) -> InterviewState:
    """The open fault of this kind, if there is one, has lasted until now."""
    since = [fault.at for fault in state.faults if fault.kind is kind and fault.lost_ms is None]
    lost_ms = max(0, (event.at - since[0]) // timedelta(milliseconds=1)) if since else 0
    return _closed(state, lost_ms, kind)


def _closed(state: InterviewState, lost_ms: int, *kinds: FaultKind) -> InterviewState:
    faults = tuple(
        replace(fault, lost_ms=lost_ms) if fault.kind in kinds and fault.lost_ms is None else fault
        for fault in state.faults
    )
    return replace(state, faults=faults)
