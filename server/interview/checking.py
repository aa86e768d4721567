"""The candidate's check of what was heard: begun after the last spoken answer, ended by them or by time. Pure."""

from __future__ import annotations

from analyzers.results import Transcript
from analyzers.transcription.correction import correct
from question_flows.model import Flow
from server.errors import UserError
from server.interview import commands as asked
from server.interview import events as happened
from server.interview.answering import checked_text
from server.interview.events import AnswerMode, ConfirmedBy, EventBody
from server.interview.state import AnswerState, InterviewState


def confirm(state: InterviewState) -> list[EventBody]:
    """The candidate says that the words are right. Raises UserError not_checking (409) before there is a check."""
    if state.confirmed is not None:
        return []
    if not state.is_checking:
        raise UserError("not_checking", status=409)
    return [happened.TranscriptsConfirmed(ConfirmedBy.CANDIDATE)]


def put_right(state: InterviewState, flow: Flow, command: asked.CorrectTranscript) -> list[EventBody]:
    """The answer's words as the candidate says they are.

    Raises UserError: question_unknown (404), not_checking (409), not_spoken (409), answer_too_long (400).
    """
    answer = (state.answers or {}).get(command.question_id)
    if answer is None or answer not in state.asked:
        raise UserError("question_unknown", status=404)
    if not state.is_checking:
        raise UserError("not_checking", status=409)
    if not is_correctable(answer) or answer.transcript is None:
        raise UserError("not_spoken", status=409)
    text = checked_text(command.text)
    if not text.strip() and not command.cleared:
        return []
    heard = heard_in(answer)
    began_ms = answer.started_ms or answer.asked_ms
    within = (began_ms, answer.submitted_ms or began_ms)
    corrected = heard if text.strip() == heard.text else correct(heard, text, within)
    if corrected == answer.transcript:
        return []
    return [happened.TranscriptCorrected(command.question_id, corrected)]


def is_correctable(answer: AnswerState) -> bool:
    """Whether these are words that a machine heard and nothing has been scored by yet."""
    return answer.mode is AnswerMode.VOICE and answer.score is None


def heard_in(answer: AnswerState) -> Transcript:
    """What was heard of a submitted answer, before any correction."""
    assert answer.transcript is not None
    return Transcript(answer.transcript.language, answer.words)
