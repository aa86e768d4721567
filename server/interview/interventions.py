"""What follows from what people of HR ask of an interview that runs. Pure."""

from __future__ import annotations

from datetime import timedelta

from question_flows.model import FOLLOW_UP_MARK, PRACTICE_ID, Flow
from question_flows.progress import follow_up_id
from server.errors import UserError
from server.interview import events as happened
from server.interview import hr_commands as asked
from server.interview import hr_events as by_hr
from server.interview.answering import Situation, check_if_spoken, left_open, requested_next
from server.interview.events import EventBody, PausedBy
from server.interview.intervention import InterventionKind
from server.interview.state import UNDER_WAY, AnswerState, InterviewState, Status
from server.interview.typed import clean
from server.interview.written import is_written, written_id

SAME_WITHIN = timedelta(seconds=2)
"""What may be done again is the same thing, sent twice, when it comes again so soon: two clicks, or two people."""


def intervene(state: InterviewState, flow: Flow, command: asked.Intervening, situation: Situation) -> list[EventBody]:
    """The events that the command causes now; none when it has been obeyed already. Raises UserError as `decide`."""
    match command:
        case asked.GiveTime():
            return _give_time(state, command, situation)
        case asked.SendHint():
            return _send_hint(state, command)
        case asked.AskProbe():
            return _ask_probe(state, flow, command)
        case asked.AskQuestion():
            return _ask_question(state, command)
        case asked.MarkMoment():
            return _mark(state, command, situation)
        case asked.HandOver():
            return _hand_over(state, flow, command, situation)
        case asked.EndInterview():
            return _end(state, flow, command, situation)
        case asked.CancelInterview():
            return _cancel(state, flow, command, situation)


def pause_by_hr(state: InterviewState, user: str) -> list[EventBody]:
    """Also over a pause of the candidate's: then they wait for HR. Raises UserError (409)."""
    if state.paused_by is PausedBy.HR:
        return []
    if state.paused_by is None:
        _open(state)
    return [happened.InterviewPaused(PausedBy.HR, user)]


def resume_by_hr(state: InterviewState, user: str) -> list[EventBody]:
    """Raises UserError (409): where nothing is paused, or the candidate's own pause is theirs to end."""
    if state.status is Status.RUNNING and not state.nothing_to_come:
        return []
    if state.paused_by is PausedBy.CANDIDATE:
        raise UserError("paused_by_candidate", status=409)
    if state.paused_by is None:
        _running(state)
    return [happened.InterviewResumed(PausedBy.HR, user)]


def _running(state: InterviewState) -> None:
    """Raises UserError (409) unless questions are being asked, the sentence saying why not."""
    if state.status in (Status.INVITED, Status.READY):
        raise UserError("interview_not_begun", status=409)
    if state.status is Status.CANCELLED:
        raise UserError("interview_cancelled", status=409)
    if state.handed_over is not None:
        raise UserError("handed_over_already", status=409)
    if state.ended is not None:
        raise UserError("ended_already", status=409)
    if state.status in (Status.CHECKING, Status.COMPLETED) or (
        state.status is Status.RUNNING and state.nothing_to_come
    ):
        raise UserError("questions_over", status=409)
    if state.status is Status.BETWEEN_ROUNDS:
        raise UserError("candidate_rests", status=409)


def _open(state: InterviewState) -> AnswerState:
    """The open question's answer. Raises UserError (409) when none is open."""
    _running(state)
    if state.answer is None:
        raise UserError("between_questions", status=409)
    return state.answer


def _text(text: str, longest: int, *, field: str, missing: str) -> str:
    trimmed = clean(text).strip()
    if not trimmed:
        raise UserError(missing, field=field)
    return _short(trimmed, longest, field=field)


def reason_of(text: str) -> str:
    """Why an interview ends or does not take place. Raises UserError end_reason_missing, and when it is too long."""
    return _text(text, asked.LONGEST_MESSAGE, field="reason", missing="end_reason_missing")


def _short(text: str, longest: int, *, field: str) -> str:
    if len(text) > longest:
        raise UserError("text_too_long", field=field, params={"length": f"{longest:,}"})
    return text


def _give_time(state: InterviewState, command: asked.GiveTime, situation: Situation) -> list[EventBody]:
    if not asked.LEAST_TIME_S <= command.seconds <= asked.MOST_TIME_S:
        raise UserError("time_invalid", field="seconds")
    opened = _open(state)
    extra_ms = command.seconds * 1000
    if _just_done(state, situation, InterventionKind.TIME, extra_ms=extra_ms):
        return []
    return [by_hr.TimeGiven(opened.question_id, extra_ms, command.by)]


def _send_hint(state: InterviewState, command: asked.SendHint) -> list[EventBody]:
    text = _text(command.text, asked.LONGEST_HINT, field="text", missing="hint_missing")
    question_id = _open(state).question_id
    counting = question_id if question_id != PRACTICE_ID else None
    sent = [
        one.text for one in state.interventions if one.kind is InterventionKind.HINT and one.question_id == counting
    ]
    return [] if text in sent else [by_hr.HintSent(question_id, text, command.by)]


def _place(state: InterviewState) -> AnswerState:
    """The question beside which one may be asked now. Raises UserError (409)."""
    _running(state)
    if state.place is None:
        raise UserError("practice_only", status=409)
    return state.place


def _ask_probe(state: InterviewState, flow: Flow, command: asked.AskProbe) -> list[EventBody]:
    try:
        probes = flow.indicator(command.indicator_id).probes
    except KeyError:
        raise UserError("probe_unknown", status=404, field="indicator_id") from None
    if not 0 <= command.probe < len(probes):
        raise UserError("probe_unknown", status=404, field="probe")
    _place(state)
    own = [flow.question(one.question_id) for one in state.asked if FOLLOW_UP_MARK not in one.question_id]
    ids = [follow_up_id(one, command.indicator_id) for one in own[::-1] if command.indicator_id in one.indicator_ids]
    if not ids:
        raise UserError("indicator_not_reached", status=409, field="indicator_id")
    for waiting in state.requested:
        if waiting.question_id in ids:
            if waiting.probe == command.probe:
                return []
            raise UserError("probe_waiting", status=409, field="indicator_id")
    opened = state.answer
    if opened is not None and opened.question_id in ids and opened.asked_by and opened.probe == command.probe:
        return []
    free = [one for one in ids if one not in (state.answers or {})]
    if not free:
        raise UserError("probe_asked", status=409, field="indicator_id")
    return _requested(state, by_hr.QuestionRequested(free[0], command.by, command.probe))


def _ask_question(state: InterviewState, command: asked.AskQuestion) -> list[EventBody]:
    text = _text(command.text, asked.LONGEST_QUESTION, field="text", missing="question_missing")
    beside = _place(state)
    opened = state.answer.wording if state.answer is not None and is_written(state.answer.question_id) else None
    if text == opened or text in [one.wording for one in state.requested]:
        return []
    taken = [*(state.answers or {}), *(one.question_id for one in state.requested)]
    return _requested(state, by_hr.QuestionRequested(written_id(beside.question_id, taken), command.by, wording=text))


def _requested(state: InterviewState, requested: by_hr.QuestionRequested) -> list[EventBody]:
    """At once where nothing is open: it comes before the follow-up that a model is choosing."""
    if state.probe_sought is None:
        return [requested]
    return [requested, requested_next(state, requested)]


def _mark(state: InterviewState, command: asked.MarkMoment, situation: Situation) -> list[EventBody]:
    note = _short(clean(command.note).strip(), asked.LONGEST_NOTE, field="note")
    if state.status in (Status.INVITED, Status.READY):
        raise UserError("interview_not_begun", status=409)
    if state.status not in UNDER_WAY:
        raise UserError("interview_over", status=409)
    if _just_done(state, situation, InterventionKind.MARK, text=note, by=command.by):
        return []
    return [by_hr.MomentMarked(note, command.by)]


def _just_done(
    state: InterviewState,
    situation: Situation,
    kind: InterventionKind,
    *,
    text: str = "",
    extra_ms: int = 0,
    by: str | None = None,
) -> bool:
    """Whether the same was done a moment ago. by: only when it was this person."""
    return any(
        one.kind is kind
        and (one.text, one.extra_ms) == (text, extra_ms)
        and by in (None, one.by)
        and situation.now is not None
        and situation.now - one.at < SAME_WITHIN
        for one in state.interventions
    )


def _hand_over(state: InterviewState, flow: Flow, command: asked.HandOver, situation: Situation) -> list[EventBody]:
    message = _text(command.message, asked.LONGEST_MESSAGE, field="message", missing="message_missing")
    if state.handed_over is not None and state.handed_over.message == message:
        return []
    if state.handed_over is not None:
        raise UserError("handed_over_already", status=409)
    if state.status is not Status.BETWEEN_ROUNDS and state.status is not Status.READY:
        _running(state)
    return [by_hr.HandedOver(message, command.by), *_over(state, flow, situation)]


def _end(state: InterviewState, flow: Flow, command: asked.EndInterview, situation: Situation) -> list[EventBody]:
    reason = reason_of(command.reason)
    if state.ended is not None:
        return []
    if state.status is not Status.BETWEEN_ROUNDS:
        _running(state)
    return [by_hr.InterviewEnded(reason, command.by), *_over(state, flow, situation)]


def _cancel(state: InterviewState, flow: Flow, command: asked.CancelInterview, situation: Situation) -> list[EventBody]:
    reason = reason_of(command.reason)
    if state.status is Status.CANCELLED:
        return []
    if state.status in (Status.INVITED, Status.READY):
        return [by_hr.InterviewCancelled(reason, command.by)]
    return _end(state, flow, asked.EndInterview(reason, command.by), situation)


def _over(state: InterviewState, flow: Flow, situation: Situation) -> list[EventBody]:
    """The open answer as far as it got, then the check of what was heard, where something was."""
    submitted = left_open(state, flow, situation)
    if state.status not in UNDER_WAY:
        return []
    spoken = any(one.mode is happened.AnswerMode.VOICE for one in submitted)
    return [*submitted, *check_if_spoken(state, spoken=spoken)]
