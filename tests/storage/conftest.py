"""A fresh database for each test: SQLite in a temporary folder, and PostgreSQL where Debian's binaries are."""

from __future__ import annotations

import os
import socket
import subprocess
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from question_flows.model import Language
from server.interview.events import InterviewInvited
from server.storage.database import Database
from server.storage.event_log import EventLog

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
INVITED = InterviewInvited("customer_service", 1, Language.ENGLISH, "EU", "Ada Lovelace")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def postgres_binaries() -> Path | None:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return found[-1].parent if found else None


@contextmanager
def running_postgres(binaries: Path) -> Iterator[str]:
    """A server of our own on a free port; PostgreSQL refuses to run as root, so then it runs as `postgres`."""
    as_user = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    with tempfile.TemporaryDirectory(prefix="pg-") as name:
        folder = Path(name)
        if as_user:
            subprocess.run(["chown", "postgres", name], check=True)
        data, port = folder / "data", free_port()

        def run(*command: str) -> None:
            subprocess.run([*as_user, *command], check=True, cwd=name, stdout=subprocess.DEVNULL)

        run(str(binaries / "initdb"), "-D", str(data), "-U", "postgres", "-A", "trust", "-E", "UTF8")
        options = f"-p {port} -k {name} -h 127.0.0.1"
        run(str(binaries / "pg_ctl"), "-D", str(data), "-w", "-l", str(folder / "log"), "-o", options, "start")
        try:
            yield f"postgres@127.0.0.1:{port}"
        finally:
            run(str(binaries / "pg_ctl"), "-D", str(data), "-m", "immediate", "stop")


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
    address = request.getfixturevalue("postgres")
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
