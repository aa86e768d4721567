"""What an interview tells: its milestones to whoever wants them and to the records, with its events; no trial's."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import sqlalchemy as sa

from server.interview.commands import SkipQuestion
from server.storage import schema
from server.storage.inbox import INTERVIEWS, Inbox
from server.storage.outbox import BUILTIN
from server.storage.record_tables import connections
from tests.interview.houses import Clock, House, house
from tests.interview.test_session import finish_typed

WANTED = ["interview.invited", "interview.started", "interview.question_answered", "interview.finished", "report.ready"]


async def connect(home: House, connection_id: str, wanted: list[str], *, is_on: bool = True) -> None:
    row = {"id": connection_id, "kind": "plain", "name": "Plain", "settings": {}, "subscriptions": wanted}
    async with home.database.begin() as connection:
        await connection.execute(connections.insert().values(**row, is_on=is_on, created_at=home.now()))


async def told(home: House, destination: str) -> list[sa.Row[tuple[object, ...]]]:
    query = sa.select(schema.outbox).where(schema.outbox.c.destination == destination)
    async with home.database.read() as connection:
        return list((await connection.execute(query.order_by(schema.outbox.c.position))).all())


async def test_a_whole_interview_tells_each_milestone_once_to_those_who_want_it(tmp_path: Path) -> None:
    async with house(tmp_path, clock=Clock()) as home:
        await connect(home, "all", WANTED)
        await connect(home, "reports", ["report.ready"])
        await connect(home, "off", WANTED, is_on=False)
        interview_id = await home.invite()
        async with home.database.begin() as connection:
            # Somebody's interview for a job: HR's records follow it.
            ours = schema.interviews.c.id == interview_id
            await connection.execute(schema.interviews.update().where(ours).values(job_id="j" * 32))
        session = await home.interviews.get(interview_id)
        await home.start(session)
        skipped = session.state.question_id
        assert skipped is not None
        await session.execute(SkipQuestion(skipped))
        await finish_typed(session)

        rows = await told(home, "all")
        questions = len(session.flow.questions)
        assert [row.type for row in rows] == [
            "interview.invited",
            "interview.started",
            *["interview.question_answered"] * questions,
            "interview.finished",
            "report.ready",
        ]
        assert {row.stream for row in rows} == {interview_id}
        answered = [row.body["data"] for row in rows if row.type == "interview.question_answered"]
        assert [one["number"] for one in answered] == list(range(1, questions + 1))
        assert [one["skipped"] for one in answered] == [True] + [False] * (questions - 1)
        assert answered[0]["question_id"] == skipped
        assert {one["job_id"] for one in answered} == {"j" * 32}
        assert all(one["candidate_id"] for one in answered)

        [report] = await told(home, "reports")
        [builtin] = await told(home, BUILTIN)
        assert builtin.id == session.state.report_id
        assert report.id != builtin.id
        assert report.body == builtin.body
        assert await told(home, "off") == []

        items = await Inbox(home.database).claim(home.now() + timedelta(seconds=1), limit=100)
        # The invitation was before it was for a job. This test's clock stands still.
        assert sorted(item.type for item in items) == sorted(row.type for row in rows[1:])
        assert {item.source for item in items} == {INTERVIEWS}
        assert (items[-1].event_id, items[-1].body["data"]["score"]) == (builtin.id, builtin.body["data"]["score"])
        assert "answers" not in items[-1].body["data"]


async def test_a_trial_and_an_interview_for_no_job_tell_the_records_nothing(tmp_path: Path) -> None:
    async with house(tmp_path, clock=Clock()) as home:
        await connect(home, "all", WANTED)
        session = await home.started()
        assert [row.type for row in await told(home, "all")] == ["interview.invited", "interview.started"]
        async with home.database.begin() as connection:
            values = {"is_trial": True, "job_id": "j" * 32}
            await connection.execute(schema.interviews.update().values(**values))
        await finish_typed(session)
        assert len(await told(home, "all")) == 2
        assert await Inbox(home.database).waiting() == 0
