"""The fold: a clock that stands still when it should, and a ledger of every fault."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from analyzers.results import AnswerScore, Transcript, TranscriptWord
from question_flows.model import Language
from server.interview import events as happened
from server.interview.events import AnswerMode, EventBody, InterviewEvent, PausedBy, Purpose
from server.interview.fold import fold
from server.interview.state import FaultKind, InterviewState, Phase, Status
from tests.interview.houses import FLOWS

BEGIN = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
INVITED = happened.InterviewInvited("customer_service", 1, Language.ENGLISH, "EU", "Ada")
STARTED: list[tuple[float, int, EventBody]] = [
    (0, 0, INVITED),
    (10, 0, happened.ConsentRecorded({Purpose.VOICE: True})),
    (20, 0, happened.InterviewStarted()),
    (20, 0, happened.QuestionAsked("q1", 0)),
]


def after(*more: tuple[float, int, EventBody]) -> InterviewState:
    """(seconds of wall clock, clock_ms, body) behind the start."""
    return fold(
        InterviewEvent(seq, BEGIN + timedelta(seconds=seconds), clock_ms, body)
        for seq, (seconds, clock_ms, body) in enumerate([*STARTED, *more], start=1)
    )


def at(seconds: float) -> datetime:
    return BEGIN + timedelta(seconds=seconds)


def test_the_clock_starts_with_the_interview() -> None:
    state = after()
    assert (state.status, state.connected, state.question_id) == (Status.RUNNING, True, "q1")
    assert [state.clock_at(at(seconds)) for seconds in (20, 20.5, 30)] == [0, 500, 10_000]
    assert state.clock_at(at(5)) == 0


def test_a_pause_stands_still_and_is_in_the_ledger() -> None:
    paused = after((25, 5000, happened.InterviewPaused(PausedBy.HR)))
    assert paused.clock_at(at(1000)) == 5000
    assert paused.faults[0].lost_ms is None
    resumed = after(
        (25, 5000, happened.InterviewPaused(PausedBy.HR)), (85, 5000, happened.InterviewResumed(PausedBy.HR))
    )
    assert resumed.clock_at(at(86)) == 6000
    [fault] = resumed.faults
    assert (fault.kind, fault.detail, fault.clock_ms, fault.lost_ms, fault.question_id) == (
        FaultKind.PAUSE,
        "hr",
        5000,
        60_000,
        "q1",
    )


def test_an_outage_stands_still_and_is_given_back() -> None:
    lost = after((25, 5000, happened.ConnectionLost()))
    assert (lost.connected, lost.disconnected_since, lost.clock_at(at(100))) == (False, at(25), 5000)
    back = after((25, 5000, happened.ConnectionLost()), (65, 5000, happened.ConnectionRestored(40_000)))
    assert (back.connected, back.clock_at(at(66))) == (True, 6000)
    assert [(fault.kind, fault.lost_ms) for fault in back.faults] == [(FaultKind.OUTAGE, 40_000)]


def test_after_a_restart_the_clock_goes_on_from_the_last_event_when_the_candidate_is_back() -> None:
    drafted = (30, 10_000, happened.AnswerDrafted("q1", "x"))
    restarted = after(drafted, (500, 10_000, happened.ServerRestarted()))
    assert (restarted.connected, restarted.disconnected_since) == (False, at(30))
    assert restarted.clock_at(at(600)) == 10_000
    back = after(
        drafted, (500, 10_000, happened.ServerRestarted()), (510, 10_000, happened.ConnectionRestored(480_000))
    )
    assert back.clock_at(at(511)) == 11_000
    assert [(fault.kind, fault.lost_ms) for fault in back.faults] == [(FaultKind.RESTART, 480_000)]


def test_a_pause_in_an_outage_keeps_the_clock_still_until_both_are_over() -> None:
    state = after(
        (25, 5000, happened.InterviewPaused(PausedBy.CANDIDATE)),
        (26, 5000, happened.ConnectionLost()),
        (36, 5000, happened.ConnectionRestored(10_000)),
    )
    assert not state.ticking
    assert state.clock_at(at(99)) == 5000


def test_an_answer_gathers_what_belongs_to_it() -> None:
    word = TranscriptWord("sorry", 2000, 2500, 0.9)
    transcript = Transcript(Language.ENGLISH, (word,))
    state = after(
        (21, 1000, happened.HintOpened("q1", 0)),
        (21, 1000, happened.AnswerStarted("q1")),
        (23, 3000, happened.UtteranceTranscribed("q1", 1, (word,), 0.9)),
        (24, 4000, happened.UtteranceLost("q1", 3000, 3900, "RecognitionError")),
        (25, 5000, happened.AnswerSubmitted("q1", AnswerMode.VOICE, transcript)),
        (25, 5000, happened.QuestionAsked("q2", 1)),
        # Late: it stays with its own question.
        (26, 6000, happened.UtteranceTranscribed("q1", 3, (word,), 0.9)),
        (26, 6000, happened.AnswerScored(AnswerScore("q1", ()), "rubric 1")),
    )
    first, second = state.asked
    assert (first.phase, first.hints, first.started_ms, first.submitted_ms) == (Phase.SUBMITTED, (0,), 1000, 5000)
    assert (first.scorer, len(first.utterances), len(first.lost)) == ("rubric 1", 2, 1)
    assert first.transcript == Transcript(Language.ENGLISH, (word, word))
    assert first.recognised_until_ms == 2500
    assert (state.question_id, second.utterances, second.phase) == ("q2", (), Phase.THINKING)
    assert [(fault.kind, fault.clock_ms, fault.lost_ms) for fault in state.faults] == [
        (FaultKind.UTTERANCE_LOST, 3000, 900)
    ]


def test_late_words_stand_where_they_were_spoken_and_never_in_a_typed_answer() -> None:
    first, second, third = (TranscriptWord(text, at, at + 100, 0.9) for at, text in enumerate(("one", "two", "three")))
    spoken = after(
        (21, 1000, happened.AnswerStarted("q1")),
        (23, 3000, happened.UtteranceTranscribed("q1", 2, (second,), 0.9)),
        (25, 5000, happened.AnswerSubmitted("q1", AnswerMode.VOICE, Transcript(Language.ENGLISH, (second,)))),
        (26, 6000, happened.UtteranceTranscribed("q1", 3, (third,), 0.9)),
        (27, 7000, happened.UtteranceTranscribed("q1", 1, (first,), 0.9)),
    ).asked[0]
    assert spoken.transcript == Transcript(Language.ENGLISH, (first, second, third))
    assert spoken.words == (first, second, third)
    written = Transcript(Language.ENGLISH, (third,))
    typed = after(
        (21, 1000, happened.AnswerStarted("q1")),
        (25, 5000, happened.AnswerSubmitted("q1", AnswerMode.TYPED, written)),
        (26, 6000, happened.UtteranceTranscribed("q1", 1, (first,), 0.9)),
    ).asked[0]
    assert (typed.transcript, typed.words) == (written, (first,))


def test_recognition_that_fails_in_another_way_ends_the_one_fault_and_begins_another() -> None:
    state = after(
        (25, 5000, happened.RecognitionFailed("engine_failing")),
        (55, 35_000, happened.RecognitionFailed("model_missing")),
    )
    assert state.recognition_failed == "model_missing"
    assert [(fault.detail, fault.lost_ms) for fault in state.faults] == [
        ("engine_failing", 30_000),
        ("model_missing", None),
    ]


def test_thinking_time_runs_on_the_interview_clock() -> None:
    question = FLOWS["customer_service"].questions[0]
    body = happened.QuestionAsked(question.id, 1)
    state = after((25, 5000, body), (30, 10_000, happened.InterviewPaused(PausedBy.CANDIDATE)))
    assert state.thinking_left_ms(question, at(1000)) == question.thinking_seconds * 1000 - 5000


def test_recognition_that_comes_back_closes_its_fault() -> None:
    failed = after((25, 5000, happened.RecognitionFailed("model_missing")))
    assert failed.recognition_failed == "model_missing"
    restored = after(
        (25, 5000, happened.RecognitionFailed("model_missing")), (55, 35_000, happened.RecognitionRestored())
    )
    assert (restored.recognition_failed, restored.faults[0].lost_ms) == (None, 30_000)


def test_the_end_stops_the_clock() -> None:
    state = after((25, 5000, happened.InterviewCompleted()), (25, 5000, happened.ReportWritten("msg_1")))
    assert (state.status, state.completed_at, state.report_id) == (Status.COMPLETED, at(25), "msg_1")
    assert state.clock_at(at(1000)) == 5000


@pytest.mark.parametrize(
    "events",
    [
        [],
        [InterviewEvent(1, BEGIN, 0, happened.InterviewStarted())],
        [InterviewEvent(2, BEGIN, 0, INVITED)],
        [InterviewEvent(1, BEGIN, 0, INVITED), InterviewEvent(3, BEGIN, 0, happened.InterviewStarted())],
        [InterviewEvent(1, BEGIN, 0, INVITED), InterviewEvent(2, BEGIN, 0, happened.AnswerStarted("q1"))],
        [InterviewEvent(1, BEGIN, 0, INVITED), InterviewEvent(2, BEGIN, 0, INVITED)],
    ],
)
def test_a_list_that_cannot_have_happened_is_refused(events: list[InterviewEvent]) -> None:
    with pytest.raises(ValueError, match=r"event|begins"):
        fold(events)


GAP = happened.RecordingGap(2000, 3500, "disk_slow")
STORED = happened.RecordingStored("a/recording.webm", "video/webm", 1234, "ab" * 32, 60_000, True)


def test_what_is_missing_from_the_recording_is_in_the_ledger() -> None:
    state = after((21, 1000, happened.RecordingStarted()), (25, 5000, GAP))
    assert (state.recording.started, state.recording.gaps, state.recording.stored) == (True, (GAP,), None)
    [fault] = state.faults
    assert (fault.kind, fault.clock_ms, fault.lost_ms, fault.detail) == (
        FaultKind.RECORDING_GAP,
        2000,
        1500,
        "disk_slow",
    )


def test_a_recording_that_is_stored_after_it_failed_ends_that_fault() -> None:
    failed = after(
        (90, 5000, happened.RecordingFailed("ConnectionError")), (95, 5000, happened.RecordingFailed("OSError"))
    )
    assert (failed.recording.failed, [fault.detail for fault in failed.faults]) == ("OSError", ["ConnectionError"])
    assert failed.faults[0].lost_ms is None
    stored = after((90, 5000, happened.RecordingFailed("ConnectionError")), (150, 5000, STORED))
    assert (stored.recording.failed, stored.recording.stored) == (None, STORED)
    assert [(fault.kind, fault.lost_ms) for fault in stored.faults] == [(FaultKind.RECORDING_FAILED, 60_000)]
