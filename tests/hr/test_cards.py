"""What the wall's cards hold: lean, of the interviews a person may see, and up to date whoever wrote the event."""

from __future__ import annotations

import json
import uuid
from dataclasses import replace
from datetime import UTC, datetime

import sqlalchemy as sa

from server.hr.card import LAST_CHARACTERS, for_card
from server.interview.commands import Pause, SaveDraft, StartAnswer
from server.interview.events import InterviewPaused, PausedBy
from server.keys import DATABASE, INTERVIEWS
from server.live.messages import Signal
from server.storage import schema
from server.storage.event_log import EventLog
from server.storage.users import Role
from tests.hr.conftest import Events, House, answer


async def test_a_card_is_lean_and_names_the_job_it_is_for_and_trials_have_none(house: House) -> None:
    job_id = uuid.uuid4().hex
    async with house.started() as session, house.started(name="Trial") as trial:
        await answer(session)
        assert session.state.question_id is not None
        await session.execute(StartAnswer(session.state.question_id))
        await session.execute(SaveDraft(session.state.question_id, "and so on, " * 300 + "to the end"))
        interviews, jobs = schema.interviews, schema.jobs
        values = {"title": "Floor staff, Leeds", "department": "", "is_open": True, "created_at": datetime.now(UTC)}
        async with house.app[DATABASE].begin() as connection:
            await connection.execute(jobs.insert().values(id=job_id, **values))
            of_job = sa.update(interviews).where(interviews.c.id == session.interview_id)
            await connection.execute(of_job.values(job_id=job_id))
            await connection.execute(
                sa.update(interviews).where(interviews.c.id == trial.interview_id).values(is_trial=True)
            )
        snapshot = await house.json("/api/hr/interviews")
        [card] = snapshot["interviews"]
        assert card["job"] == "Floor staff, Leeds"
        [last] = card["answers"]
        assert (last["index"], len(last["draft"])) == (1, LAST_CHARACTERS)
        assert last["draft"].endswith("to the end")
        assert set(card["score"]) == {"total", "withheld", "coverage", "confidence", "provisional"}
        assert len(json.dumps(card)) < 1500
        assert list(snapshot["flows"]) == [card["flow_id"]]
        assert (await house.json(f"/api/hr/interviews/{trial.interview_id}?card=1"))["is_trial"] is True


async def test_a_card_is_up_to_date_when_another_process_wrote_the_event(house: House) -> None:
    async with house.started() as session:
        interview_id = session.interview_id
    await house.app[INTERVIEWS].release([interview_id])
    for _ in range(2):
        assert (await house.json("/api/hr/interviews"))["interviews"][0]["status"] == "running"
    log = EventLog(house.app[DATABASE])
    last = await log.last_seq(interview_id)
    await log.append(interview_id, last, [(5, InterviewPaused(PausedBy.CANDIDATE))], at=datetime.now(UTC))
    [card] = (await house.json("/api/hr/interviews"))["interviews"]
    assert (card["status"], card["seq"]) == ("paused", last + 1)


async def test_a_reviewers_wall_hears_of_their_interviews_only(house: House) -> None:
    reviewer, reviewer_id = await house.person(Role.REVIEWER)
    async with house.started(name="Mine") as mine, house.started(name="Not mine") as other:
        async with house.app[DATABASE].begin() as connection:
            row = {"user_id": reviewer_id, "assigned_at": datetime.now(UTC), "assigned_by": reviewer_id}
            await connection.execute(schema.assignments.insert().values(interview_id=mine.interview_id, **row))
        async with reviewer.get(house.url("/api/hr/events")) as response:
            events = Events(response)
            _, snapshot = await events.until("snapshot")
            assert [card["candidate_name"] for card in snapshot["interviews"]] == ["Mine"]
            await other.execute(Pause())
            await mine.execute(Pause())
            _, paused = await events.until("InterviewPaused")
            assert paused["interview_id"] == mine.interview_id


def test_live_signals_carry_what_a_card_shows_and_no_more() -> None:
    words = [{"text": f"w{i}", "start_ms": i, "end_ms": i + 1, "confidence": 0.9} for i in range(100)]
    transcript = Signal(
        "i", "transcript", 3, {"question_id": "q", "committed": words, "tentative": [], "confidence": 1}
    )
    lean = for_card(transcript)
    assert isinstance(lean, Signal)
    assert lean.data["committed"][-1] == {"text": "w99", "start_ms": 99}
    assert (len(lean.data["committed"]), lean.data["confidence"]) == (40, 1)
    score = {"total": 7.0, "withheld": None, "coverage": 1, "confidence": 0.8, "provisional": True, "competencies": [1]}
    scores = Signal("i", "scores", 3, {"question_id": "q", "score": score, "answer": {}, "answers": [{}]})
    del score["competencies"]
    assert for_card(scores) == replace(scores, data={"score": {**score}})
