"""The timeline: everything that happened with its length and who did it, and none of an answer's words."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

from analyzers.results import Transcript, TranscriptWord
from question_flows.loader import load_flow
from question_flows.model import Language
from server.interview import events as happened
from server.interview import hr_events as by_hr
from server.interview.events import AnswerMode, ConfirmedBy, EventBody, InterviewEvent, PausedBy, Purpose
from server.interview.timeline import timeline
from server.interview.timeline_entry import Entry, Lane, timeline_json

BEGIN = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
FLOW = load_flow(Path(__file__).parents[1] / "e2e" / "flows" / "every_path.yaml")
SECRET = Transcript(Language.ENGLISH, (TranscriptWord("xylophone", 1, 2, 0.9),))
BEGUN: list[tuple[float, int, EventBody]] = [
    (0, 0, happened.InterviewInvited(FLOW.id, 1, Language.ENGLISH, "EU", "Ada")),
    (5, 0, happened.ConsentRecorded({Purpose.VOICE: True})),
    (10, 0, happened.InterviewStarted()),
    (10, 0, happened.QuestionAsked("-practice", 0)),
    (20, 10_000, happened.AnswerSubmitted("-practice", AnswerMode.VOICE, SECRET)),
    (20, 10_000, happened.QuestionAsked("story", 0)),
]
ANN, BOB = "ann@example.com", "bob@example.com"


def of(*more: tuple[float, int, EventBody], language: Language = Language.ENGLISH) -> tuple[Entry, ...]:
    """The entries of (seconds of wall clock, clock_ms, body) behind the first question."""
    return timeline(
        (
            InterviewEvent(seq, BEGIN + timedelta(seconds=seconds), clock_ms, body)
            for seq, (seconds, clock_ms, body) in enumerate([*BEGUN, *more], start=1)
        ),
        FLOW,
        language,
    )


def told(entries: tuple[Entry, ...]) -> list[tuple[str, str | None, int | None]]:
    """(kind, question, length) of those behind the first question."""
    return [(one.kind.value, one.question_id, one.length_ms) for one in entries[3:]]


def test_a_question_is_a_span_with_what_happened_in_it() -> None:
    entries = of(
        (21, 11_000, happened.HintOpened("story", 0)),
        (22, 12_000, happened.MomentTaken("story", 30_000)),
        (25, 15_000, happened.AnswerStarted("story")),
        (27, 17_000, happened.AnswerRestarted("story")),
        (45, 35_000, happened.AnswerSubmitted("story", AnswerMode.VOICE, SECRET)),
        (45, 35_000, happened.QuestionAsked("story-solve", 0)),
        (50, 40_000, happened.AnswerSkipped("story-solve")),
    )
    assert [(one.kind.value, one.length_ms) for one in entries[:3]] == [
        ("started", None),
        ("practice", 10_000),
        ("question", 25_000),
    ]
    assert told(entries) == [
        ("hint", "story", None),
        ("moment", "story", 30_000),
        ("answer", "story", 20_000),
        ("again", "story", None),
        ("submitted", "story", None),
        ("question", "story-solve", 5000),
        ("skipped", "story-solve", None),
    ]
    question, hint, further = entries[2], entries[3], entries[8]
    assert question.text == FLOW.question("story").text[Language.ENGLISH]
    assert hint.text == FLOW.question("story").hints[0].text[Language.ENGLISH]
    assert further.text == FLOW.indicator("solve").probes[0][Language.ENGLISH]
    assert (question.until, question.open) == (BEGIN + timedelta(seconds=45), False)
    assert [one.detail for one in entries if one.kind == "submitted"] == ["voice"]
    chinese = of(language=Language.CHINESE)[2]
    assert chinese.text == FLOW.question("story").text[Language.CHINESE]
    assert (chinese.open, chinese.until, chinese.length_ms) == (True, None, None)


def test_no_words_of_an_answer_are_in_it() -> None:
    entries = of(
        (25, 15_000, happened.AnswerStarted("story")),
        (26, 16_000, happened.AnswerDrafted("story", "xylophone")),
        (27, 17_000, happened.UtteranceTranscribed("story", 1, SECRET.words, 0.9)),
        (45, 35_000, happened.AnswerSubmitted("story", AnswerMode.VOICE, SECRET, code="xylophone")),
        (50, 35_000, happened.TranscriptCheckBegan()),
        (52, 35_000, happened.TranscriptCorrected("story", SECRET)),
        (60, 35_000, happened.TranscriptsConfirmed(ConfirmedBy.CANDIDATE)),
        (61, 35_000, happened.InterviewCompleted()),
    )
    assert "xylophone" not in json.dumps(timeline_json(entries))
    assert told(entries)[2:] == [
        ("check", None, 10_000),
        ("correction", "story", None),
        ("confirmed", None, None),
        ("completed", None, None),
    ]


def test_faults_have_their_length_and_are_open_until_they_end() -> None:
    lost = of((30, 20_000, happened.ConnectionLost()))[-1]
    assert (lost.kind.value, lost.lane, lost.open, lost.length_ms) == ("outage", Lane.FAULTS, True, None)
    entries = of(
        (30, 20_000, happened.ConnectionLost()),
        (40, 20_000, happened.ServerRestarted()),
        (70, 20_000, happened.ConnectionRestored(40_000)),
        (71, 21_000, happened.RecognitionFailed("engine_failing")),
        (81, 31_000, happened.RecognitionFailed("model_missing")),
        (91, 41_000, happened.RecognitionRestored()),
        (92, 42_000, happened.UtteranceLost("story", 30_000, 33_000, "TooLate")),
        (93, 43_000, happened.RecordingGap(20_000, 21_500, "disk")),
        (94, 44_000, happened.RecordingFailed("OSError")),
        (95, 45_000, happened.RecordingFailed("OSError")),
        (99, 49_000, happened.InterviewPaused(PausedBy.CANDIDATE)),
        (104, 49_000, happened.InterviewResumed(PausedBy.CANDIDATE)),
    )
    assert told(entries) == [
        ("outage", "story", 40_000),
        ("restart", "story", 40_000),
        ("recognition_failed", "story", 10_000),
        ("recognition_failed", "story", 10_000),
        ("utterance_lost", "story", 3000),
        ("recording_gap", "story", 1500),
        ("recording_failed", "story", None),
        ("pause", "story", 5000),
    ]
    assert all(one.lane is Lane.FAULTS for one in entries[3:])
    assert [one.clock_ms for one in entries if one.kind in ("utterance_lost", "recording_gap")] == [30_000, 20_000]
    assert [one.open for one in entries if one.kind == "recording_failed"] == [True]


def test_what_people_do_has_their_name_and_their_words() -> None:
    entries = of(
        (30, 20_000, happened.HelpRequested("I am lost")),
        (31, 21_000, happened.HelpAcknowledged(ANN)),
        (32, 22_000, happened.InterviewPaused(PausedBy.HR, ANN)),
        (42, 22_000, happened.InterviewResumed(PausedBy.HR, BOB)),
        (43, 23_000, by_hr.TimeGiven("story", 60_000, ANN)),
        (44, 24_000, by_hr.HintSent("story", "Think of last week", BOB)),
        (45, 25_000, by_hr.QuestionRequested("story-solve", ANN)),
        (46, 26_000, by_hr.QuestionRequested("story-ask-1", BOB, wording="Why this shop?")),
        (47, 27_000, by_hr.MomentMarked("", ANN)),
        (50, 30_000, happened.AnswerSubmitted("story", AnswerMode.TYPED, SECRET)),
        (50, 30_000, happened.QuestionAsked("story-ask-1", 0, wording="Why this shop?", asked_by=BOB)),
        (55, 35_000, happened.InterviewPaused(PausedBy.CANDIDATE)),
        (57, 35_000, happened.InterviewPaused(PausedBy.HR, BOB)),
        (60, 35_000, by_hr.HandedOver("Join me", ANN)),
        (70, 40_000, by_hr.InterviewEnded("Fire drill", BOB)),
        (70, 40_000, happened.InterviewCompleted()),
    )
    people = [(one.kind.value, one.by, one.text) for one in entries if one.lane is Lane.PEOPLE]
    assert people == [
        ("help", "", "I am lost"),
        ("help_taken", ANN, ""),
        ("pause", ANN, ""),
        ("time_given", ANN, ""),
        ("hint_sent", BOB, "Think of last week"),
        ("question_requested", ANN, FLOW.indicator("solve").probes[0][Language.ENGLISH]),
        ("question_requested", BOB, "Why this shop?"),
        ("mark", ANN, ""),
        ("pause", BOB, ""),
        ("handed_over", ANN, "Join me"),
        ("ended", BOB, "Fire drill"),
    ]
    assert [one.length_ms for one in entries if one.kind in ("pause", "time_given")] == [10_000, 60_000, 2000, 3000]
    written = next(one for one in entries if one.question_id == "story-ask-1" and one.kind == "question")
    assert (written.text, written.by, written.length_ms, written.open) == ("Why this shop?", BOB, 5000, False)
    assert not any(one.open for one in entries)


def test_a_rest_between_rounds_and_another_flows_questions() -> None:
    second = FLOW.rounds[1]
    entries = of(
        (30, 20_000, happened.AnswerSubmitted("story", AnswerMode.TYPED, SECRET)),
        (30, 20_000, happened.RoundEnded(FLOW.rounds[0].id, second.id, "gone")),
        (90, 20_000, happened.QuestionAsked("gone", 1)),
        (91, 21_000, happened.HintOpened("gone", 3)),
    )
    rest = next(one for one in entries if one.kind == "round")
    assert (rest.length_ms, rest.detail, rest.text) == (60_000, second.id, second.title[Language.ENGLISH])
    assert [one.text for one in entries[-2:]] == ["", ""]
