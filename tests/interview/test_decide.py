"""Commands: what each causes, that saying it twice changes nothing, and what is refused."""

from __future__ import annotations

from contextlib import suppress
from math import nan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzers.results import TranscriptWord
from question_flows.model import Language
from server.errors import UserError
from server.interview import events as happened
from server.interview.commands import (
    LONGEST_TEXT,
    Command,
    GiveConsent,
    GiveFeedback,
    OpenHint,
    Pause,
    RateDimension,
    Resume,
    SaveDraft,
    Start,
    StartAnswer,
    SubmitAnswer,
)
from server.interview.events import AnswerMode, PausedBy, Purpose
from server.interview.reported_dimension import reported_dimensions
from server.interview.state import Phase, Status
from tests.interview.decided import ASKED, BEGUN, FLOW, YES, Interview, typed
from tests.interview.houses import FLOWS

FIRST, SECOND = FLOW.questions[0].id, FLOW.questions[1].id


@pytest.fixture
def interview() -> Interview:
    return Interview()


@pytest.fixture
def begun(interview: Interview) -> Interview:
    interview.do(*BEGUN)
    return interview


def test_consent_then_start_asks_the_first_question(interview: Interview) -> None:
    assert interview.do(YES) == [happened.ConsentRecorded(dict.fromkeys(ASKED, True))]
    assert interview.do(Start()) == [happened.InterviewStarted(), happened.QuestionAsked(FIRST, 0)]
    assert interview.do(Start()) == interview.do(YES) == []


def test_each_purpose_can_be_refused_and_the_interview_still_starts(interview: Interview) -> None:
    interview.do(GiveConsent(dict.fromkeys(ASKED, False)), Start())
    assert interview.state.status is Status.RUNNING


def test_consent_can_be_changed_until_the_start(interview: Interview) -> None:
    no = GiveConsent({**dict.fromkeys(ASKED, True), Purpose.VOICE: False})
    assert interview.do(YES, no) != []
    interview.do(Start())
    assert interview.refuses(YES) == ("consent_already_given", 409, None)


def test_consent_answers_what_is_asked_and_nothing_else(interview: Interview) -> None:
    assert interview.refuses(GiveConsent({Purpose.VOICE: True})) == ("consent_missing", 400, "granted.scoring")
    everything = GiveConsent(dict.fromkeys(Purpose, True))
    assert interview.refuses(everything) == ("purpose_not_offered", 400, "granted.expression")


def test_nothing_is_asked_before_consent(interview: Interview) -> None:
    assert interview.refuses(Start()) == ("consent_first", 409, None)
    assert interview.refuses(StartAnswer(FIRST)) == ("not_running", 409, None)
    assert interview.refuses(Pause()) == ("not_running", 409, None)
    assert interview.refuses(GiveFeedback(5)) == ("not_running", 409, None)


def test_an_answer_starts_once(begun: Interview) -> None:
    assert begun.do(StartAnswer(FIRST)) == [happened.AnswerStarted(FIRST)]
    assert begun.do(StartAnswer(FIRST)) == []
    assert begun.state.answer is not None
    assert begun.state.answer.phase is Phase.ANSWERING


def test_hints_open_once_each(begun: Interview) -> None:
    assert begun.do(OpenHint(FIRST, 0)) == [happened.HintOpened(FIRST, 0)]
    assert begun.do(OpenHint(FIRST, 0)) == []
    for hint in (-1, len(FLOW.questions[0].hints)):
        assert begun.refuses(OpenHint(FIRST, hint)) == ("hint_unknown", 404, None)


def test_an_empty_draft_replaces_a_full_one_only_when_it_was_emptied(begun: Interview) -> None:
    assert begun.do(SaveDraft(FIRST, "I wou")) == [happened.AnswerDrafted(FIRST, "I wou")]
    assert begun.do(SaveDraft(FIRST, "I wou")) == []
    assert begun.do(SaveDraft(FIRST, "")) == begun.do(SaveDraft(FIRST, " \n")) == []
    assert begun.do(SaveDraft(FIRST, "", cleared=True)) == [happened.AnswerDrafted(FIRST, "")]


def test_a_draft_is_kept_while_paused(begun: Interview) -> None:
    begun.do(Pause())
    assert begun.do(SaveDraft(FIRST, "x")) == [happened.AnswerDrafted(FIRST, "x")]


def test_a_typed_answer_is_closed_and_the_next_question_asked(begun: Interview) -> None:
    started, submitted, asked = begun.do(typed(FIRST))
    assert (started, asked) == (happened.AnswerStarted(FIRST), happened.QuestionAsked(SECOND, 1))
    assert isinstance(submitted, happened.AnswerSubmitted)
    assert (submitted.mode, submitted.transcript.text) == (AnswerMode.TYPED, "I am sorry")
    assert {word.end_ms for word in submitted.transcript.words} == {7000}


def test_submitting_again_changes_nothing_whatever_is_sent(begun: Interview) -> None:
    begun.do(typed(FIRST))
    for again in (typed(FIRST), typed(FIRST, "other"), SubmitAnswer(FIRST, AnswerMode.VOICE)):
        assert begun.do(again) == []


def test_a_typed_answer_is_not_blank_nor_endless(begun: Interview) -> None:
    for blank in ("", " \n\t", "\0"):
        assert begun.refuses(typed(FIRST, blank)) == ("answer_empty", 400, "text")
    assert begun.refuses(SubmitAnswer(FIRST, AnswerMode.TYPED)) == ("answer_empty", 400, "text")
    too_long = "x" * (LONGEST_TEXT + 1)
    assert begun.refuses(typed(FIRST, too_long)) == ("answer_too_long", 400, "text")
    assert begun.refuses(SaveDraft(FIRST, too_long)) == ("answer_too_long", 400, "text")
    assert begun.do(typed(FIRST, "x" * LONGEST_TEXT)) != []


def test_a_spoken_answer_is_its_utterances_joined(begun: Interview) -> None:
    begun.do(StartAnswer(FIRST))
    first, second = (TranscriptWord(text, 0, 1, 0.5) for text in ("I", "apologise."))
    begun.happen(
        happened.UtteranceTranscribed(FIRST, 1, (first,), 0.5),
        happened.UtteranceTranscribed(FIRST, 2, (second,), 0.5),
    )
    submitted, asked = begun.do(SubmitAnswer(FIRST, AnswerMode.VOICE))
    assert isinstance(submitted, happened.AnswerSubmitted)
    assert submitted.transcript.words == (first, second)
    assert asked == happened.QuestionAsked(SECOND, 1)


def test_a_spoken_answer_may_be_silent(begun: Interview) -> None:
    _, submitted, _ = begun.do(SubmitAnswer(FIRST, AnswerMode.VOICE))
    assert isinstance(submitted, happened.AnswerSubmitted)
    assert submitted.transcript.words == ()


def test_without_consent_or_recognition_answers_are_typed(interview: Interview) -> None:
    interview.do(GiveConsent({**dict.fromkeys(ASKED, True), Purpose.VOICE: False}), Start())
    assert interview.refuses(SubmitAnswer(FIRST, AnswerMode.VOICE)) == ("voice_not_consented", 409, "mode")
    assert interview.do(typed(FIRST)) != []
    deaf = Interview(recognition=False)
    deaf.do(*BEGUN)
    assert deaf.refuses(SubmitAnswer(FIRST, AnswerMode.VOICE)) == ("recognition_unavailable", 409, "mode")
    # What was heard before recognition failed is an answer.
    deaf.happen(happened.UtteranceTranscribed(FIRST, 1, (TranscriptWord("yes", 0, 1, 1),), 1))
    assert deaf.do(SubmitAnswer(FIRST, AnswerMode.VOICE)) != []


def test_only_the_open_question_can_be_answered(begun: Interview) -> None:
    begun.do(typed(FIRST))
    for command in (StartAnswer(FIRST), OpenHint(FIRST, 0), SaveDraft(FIRST, "x"), typed(FLOW.questions[2].id)):
        assert begun.refuses(command) == ("question_not_open", 409, None)
    for command in (StartAnswer("nonsense"), SaveDraft("nonsense", "x"), typed("nonsense")):
        assert begun.refuses(command) == ("question_unknown", 404, None)


def test_pause_and_resume(begun: Interview) -> None:
    assert begun.do(Resume()) == []
    assert begun.do(Pause()) == [happened.InterviewPaused(PausedBy.CANDIDATE)]
    assert begun.do(Pause()) == []
    for command in (StartAnswer(FIRST), typed(FIRST), OpenHint(FIRST, 0)):
        assert begun.refuses(command) == ("not_running", 409, None)
    assert begun.do(Resume()) == [happened.InterviewResumed(PausedBy.CANDIDATE)]


def test_after_the_last_answer_nothing_is_open(begun: Interview) -> None:
    for question in FLOW.questions:
        bodies = begun.do(typed(question.id))
    assert isinstance(bodies[-1], happened.AnswerSubmitted)
    assert begun.refuses(Pause()) == ("not_running", 409, None)
    begun.happen(happened.InterviewCompleted())
    assert begun.do(Start()) == begun.do(typed(FIRST)) == []
    assert begun.refuses(Resume()) == ("not_running", 409, None)
    assert begun.refuses(SaveDraft(FIRST, "x")) == ("question_not_open", 409, None)


def test_feedback(begun: Interview) -> None:
    for rating in (0, 6):
        assert begun.refuses(GiveFeedback(rating)) == ("rating_invalid", 400, "rating")
    assert begun.refuses(GiveFeedback(3, "x" * 2001)) == ("comment_too_long", 400, "comment")
    assert begun.do(GiveFeedback(4, " fine\0 ")) == [happened.FeedbackGiven(4, "fine")]
    assert begun.do(GiveFeedback(4, "fine")) == []


def test_a_rating_is_one_persons_and_their_later_one_takes_its_place() -> None:
    """People rate; a command of theirs is refused with the field that is wrong."""
    rated = Interview(flow=FLOWS["store_manager"])
    ada = "ada@example.com"
    assert rated.refuses(RateDimension("empathy", 5, "x", ada)) == ("dimension_unknown", 404, None)
    for points in (-0.1, 10.1, nan):
        assert rated.refuses(RateDimension("motivation", points, "x", ada)) == ("points_invalid", 400, "points")
    assert rated.refuses(RateDimension("motivation", 5, " ", ada)) == ("reason_missing", 400, "reason")
    assert rated.refuses(RateDimension("motivation", 5, "x" * 2001, ada)) == ("comment_too_long", 400, "reason")
    first = RateDimension("motivation", 7.5, " knows the shop ", ada)
    assert rated.do(first) == [happened.DimensionRated("motivation", 7.5, "knows the shop", ada)]
    assert rated.do(first) == []
    rated.do(RateDimension("motivation", 4, "asked for the pay alone", "kim@example.com"))
    rated.do(RateDimension("culture_fit", 9, "suits us", ada), RateDimension("motivation", 8, "second talk", ada))
    found = {one.id: one for one in reported_dimensions(rated.flow, rated.state)}
    assert [(one.rater, one.points) for one in found["motivation"].ratings] == [("kim@example.com", 4), (ada, 8)]
    assert (found["motivation"].points, found["culture_fit"].points, found["on_the_shop_floor"].points) == (6, 9, None)


COMMANDS = st.one_of(
    st.just(YES),
    st.just(Start()),
    st.just(Pause()),
    st.just(Resume()),
    st.builds(GiveFeedback, st.integers(0, 6)),
    st.builds(StartAnswer, st.sampled_from([q.id for q in FLOW.questions])),
    st.builds(OpenHint, st.sampled_from([FIRST, SECOND]), st.integers(-1, 3)),
    st.builds(SaveDraft, st.sampled_from([FIRST, SECOND]), st.sampled_from(["", "x"]), st.booleans()),
    st.builds(
        SubmitAnswer,
        st.sampled_from([q.id for q in FLOW.questions]),
        st.sampled_from(AnswerMode),
        st.sampled_from(["", "x"]),
    ),
)


@given(st.lists(COMMANDS, max_size=40), st.sampled_from(Language))
def test_whatever_is_commanded_repeats_change_nothing_and_questions_keep_their_order(
    commands: list[Command], language: Language
) -> None:
    interview = Interview(language=language)
    for command in (*BEGUN, *commands):
        try:
            interview.do(command)
        except UserError:
            continue
        # A repeat may find its question closed by the first; it never causes anything.
        with suppress(UserError):
            assert interview.do(command) == []
    state = interview.state
    assert [answer.question_id for answer in state.asked] == [q.id for q in FLOW.questions[: len(state.asked)]]
    open_answers = [answer.question_id for answer in state.asked if answer.phase is not Phase.SUBMITTED]
    assert open_answers == ([state.question_id] if state.question_id else [])


def test_a_full_server_keeps_the_place_and_refuses_nobody_who_has_begun(interview: Interview) -> None:
    full = Interview(room=False)
    full.do(YES)
    with pytest.raises(UserError) as refused:
        full.do(Start())
    assert (refused.value.code, refused.value.status, refused.value.retry_after_s) == ("server_full", 503, 60)
    assert full.state.status is Status.READY
    full.room = True
    full.do(Start())
    full.room = False
    # Who has begun is never refused: reloading, pausing and answering go on.
    assert full.do(Start()) == []
    full.do(StartAnswer(FIRST), Pause(), Resume(), SubmitAnswer(FIRST, AnswerMode.TYPED, "I am sorry"))
