"""The outbox: due rows once at a time, in order within an interview, never forgotten."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from server.storage.database import Database
from server.storage.event_log import EventLog
from server.storage.outbox import Outbox, OutboxMessage, enqueue
from tests.storage.conftest import INVITED, NOW

MINUTE = timedelta(minutes=1)


@pytest.fixture
def outbox(database: Database) -> Outbox:
    return Outbox(database)


async def put(database: Database, interview_id: str, *ids: str) -> None:
    async with database.begin() as connection:
        messages = [OutboxMessage(name, interview_id, "report.ready", {"name": name}) for name in ids]
        await enqueue(connection, messages, NOW)


async def claimed(outbox: Outbox, seconds: float = 0) -> list[str]:
    return [row.id for row in await outbox.claim(NOW + timedelta(seconds=seconds))]


async def test_one_interviews_rows_leave_in_order(database: Database, outbox: Outbox, interview_id: str) -> None:
    # Their ids sort the other way round.
    await put(database, interview_id, "c", "b", "a")
    for name in ("c", "b", "a"):
        assert await claimed(outbox) == [name]
        assert await claimed(outbox) == []
        await outbox.delivered(name, NOW)
    assert await outbox.waiting() == 0
    assert await outbox.next_due() is None


async def test_interviews_do_not_wait_for_each_other(database: Database, outbox: Outbox, interview_id: str) -> None:
    async with database.begin() as connection:
        await EventLog(database).create(connection, "b" * 32, INVITED, candidate_email="", now=NOW)
    await put(database, interview_id, "a1", "a2")
    await put(database, "b" * 32, "b1", "b2")
    assert await claimed(outbox) == ["a1", "b1"]


async def test_a_failure_is_tried_again_later_and_blocks_its_followers(
    database: Database, outbox: Outbox, interview_id: str
) -> None:
    await put(database, interview_id, "a", "b")
    await outbox.claim(NOW)
    await outbox.failed("a", "HTTP 500", NOW + 5 * MINUTE)
    assert await outbox.next_due() == NOW + 5 * MINUTE
    assert await claimed(outbox, 299) == []
    rows = await outbox.claim(NOW + 5 * MINUTE)
    assert [(row.id, row.attempts, row.body) for row in rows] == [("a", 1, {"name": "a"})]


async def test_a_row_that_is_given_up_lets_the_next_one_go(
    database: Database, outbox: Outbox, interview_id: str
) -> None:
    await put(database, interview_id, "a", "b")
    await outbox.claim(NOW)
    await outbox.failed("a", "HTTP 410", None)
    assert await claimed(outbox, 3600) == ["b"]
    assert await outbox.waiting() == 1


async def test_a_worker_that_dies_loses_its_lease(database: Database, outbox: Outbox, interview_id: str) -> None:
    await put(database, interview_id, "a")
    assert await claimed(outbox) == ["a"]
    assert await claimed(outbox, 59) == []
    assert await claimed(outbox, 60) == ["a"]


async def test_workers_share_rows_without_claiming_one_twice(database: Database, outbox: Outbox) -> None:
    names = [f"{number:032x}" for number in range(12)]
    for name in names:
        async with database.begin() as connection:
            await EventLog(database).create(connection, name, INVITED, candidate_email="", now=NOW)
        await put(database, name, f"msg_{name}")
    batches = await asyncio.gather(*(outbox.claim(NOW, limit=4) for _ in range(6)))
    got = [row.id for batch in batches for row in batch]
    assert len(got) == len(set(got))
    while batch := await outbox.claim(NOW):
        got += [row.id for row in batch]
    assert sorted(got) == [f"msg_{name}" for name in names]
