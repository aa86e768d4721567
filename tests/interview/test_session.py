"""Live interviews on a real database: what is acknowledged is in the log, and a crash costs nothing."""

from __future__ import annotations

import asyncio
import sqlite3
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from analyzers.results import WithheldReason
from media.peer import Peer
from media.recorder import GapReason
from question_flows.model import Language
from server.errors import UserError
from server.interview.commands import (
    GiveConsent,
    GiveFeedback,
    Pause,
    Resume,
    SaveDraft,
    SkipQuestion,
    Start,
    StartAnswer,
    SubmitAnswer,
)
from server.interview.engine import MODEL_MISSING
from server.interview.events import (
    AnswerMode,
    AnswerScored,
    ConnectionLost,
    ConnectionRestored,
    PausedBy,
    Purpose,
    RecognitionFailed,
    ReportWritten,
    ServerRestarted,
)
from server.interview.session import InterviewSession
from server.interview.state import FaultKind, Status
from server.live.memory import MemoryBroker
from server.storage.outbox import Outbox
from tests.interview.houses import ALL, Clock, House, answer_typed, eventually, house, sample_answer
from tests.media.peers import candidate


async def finish_typed(session: InterviewSession) -> None:
    """Types a good answer to every question that is left."""
    while (question_id := session.state.question_id) is not None:
        await answer_typed(session, sample_answer(session, question_id))
    await eventually(lambda: session.state.report_id is not None)


@pytest.mark.parametrize("language", Language)
async def test_a_whole_typed_interview_ends_with_its_report_in_the_outbox(home: House, language: Language) -> None:
    session = await home.started(language=language)
    await finish_typed(session)
    types = await home.types(session)
    assert types[-2:] == ["InterviewCompleted", "ReportWritten"]
    assert types.count("AnswerScored") == types.count("AnswerSubmitted") == len(session.flow.questions)
    [row] = await Outbox(home.database).claim(home.now())
    assert (row.id, row.type, row.interview_id) == (session.state.report_id, "report.ready", session.interview_id)
    report = row.body["data"]
    assert report["interview_id"] == session.interview_id
    assert report["candidate_email"] == "ada@example.org"
    assert report["score"]["total"] is not None
    assert report["refused_quotes"] == 0
    quotes = 0
    for answer in report["answers"]:
        for indicator in answer["score"]["indicators"]:
            for quote in indicator["evidence"]:
                quotes += 1
                assert quote["text"] in answer["text"]
    assert quotes > 5
    listed = await home.log.row(session.interview_id)
    assert listed is not None
    assert listed.completed_at == home.now()


async def test_refused_scoring_leaves_the_answers_to_people(home: House) -> None:
    session = await home.interviews.get(await home.invite())
    await session.execute(GiveConsent({**ALL, Purpose.SCORING: False}))
    await session.execute(Start())
    await finish_typed(session)
    report = await home.interviews.report(session.interview_id)
    indicators = [i for answer in report.answers if answer.score for i in answer.score.indicators]
    assert {indicator.withheld for indicator in indicators} == {WithheldReason.NO_CONSENT}
    assert (report.score.total, report.score.withheld) == (None, WithheldReason.NO_CONSENT)
    assert all(answer.text for answer in report.answers)


async def test_many_submit_the_same_answer_at_once_and_it_is_one(home: House) -> None:
    session = await home.started()
    question_id = session.state.question_id
    assert question_id is not None
    submit = SubmitAnswer(question_id, AnswerMode.TYPED, "I am sorry")
    await asyncio.gather(*(session.execute(submit) for _ in range(5)))
    types = await home.types(session)
    assert (types.count("AnswerSubmitted"), types.count("QuestionAsked")) == (1, 2)


async def test_a_refused_command_changes_nothing(home: House) -> None:
    session = await home.started()
    before = await home.events(session)
    with pytest.raises(UserError, match="question_not_open"):
        await session.execute(StartAnswer(session.flow.questions[1].id))
    assert await home.events(session) == before


async def test_two_processes_that_have_the_same_interview_do_not_overwrite_each_other(
    tmp_path: Path, clock: Clock
) -> None:
    async with house(tmp_path, clock=clock) as one, house(tmp_path, clock=clock) as other:
        here = await one.started()
        there = await other.interviews.get(here.interview_id)
        question_id = here.state.question_id
        assert question_id is not None
        await there.execute(SaveDraft(question_id, "there"))
        await here.execute(SaveDraft(question_id, "here"))
        await there.execute(SubmitAnswer(question_id, AnswerMode.TYPED, "done"))
        await here.execute(SubmitAnswer(question_id, AnswerMode.TYPED, "done"))
        await eventually(lambda: there.state.asked[0].score is not None)
        types = await one.types(here)
        assert (types.count("AnswerDrafted"), types.count("AnswerSubmitted")) == (2, 1)


async def test_processes_that_share_a_broker_keep_up_with_each_other(tmp_path: Path, clock: Clock) -> None:
    broker = MemoryBroker()
    async with (
        house(tmp_path, clock=clock, broker=broker) as one,
        house(tmp_path, clock=clock, broker=broker) as other,
    ):
        here = await one.started()
        async with here.candidate_present():
            there = await other.interviews.get(here.interview_id)
            # The other process could not know that the candidate is here.
            await eventually(lambda: here.state.connected and there.state.connected)
            assert ServerRestarted() in [event.body for event in await one.events(here)]
            await there.execute(Pause(PausedBy.HR))
            await eventually(lambda: here.state.status is Status.PAUSED)


async def test_a_restart_goes_on_at_the_same_question(tmp_path: Path, clock: Clock) -> None:
    async with house(tmp_path, clock=clock) as first:
        session = await first.started()
        question_id = session.state.question_id
        assert question_id is not None
        clock.turn(7)
        await session.execute(StartAnswer(question_id))
        await session.execute(SaveDraft(question_id, "I would first"))
    clock.turn(600)
    async with house(tmp_path, clock=clock) as second:
        session = await second.interviews.get(session.interview_id)
        assert (session.state.question_id, session.state.status) == (question_id, Status.RUNNING)
        assert session.state.answer is not None
        assert session.state.answer.draft == "I would first"
        clock.turn(30)
        assert session.state.clock_at(clock()) == 7000
        async with session.candidate_present():
            clock.turn(2)
            assert session.state.clock_at(clock()) == 9000
            assert [event.body for event in (await second.events(session))[-2:]] == [
                ServerRestarted(),
                ConnectionRestored(lost_ms=630_000),
            ]
            await finish_typed(session)
        report = await second.interviews.report(session.interview_id)
        assert [(fault.kind, fault.lost_ms) for fault in report.faults if fault.kind is FaultKind.RESTART] == [
            (FaultKind.RESTART, 630_000)
        ]
        assert report.given_back_ms == 630_000


async def test_a_crash_between_answer_and_score_is_made_up_for(tmp_path: Path, clock: Clock) -> None:
    async with house(tmp_path, clock=clock) as first:
        session = await first.started()
        for question in session.flow.questions:
            await answer_typed(session, sample_answer(session, question.id))
        await eventually(lambda: session.state.report_id is not None)
        events = await first.events(session)
    # What a process killed right after the last answer leaves: no score for it, no report.
    scored = [event.seq for event in events if isinstance(event.body, AnswerScored)]
    async with house(tmp_path, clock=clock) as second:
        async with second.database.begin() as connection:
            for table in ("outbox", "events"):
                condition = f"seq >= {scored[-1]}" if table == "events" else "1=1"
                await connection.exec_driver_sql(f"DELETE FROM {table} WHERE {condition}")
        session = await second.interviews.get(session.interview_id)
        await eventually(lambda: session.state.report_id is not None)
        types = await second.types(session)
        assert types.count("AnswerScored") == len(session.flow.questions)
        assert types.count("InterviewCompleted") == types.count("ReportWritten") == 1
        assert await Outbox(second.database).waiting() == 1
        assert all(answer.score for answer in session.state.asked)


async def test_an_interview_that_ended_with_a_skipped_question_is_taken_up_too(tmp_path: Path, clock: Clock) -> None:
    async with house(tmp_path, clock=clock) as first:
        session = await first.started()
        *others, last = [question.id for question in session.flow.questions]
        for question_id in others:
            await session.execute(SkipQuestion(question_id))
        await answer_typed(session, sample_answer(session, last))
        await eventually(lambda: session.state.report_id is not None)
    # What a process killed right after the last answer leaves, and no page comes back for it.
    async with house(tmp_path, clock=clock) as second:
        async with second.database.begin() as connection:
            await connection.exec_driver_sql("DELETE FROM outbox")
            await connection.exec_driver_sql("DELETE FROM events WHERE type IN ('InterviewCompleted', 'ReportWritten')")
            await connection.exec_driver_sql("UPDATE interviews SET completed_at = NULL")
        clock.turn(6)
        await second.interviews.take_up_unsettled(clock())
        [taken_up] = second.interviews.running()
        await eventually(lambda: taken_up.state.report_id is not None)
        skipped = [answer.skipped for answer in (await second.interviews.report(session.interview_id)).answers]
        assert skipped == [True] * len(others) + [False]


async def test_reading_an_interview_starts_nothing(home: House, tmp_path: Path, clock: Clock) -> None:
    session = await home.started()
    async with house(tmp_path, clock=clock) as other:
        state = await other.interviews.state(session.interview_id)
        assert state == session.state
        assert other.interviews.running() == ()
    assert "ServerRestarted" not in await home.types(session)


async def test_an_absence_is_forgiven_for_a_moment(home: House, clock: Clock) -> None:
    session = await home.started()
    async with session.candidate_present():
        clock.turn(5)
    await asyncio.sleep(0.05)
    # Another page of the same candidate comes before the grace time is over.
    async with session.candidate_present():
        clock.turn(5)
        assert session.state.clock_at(clock()) == 10_000
    assert "ConnectionLost" not in await home.types(session)


async def test_an_absence_is_written_down_from_its_beginning(strict_home: House, clock: Clock) -> None:
    session = await strict_home.interviews.get(await strict_home.invite())
    async with session.candidate_present():
        await strict_home.start(session)
        clock.turn(10)
    clock.turn(1)
    await eventually(lambda: not session.state.connected)
    # From the moment the last page went, not from when it was noticed.
    lost = (await strict_home.events(session))[-1]
    assert (lost.body, lost.clock_ms, lost.at) == (ConnectionLost(), 10_000, clock() - timedelta(seconds=1))
    clock.turn(60)
    async with session.candidate_present():
        restored = (await strict_home.events(session))[-1]
        assert (restored.body, restored.clock_ms) == (ConnectionRestored(lost_ms=61_000), 10_000)


async def test_an_absence_before_the_start_and_after_the_end_is_none(strict_home: House) -> None:
    session = await strict_home.interviews.get(await strict_home.invite())
    async with session.candidate_present():
        pass
    await session.execute(GiveConsent(dict.fromkeys(session.purposes, True)))
    await asyncio.sleep(0.05)
    async with session.candidate_present():
        await session.execute(Start())
        await finish_typed(session)
    await asyncio.sleep(0.05)
    await session.execute(GiveFeedback(5, "thank you"))
    types = await strict_home.types(session)
    assert types[-1] == "FeedbackGiven"
    assert "ConnectionLost" not in types


async def test_a_pause_stops_the_clock(home: House, clock: Clock) -> None:
    session = await home.started()
    clock.turn(3)
    await session.execute(Pause())
    clock.turn(100)
    await session.execute(Resume())
    clock.turn(1)
    assert session.state.clock_at(clock()) == 4000


async def test_a_wall_clock_that_is_set_back_takes_nothing_back(home: House, clock: Clock) -> None:
    session = await home.started()
    clock.turn(10)
    await session.execute(Pause())
    clock.turn(-3600)
    await session.execute(Resume())
    events = await home.events(session)
    assert [event.at for event in events] == sorted(event.at for event in events)
    assert [event.clock_ms for event in events] == sorted(event.clock_ms for event in events)


async def test_without_a_model_the_log_and_the_snapshot_say_so(home: House) -> None:
    session = await home.started()
    question_id = session.state.question_id
    assert question_id is not None
    await eventually(lambda: session.state.recognition_failed == MODEL_MISSING)
    assert session.recognition == {"available": False, "loading": False, "failing": False, "reason": MODEL_MISSING}
    assert RecognitionFailed(MODEL_MISSING) in [event.body for event in await home.events(session)]
    with pytest.raises(UserError, match="recognition_unavailable"):
        await session.execute(SubmitAnswer(question_id, AnswerMode.VOICE))


async def test_who_refused_voice_gets_no_line(home: House) -> None:
    session = await home.interviews.get(await home.invite())
    with pytest.raises(UserError, match="not_running"):
        await session.attach("v=0\r\n")
    await session.execute(GiveConsent({**ALL, Purpose.VOICE: False}))
    with pytest.raises(UserError, match="voice_not_consented"):
        await session.attach("v=0\r\n")


@pytest.mark.parametrize("offer", ["", "nonsense", "v=0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\n", "\ud800", "x" * 10**6])
async def test_an_unusable_offer_is_the_browsers_fault(home: House, offer: str) -> None:
    session = await home.started()
    before = session.state
    with pytest.raises(UserError) as refused:
        await session.attach(offer)
    assert (refused.value.code, refused.value.status, refused.value.field) == ("offer_bad", 400, "offer")
    with pytest.raises(UserError, match="peer_unknown"):
        await session.detach("nonsense")
    assert session.state is before


@pytest.mark.parametrize(
    ("change", "code", "field"),
    [
        ({"flow_id": "nonsense"}, "flow_unknown", "flow_id"),
        ({"candidate_name": "  "}, "name_missing", "candidate_name"),
        ({"candidate_name": "x" * 201}, "name_too_long", "candidate_name"),
        ({"email": "nobody"}, "email_invalid", "email"),
        ({"jurisdiction": " "}, "jurisdiction_missing", "jurisdiction"),
    ],
)
async def test_a_wrong_invitation_is_refused(home: House, change: dict[str, str], code: str, field: str) -> None:
    particulars = {"flow_id": "customer_service", "candidate_name": "Ada", "email": "", "jurisdiction": "EU"}
    sent: dict[str, Any] = {**particulars, **change}
    with pytest.raises(UserError) as refused:
        await home.interviews.invite(**sent, language=Language.ENGLISH, now=home.now())
    assert (refused.value.code, refused.value.field) == (code, field)
    assert await home.log.rows() == []


async def test_an_unknown_interview_is_not_found(home: House) -> None:
    for read in (home.interviews.get, home.interviews.state, home.interviews.report):
        with pytest.raises(UserError) as refused:
            await read("f" * 32)
        assert (refused.value.code, refused.value.status) == ("interview_unknown", 404)


async def test_a_session_where_nobody_is_leaves_memory_and_stays_in_the_log(strict_home: House, clock: Clock) -> None:
    session = await strict_home.started()
    async with session.candidate_present():
        await strict_home.interviews.release_idle(clock() + timedelta(hours=1))
        assert strict_home.interviews.running() == (session,)
    await eventually(lambda: not session.state.connected)
    await strict_home.interviews.release_idle(clock() + timedelta(minutes=9))
    assert strict_home.interviews.running() == (session,)
    await strict_home.interviews.release_idle(clock() + timedelta(minutes=10))
    assert strict_home.interviews.running() == ()
    again = await strict_home.interviews.get(session.interview_id)
    assert again is not session
    assert again.state == session.state


async def test_one_interviews_failure_does_not_touch_another(
    home: House, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    broken, sound = await home.started(), await home.started()
    secret = "my secret words"

    async def fail(group: asyncio.TaskGroup) -> None:
        raise RuntimeError(secret)

    monkeypatch.setattr(broken._settling, "settle", fail)
    await answer_typed(broken, secret)
    await finish_typed(sound)
    assert sound.state.status is Status.COMPLETED
    await eventually(lambda: "RuntimeError" in caplog.text)
    assert secret not in caplog.text
    # The log took the answer all the same, and the interview goes on once the fault is gone.
    assert "AnswerSubmitted" in await home.types(broken)
    monkeypatch.undo()
    await finish_typed(broken)


@pytest.mark.parametrize("when", ["before", "while it is answered"])
async def test_a_session_that_was_closed_takes_no_line(home: House, monkeypatch: pytest.MonkeyPatch, when: str) -> None:
    session = await home.started()
    answer, peers = Peer.answer, []

    async def answer_and_be_closed(*args: Any, **options: Any) -> Peer:
        peers.append(await answer(*args, **options))
        await home.interviews.release([session.interview_id])
        return peers[-1]

    if when == "before":
        await home.interviews.release([session.interview_id])
    else:
        monkeypatch.setattr(Peer, "answer", answer_and_be_closed)
    async with candidate() as browser, asyncio.timeout(10):
        with pytest.raises(UserError) as refused:
            await session.attach(await browser.offer())
    assert (refused.value.code, refused.value.status) == ("worker_gone", 503)
    assert all(peer.state == "closed" for peer in peers)


async def test_sessions_end_although_the_database_is_gone(home: House, tmp_path: Path) -> None:
    sessions = [await home.started(), await home.started()]
    tasks = [task for _, task in home.interviews._sessions.values()]
    with sqlite3.connect(tmp_path / "interviews.sqlite") as database:
        database.execute("alter table events rename to gone")
    for session in sessions:
        session._recording._lost(0, 500, GapReason.DISK_FAILED)
    await home.interviews.release([session.interview_id for session in sessions])
    assert all(task.done() for task in tasks)
    assert home.interviews.running() == ()


async def test_the_report_event_names_the_outbox_row(home: House) -> None:
    session = await home.started()
    await finish_typed(session)
    [row] = await Outbox(home.database).claim(home.now())
    assert ReportWritten(row.id) in [event.body for event in await home.events(session)]
