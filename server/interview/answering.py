"""What follows from a command about the open question, and what is asked after its answer. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from analyzers.results import Transcript
from analyzers.scoring.rubric import score_answer
from analyzers.scoring.shown import missing_evidence, shown
from question_flows.model import PRACTICE_ID, Flow, Question, QuestionKind
from question_flows.progress import follow_up, next_question, probeable
from server.errors import UserError
from server.interview import commands as asked
from server.interview import events as happened
from server.interview.commands import LONGEST_TEXT, MOMENT_MS
from server.interview.events import AnswerMode, EventBody, Purpose
from server.interview.hr_events import QuestionRequested
from server.interview.state import AnswerState, InterviewState, Phase, Status
from server.interview.typed import clean, typed_transcript
from server.interview.written import is_written

ONLY_TYPED = (QuestionKind.TEXT, QuestionKind.CODE)
"""Kinds of question whose answers are never spoken."""

SAME_RESTART_MS = 2_000
"""A restart so soon after another is the same one, sent again by a page that did not hear of the first."""


@dataclass(frozen=True, slots=True)
class Situation:
    """What the state does not hold. clock_ms: interview clock now. purposes: those the law lets us ask for.

    speech_counts: it is recognised now, or kept until it can be. has_room: one more interview may begin here; asked
    only for a start. words_late: some of what was said to the open question is not written down yet. probes_chosen:
    there is a model that chooses and words follow-ups. now: wall clock, aware UTC; None where nobody needs it.
    """

    clock_ms: int
    purposes: tuple[Purpose, ...]
    speech_counts: bool
    has_room: bool
    words_late: bool = False
    probes_chosen: bool = False
    now: datetime | None = None


AnswerCommand = (
    asked.StartAnswer
    | asked.OpenHint
    | asked.SaveDraft
    | asked.SubmitAnswer
    | asked.SkipQuestion
    | asked.RestartAnswer
    | asked.TakeMoment
)


def answer(state: InterviewState, flow: Flow, command: AnswerCommand, situation: Situation) -> list[EventBody]:
    """The events that the command causes now; none when it has been obeyed already. Raises UserError as `decide`."""
    match command:
        case asked.StartAnswer(question_id):
            opened = _open_answer(state, flow, question_id)
            return [] if opened.phase is Phase.ANSWERING else [happened.AnswerStarted(question_id)]
        case asked.OpenHint():
            return _open_hint(state, flow, command)
        case asked.SaveDraft():
            return _save_draft(state, flow, command)
        case asked.SubmitAnswer():
            return _submit(state, flow, command, situation)
        case asked.SkipQuestion(question_id):
            if _is_closed(state, question_id):
                return []
            _open_answer(state, flow, question_id)
            nothing = Transcript(state.language, ())
            next_bodies = _what_is_next(state, flow, question_id, nothing, situation)
            return [happened.AnswerSkipped(question_id), *(next_bodies or check_if_spoken(state))]
        case asked.RestartAnswer(question_id):
            return _restart(state, flow, question_id, situation)
        case asked.TakeMoment(question_id):
            _open_answer(state, flow, question_id)
            return [happened.MomentTaken(question_id, MOMENT_MS)]


def _open_answer(state: InterviewState, flow: Flow, question_id: str) -> AnswerState:
    """The open question's answer, if that is the one and the interview runs."""
    _question(state, flow, question_id)
    if state.status is not Status.RUNNING:
        raise UserError("not_running", status=409)
    if state.answer is None or state.question_id != question_id:
        raise UserError("question_not_open", status=409)
    return state.answer


def _question(state: InterviewState, flow: Flow, question_id: str) -> Question:
    try:
        return state.question(flow, question_id)
    except KeyError:
        raise UserError("question_unknown", status=404) from None


def _is_closed(state: InterviewState, question_id: str) -> bool:
    before = (state.answers or {}).get(question_id)
    return before is not None and before.phase is Phase.SUBMITTED


def _open_hint(state: InterviewState, flow: Flow, command: asked.OpenHint) -> list[EventBody]:
    opened = _open_answer(state, flow, command.question_id)
    if not 0 <= command.hint < len(state.question(flow, command.question_id).hints):
        raise UserError("hint_unknown", status=404)
    if command.hint in opened.hints:
        return []
    return [happened.HintOpened(command.question_id, command.hint)]


def _save_draft(state: InterviewState, flow: Flow, command: asked.SaveDraft) -> list[EventBody]:
    _question(state, flow, command.question_id)
    # Also while paused: what was typed until then must not be lost.
    if state.answer is None or state.question_id != command.question_id:
        raise UserError("question_not_open", status=409)
    text = checked_text(command.text)
    if text == state.answer.draft or (not text.strip() and not command.cleared):
        return []
    return [happened.AnswerDrafted(command.question_id, text)]


def _restart(state: InterviewState, flow: Flow, question_id: str, situation: Situation) -> list[EventBody]:
    opened = _open_answer(state, flow, question_id)
    if opened.restarted_ms is not None and situation.clock_ms - opened.restarted_ms < SAME_RESTART_MS:
        return []
    if opened.restarts >= state.question(flow, question_id).redos:
        raise UserError("restart_not_offered", status=409)
    return [happened.AnswerRestarted(question_id)]


def checked_text(text: str) -> str:
    """The text as it is kept. Raises UserError answer_too_long."""
    if len(text) > LONGEST_TEXT:
        raise UserError("answer_too_long", field="text", params={"length": f"{LONGEST_TEXT:,}"})
    return clean(text)


def _submit(state: InterviewState, flow: Flow, command: asked.SubmitAnswer, situation: Situation) -> list[EventBody]:
    question_id = command.question_id
    if _is_closed(state, question_id):
        return []
    opened, question = _open_answer(state, flow, question_id), state.question(flow, question_id)
    _check_mode(question, command.mode)
    match command.mode:
        case AnswerMode.TYPED:
            transcript = _typed(state, command.text or "", situation)
        case AnswerMode.CHOICE:
            transcript = _chosen(state, question, command.option_id, situation)
        case AnswerMode.VOICE:
            transcript = _spoken(state, opened, situation)
    option_id = command.option_id if command.mode is AnswerMode.CHOICE else None
    bodies: list[EventBody] = []
    if opened.phase is Phase.THINKING:
        bodies.append(happened.AnswerStarted(question_id))
    code = checked_text(command.text or "") if question.kind is QuestionKind.CODE else None
    bodies.append(happened.AnswerSubmitted(question_id, command.mode, transcript, option_id, code))
    spoken = command.mode is AnswerMode.VOICE
    next_bodies = _what_is_next(state, flow, question_id, transcript, situation)
    return [*bodies, *(next_bodies or check_if_spoken(state, spoken=spoken))]


def check_if_spoken(state: InterviewState, *, spoken: bool = False) -> list[EventBody]:
    """Behind the last answer: the check of what was heard. spoken: whether that answer was. Nothing where none was."""
    heard = spoken or any(one.mode is AnswerMode.VOICE for one in state.asked)
    return [happened.TranscriptCheckBegan()] if heard else []


def _check_mode(question: Question, mode: AnswerMode) -> None:
    if (question.kind is QuestionKind.FACT) is not (mode is AnswerMode.CHOICE):
        raise UserError("choose_option" if question.kind is QuestionKind.FACT else "no_options", field="mode")
    if question.kind in ONLY_TYPED and mode is AnswerMode.VOICE:
        raise UserError("only_typed", status=409, field="mode")


def _typed(state: InterviewState, text: str, situation: Situation) -> Transcript:
    transcript = typed_transcript(checked_text(text), state.language, situation.clock_ms)
    if not transcript.words:
        raise UserError("answer_empty", field="text")
    return transcript


def _chosen(state: InterviewState, question: Question, option_id: str | None, situation: Situation) -> Transcript:
    for option in question.options:
        if option.id == option_id:
            return typed_transcript(option.text[state.language], state.language, situation.clock_ms)
    raise UserError("option_unknown", field="option")


def _spoken(state: InterviewState, opened: AnswerState, situation: Situation) -> Transcript:
    if not state.allows(Purpose.VOICE):
        raise UserError("voice_not_consented", status=409, field="mode")
    if not situation.speech_counts and not opened.utterances:
        raise UserError("recognition_unavailable", status=409, field="mode")
    return Transcript(state.language, opened.words)


def left_open(state: InterviewState, flow: Flow, situation: Situation) -> list[happened.AnswerSubmitted]:
    """What was given to the open question so far, as it is, for a person who ends the questions; nothing if nothing.

    Of words in the text field and spoken ones none are lost: what was said and does not stand there is put behind.
    """
    opened = state.answer
    if opened is None or opened.question_id == PRACTICE_ID:
        return []
    question_id, question = opened.question_id, state.question(flow, opened.question_id)
    said = [Transcript(state.language, one.words).text for one in opened.counting]
    lines = [opened.draft, *(text for text in said if text not in opened.draft)]
    typed = typed_transcript("\n".join(lines), state.language, situation.clock_ms)
    if opened.draft.strip() and typed.words:
        code = opened.draft if question.kind is QuestionKind.CODE else None
        return [happened.AnswerSubmitted(question_id, AnswerMode.TYPED, typed, None, code)]
    if opened.words or situation.words_late:
        return [happened.AnswerSubmitted(question_id, AnswerMode.VOICE, Transcript(state.language, opened.words))]
    return []


def requested_next(state: InterviewState, requested: QuestionRequested) -> happened.QuestionAsked:
    """Asks what a person wants asked; it counts as part of the question that the flow has got to."""
    assert state.place is not None
    return happened.QuestionAsked(
        requested.question_id,
        state.place.index,
        requested.probe,
        requested.wording,
        asked_by=requested.by,
    )


def _what_is_next(
    state: InterviewState, flow: Flow, question_id: str, transcript: Transcript, situation: Situation
) -> list[EventBody]:
    """What a person wants asked, the follow-up, the next question, or the rest before another round; else nothing."""
    if question_id == PRACTICE_ID:
        following = next_question(flow, question_id)
        return [happened.QuestionAsked(following.id, 0)] if following else []
    if state.requested:
        return [requested_next(state, state.requested[0])]
    assert state.place is not None
    # Not the question just answered: a person may have asked about an earlier one.
    own_id, own_index = state.place.question_id, state.place.index
    given = _given(state, flow, own_id, question_id, transcript)
    # Whoever refused scoring is not analysed, and nobody is asked for what is only not written down yet.
    analysed = state.allows(Purpose.SCORING)
    found: frozenset[str] = frozenset()
    if analysed:
        found = frozenset().union(*(shown(score_answer(flow, state.question(flow, one), given[one])) for one in given))
        if not situation.words_late:
            missing = missing_evidence(flow, flow.question(own_id), given[own_id], found)
            asked_so_far = tuple(state.answers or {})
            by_people = tuple(one.question_id for one in state.asked if one.asked_by)
            probe = follow_up(flow, own_id, missing, asked_so_far, by_people)
            # Nothing leaves the server unless the candidate was told so before agreeing, nor what a person asked for.
            about = question_id if question_id in given else own_id
            if probe and situation.probes_chosen and state.told_of_second_scorer and given[about].words:
                probes = probeable(flow, own_id, missing, asked_so_far, by_people)
                return [happened.ProbeSought(about, probes)]
            if probe:
                return [happened.QuestionAsked(probe.id, own_index)]
    following = next_question(flow, own_id, found)
    if following is None:
        return []
    ended = flow.question(own_id).round_id
    if ended is not None and following.round_id is not None and following.round_id != ended:
        return [happened.RoundEnded(ended, following.round_id, following.id)]
    return [happened.QuestionAsked(following.id, own_index + 1)]


def _given(
    state: InterviewState, flow: Flow, own_id: str, question_id: str, transcript: Transcript
) -> dict[str, Transcript]:
    """What was answered to this question and to its follow-ups so far, and the answer given now (to question_id)."""
    given = {one.question_id: one.transcript for one in state.asked if one.transcript is not None}
    return {
        one: words
        for one, words in {**given, question_id: transcript}.items()
        if own_id in (one, state.question(flow, one).follow_up_of) and not is_written(one)
    }
