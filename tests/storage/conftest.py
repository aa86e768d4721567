"""A fresh database for each test: SQLite in a temporary folder, and PostgreSQL where Debian's binaries are."""

from __future__ import annotations

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

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
INVITED = InterviewInvited("customer_service", 1, Language.ENGLISH, "EU", "Ada Lovelace")


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    binaries = postgres_binaries()
    if binaries is None:
        pytest.skip("PostgreSQL is not installed (apt install postgresql)")
    with running_postgres(binaries) as address:
        yield address


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite+aiosqlite:///{tmp_path / 'interviews.sqlite'}"
    return new_database(request.getfixturevalue("postgres"))


def new_database(address: str) -> str:
    """The URL of an empty one on the PostgreSQL server at this address."""
    name = f"test_{os.urandom(6).hex()}"
    psql = ["psql", "-q", f"postgresql://{address}/postgres", "-c", f"CREATE DATABASE {name}"]
    subprocess.run(psql, check=True)
    return f"postgresql+asyncpg://{address}/{name}"


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
