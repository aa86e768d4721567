"""A candidate's ways through a flow: practice, probes, branches, choices, skipping, starting again, moments, help."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from question_flows.loader import load_flow
from question_flows.model import PRACTICE_ID
from server.interview import events as happened
from server.interview.commands import (
    AcknowledgeHelp,
    CallForHelp,
    ContinueInterview,
    GiveConsent,
    GiveFeedback,
    Pause,
    RestartAnswer,
    Resume,
    SaveDraft,
    SkipQuestion,
    Start,
    StartAnswer,
    SubmitAnswer,
    TakeMoment,
    WithdrawHelp,
)
from server.interview.events import AnswerMode, PausedBy, Purpose, SurveyItem
from server.interview.report import build_report
from server.interview.state import Phase, Status
from tests.interview.decided import ASKED, BEGUN, YES, Interview, typed, words

FLOW = load_flow(Path(__file__).parents[1] / "e2e" / "flows" / "every_path.yaml")
NOTHING_OFFERED = "A parcel was late, so I asked for the order number and checked it together with the driver."
OFFERED = "I asked for the order number and checked it, and then I offered the customer a refund at once."
SORRY = "I am very sorry that your parcel is late, let me look at once where it is."
COLD = "It is somewhere on its way, please wait until it comes, I do not know more."


@pytest.fixture
def begun() -> Interview:
    """The practice question is open."""
    interview = Interview(flow=FLOW)
    interview.do(*BEGUN)
    return interview


@pytest.fixture
def first(begun: Interview) -> Interview:
    """The first question that counts is open."""
    begun.do(SkipQuestion(PRACTICE_ID))
    return begun


def asked(interview: Interview) -> list[str]:
    return [answer.question_id for answer in interview.state.asked]


def test_the_practice_question_comes_first_and_counts_nowhere(begun: Interview) -> None:
    assert begun.state.question_id == PRACTICE_ID
    assert begun.state.asked == ()
    # Again and again, as often as they like.
    for clock_ms in range(10_000, 40_000, 3_000):
        begun.clock_ms = clock_ms
        assert begun.do(RestartAnswer(PRACTICE_ID)) == [happened.AnswerRestarted(PRACTICE_ID)]
    assert begun.do(typed(PRACTICE_ID, OFFERED))[-1] == happened.QuestionAsked("story", 0)
    assert asked(begun) == ["story"]


def test_an_indicator_without_evidence_is_probed_once_and_the_next_question_follows(first: Interview) -> None:
    assert first.do(typed("story", NOTHING_OFFERED))[-1] == happened.QuestionAsked("story-solve", 0)
    assert first.do(typed("story-solve", "I told him to wait for some more days until it comes."))[-1] == (
        happened.QuestionAsked("counter_1", 1)
    )


def test_an_answer_that_shows_everything_is_not_probed(first: Interview) -> None:
    assert first.do(typed("story", OFFERED))[-1] == happened.QuestionAsked("counter_1", 1)


def test_who_refuses_scoring_or_says_too_little_to_judge_is_not_probed(first: Interview) -> None:
    assert first.do(typed("story", "I helped her."))[-1] == happened.QuestionAsked("counter_1", 1)
    unscored = Interview(flow=FLOW)
    unscored.do(GiveConsent({**dict.fromkeys(ASKED, True), Purpose.SCORING: False}), Start(), SkipQuestion(PRACTICE_ID))
    assert unscored.do(typed("story", NOTHING_OFFERED))[-1] == happened.QuestionAsked("counter_1", 1)


def test_nobody_is_probed_for_words_that_are_only_late(first: Interview) -> None:
    first.words_late = True
    first.happen(happened.UtteranceTranscribed("story", 1, words(NOTHING_OFFERED), 0.9))
    assert first.do(SubmitAnswer("story", AnswerMode.VOICE))[-1] == happened.QuestionAsked("counter_1", 1)


@pytest.mark.parametrize(("said", "turn"), [(SORRY, "counter_2_calm"), (COLD, "counter_2_angry")])
def test_a_role_play_branches_by_what_was_shown(first: Interview, said: str, turn: str) -> None:
    first.do(typed("story", OFFERED))
    assert first.do(typed("counter_1", said))[-1] == happened.QuestionAsked(turn, 2)


def test_the_report_names_the_probes_and_leaves_the_practice_out(first: Interview) -> None:
    first.do(typed("story", NOTHING_OFFERED), typed("story-solve", OFFERED))
    report = build_report("i", first.events, FLOW)
    assert [(probe.question_id, probe.indicator_id) for probe in report.probes] == [("story", "solve")]
    assert report.probes[0].text == "What exactly did you offer in the end?"
    assert [(answer.question_id, answer.follow_up_of) for answer in report.answers] == [
        ("story", None),
        ("story-solve", "story"),
        ("counter_1", None),
    ]


def test_a_skipped_question_is_closed_without_words_and_the_next_one_comes(first: Interview) -> None:
    first.do(StartAnswer("story"), SaveDraft("story", "I was"))
    assert first.do(SkipQuestion("story")) == [happened.AnswerSkipped("story"), happened.QuestionAsked("counter_1", 1)]
    story = first.state.asked[0]
    assert (story.phase, story.skipped, story.mode) == (Phase.SUBMITTED, True, None)
    assert story.transcript is not None
    assert story.transcript.words == ()
    assert first.do(SkipQuestion("story")) == first.do(typed("story")) == []
    assert first.refuses(SkipQuestion("letter")) == ("question_not_open", 409, None)
    report = build_report("i", first.events, FLOW)
    assert (report.answers[0].skipped, report.answers[0].text) == (True, "")


def test_starting_again_counts_only_what_comes_after_it_and_keeps_the_rest_as_an_earlier_attempt(
    first: Interview,
) -> None:
    first.do(StartAnswer("story"), SaveDraft("story", "typed before"))
    first.happen(happened.UtteranceTranscribed("story", 1, words("no that was wrong", 8000), 0.9))
    first.clock_ms = 20_000
    assert first.do(RestartAnswer("story")) == [happened.AnswerRestarted("story")]
    assert first.state.answer is not None
    assert (first.state.answer.draft, first.state.answer.words) == ("", ())
    # A page that did not hear of it sends it again, which is no second one.
    first.clock_ms = 21_000
    assert first.do(RestartAnswer("story")) == []
    # The last words before it may be written down behind it.
    first.happen(happened.UtteranceTranscribed("story", 2, words("altogether", 19_000), 0.9))
    first.happen(happened.UtteranceTranscribed("story", 3, words(OFFERED, 22_000), 0.9))
    first.clock_ms = 60_000
    assert first.refuses(RestartAnswer("story")) == ("restart_not_offered", 409, None)
    first.do(SubmitAnswer("story", AnswerMode.VOICE))
    [story, *_] = build_report("i", first.events, FLOW).answers
    assert (story.text, story.restarts) == (OFFERED, 1)
    assert story.earlier_attempts is not None
    assert story.earlier_attempts.text == "no that was wrong altogether"


def test_a_moment_adds_thinking_time_each_time_and_is_in_the_report(first: Interview) -> None:
    question, now = FLOW.question("story"), first.state.at
    before = first.state.thinking_left_ms(question, now)
    assert first.do(TakeMoment("story"), TakeMoment("story")) == [happened.MomentTaken("story", 30_000)]
    assert first.state.thinking_left_ms(question, now) == before + 60_000
    assert first.refuses(TakeMoment("letter")) == ("question_not_open", 409, None)
    assert build_report("i", first.events, FLOW).answers[0].extra_ms == 60_000


def test_pauses_are_counted_where_the_flow_limits_them_and_hrs_are_not(first: Interview) -> None:
    for _ in range(2):
        first.do(Pause(PausedBy.HR), Resume(PausedBy.HR), Pause(), Resume())
    assert first.refuses(Pause()) == ("pauses_used_up", 409, None)
    assert first.do(Pause(PausedBy.HR)) == [happened.InterviewPaused(PausedBy.HR)]


def test_a_call_for_help_is_taken_up_and_withdrawn() -> None:
    interview = Interview(flow=FLOW)
    # Also before the start: who cannot even get there needs help most.
    assert interview.do(CallForHelp(" The lift\0 is broken ")) == [happened.HelpRequested("The lift is broken")]
    assert interview.do(CallForHelp("The lift is broken")) == []
    assert interview.do(AcknowledgeHelp()) == [happened.HelpAcknowledged()]
    assert interview.do(AcknowledgeHelp()) == []
    assert interview.state.help is not None
    assert interview.state.help.acknowledged
    assert interview.do(WithdrawHelp()) == [happened.HelpWithdrawn()]
    assert interview.do(WithdrawHelp()) == []
    assert interview.refuses(AcknowledgeHelp()) == ("help_not_asked", 409, None)
    assert interview.refuses(CallForHelp("x" * 301)) == ("help_too_long", 400, "message")
    assert interview.do(CallForHelp()) == [happened.HelpRequested("")]


@pytest.fixture
def resting(first: Interview) -> Interview:
    """The first round is over."""
    while first.state.question_id is not None:
        first.do(*first.skip())
    return first


@pytest.fixture
def writing(resting: Interview) -> Interview:
    """The first written question is open."""
    resting.do(ContinueInterview())
    return resting


def test_between_two_rounds_nothing_is_open_and_the_clock_stands_still(first: Interview) -> None:
    assert first.do(ContinueInterview()) == []
    first.do(SkipQuestion("story"), SkipQuestion("counter_1"))
    assert first.do(*first.skip())[-1] == happened.RoundEnded("talking", "writing", "letter")
    state = first.state
    assert (state.status, state.question_id, state.next_question_id) == (Status.BETWEEN_ROUNDS, None, "letter")
    assert state.clock_at(state.at + timedelta(hours=1)) == state.clock_ms
    for refused in (Pause(), Resume(), StartAnswer("letter"), typed("letter")):
        assert first.refuses(refused) == ("not_running", 409, None)
    assert first.do(CallForHelp("where am I?")) != []
    assert first.do(ContinueInterview()) == [happened.QuestionAsked("letter", 3)]
    assert first.do(ContinueInterview()) == []
    assert (first.state.status, first.state.next_question_id) == (Status.RUNNING, None)
    assert first.state.clock_at(state.at + timedelta(seconds=1)) == state.clock_ms + 1000


def test_within_a_round_and_after_the_last_there_is_no_rest(writing: Interview) -> None:
    writing.do(SkipQuestion("letter"), SkipQuestion("snippet"))
    assert writing.do(SkipQuestion("shifts")) == [happened.AnswerSkipped("shifts")]
    assert "RoundEnded" not in [event.type for event in writing.events[-4:]]


def test_a_written_question_is_not_spoken(writing: Interview) -> None:
    assert writing.refuses(SubmitAnswer("letter", AnswerMode.VOICE)) == ("only_typed", 409, "mode")
    assert writing.refuses(SubmitAnswer("letter", AnswerMode.CHOICE, option_id="a")) == ("no_options", 400, "mode")
    writing.do(typed("letter", SORRY))
    assert writing.state.asked[-2].text == SORRY
    assert writing.refuses(SubmitAnswer("snippet", AnswerMode.VOICE)) == ("only_typed", 409, "mode")


def test_code_keeps_its_lines_and_is_judged_by_its_words(writing: Interview) -> None:
    writing.do(SkipQuestion("letter"), typed("snippet", "# I asked for it\ndef two():\n  return 2\n"))
    snippet = build_report("i", writing.events, FLOW).answers[-2]
    assert snippet.text == "# I asked for it\ndef two():\n  return 2\n"
    assert snippet.transcript is not None
    assert [word.text for word in snippet.transcript.words][-2:] == ["return", "2"]


def test_a_fact_is_chosen_and_the_report_says_what_a_person_has_to_look_at(writing: Interview) -> None:
    writing.do(SkipQuestion("letter"), SkipQuestion("snippet"))
    assert writing.refuses(typed("shifts", "At weekends")) == ("choose_option", 400, "mode")
    assert writing.refuses(SubmitAnswer("shifts", AnswerMode.CHOICE, option_id="no")) == (
        "option_unknown",
        400,
        "option",
    )
    writing.do(SubmitAnswer("shifts", AnswerMode.CHOICE, option_id="not_now"))
    shifts = build_report("i", writing.events, FLOW).answers[-1]
    assert (shifts.text, shifts.option_id, shifts.open_point) == ("Not at the moment", "not_now", True)


def test_the_survey_has_items_of_its_own(first: Interview) -> None:
    answers = {SurveyItem.FAIRNESS: 5, SurveyItem.CLARITY: 4}
    assert first.refuses(GiveFeedback(5, answers={SurveyItem.FAIRNESS: 6})) == (
        "rating_invalid",
        400,
        "answers.fairness",
    )
    assert first.do(GiveFeedback(5, answers=answers)) == [happened.FeedbackGiven(5, "", answers)]
    assert first.do(GiveFeedback(5, answers=answers)) == []


def test_who_refuses_a_required_recording_is_interviewed_by_a_person_and_may_still_agree() -> None:
    required = Interview(flow=replace(FLOW, recording_required=True))
    assert not required.state.person_instead(required.flow)
    required.do(GiveConsent({**dict.fromkeys(ASKED, True), Purpose.RECORDING: False}))
    assert required.refuses(Start()) == ("person_instead", 409, None)
    assert required.state.person_instead(required.flow)
    required.do(YES)
    assert not required.state.person_instead(required.flow)
    assert required.do(Start()) != []
    optional = Interview(flow=FLOW)
    assert optional.do(GiveConsent({**dict.fromkeys(ASKED, True), Purpose.RECORDING: False}), Start()) != []


def test_consent_is_asked_before_practice_too() -> None:
    interview = Interview(flow=FLOW)
    assert interview.refuses(Start()) == ("consent_first", 409, None)
    assert interview.do(YES, Start())[-1] == happened.QuestionAsked(PRACTICE_ID, 0)
