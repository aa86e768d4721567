"""A finished interview for the review room, written into the log on a clock of its own."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from analyzers.results import Transcript, TranscriptWord
from analyzers.transcription.words import split_text
from question_flows.loader import load_flow
from question_flows.model import Flow, Language
from server.interview import events as happened
from server.interview import hr_events as by_hr
from server.interview.events import AnswerMode, EventBody, PausedBy, Purpose
from server.interview.fold import fold
from server.interview.typed import typed_transcript
from server.keys import DATABASE, FLOWS
from server.storage.event_log import EventLog
from tests.hr.conftest import House

EVERY_PATH = Path(__file__).parents[1] / "e2e" / "flows" / "every_path.yaml"
SECONDS = 60
WORD_MS = 400
HEARD = "A parcel was late. I asked for the odour number and checked it and then I offered a refund at once."
CORRECTED = "A parcel was late. I asked for the order number and checked it and then I offered a refund at once."
CHINESE = "包裹晚了，我问了订单号并核对，然后马上提出退款。"
CODE = "# I asked for the order number and checked it\ndef double(n):\n    return 2 * n"
HOSTILE = "<script>alert(1)</script> & a mark"


def spoken(text: str, language: Language, start_ms: int) -> tuple[TranscriptWord, ...]:
    """The text said evenly, a word each 400 ms; the third word is not sure."""
    return tuple(
        TranscriptWord(word, start_ms + place * WORD_MS, start_ms + place * WORD_MS + 350, 0.3 if place == 2 else 0.9)
        for place, word in enumerate(split_text(text, language))
    )


def happenings(language: Language, *, records: bool = True) -> list[tuple[int, EventBody]]:
    """(interview clock, what happened), from the consent to the end; without the invitation."""
    heard = spoken(CHINESE if language is Language.CHINESE else HEARD, language, 6000)
    right = CHINESE.replace("订单", "定单") if language is Language.CHINESE else CORRECTED
    corrected = Transcript(
        language,
        tuple(replace(word, text=text) for word, text in zip(heard, split_text(right, language), strict=True)),
    )
    sorry = spoken("I am very sorry that your parcel is late, let me look at once.", Language.ENGLISH, 31_000)
    late = spoken("抱歉，您的包裹晚了，我马上查。", Language.CHINESE, 31_000)
    letter = typed_transcript("Dear customer, we are very sorry that your parcel is late.", language, 46_000)
    code = typed_transcript(CODE, language, 52_000)
    return [
        (0, happened.ConsentRecorded({**dict.fromkeys(Purpose, True), Purpose.RECORDING: records})),
        (0, happened.InterviewStarted()),
        *([(0, happened.RecordingStarted())] if records else []),
        (1000, happened.QuestionAsked("story", 0)),
        (5500, happened.AnswerStarted("story")),
        (6000 + 21 * WORD_MS, happened.UtteranceTranscribed("story", 1, heard, 0.9)),
        (15_000, happened.InterviewPaused(PausedBy.CANDIDATE)),
        (15_000, happened.InterviewResumed(PausedBy.CANDIDATE)),
        (16_000, by_hr.MomentMarked(HOSTILE, "hr@example.com")),
        (16_500, happened.HelpRequested(HOSTILE)),
        (17_000, happened.UtteranceLost("story", 15_500, 16_500, "engine_failing")),
        (20_000, happened.AnswerSubmitted("story", AnswerMode.VOICE, Transcript(language, heard))),
        (20_000, happened.QuestionAsked("counter_1", 1)),
        (23_000, happened.InterviewPaused(PausedBy.HR, "hr@example.com")),
        (23_000, happened.InterviewResumed(PausedBy.HR, "hr@example.com")),
        (24_000, by_hr.TimeGiven("counter_1", 30_000, "hr@example.com")),
        (30_000, happened.AnswerStarted("counter_1")),
        (36_000, happened.UtteranceTranscribed("counter_1", 1, late if language is Language.CHINESE else sorry, 0.9)),
        (
            40_000,
            happened.AnswerSubmitted(
                "counter_1", AnswerMode.VOICE, Transcript(language, late if language is Language.CHINESE else sorry)
            ),
        ),
        (40_000, happened.QuestionAsked("counter_2_calm", 2)),
        (41_000, happened.AnswerSkipped("counter_2_calm")),
        (41_000, happened.ConnectionLost()),
        (41_000, happened.ConnectionRestored(9000)),
        (41_000, happened.QuestionAsked("letter", 3)),
        (42_000, happened.AnswerStarted("letter")),
        (46_000, happened.AnswerSubmitted("letter", AnswerMode.TYPED, letter)),
        (46_000, happened.QuestionAsked("snippet", 4)),
        (47_000, happened.AnswerStarted("snippet")),
        (52_000, happened.AnswerSubmitted("snippet", AnswerMode.TYPED, code, code=CODE)),
        (52_000, happened.QuestionAsked("shifts", 5)),
        (54_000, happened.AnswerStarted("shifts")),
        (
            55_000,
            happened.AnswerSubmitted(
                "shifts", AnswerMode.CHOICE, typed_transcript("Not at the moment", language, 55_000), "not_now"
            ),
        ),
        (55_000, happened.TranscriptCheckBegan()),
        (55_000, happened.TranscriptCorrected("story", corrected)),
        (55_000, happened.TranscriptsConfirmed(happened.ConfirmedBy.CANDIDATE)),
        (55_000, happened.InterviewCompleted()),
    ]


async def reviewed_interview(
    house: House, *, name: str = "Ada Lovelace", language: Language = Language.ENGLISH, records: bool = True
) -> str:
    """Writes the interview into the log; its id."""
    flow: Flow = load_flow(EVERY_PATH)
    house.app[FLOWS][flow.id] = flow
    interview_id, _ = await house.invite(name, language, flow.id)
    log = EventLog(house.app[DATABASE])
    seq = (await log.read(interview_id))[-1].seq
    begin = datetime.now(UTC) - timedelta(minutes=5)
    for clock_ms, body in happenings(language, records=records):
        [event] = await log.append(interview_id, seq, [(clock_ms, body)], at=begin + timedelta(milliseconds=clock_ms))
        seq = event.seq
    assert fold(await log.read(interview_id)).completed_at is not None
    return interview_id
