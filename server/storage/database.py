"""One database, SQLite or PostgreSQL: connections, transactions, and its schema brought up to date."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import asyncpg  # type: ignore[import-untyped]
import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from server.storage import schema

log = logging.getLogger(__name__)

MIGRATIONS = Path(__file__).parent / "migrations"
MIGRATION_LOCK = 7_391_204_518
"""PostgreSQL advisory lock: several nodes that start together bring the schema up to date one by one."""

_OTHERS = sa.text(
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    " AND backend_type = 'client backend' AND wait_event IS DISTINCT FROM 'advisory'"
)
"""Connections of others to this database, but for nodes that wait to bring the schema up to date themselves."""


class Prepared:
    """A value for a JSON column whose text was made in a thread: a long answer's takes tens of milliseconds."""

    __slots__ = ("text",)

    def __init__(self, value: object) -> None:
        self.text = to_json(value)


def to_json(value: object) -> str:
    """JSON as stored: readable in any script, no spaces."""
    if isinstance(value, Prepared):
        return value.text
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


class SchemaNewer(Exception):
    """A newer release has changed the database; this one cannot work with it."""


class Database:
    """An async engine and its two kinds of connection. Call `open` first; it raises SQLAlchemyError or SchemaNewer."""

    def __init__(self, url: str) -> None:
        self.url = make_url(url)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        self.engine = create_async_engine(self.url, json_serializer=to_json, hide_parameters=True)
        self._writer = self.engine.execution_options(write=True)
        # SQLite has one writer at a time: waiting here is fair and costs no polling.
        self._write_turn = asyncio.Lock() if self.is_sqlite else None
        if self.is_sqlite:
            sa.event.listen(self.engine.sync_engine, "connect", _set_up_sqlite)
            sa.event.listen(self.engine.sync_engine, "begin", _begin_sqlite)
        else:
            sa.event.listen(self.engine.sync_engine, "do_connect", _connect_postgresql)

    async def open(self) -> None:
        """Makes the folder of a SQLite file and runs the migrations that are missing."""
        if self.is_sqlite and self.url.database:
            Path(self.url.database).parent.mkdir(parents=True, exist_ok=True)
        async with self.begin() as connection:
            if not self.is_sqlite:
                await connection.execute(sa.select(sa.func.pg_advisory_xact_lock(MIGRATION_LOCK)))
            await connection.run_sync(_migrate)

    async def close(self) -> None:
        """Closes every connection."""
        await self.engine.dispose()

    async def check(self) -> None:
        """Reads something. Raises SQLAlchemyError when the database is away or is none of ours."""
        async with self.read() as connection:
            await connection.execute(sa.select(schema.interviews.c.id).limit(1))

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[AsyncConnection]:
        """A transaction that may write: committed at the end, rolled back on an exception. Never nest two."""
        if self._write_turn is None:
            async with self._writer.begin() as connection:
                yield connection
            return
        async with self._write_turn, self._writer.begin() as connection:
            yield connection

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """A connection for reading: one consistent view, never waiting for a writer."""
        async with self.engine.connect() as connection:
            yield connection


def _set_up_sqlite(connection: Any, _record: object) -> None:
    # The driver's own transaction control is off: it would begin late and commit on its own.
    connection.isolation_level = None
    cursor = connection.cursor()
    # WAL lets readers go on while one writes; FULL syncs at every commit, so that what is committed outlives a crash.
    for pragma in ("busy_timeout=10000", "journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: sa.Connection) -> None:
    # IMMEDIATE takes the write lock at once; a transaction that upgrades later can fail half-way with "locked".
    write = connection.get_execution_options().get("write", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")


def _connect_postgresql(dialect: Any, _record: object, arguments: Any, parameters: Any) -> Any:
    # asyncpg's own errors would pass by everyone who waits for a database that is away for a moment.
    try:
        return dialect.connect(*arguments, **parameters)
    except (OSError, asyncpg.PostgresError) as error:
        raise dialect.loaded_dbapi.OperationalError(type(error).__name__) from error


def _migrate(connection: sa.Connection) -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    script, found = ScriptDirectory.from_config(config), MigrationContext.configure(connection).get_current_revision()
    if found is not None and found not in {one.revision for one in script.walk_revisions()}:
        raise SchemaNewer
    if found is not None and found != script.get_current_head() and connection.dialect.name == "postgresql":
        others = connection.scalar(_OTHERS)
        if others:
            log.warning(
                "the schema is changed while others are connected: nodes of the former release must be stopped",
                extra={"connections": others},
            )
    command.upgrade(config, "head")
