"""Databases for the records' tests: a copy of one SQLite file for each test, and PostgreSQL where two write at once."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from server.storage.candidates import NewCandidate, ensure
from server.storage.database import Database
from server.storage.jobs import Jobs
from tests.storage.conftest import postgres as postgres

NOW = datetime(2026, 11, 27, 9, 0, tzinfo=UTC)


@pytest.fixture(scope="session")
def empty_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with every table and nothing in them: migrations run once, not for every test."""
    path = tmp_path_factory.mktemp("records") / "empty.sqlite"

    async def make() -> None:
        database = Database(f"sqlite+aiosqlite:///{path}")
        await database.open()
        await database.close()

    asyncio.run(make())
    return path


@pytest.fixture
async def database(empty_file: Path, tmp_path: Path) -> AsyncIterator[Database]:
    path = tmp_path / "records.sqlite"
    shutil.copy(empty_file, path)
    database = Database(f"sqlite+aiosqlite:///{path}")
    yield database
    await database.close()


@pytest.fixture
async def postgresql(postgres: str) -> AsyncIterator[Database]:
    name = f"test_{os.urandom(6).hex()}"
    psql = ["psql", "-q", f"postgresql://{postgres}/postgres", "-c", f"CREATE DATABASE {name}"]
    await asyncio.to_thread(subprocess.run, psql, check=True)
    database = Database(f"postgresql+asyncpg://{postgres}/{name}")
    await database.open()
    yield database
    await database.close()


async def a_candidate(database: Database, name: str = "Ada Lovelace", email: str = "ada@example.org") -> str:
    async with database.begin() as connection:
        [candidate_id] = await ensure(connection, [NewCandidate(name, email, "en")], NOW)
    return candidate_id


async def a_job(database: Database, title: str = "Backend developer", flow_id: str | None = "software_engineer") -> str:
    return await Jobs(database).add(title, "Engineering", flow_id, NOW)
