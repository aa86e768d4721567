"""What people of HR do in a running interview: what is allowed when, what follows, and that it happens once."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from analyzers.results import WithheldReason
from question_flows.model import Competency, Flow, FollowUps, Language, Text
from server.interview import events as happened
from server.interview import hr_events as by_hr
from server.interview.commands import (
    AcknowledgeHelp,
    CallForHelp,
    Command,
    ConfirmTranscripts,
    ContinueInterview,
    OpenHint,
    Pause,
    RestartAnswer,
    Resume,
    SaveDraft,
    SkipQuestion,
    Start,
    StartAnswer,
    SubmitAnswer,
)
from server.interview.events import AnswerMode, PausedBy
from server.interview.fold import fold
from server.interview.hr_commands import (
    AskProbe,
    AskQuestion,
    EndInterview,
    GiveTime,
    HandOver,
    MarkMoment,
    SendHint,
)
from server.interview.intervened import interventions_for_candidate, interventions_for_hr
from server.interview.intervention import InterventionKind
from server.interview.marking import mark
from server.interview.report import build_report, report_json
from server.interview.state import FaultKind, Phase, Status
from tests.interview.decided import ASKED, BEGIN, BEGUN, FLOW, YES, Interview, typed, words
from tests.interview.houses import FLOWS

ANN, BOB = "ann@example.com", "bob@example.com"
HR_PAUSES, HR_RESUMES = Pause(PausedBy.HR, ANN), Resume(PausedBy.HR, ANN)
FIRST, SECOND = FLOW.questions[0], FLOW.questions[1]
INDICATOR = next(one for one in FIRST.indicator_ids if FLOW.indicator(one).probes)
PROBE = f"{FIRST.id}-{INDICATOR}"
END, OVER = EndInterview("Fire alarm", ANN), HandOver("Please join https://meet.example/1", ANN)
SILENT = replace(FLOW, follow_ups=FollowUps(most=0))
"""The flow asks nothing further by itself."""
CURIOUS = replace(FLOW, follow_ups=FollowUps())
VAGUE = "The weather is nice today and the sun shines all day long"


@pytest.fixture
def running() -> Interview:
    interview = Interview(flow=SILENT)
    interview.do(*BEGUN)
    return interview


def everything(by: str = ANN) -> list[Command]:
    return [
        Pause(PausedBy.HR, by),
        GiveTime(60, by),
        SendHint("Think of last week", by),
        AskProbe(INDICATOR, 0, by),
        AskQuestion("Would you move?", by),
        END,
    ]


def codes(interview: Interview, commands: list[Command]) -> set[str]:
    found = [interview.refuses(command) for command in commands]
    assert {status for _, status, _ in found} == {409}
    return {code for code, _, _ in found}


# Pausing


def test_what_hr_paused_only_hr_resumes(running: Interview) -> None:
    assert running.do(HR_PAUSES) == [happened.InterviewPaused(PausedBy.HR, ANN)]
    assert running.do(Pause(PausedBy.HR, BOB)) == []
    assert running.do(Pause()) == []
    assert running.state.pauses == 0
    assert running.refuses(Resume()) == ("paused_by_hr", 409, None)
    assert running.state.paused_by is PausedBy.HR
    running.at += timedelta(seconds=9)
    assert running.do(Resume(PausedBy.HR, BOB)) == [happened.InterviewResumed(PausedBy.HR, BOB)]
    assert running.do(HR_RESUMES) == []
    assert running.state.given_back_ms == 9000
    assert [(one.kind, one.by, one.question_id) for one in running.state.interventions] == [
        (InterventionKind.PAUSE, ANN, FIRST.id),
        (InterventionKind.RESUME, BOB, FIRST.id),
    ]


def test_hr_can_hold_who_pauses_but_not_drive_them_on(running: Interview) -> None:
    running.do(Pause())
    assert running.refuses(HR_RESUMES) == ("paused_by_candidate", 409, None)
    running.at += timedelta(seconds=5)
    assert running.do(HR_PAUSES) == [happened.InterviewPaused(PausedBy.HR, ANN)]
    assert running.refuses(Resume())[0] == "paused_by_hr"
    running.at += timedelta(seconds=7)
    running.do(HR_RESUMES)
    pauses = [one for one in running.state.faults if one.kind is FaultKind.PAUSE]
    assert [(one.detail, one.lost_ms) for one in pauses] == [("candidate", 5000), ("hr", 7000)]


def test_a_call_for_help_works_while_hr_pauses_and_names_who_took_it_up(running: Interview) -> None:
    running.do(HR_PAUSES, CallForHelp("When does it go on?"))
    assert running.do(AcknowledgeHelp(BOB)) == [happened.HelpAcknowledged(BOB)]


# Time and hints


def test_time_goes_to_what_the_candidate_is_at(running: Interview) -> None:
    question = running.state.question(running.flow, FIRST.id)
    before = running.state.thinking_left_ms(question, running.at)
    assert running.do(GiveTime(60, ANN)) == [by_hr.TimeGiven(FIRST.id, 60_000, ANN)]
    assert running.state.thinking_left_ms(question, running.at) == before + 60_000
    running.do(StartAnswer(FIRST.id), HR_PAUSES, GiveTime(90, ANN))
    answer = running.state.answer
    assert answer is not None
    assert (answer.given_thinking_ms, answer.given_answering_ms, answer.extra_ms) == (60_000, 90_000, 0)


@pytest.mark.parametrize("seconds", [29, 601, -5])
def test_time_has_bounds(running: Interview, seconds: int) -> None:
    assert running.refuses(GiveTime(seconds, ANN)) == ("time_invalid", 400, "seconds")


def test_what_is_sent_twice_within_a_moment_happens_once(running: Interview) -> None:
    running.do(GiveTime(60, ANN), MarkMoment("here", ANN), SendHint("Think", ANN))
    assert running.do(GiveTime(60, BOB)) == []
    assert running.do(MarkMoment("here", ANN)) == []
    assert running.do(MarkMoment("here", BOB)) == [by_hr.MomentMarked("here", BOB)]
    assert running.do(SendHint(" Think ", BOB)) == []
    assert running.do(GiveTime(30, BOB)) == [by_hr.TimeGiven(FIRST.id, 30_000, BOB)]
    running.at += timedelta(seconds=2)
    assert running.do(GiveTime(60, ANN)) == [by_hr.TimeGiven(FIRST.id, 60_000, ANN)]
    assert running.do(MarkMoment("here", ANN)) == [by_hr.MomentMarked("here", ANN)]


def test_texts_are_trimmed_and_bounded(running: Interview) -> None:
    assert running.do(SendHint("  Last\x00 week ", ANN)) == [by_hr.HintSent(FIRST.id, "Last week", ANN)]
    assert running.refuses(SendHint("  ", ANN)) == ("hint_missing", 400, "text")
    assert running.refuses(SendHint("x" * 301, ANN)) == ("text_too_long", 400, "text")
    assert running.refuses(AskQuestion("\n", ANN)) == ("question_missing", 400, "text")
    assert running.refuses(AskQuestion("x" * 501, ANN)) == ("text_too_long", 400, "text")
    assert running.refuses(MarkMoment("x" * 301, ANN)) == ("text_too_long", 400, "note")
    assert running.do(MarkMoment(" ", ANN)) == [by_hr.MomentMarked("", ANN)]
    assert running.refuses(HandOver(" ", ANN)) == ("message_missing", 400, "message")
    assert running.refuses(EndInterview("", ANN)) == ("end_reason_missing", 400, "reason")


# Asking


def test_a_probe_is_asked_next_in_its_own_words_and_does_not_use_up_the_flows(running: Interview) -> None:
    running.flow = flow = two_probes(CURIOUS)
    assert running.do(AskProbe(INDICATOR, 1, ANN)) == [by_hr.QuestionRequested(PROBE, ANN, 1)]
    assert running.do(AskProbe(INDICATOR, 1, BOB)) == []
    assert running.refuses(AskProbe(INDICATOR, 0, BOB)) == ("probe_waiting", 409, "indicator_id")
    assert running.state.question_id == FIRST.id
    bodies = running.do(typed(FIRST.id, VAGUE))
    assert bodies[-1] == happened.QuestionAsked(PROBE, 0, 1, asked_by=ANN)
    assert running.state.requested == ()
    question = running.state.question(flow, PROBE)
    assert question.text == flow.indicator(INDICATOR).probes[1]
    assert question.indicator_ids == (INDICATOR,)
    assert running.do(AskProbe(INDICATOR, 1, BOB)) == []
    assert running.refuses(AskProbe(INDICATOR, 0, ANN)) == ("probe_asked", 409, "indicator_id")
    # One follow-up a question, and that one is still the flow's to ask.
    assert flow.follow_ups.most_per_question == 1
    asked = running.do(typed(PROBE, VAGUE))[-1]
    assert isinstance(asked, happened.QuestionAsked)
    assert asked.question_id.startswith(f"{FIRST.id}-")
    assert asked.question_id != PROBE
    assert asked.asked_by == ""
    assert running.do(typed(asked.question_id, VAGUE))[-1] == happened.QuestionAsked(SECOND.id, 1)


def test_what_the_flow_probed_cannot_be_probed_again(running: Interview) -> None:
    running.flow = CURIOUS
    asked = running.do(typed(FIRST.id, VAGUE))[-1]
    assert isinstance(asked, happened.QuestionAsked)
    indicator_id = asked.question_id.partition("-")[2]
    assert running.refuses(AskProbe(indicator_id, 0, ANN)) == ("probe_asked", 409, "indicator_id")


def test_a_probe_of_an_earlier_question_leads_on_from_the_present_one(running: Interview) -> None:
    running.do(typed(FIRST.id))
    assert running.state.question_id == SECOND.id
    running.do(AskProbe(INDICATOR, 0, ANN))
    owner = running.state.requested[0].question_id.partition("-")[0]
    assert owner in (FIRST.id, SECOND.id)
    assert running.do(typed(SECOND.id))[-1] == happened.QuestionAsked(f"{owner}-{INDICATOR}", 1, asked_by=ANN)
    assert running.do(typed(f"{owner}-{INDICATOR}"))[-1] == happened.QuestionAsked(FLOW.questions[2].id, 2)


def test_what_cannot_be_probed_is_said(running: Interview) -> None:
    later = next(
        one for question in FLOW.questions[1:] for one in question.indicator_ids if one not in FIRST.indicator_ids
    )
    assert running.refuses(AskProbe("nothing", 0, ANN)) == ("probe_unknown", 404, "indicator_id")
    assert running.refuses(AskProbe(INDICATOR, 9, ANN)) == ("probe_unknown", 404, "probe")
    assert running.refuses(AskProbe(INDICATOR, -1, ANN)) == ("probe_unknown", 404, "probe")
    assert running.refuses(AskProbe(later, 0, ANN)) == ("indicator_not_reached", 409, "indicator_id")


def test_written_questions_keep_their_order_and_come_before_the_end(running: Interview) -> None:
    for question in FLOW.questions[:-1]:
        running.do(typed(question.id))
    last = FLOW.questions[-1].id
    first, second = f"{last}-ask-1", f"{last}-ask-2"
    assert running.do(AskQuestion("Would you move?", ANN)) == [
        by_hr.QuestionRequested(first, ANN, wording="Would you move?")
    ]
    assert running.do(AskQuestion(" Would you move?", BOB)) == []
    running.do(AskQuestion("Who helped you?", BOB))
    assert [one["text"] for one in shown(running)["requested"]] == ["Would you move?", "Who helped you?"]
    index = len(FLOW.questions) - 1
    assert running.do(typed(last))[-1] == happened.QuestionAsked(first, index, 0, "Would you move?", asked_by=ANN)
    assert running.do(AskQuestion("Would you move?", BOB)) == []
    running.do(StartAnswer(first), SaveDraft(first, "Yes, of c"))
    assert running.refuses(OpenHint(first, 0)) == ("hint_unknown", 404, None)
    assert running.refuses(RestartAnswer(first)) == ("restart_not_offered", 409, None)
    assert running.do(typed(first, "Yes, of course"))[-1].__class__ is happened.QuestionAsked
    bodies = running.do(SubmitAnswer(second, AnswerMode.VOICE))
    assert isinstance(bodies[-1], happened.TranscriptCheckBegan)
    assert running.state.status is Status.CHECKING
    assert codes(running, [AskQuestion("More?", ANN), HR_PAUSES, GiveTime(60, ANN), END, OVER]) == {"questions_over"}
    running.do(MarkMoment("still allowed", ANN))


def test_no_machine_scores_a_written_question(running: Interview) -> None:
    running.do(AskQuestion("Would you move?", ANN), typed(FIRST.id), typed(f"{FIRST.id}-ask-1", "Yes, " * 30))
    answer = (running.state.answers or {})[f"{FIRST.id}-ask-1"]
    assert mark(running.flow, running.state, answer)[0].indicators == ()
    report = report_json(build_report("i", running.events, running.flow))
    shown_answer = report["answers"][1]
    assert shown_answer["question"] == "Would you move?"
    assert (shown_answer["asked_by"], shown_answer["in_own_words"]) == (ANN, True)
    assert shown_answer["text"].startswith("Yes,")
    assert running.state.question_id == SECOND.id
    running.do(SkipQuestion(SECOND.id))


def test_a_question_beside_a_spoken_round_belongs_to_it() -> None:
    flow = replace(FLOWS["store_manager"], follow_ups=FollowUps(most=0))
    interview = Interview(flow=flow)
    interview.do(*BEGUN)
    if interview.state.question_id == "-practice":
        assert interview.refuses(AskQuestion("Now?", ANN)) == ("practice_only", 409, None)
        interview.do(GiveTime(60, ANN), *interview.skip())
    assert [one.question_id for one in interview.state.interventions] == [None] * len(interview.state.interventions)
    while interview.state.status is Status.RUNNING:
        beside = interview.state.question_id
        ahead = interview.state.place
        if ahead is not None and not (interview.state.answers or {}).get(f"{ahead.question_id}-ask-1"):
            interview.do(AskQuestion(f"About {ahead.question_id}?", ANN))
        assert beside
        interview.do(*interview.skip())
    assert interview.state.status is Status.BETWEEN_ROUNDS
    # The last question of the round had its own before the rest began.
    assert interview.state.asked[-1].question_id.endswith("-ask-1")
    assert codes(interview, [HR_PAUSES, AskQuestion("Now?", ANN), GiveTime(60, ANN)]) == {"candidate_rests"}
    next_id = interview.state.next_question_id
    assert interview.do(ContinueInterview()) == [
        happened.QuestionAsked(
            str(next_id), len([one for one in interview.state.asked if "-" not in one.question_id]) - 1
        )
    ]


def test_what_hr_asks_comes_before_a_probe_that_a_model_chooses() -> None:
    interview = Interview(flow=CURIOUS, probes_chosen=True)
    interview.do(replace(YES, second_scorer=True), Start())
    sought = interview.do(typed(FIRST.id, VAGUE))[-1]
    assert isinstance(sought, happened.ProbeSought)
    assert interview.refuses(GiveTime(60, ANN)) == ("between_questions", 409, None)
    asked = happened.QuestionAsked(f"{FIRST.id}-ask-1", 0, 0, "Why?", asked_by=ANN)
    assert interview.do(AskQuestion("Why?", ANN))[1:] == [asked]
    assert interview.state.probe_sought is None
    again = interview.do(typed(f"{FIRST.id}-ask-1", "Because"))[-1]
    assert isinstance(again, happened.ProbeSought)


# Ending and handing over


def test_before_it_begins_there_is_nothing_to_change() -> None:
    interview = Interview()
    assert codes(interview, [*everything(), MarkMoment("", ANN), OVER]) == {"interview_not_begun"}
    interview.do(YES)
    assert codes(interview, [*everything(), MarkMoment("", ANN)]) == {"interview_not_begun"}


@pytest.mark.parametrize("command", [END, OVER])
def test_what_was_typed_is_kept_as_it_is(running: Interview, command: Command) -> None:
    running.do(StartAnswer(FIRST.id), SaveDraft(FIRST.id, "I listened and"), HR_PAUSES)
    running.at += timedelta(seconds=4)
    over, submitted = running.do(command)
    assert over.__class__ in (by_hr.InterviewEnded, by_hr.HandedOver)
    assert isinstance(submitted, happened.AnswerSubmitted)
    assert (submitted.mode, submitted.transcript.text) == (AnswerMode.TYPED, "I listened and")
    state = running.state
    assert (state.status, state.question_id, state.nothing_to_come) == (Status.RUNNING, None, True)
    assert state.given_back_ms == 4000
    assert running.do(command) == []
    assert running.do(typed(FIRST.id, "I listened and more")) == []
    assert running.refuses(SaveDraft(FIRST.id, "more"))[0] == "question_not_open"
    expected = "handed_over_already" if command is OVER else "ended_already"
    assert codes(running, [HR_PAUSES, HR_RESUMES, GiveTime(60, BOB), AskQuestion("?", BOB)]) == {expected}
    score, _ = mark(running.flow, state, (state.answers or {})[FIRST.id])
    assert {one.withheld for one in score.indicators} == {WithheldReason.NOT_ASKED}


def test_what_was_said_is_kept_and_checked(running: Interview) -> None:
    running.do(StartAnswer(FIRST.id))
    running.happen(happened.UtteranceTranscribed(FIRST.id, 1, words("I told him so", 1000), 0.9))
    _, submitted, check = running.do(END)
    assert isinstance(submitted, happened.AnswerSubmitted)
    assert (submitted.mode, submitted.transcript.text) == (AnswerMode.VOICE, "I told him so")
    assert isinstance(check, happened.TranscriptCheckBegan)
    late = happened.UtteranceTranscribed(FIRST.id, 2, words("and he laughed", 4000), 0.9)
    running.happen(late)
    assert (running.state.answers or {})[FIRST.id].text == "I told him so and he laughed"
    running.do(ConfirmTranscripts())


def test_words_still_to_come_are_waited_for(running: Interview) -> None:
    running.do(StartAnswer(FIRST.id))
    running.words_late = True
    _, submitted, check = running.do(END)
    assert isinstance(submitted, happened.AnswerSubmitted)
    assert submitted.mode is AnswerMode.VOICE
    assert isinstance(check, happened.TranscriptCheckBegan)


def test_of_typed_and_spoken_words_none_are_lost(running: Interview) -> None:
    running.do(StartAnswer(FIRST.id))
    running.happen(happened.UtteranceTranscribed(FIRST.id, 1, words("I told him", 1000), 0.9))
    running.happen(happened.UtteranceTranscribed(FIRST.id, 2, words("and he laughed", 4000), 0.9))
    running.do(SaveDraft(FIRST.id, "I told him so"))
    submitted = running.do(END)[1]
    assert isinstance(submitted, happened.AnswerSubmitted)
    assert (submitted.mode, submitted.transcript.text) == (AnswerMode.TYPED, "I told him so and he laughed")


def test_nothing_answered_is_nobodys_fault(running: Interview) -> None:
    running.do(typed(FIRST.id, "I listened to the customer and I said sorry. Then I gave the money back at once."))
    assert running.do(END) == [by_hr.InterviewEnded("Fire alarm", ANN)]
    answer = (running.state.answers or {})[SECOND.id]
    assert (answer.phase, answer.mode, answer.skipped, answer.cut_short) == (Phase.SUBMITTED, None, False, True)
    assert {one.withheld for one in mark(running.flow, running.state, answer)[0].indicators} == {
        WithheldReason.NOT_ASKED
    }
    report = report_json(build_report("i", running.events, running.flow))
    assert report["is_standard"] is False
    assert [one["question_id"] for one in report["not_asked"]] == [one.id for one in FLOW.questions[2:]]
    assert {
        (one["what"], one["reason"]) for one in report["withheld"] if one["question_id"] == FLOW.questions[2].id
    } == {(indicator_id, "not_asked") for indicator_id in FLOW.questions[2].indicator_ids}
    assert [(one["kind"], one["by"], one["text"]) for one in report["departures"]] == [("end", ANN, "Fire alarm")]


def test_the_practice_is_no_answer_when_a_person_ends_it() -> None:
    interview = Interview(flow=replace(FLOW, practice=both("Say something")))
    interview.do(*BEGUN)
    interview.do(StartAnswer("-practice"), SaveDraft("-practice", "hello"))
    assert interview.do(END) == [by_hr.InterviewEnded("Fire alarm", ANN)]
    assert interview.state.nothing_to_come
    assert interview.state.asked == ()


def both(text: str) -> Text:
    return dict.fromkeys(Language, text)


def test_a_person_takes_over_who_refused_the_recording() -> None:
    interview = Interview(flow=replace(FLOW, recording_required=True))
    interview.do(replace(YES, granted={**dict.fromkeys(ASKED, True), ASKED[2]: False}))
    assert interview.state.person_instead(interview.flow)
    assert interview.do(OVER) == [by_hr.HandedOver(OVER.message, ANN)]
    assert interview.do(OVER) == []
    assert interview.refuses(HandOver("Another link", BOB)) == ("handed_over_already", 409, None)
    assert interview.state.nothing_to_come
    assert interview.refuses(Start()) == ("person_goes_on", 409, None)


def test_between_rounds_a_person_may_end_it() -> None:
    flow = replace(FLOWS["store_manager"], follow_ups=FollowUps(most=0))
    interview = Interview(flow=flow)
    interview.do(*BEGUN)
    while interview.state.next_question_id is None:
        interview.do(*interview.skip())
    interview.do(END)
    assert interview.state.nothing_to_come
    assert interview.state.status is Status.RUNNING
    assert interview.do(ContinueInterview()) == []


# What pages and the report say of it


def shown(interview: Interview) -> dict[str, Any]:
    found: dict[str, Any] = interventions_for_hr(interview.state, interview.flow, Language.CHINESE)
    return found


def test_pages_and_report_tell_what_was_done(running: Interview) -> None:
    running.do(
        GiveTime(60, ANN),
        SendHint("Think of last week", BOB),
        MarkMoment("strong", BOB),
        AskProbe(INDICATOR, 0, ANN),
        HR_PAUSES,
        HR_RESUMES,
    )
    notices = interventions_for_candidate(running.state)["notices"]
    assert [(one["kind"], one["text"], one["extra_ms"]) for one in notices] == [
        ("time", "", 60_000),
        ("hint", "Think of last week", 0),
        ("question", "", 0),
        ("resume", "", 0),
    ]
    for secret in (ANN, BOB, "strong"):
        assert secret not in str(interventions_for_candidate(running.state))
    chinese = running.flow.indicator(INDICATOR).probes[0][Language.CHINESE]
    assert shown(running)["requested"] == [{"question_id": PROBE, "text": chinese, "by": ANN}]
    report = report_json(build_report("i", running.events, running.flow))
    assert [one["kind"] for one in report["departures"]] == ["time", "hint", "question", "pause", "resume"]
    assert report["departures"][2]["text"] == running.flow.indicator(INDICATOR).probes[0][Language.ENGLISH]
    assert [(one["kind"], one["text"], one["by"]) for one in report["marks"]] == [("mark", "strong", BOB)]
    assert all(one["at"].startswith(str(BEGIN.date())) for one in report["departures"])
    assert report["is_standard"] is False


def test_who_only_marked_departed_from_nothing(running: Interview) -> None:
    running.do(MarkMoment("strong", BOB))
    report = report_json(build_report("i", running.events, running.flow))
    assert (report["is_standard"], report["departures"]) == (True, [])


def test_the_log_alone_tells_all_of_it_again(running: Interview) -> None:
    """A restart folds the log: what was asked for, given and paused is still so."""
    running.do(GiveTime(60, ANN), AskQuestion("Would you move?", ANN), AskProbe(INDICATOR, 0, BOB), HR_PAUSES)
    encoded = [replace(one, body=happened.decode(one.type, happened.encode(one.body))) for one in running.events]
    assert fold(encoded) == running.state
    running.do(HR_RESUMES, typed(FIRST.id), OVER)
    encoded = [replace(one, body=happened.decode(one.type, happened.encode(one.body))) for one in running.events]
    assert fold(encoded) == running.state


def two_probes(flow: Flow) -> Flow:
    """The flow with a second probe for INDICATOR."""
    second = dict.fromkeys(Language, "And what did it cost?")

    def probed(competency: Competency) -> Competency:
        indicators = tuple(
            replace(one, probes=(one.probes[0], second)) if one.id == INDICATOR else one
            for one in competency.indicators
        )
        return replace(competency, indicators=indicators)

    return replace(flow, competencies=tuple(probed(one) for one in flow.competencies))
