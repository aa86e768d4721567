"""The schema that migrations make is the one the code uses, and SQLite keeps what it was told to keep."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from server.settings import Settings
from server.starting import CannotStart, database_opens
from server.storage import record_tables, schema
from server.storage.database import Database, SchemaNewer
from tests.storage.conftest import NOW


def differences(connection: sa.Connection) -> list[object]:
    assert record_tables.applications.metadata is schema.metadata
    context = MigrationContext.configure(connection, opts={"compare_type": True})
    return list(compare_metadata(context, schema.metadata))


async def test_migrations_make_exactly_the_tables_of_the_schema(database: Database) -> None:
    async with database.begin() as connection:
        assert await connection.run_sync(differences) == []


async def test_opening_again_changes_nothing(database: Database, database_url: str) -> None:
    again = Database(database_url)
    await again.open()
    await again.close()


async def test_two_processes_may_open_a_new_database_at_once(database_url: str) -> None:
    databases = [Database(database_url), Database(database_url)]
    await asyncio.gather(*(database.open() for database in databases))
    async with databases[1].read() as connection:
        assert await connection.scalar(sa.select(sa.func.count()).select_from(schema.interviews)) == 0
    for database in databases:
        await database.close()


async def test_sqlite_syncs_every_commit_and_checks_references(tmp_path: Path) -> None:
    database = Database(f"sqlite+aiosqlite:///{tmp_path / 'new folder' / 'x.sqlite'}")
    await database.open()
    async with database.read() as connection:
        pragmas = {
            name: (await connection.exec_driver_sql(f"PRAGMA {name}")).scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys")
        }
    await database.close()
    assert pragmas == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}


async def test_times_are_utc_whatever_zone_they_came_in(database: Database) -> None:
    table = schema.sign_in_links
    beijing = NOW.astimezone(timezone(timedelta(hours=8)))
    async with database.begin() as connection:
        await connection.execute(table.insert().values(token_hash="x", expires_at=beijing))
        found = (await connection.execute(sa.select(table.c.expires_at))).scalar_one()
    assert (found, found.utcoffset()) == (NOW, timedelta(0))


async def test_a_naive_time_is_refused(database: Database) -> None:
    with pytest.raises(sa.exc.StatementError, match="naive"):
        async with database.begin() as connection:
            await connection.execute(
                schema.sign_in_links.insert().values(token_hash="x", expires_at=datetime(2026, 1, 1))  # noqa: DTZ001
            )


async def test_a_failed_transaction_leaves_nothing(database: Database) -> None:
    table = schema.sign_in_links

    async def insert_twice() -> None:
        async with database.begin() as connection:
            for _ in range(2):
                await connection.execute(table.insert().values(token_hash="x", expires_at=NOW))

    with pytest.raises(sa.exc.IntegrityError):
        await insert_twice()
    async with database.read() as connection:
        assert (await connection.execute(sa.select(table))).all() == []


async def test_an_older_release_says_so_and_changes_nothing(database: Database, database_url: str) -> None:
    async with database.begin() as connection:
        await connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    older = Database(database_url)
    with pytest.raises(SchemaNewer):
        await older.open()
    await older.close()
    with pytest.raises(CannotStart, match="newer release"), database_opens(Settings()):
        raise SchemaNewer


async def test_nodes_that_run_while_the_schema_changes_are_noticed(
    database: Database, database_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    if database.is_sqlite:
        pytest.skip("SQLite is one node's own")
    async with database.begin() as connection:
        # As it was one migration ago.
        for table in ("outbox", "inbox"):
            for column in ("lost", "set_at"):
                await connection.exec_driver_sql(f"ALTER TABLE {table} DROP COLUMN {column}")
        await connection.exec_driver_sql("UPDATE alembic_version SET version_num = '0013'")
    async with database.read() as connection:
        await connection.execute(sa.select(schema.interviews.c.id))
        await connection.rollback()
        newer = Database(database_url)
        await newer.open()
        await newer.close()
    assert "others are connected" in caplog.text
    caplog.clear()
    again = Database(database_url)
    await again.open()
    await again.close()
    assert "others are connected" not in caplog.text
