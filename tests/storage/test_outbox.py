"""The outbox: due rows once at a time, in order within an interview, never forgotten."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.config import Config

from server.storage.database import MIGRATIONS, Database
from server.storage.delivery_log import DeliveryLog, Wanted
from server.storage.event_log import EventLog
from server.storage.outbox import Outbox, OutboxMessage, enqueue
from server.storage.record_tables import candidate_identities
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


async def test_nothing_that_is_asked_all_the_time_reads_what_was_delivered(
    database: Database, outbox: Outbox, interview_id: str
) -> None:
    """By the plans of SQLite, which names the index of each table that it reads."""
    if not database.is_sqlite:
        pytest.skip("the plans of a small table say nothing on PostgreSQL")
    asked: list[tuple[str, Any]] = []

    def note(_connection: object, _cursor: object, statement: str, parameters: Any, *_more: object) -> None:
        if statement.startswith("SELECT"):
            asked.append((statement, parameters))

    sa.event.listen(database.engine.sync_engine, "before_cursor_execute", note)
    await outbox.destinations_due(NOW)
    await outbox.claim(NOW, destination="builtin")
    await outbox.next_due()
    await outbox.waiting()
    await outbox.dead()
    await DeliveryLog(database).page(Wanted(), None)
    sa.event.remove(database.engine.sync_engine, "before_cursor_execute", note)
    for statement, parameters in asked:
        async with database.read() as connection:
            plan = (await connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)).all()
        steps = [row.detail for row in plan]
        # "opened" are the destinations for which anything is open.
        read = [step for step in steps if step.startswith("SCAN") and "USING" not in step and "opened" not in step]
        assert (read, "USE TEMP B-TREE FOR ORDER BY" in steps) == ([], False), (statement, steps)


async def test_what_waits_in_an_old_database_goes_out_after_the_upgrade_in_its_order(database_url: str) -> None:
    database = Database(database_url)
    rows = [
        ("z", 1, "'2026-11-23 09:00:05+00:00'", False),
        ("y", 2, "NULL", True),
        ("x", 3, "NULL", False),
        ("w", 4, "NULL", False),
    ]
    at = "'2026-11-23 09:00:00+00:00'"

    def as_before(connection: sa.Connection) -> None:
        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS))
        config.set_main_option("path_separator", "os")
        config.attributes["connection"] = connection
        command.upgrade(config, "0005")
        run = connection.exec_driver_sql
        names = "id, name, email, language, created_at"
        run(f"INSERT INTO candidates ({names}) VALUES ('{'c' * 32}', 'Ada', 'ada@example.org', 'en', {at})")
        names = "id, candidate_name, candidate_email, flow_id, flow_version, language, jurisdiction, created_at"
        particulars = f"'customer_service', 1, 'en', 'EU', {at}"
        run(f"INSERT INTO interviews ({names}) VALUES ('{'a' * 32}', 'Ada', '', {particulars})")
        names = "id, position, interview_id, type, body, created_at, attempts, next_attempt_at, delivered_at, dead"
        for id_, position, delivered_at, dead in rows:
            body = f"""'{{"name": "{id_}"}}', {at}, 0, {at}, {delivered_at}, {dead}"""
            run(f"INSERT INTO outbox ({names}) VALUES ('{id_}', {position}, '{'a' * 32}', 'report.ready', {body})")

    async with database.begin() as connection:
        await connection.run_sync(as_before)
    await database.open()
    outbox = Outbox(database)
    await put(database, "a" * 32, "v")
    for name in ("x", "w", "v"):
        assert await outbox.destinations_due(NOW) == ["builtin"]
        [row] = await outbox.claim(NOW)
        assert (row.id, row.destination, row.stream, row.body) == (name, "builtin", "a" * 32, {"name": name})
        await outbox.delivered(name, NOW)
    assert (await outbox.waiting(), await outbox.dead()) == (0, 1)
    async with database.read() as connection:
        owned = (await connection.execute(sa.select(candidate_identities))).one()
    assert tuple(owned) == ("email", "ada@example.org", "c" * 32)
    await database.close()
