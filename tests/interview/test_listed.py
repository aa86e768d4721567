"""What lists show of an interview follows its log, in the same transaction."""

from __future__ import annotations

import sqlalchemy as sa

from server.interview.total import interview_score
from server.keys import DATABASE
from server.storage import schema
from tests.hr.conftest import House, answer_all
from tests.hr.conftest import house as house


async def test_a_row_shows_status_and_total_as_the_log_has_them(house: House) -> None:
    async def row(interview_id: str) -> tuple[str, float | None, str | None]:
        table = schema.interviews
        query = sa.select(table.c.status, table.c.total, table.c.decision).where(table.c.id == interview_id)
        async with house.app[DATABASE].read() as connection:
            found = (await connection.execute(query)).one()
        return found.status, found.total, found.decision

    invited, _ = await house.invite()
    assert await row(invited) == ("invited", None, None)
    async with house.started() as session:
        assert (await row(session.interview_id))[0] == "running"
        await answer_all(session)
        total = interview_score(session.flow, session.state).total
        assert total is not None
        assert await row(session.interview_id) == ("completed", total, None)
