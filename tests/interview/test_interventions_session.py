"""What people of HR do, through a whole session: speech that is cut short, a model at work, a process that dies."""

from __future__ import annotations

from pathlib import Path

from analyzers.results import WithheldReason
from analyzers.transcription.scheduler import Scheduler
from server.interview.commands import ConfirmTranscripts, GiveConsent, Pause, StartAnswer
from server.interview.events import AnswerMode, ConnectionRestored, PausedBy, Purpose
from server.interview.hr_commands import AskProbe, AskQuestion, EndInterview, GiveTime, HandOver
from server.interview.snapshot import candidate_snapshot, hr_snapshot
from server.interview.state import Status
from server.storage.outbox import Outbox
from tests.interview.houses import Clock, House, answer_typed, eventually, house, sample_answer
from tests.interview.test_probing import FLOW, NOTHING_OFFERED, begun, choosing, hanging, probed
from tests.interview.test_voice import FIRST_WORDS, engine, model, on_the_line, speech

__all__ = ["engine", "model"]

ANN = "ann@example.com"
END = EndInterview("Fire alarm", ANN)


async def test_what_was_being_said_is_kept_checked_and_scored(tmp_path: Path, engine: Scheduler) -> None:
    async with house(tmp_path, engine=engine) as home:
        session = await home.started()
        question_id = session.state.question_id
        assert question_id is not None
        async with session.candidate_present(), on_the_line(session) as browser:
            await session.execute(StartAnswer(question_id))
            await browser.speech.say(speech(FIRST_WORDS))
            # In the middle of it: nobody waits for the words, and none are lost.
            await session.execute(END)
        assert session.state.is_checking
        await eventually(lambda: not session.waiting(question_id), seconds=20)
        answer = session.state.asked[0]
        assert (answer.mode, answer.cut_short) == (AnswerMode.VOICE, True)
        assert "order number" in answer.text.lower()
        [checked] = candidate_snapshot(session)["check"]["answers"]
        assert checked["text"] == answer.text
        await session.execute(ConfirmTranscripts())
        await eventually(lambda: session.state.status is Status.COMPLETED)
        report = await home.interviews.report(session.interview_id)
        assert report.answers[0].score is not None
        assert len(report.not_asked) == len(session.flow.questions) - 1


async def test_a_crash_right_after_an_end_is_made_up_for_though_a_question_was_open(
    tmp_path: Path, clock: Clock
) -> None:
    async with house(tmp_path, clock=clock) as first:
        session = await first.started()
        await answer_typed(session, sample_answer(session, session.flow.questions[0].id))
        await eventually(lambda: session.state.asked[0].score is not None)
        await session.execute(AskQuestion("Would you move?", ANN))
        await session.execute(END)
        await eventually(lambda: session.state.report_id is not None)
        ended = (await first.types(session)).index("InterviewEnded") + 1
    async with house(tmp_path, clock=clock) as second:
        async with second.database.begin() as connection:
            await connection.exec_driver_sql("DELETE FROM outbox")
            await connection.exec_driver_sql(f"DELETE FROM events WHERE seq > {ended}")
            await connection.exec_driver_sql("UPDATE interviews SET completed_at = NULL")
        clock.turn(60)
        await second.interviews.take_up_unsettled(clock())
        [taken_up] = second.interviews.running()
        await eventually(lambda: taken_up.state.report_id is not None)
        [_, unanswered] = (await second.interviews.report(session.interview_id)).answers
        assert unanswered.score is not None
        assert {one.withheld for one in unanswered.score.indicators} == {WithheldReason.NOT_ASKED}
        assert await Outbox(second.database).waiting() == 1


async def test_a_restart_keeps_what_people_gave_and_asked_for(tmp_path: Path, clock: Clock) -> None:
    async with house(tmp_path, clock=clock) as first:
        session = await first.started()
        async with session.candidate_present():
            await session.execute(GiveTime(60, ANN))
            await session.execute(AskQuestion("Would you move?", ANN))
            await session.execute(Pause(PausedBy.HR, ANN))
            before = candidate_snapshot(session)
    async with house(tmp_path, clock=clock) as second:
        session = await second.interviews.get(session.interview_id)
        async with session.candidate_present():
            after = candidate_snapshot(session)
            told = ("notices", "paused_by", "handed_over", "ended")
            assert {key: after[key] for key in told} == {key: before[key] for key in told}
            assert [one["kind"] for one in after["notices"]] == ["time", "question", "pause"]
            shown = hr_snapshot(session.interview_id, session.state, session.flow)
            assert [one["text"] for one in shown["requested"]] == ["Would you move?"]
            assert shown["paused_by"] == "hr"


async def test_who_refused_the_recording_is_handed_over_and_reported(home: House) -> None:
    flow_id = "customer_service"
    session = await home.interviews.get(await home.invite(flow_id))
    await session.execute(GiveConsent({**dict.fromkeys(session.purposes, True), Purpose.RECORDING: False}))
    await session.execute(HandOver("Please come to room 3.", ANN))
    await eventually(lambda: session.state.status is Status.COMPLETED)
    assert candidate_snapshot(session)["handed_over"] == {"message": "Please come to room 3."}
    report = await home.interviews.report(session.interview_id)
    assert (report.started_at, report.answers, report.is_standard) == (None, (), False)
    assert {one.withheld for one in report.score.competencies} == {WithheldReason.NOT_ASKED}
    assert await Outbox(home.database).waiting() == 1


async def test_a_persons_question_comes_before_the_one_a_model_is_choosing(tmp_path: Path) -> None:
    async with choosing(tmp_path, hanging, timeout_s=1.0) as (home, chat), begun(home) as session:
        await answer_typed(session, NOTHING_OFFERED)
        await eventually(lambda: len(chat.requests) == 1)
        await session.execute(AskQuestion("Was it your own idea?", ANN))
        assert session.state.question_id == "story-ask-1"
        assert candidate_snapshot(session)["question"]["from_person"] is True
        await answer_typed(session, "Yes, it was.")
        # Chosen anew; the model is as slow as before, and the flow's own words come within the bound.
        assert await probed(session) == FLOW.question("story-solve").text[session.state.language]
        asked = [name for name in await home.types(session) if name in ("QuestionAsked", "ProbeSought")]
        assert asked == ["QuestionAsked", "ProbeSought", "QuestionAsked", "ProbeSought", "QuestionAsked"]


async def test_the_last_question_waits_for_what_a_person_wants_asked(home: House) -> None:
    session = await home.started()
    for question in session.flow.questions[:-1]:
        await answer_typed(session, sample_answer(session, question.id))
    last = session.flow.questions[-1]
    indicator_id = next(one for one in last.indicator_ids if session.flow.indicator(one).probes)
    await session.execute(AskProbe(indicator_id, 0, ANN))
    await answer_typed(session, sample_answer(session, last.id))
    assert session.state.question_id == f"{last.id}-{indicator_id}"
    assert not session.state.nothing_to_come
    await answer_typed(session, sample_answer(session, last.id))
    await eventually(lambda: session.state.status is Status.COMPLETED)
    report = await home.interviews.report(session.interview_id)
    assert [(one.question_id, one.asked_by) for one in report.probes] == [(last.id, ANN)]
    probed_answer = report.answers[-1]
    assert probed_answer.score is not None
    assert [one.indicator_id for one in probed_answer.score.indicators] == [indicator_id]
    assert not any(isinstance(one.body, ConnectionRestored) for one in await home.events(session))
