"""Checking what was heard: nothing spoken is scored before it, both versions stay, and it ends by itself in time."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest

from analyzers.results import Transcript
from question_flows.model import Language
from server.interview import events as happened
from server.interview.commands import (
    AcknowledgeHelp,
    CallForHelp,
    ConfirmTranscripts,
    CorrectTranscript,
    GiveConsent,
    Pause,
    SkipQuestion,
    Start,
    StartAnswer,
    SubmitAnswer,
)
from server.interview.events import AnswerMode, ConfirmedBy, Purpose
from server.interview.report import build_report
from server.interview.session import InterviewSession
from server.interview.snapshot import candidate_snapshot, hr_snapshot
from server.interview.state import Status
from tests.interview.decided import BEGUN, FLOW, Interview, typed, words
from tests.interview.houses import Clock, House, answer_typed, eventually, house, sample_answer

FIRST, SECOND, *REST = [question.id for question in FLOW.questions]
GOOD = FLOW.questions[0].sample_answers[Language.ENGLISH][0]
MISHEARD = GOOD.replace("listened", "lessened")


def hear(text: str, number: int = 1, start_ms: int = 8_000) -> happened.UtteranceTranscribed:
    return happened.UtteranceTranscribed(FIRST, number, words(text, start_ms), 0.6)


@pytest.fixture
def checking() -> Interview:
    """The first answer was spoken and misheard, the second typed, the others skipped."""
    interview = Interview()
    interview.do(*BEGUN, StartAnswer(FIRST))
    interview.happen(hear(MISHEARD))
    interview.clock_ms = 60_000
    interview.do(SubmitAnswer(FIRST, AnswerMode.VOICE), typed(SECOND), *(SkipQuestion(one) for one in REST))
    return interview


def test_after_the_last_answer_what_was_heard_is_checked_and_the_clock_stands_still(checking: Interview) -> None:
    assert checking.events[-1].body == happened.TranscriptCheckBegan()
    state = checking.state
    assert (state.status, state.question_id, state.is_checking) == (Status.CHECKING, None, True)
    assert not state.ticking
    assert checking.refuses(Pause()) == ("not_running", 409, None)
    assert not state.has_final_words(state.asked[0])
    assert state.has_final_words(state.asked[1])


def test_whether_the_last_answer_or_an_earlier_one_was_spoken_makes_no_difference() -> None:
    interview = Interview()
    interview.do(*BEGUN, *(SkipQuestion(one) for one in (FIRST, SECOND, *REST[:-1])))
    assert interview.do(SubmitAnswer(REST[-1], AnswerMode.VOICE))[-1] == happened.TranscriptCheckBegan()


def test_where_nothing_was_spoken_there_is_nothing_to_check() -> None:
    interview = Interview()
    interview.do(*BEGUN, StartAnswer(FIRST))
    # What was said before somebody chose to type is no answer.
    interview.happen(hear("I was"))
    interview.do(typed(FIRST), *(SkipQuestion(one) for one in (SECOND, *REST)))
    assert "TranscriptCheckBegan" not in [event.type for event in interview.events]
    assert interview.refuses(ConfirmTranscripts()) == ("not_checking", 409, None)


def test_a_correction_is_kept_beside_what_was_heard_and_may_be_taken_back(checking: Interview) -> None:
    [corrected] = checking.do(CorrectTranscript(FIRST, GOOD))
    assert isinstance(corrected, happened.TranscriptCorrected)
    assert corrected.transcript.text == GOOD
    assert checking.do(CorrectTranscript(FIRST, GOOD)) == []
    [first, *_] = build_report("i", checking.events, FLOW).answers
    assert first.heard is not None
    assert (first.text, first.heard.text, first.changed_much) == (GOOD, MISHEARD, False)
    assert 0 < first.changed_share < 0.3
    checking.do(CorrectTranscript(FIRST, MISHEARD))
    [first, *_] = build_report("i", checking.events, FLOW).answers
    assert (first.text, first.heard, first.changed_share) == (MISHEARD, None, 0)
    assert checking.state.asked[0].transcript == Transcript(Language.ENGLISH, words(MISHEARD, 8_000))


def test_a_text_that_has_little_to_do_with_what_was_heard_is_flagged(checking: Interview) -> None:
    checking.do(CorrectTranscript(FIRST, "Something quite different from that."))
    assert build_report("i", checking.events, FLOW).answers[0].changed_much


def test_a_text_is_emptied_only_on_purpose(checking: Interview) -> None:
    assert checking.do(CorrectTranscript(FIRST, "")) == checking.do(CorrectTranscript(FIRST, " \n\0")) == []
    checking.do(CorrectTranscript(FIRST, "", cleared=True))
    assert build_report("i", checking.events, FLOW).answers[0].text == ""


def test_only_what_was_heard_can_be_put_right_and_only_now(checking: Interview) -> None:
    assert checking.refuses(CorrectTranscript(SECOND, "x")) == ("not_spoken", 409, None)
    assert checking.refuses(CorrectTranscript(REST[0], "x")) == ("not_spoken", 409, None)
    for unknown in ("nonsense", "-practice"):
        assert checking.refuses(CorrectTranscript(unknown, "x")) == ("question_unknown", 404, None)
    assert checking.refuses(CorrectTranscript(FIRST, "x" * 20_001)) == ("answer_too_long", 400, "text")
    assert checking.do(ConfirmTranscripts()) == [happened.TranscriptsConfirmed(ConfirmedBy.CANDIDATE)]
    assert checking.do(ConfirmTranscripts()) == []
    assert checking.refuses(CorrectTranscript(FIRST, "x")) == ("not_checking", 409, None)
    assert checking.state.has_final_words(checking.state.asked[0])
    early = Interview()
    early.do(*BEGUN, SubmitAnswer(FIRST, AnswerMode.VOICE))
    assert early.refuses(CorrectTranscript(FIRST, "x")) == ("not_checking", 409, None)


def test_late_words_join_what_was_heard_and_the_answer_unless_that_was_put_right(checking: Interview) -> None:
    checking.happen(hear("at once", 2, 50_000))
    assert checking.state.asked[0].transcript is not None
    assert checking.state.asked[0].transcript.text == f"{MISHEARD} at once"
    checking.do(CorrectTranscript(FIRST, GOOD))
    checking.happen(hear("or later", 3, 55_000))
    [first, *_] = build_report("i", checking.events, FLOW).answers
    assert first.heard is not None
    assert (first.text, first.heard.text) == (GOOD, f"{MISHEARD} at once or later")


def test_whatever_the_candidate_does_gives_them_time_and_so_do_late_words(checking: Interview) -> None:
    began_at = checking.at
    assert checking.state.check_since == began_at
    checking.at += timedelta(minutes=1)
    checking.do(CorrectTranscript(FIRST, GOOD))
    assert checking.state.check_since == began_at + timedelta(minutes=1)
    checking.at += timedelta(minutes=1)
    checking.do(CallForHelp("help"))
    assert checking.state.check_since == began_at + timedelta(minutes=2)
    checking.at += timedelta(minutes=1)
    checking.happen(hear("late", 2, 55_000))
    assert checking.state.check_since == began_at + timedelta(minutes=3)
    # What others do does not.
    checking.at += timedelta(minutes=1)
    checking.do(AcknowledgeHelp())
    assert checking.state.check_since == checking.at - timedelta(minutes=1)


async def spoken(home: House, *, scoring: bool = True) -> InterviewSession:
    """An interview whose first answer was spoken and misheard, and whose other questions were answered by typing."""
    session = await home.interviews.get(await home.invite())
    await session.execute(GiveConsent({**dict.fromkeys(session.purposes, True), Purpose.SCORING: scoring}))
    await session.execute(Start())
    await session.execute(StartAnswer(FIRST))
    await session._journal.record(lambda _: [hear(MISHEARD)])
    await session.execute(SubmitAnswer(FIRST, AnswerMode.VOICE))
    while (question_id := session.state.question_id) is not None:
        await answer_typed(session, sample_answer(session, question_id))
    await eventually(lambda: all(answer.score for answer in session.state.asked[1:]))
    return session


async def test_nothing_spoken_is_scored_before_it_is_confirmed_and_then_as_it_was_put_right(home: House) -> None:
    session = await spoken(home)
    assert session.state.asked[0].score is None
    [answer, *_] = candidate_snapshot(session)["check"]["answers"]
    assert answer == {
        "question_id": FIRST,
        "question": FLOW.questions[0].text[Language.ENGLISH],
        "follow_up": False,
        "from_person": False,
        "mode": "voice",
        "heard": MISHEARD,
        "text": MISHEARD,
        "waiting": 0,
        "code": False,
    }
    assert [one["mode"] for one in candidate_snapshot(session)["check"]["answers"][1:]] == ["typed"] * 5
    await session.execute(CorrectTranscript(FIRST, GOOD))
    assert candidate_snapshot(session)["check"]["answers"][0]["text"] == GOOD
    seen = hr_snapshot(session.interview_id, session.state, FLOW)
    assert (seen["status"], seen["answers"][0]["heard"], seen["confirmed"]) == ("checking", MISHEARD, None)
    await session.execute(ConfirmTranscripts())
    await eventually(lambda: session.state.report_id is not None)
    assert candidate_snapshot(session)["check"] is None
    report = await home.interviews.report(session.interview_id)
    first = report.answers[0]
    assert first.heard is not None
    assert (first.text, first.heard.text, report.confirmed) == (GOOD, MISHEARD, ConfirmedBy.CANDIDATE)
    assert first.score is not None
    assert any("listened" in quote.text for one in first.score.indicators for quote in one.evidence)
    assert report.refused_quotes == 0
    types = await home.types(session)
    scored = [
        n for n, body in enumerate(await home.events(session)) if getattr(body.body, "score", None) == first.score
    ]
    assert scored[0] > types.index("TranscriptsConfirmed")


async def test_until_then_hr_sees_what_the_words_would_get(home: House) -> None:
    session = await spoken(home)
    seen = hr_snapshot(session.interview_id, session.state, FLOW)
    assert seen["score"]["provisional"]
    assert seen["answers"][0]["scorer"] is None
    assert seen["answers"][0]["score"]["question_id"] == FIRST
    report = await home.interviews.report(session.interview_id)
    assert (report.answers[0].scorer, report.confirmed) == (None, None)
    assert report.answers[0].score is not None
    await session.execute(ConfirmTranscripts())
    await eventually(lambda: session.state.report_id is not None)
    after = hr_snapshot(session.interview_id, session.state, FLOW)
    assert not after["score"].pop("provisional")
    seen["score"].pop("provisional")
    # Nothing was put right, so nothing changes.
    assert after["score"] == seen["score"]
    assert after["answers"][0]["score"] == seen["answers"][0]["score"]


async def test_a_candidate_who_does_nothing_is_waited_for_so_long_and_no_longer(tmp_path: Path, clock: Clock) -> None:
    async with house(tmp_path, clock=clock, check_minutes=7) as home:
        session = await spoken(home)
        assert candidate_snapshot(session)["check"]["minutes"] == 7
        clock.turn(7 * 60 - 1)
        await session.execute(CorrectTranscript(FIRST, GOOD))
        clock.turn(7 * 60 - 1)
        session._to_settle.set()
        await asyncio.sleep(0.1)
        assert session.state.is_checking
        clock.turn(1)
        session._to_settle.set()
        await eventually(lambda: session.state.report_id is not None)
        report = await home.interviews.report(session.interview_id)
        assert (report.confirmed, report.answers[0].text) == (ConfirmedBy.TIME, GOOD)
        assert report.duration_ms == session.state.clock_ms


async def test_the_time_runs_out_without_anything_happening(tmp_path: Path) -> None:
    async with house(tmp_path, check_minutes=0.01) as home:
        session = await spoken(home)
        await eventually(lambda: session.state.report_id is not None)
        assert session.state.confirmed is ConfirmedBy.TIME


async def test_the_time_runs_across_processes_and_nobody_has_to_come_back_for_it(tmp_path: Path, clock: Clock) -> None:
    async with house(tmp_path, clock=clock) as first:
        interview_id = (await spoken(first)).interview_id
    clock.turn(300)
    async with house(tmp_path, clock=clock) as second:
        session = await second.interviews.get(interview_id)
        async with session.candidate_present():
            assert candidate_snapshot(session)["check"]["answers"][0]["heard"] == MISHEARD
        assert "ServerRestarted" not in await second.types(session)
    clock.turn(300)
    async with house(tmp_path, clock=clock) as third:
        await third.interviews.take_up_unsettled(clock())
        [taken_up] = third.interviews.running()
        await eventually(lambda: taken_up.state.report_id is not None)
        assert taken_up.state.confirmed is ConfirmedBy.TIME


async def test_answers_that_no_machine_scores_are_checked_all_the_same(home: House) -> None:
    session = await spoken(home, scoring=False)
    await session.execute(CorrectTranscript(FIRST, GOOD))
    await session.execute(ConfirmTranscripts())
    await eventually(lambda: session.state.report_id is not None)
    assert (await home.interviews.report(session.interview_id)).answers[0].text == GOOD


async def test_a_log_of_a_version_without_the_check_gets_one(tmp_path: Path, clock: Clock) -> None:
    async with house(tmp_path, clock=clock) as first:
        interview_id = (await spoken(first)).interview_id
        async with first.database.begin() as connection:
            await connection.exec_driver_sql(
                "DELETE FROM events WHERE seq >= (SELECT seq FROM events WHERE type = 'TranscriptCheckBegan')"
            )
    async with house(tmp_path, clock=clock) as second:
        session = await second.interviews.get(interview_id)
        await eventually(lambda: session.state.is_checking)
        await session.execute(ConfirmTranscripts())
        await eventually(lambda: session.state.report_id is not None)
