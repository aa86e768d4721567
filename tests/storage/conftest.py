"""A fresh database for each test: SQLite in a temporary folder, and PostgreSQL where Debian's binaries are."""

from __future__ import annotations

import asyncio
import os
import subprocess
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from question_flows.model import Language
from scripts.local_postgres import postgres_binaries, running_postgres
from server.interview.events import InterviewInvited
from server.storage.database import Database
from server.storage.event_log import EventLog
from tests.empty_database import put_empty

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
INVITED = InterviewInvited("customer_service", 1, Language.ENGLISH, "EU", "Ada Lovelace")


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    binaries = postgres_binaries()
    if binaries is None:
        pytest.skip("PostgreSQL is not installed (apt install postgresql)")
    with running_postgres(binaries) as address:
        yield address


@pytest.fixture(scope="session")
def with_tables(postgres: str) -> str:
    """The name of a PostgreSQL database with every table and nothing in them, to be copied: migrations run once."""
    url = created(postgres, "with_tables")

    async def make() -> None:
        database = Database(url)
        await database.open()
        await database.close()

    asyncio.run(make())
    return "with_tables"


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database of the test's own: nothing is there unless the fixture `database` is asked for too."""
    has_tables = "database" in request.fixturenames
    if request.param == "sqlite":
        if has_tables:
            put_empty(tmp_path / "interviews.sqlite")
        return f"sqlite+aiosqlite:///{tmp_path / 'interviews.sqlite'}"
    template = f" TEMPLATE {request.getfixturevalue('with_tables')}" if has_tables else ""
    return created(request.getfixturevalue("postgres"), f"test_{os.urandom(6).hex()}{template}")


def new_database(address: str) -> str:
    """The URL of an empty one on the PostgreSQL server at this address."""
    return created(address, f"test_{os.urandom(6).hex()}")


def created(address: str, database: str) -> str:
    """The URL of a new PostgreSQL database. database: its name, and perhaps what it is copied from."""
    psql = ["psql", "-q", f"postgresql://{address}/postgres", "-c", f"CREATE DATABASE {database}"]
    subprocess.run(psql, check=True)
    return f"postgresql+asyncpg://{address}/{database.split()[0]}"


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    database = Database(database_url)
    await database.open()
    yield database
    await database.close()


@pytest.fixture
async def interview_id(database: Database) -> str:
    """An interview that has been invited."""
    async with database.begin() as connection:
        await EventLog(database).create(connection, "a" * 32, INVITED, candidate_email="ada@example.org", now=NOW)
    return "a" * 32
