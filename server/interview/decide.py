"""What follows from a command: the events it causes, or a refusal that changes nothing. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from analyzers.results import Transcript
from question_flows.model import Flow
from question_flows.progress import first_question, next_question
from server.admission import RETRY_AFTER_S
from server.errors import UserError
from server.interview import commands as asked
from server.interview import events as happened
from server.interview.commands import LONGEST_COMMENT, LONGEST_TEXT, Command
from server.interview.events import AnswerMode, EventBody, Purpose
from server.interview.state import AnswerState, InterviewState, Phase, Status
from server.interview.typed import clean, typed_transcript


@dataclass(frozen=True, slots=True)
class Situation:
    """What the state does not hold. clock_ms: interview clock now. purposes: those the law lets us ask for.

    speech_counts: it is recognised now, or kept until it can be. has_room: one more interview may begin here; asked
    only for a start.
    """

    clock_ms: int
    purposes: tuple[Purpose, ...]
    speech_counts: bool
    has_room: bool


def decide(state: InterviewState, flow: Flow, command: Command, situation: Situation) -> list[EventBody]:
    """The events that the command causes now; none when it has been obeyed already.

    Raises UserError: 400 for what was entered, 404 for what does not exist, 409 for what does not fit the state,
    503 (server_full) for a start that has to wait.
    """
    match command:
        case asked.GiveConsent():
            return _give_consent(state, command, situation)
        case asked.Start():
            return _start(state, flow, situation)
        case asked.StartAnswer(question_id):
            answer = _open_answer(state, flow, question_id)
            return [] if answer.phase is Phase.ANSWERING else [happened.AnswerStarted(question_id)]
        case asked.OpenHint():
            return _open_hint(state, flow, command)
        case asked.SaveDraft():
            return _save_draft(state, flow, command)
        case asked.SubmitAnswer():
            return _submit_answer(state, flow, command, situation)
        case asked.Pause(by):
            if state.status is Status.PAUSED:
                return []
            if state.status is not Status.RUNNING or state.question_id is None:
                raise UserError("not_running", status=409)
            return [happened.InterviewPaused(by)]
        case asked.Resume(by):
            if state.status is Status.RUNNING:
                return []
            if state.status is not Status.PAUSED:
                raise UserError("not_running", status=409)
            return [happened.InterviewResumed(by)]
        case asked.GiveFeedback():
            return _give_feedback(state, command)


def _give_consent(state: InterviewState, command: asked.GiveConsent, situation: Situation) -> list[EventBody]:
    for purpose in command.granted:
        if purpose not in situation.purposes:
            raise UserError("purpose_not_offered", field=f"granted.{purpose.value}", params={"purpose": purpose.value})
    for purpose in situation.purposes:
        if purpose not in command.granted:
            raise UserError("consent_missing", field=f"granted.{purpose.value}", params={"purpose": purpose.value})
    granted = {purpose: command.granted[purpose] for purpose in situation.purposes}
    if state.consents == granted and state.told_of_second_scorer == command.second_scorer:
        return []
    if state.status not in (Status.INVITED, Status.READY):
        raise UserError("consent_already_given", status=409)
    return [happened.ConsentRecorded(granted, command.second_scorer)]


def _start(state: InterviewState, flow: Flow, situation: Situation) -> list[EventBody]:
    if state.status is Status.INVITED:
        raise UserError("consent_first", status=409)
    if state.status is not Status.READY:
        return []
    if not situation.has_room:
        raise UserError("server_full", status=503, retry_after_s=RETRY_AFTER_S)
    return [happened.InterviewStarted(), happened.QuestionAsked(first_question(flow).id, 0)]


def _open_answer(state: InterviewState, flow: Flow, question_id: str) -> AnswerState:
    """The open question's answer, if that is the one and the interview runs."""
    _check_question(flow, question_id)
    if state.status is not Status.RUNNING:
        raise UserError("not_running", status=409)
    if state.answer is None or state.question_id != question_id:
        raise UserError("question_not_open", status=409)
    return state.answer


def _check_question(flow: Flow, question_id: str) -> None:
    if all(question.id != question_id for question in flow.questions):
        raise UserError("question_unknown", status=404)


def _open_hint(state: InterviewState, flow: Flow, command: asked.OpenHint) -> list[EventBody]:
    answer = _open_answer(state, flow, command.question_id)
    if not 0 <= command.hint < len(flow.question(command.question_id).hints):
        raise UserError("hint_unknown", status=404)
    if command.hint in answer.hints:
        return []
    return [happened.HintOpened(command.question_id, command.hint)]


def _save_draft(state: InterviewState, flow: Flow, command: asked.SaveDraft) -> list[EventBody]:
    _check_question(flow, command.question_id)
    # Also while paused: what was typed until then must not be lost.
    if state.answer is None or state.question_id != command.question_id:
        raise UserError("question_not_open", status=409)
    text = _checked(command.text)
    if text == state.answer.draft or (not text.strip() and not command.cleared):
        return []
    return [happened.AnswerDrafted(command.question_id, text)]


def _checked(text: str) -> str:
    if len(text) > LONGEST_TEXT:
        raise UserError("answer_too_long", field="text", params={"length": f"{LONGEST_TEXT:,}"})
    return clean(text)


def _submit_answer(
    state: InterviewState, flow: Flow, command: asked.SubmitAnswer, situation: Situation
) -> list[EventBody]:
    before = (state.answers or {}).get(command.question_id)
    if before is not None and before.phase is Phase.SUBMITTED:
        return []
    answer = _open_answer(state, flow, command.question_id)
    if command.mode is AnswerMode.TYPED:
        transcript = _typed(state, command.text or "", situation)
    else:
        transcript = _spoken(state, answer, situation)
    bodies: list[EventBody] = []
    if answer.phase is Phase.THINKING:
        bodies.append(happened.AnswerStarted(command.question_id))
    bodies.append(happened.AnswerSubmitted(command.question_id, command.mode, transcript))
    if (question := next_question(flow, command.question_id)) is not None:
        bodies.append(happened.QuestionAsked(question.id, answer.index + 1))
    return bodies


def _typed(state: InterviewState, text: str, situation: Situation) -> Transcript:
    transcript = typed_transcript(_checked(text), state.language, situation.clock_ms)
    if not transcript.words:
        raise UserError("answer_empty", field="text")
    return transcript


def _spoken(state: InterviewState, answer: AnswerState, situation: Situation) -> Transcript:
    if not state.allows(Purpose.VOICE):
        raise UserError("voice_not_consented", status=409, field="mode")
    if not situation.speech_counts and not answer.utterances:
        raise UserError("recognition_unavailable", status=409, field="mode")
    return Transcript(state.language, answer.words)


def _give_feedback(state: InterviewState, command: asked.GiveFeedback) -> list[EventBody]:
    if state.started_at is None:
        raise UserError("not_running", status=409)
    if not 1 <= command.rating <= 5:
        raise UserError("rating_invalid", field="rating")
    if len(command.comment) > LONGEST_COMMENT:
        raise UserError("comment_too_long", field="comment", params={"length": f"{LONGEST_COMMENT:,}"})
    feedback = happened.FeedbackGiven(command.rating, clean(command.comment).strip())
    return [] if state.feedback == feedback else [feedback]
