"""What follows from a command: the events it causes, or a refusal that changes nothing. Pure."""

from __future__ import annotations

from question_flows.model import PRACTICE_ID, Flow
from question_flows.progress import first_question
from server.admission import RETRY_AFTER_S
from server.errors import UserError
from server.interview import commands as asked
from server.interview import events as happened
from server.interview.answering import Situation, answer
from server.interview.checking import confirm, put_right
from server.interview.commands import LONGEST_COMMENT, LONGEST_HELP_MESSAGE, Command
from server.interview.events import EventBody, PausedBy
from server.interview.interventions import intervene, pause_by_hr, resume_by_hr
from server.interview.releasing import release
from server.interview.reviewing import reviewed
from server.interview.state import InterviewState, Status
from server.interview.typed import clean

__all__ = ["Situation", "decide"]


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
        case (
            asked.StartAnswer()
            | asked.OpenHint()
            | asked.SaveDraft()
            | asked.SubmitAnswer()
            | asked.SkipQuestion()
            | asked.RestartAnswer()
            | asked.TakeMoment()
        ):
            return answer(state, flow, command, situation)
        case asked.ContinueInterview():
            return _continue(state)
        case asked.CorrectTranscript():
            return put_right(state, flow, command)
        case asked.ConfirmTranscripts():
            return confirm(state)
        case asked.Pause(by, user):
            return pause_by_hr(state, user) if by is PausedBy.HR else _pause(state, flow)
        case asked.Resume(by, user):
            return resume_by_hr(state, user) if by is PausedBy.HR else _resume(state)
        case asked.CallForHelp() | asked.WithdrawHelp() | asked.AcknowledgeHelp():
            return _help(state, command)
        case asked.GiveFeedback():
            return _give_feedback(state, command)
        case (
            asked.RateDimension()
            | asked.RateCompetency()
            | asked.OverrideScore()
            | asked.FinishReview()
            | asked.Decide()
        ):
            return reviewed(state, flow, command)
        case asked.ReleaseFeedback():
            return release(state, command)
        case _:
            return intervene(state, flow, command, situation)


def _give_consent(state: InterviewState, command: asked.GiveConsent, situation: Situation) -> list[EventBody]:
    if state.status is Status.CANCELLED:
        raise UserError("interview_cancelled", status=409)
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
    if state.status is Status.CANCELLED:
        raise UserError("interview_cancelled", status=409)
    if state.status is not Status.READY:
        return []
    if state.is_cut_short:
        raise UserError("person_goes_on", status=409)
    if state.person_instead(flow):
        raise UserError("person_instead", status=409)
    if not situation.has_room:
        raise UserError("server_full", status=503, retry_after_s=RETRY_AFTER_S)
    first = PRACTICE_ID if flow.practice is not None else first_question(flow).id
    return [happened.InterviewStarted(), happened.QuestionAsked(first, 0)]


def _continue(state: InterviewState) -> list[EventBody]:
    if state.status is Status.RUNNING:
        return []
    if state.next_question_id is None:
        raise UserError("not_running", status=409)
    return [happened.QuestionAsked(state.next_question_id, state.asked[-1].index + 1)]


def _pause(state: InterviewState, flow: Flow) -> list[EventBody]:
    if state.status is Status.PAUSED:
        return []
    if state.status is not Status.RUNNING or state.question_id is None:
        raise UserError("not_running", status=409)
    if flow.most_pauses is not None and state.pauses >= flow.most_pauses:
        raise UserError("pauses_used_up", status=409)
    return [happened.InterviewPaused(PausedBy.CANDIDATE)]


def _resume(state: InterviewState) -> list[EventBody]:
    if state.status is Status.RUNNING:
        return []
    if state.status is not Status.PAUSED:
        raise UserError("not_running", status=409)
    if state.paused_by is PausedBy.HR:
        raise UserError("paused_by_hr", status=409)
    return [happened.InterviewResumed(PausedBy.CANDIDATE)]


def _help(
    state: InterviewState, command: asked.CallForHelp | asked.WithdrawHelp | asked.AcknowledgeHelp
) -> list[EventBody]:
    if isinstance(command, asked.WithdrawHelp):
        return [happened.HelpWithdrawn()] if state.help is not None else []
    if isinstance(command, asked.AcknowledgeHelp):
        if state.help is None:
            raise UserError("help_not_asked", status=409)
        return [] if state.help.acknowledged else [happened.HelpAcknowledged(command.user)]
    if state.status is Status.COMPLETED:
        raise UserError("not_running", status=409)
    if len(command.message) > LONGEST_HELP_MESSAGE:
        raise UserError("help_too_long", field="message", params={"length": str(LONGEST_HELP_MESSAGE)})
    message = clean(command.message).strip()
    if state.help is not None and state.help.message == message:
        return []
    return [happened.HelpRequested(message)]


def _give_feedback(state: InterviewState, command: asked.GiveFeedback) -> list[EventBody]:
    if state.started_at is None:
        raise UserError("not_running", status=409)
    if not 1 <= command.rating <= 5:
        raise UserError("rating_invalid", field="rating")
    if len(command.comment) > LONGEST_COMMENT:
        raise UserError("comment_too_long", field="comment", params={"length": f"{LONGEST_COMMENT:,}"})
    for item, rating in command.answers.items():
        if not 1 <= rating <= 5:
            raise UserError("rating_invalid", field=f"answers.{item.value}")
    feedback = happened.FeedbackGiven(command.rating, clean(command.comment).strip(), command.answers)
    return [] if state.feedback == feedback else [feedback]
