"""Real brokers: one in memory, and Redis servers of our own on free ports."""

from __future__ import annotations

import shutil
import signal
import socket
import subprocess
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest

from question_flows.model import Language
from server.interview.events import AnswerDrafted, InterviewEvent, InterviewInvited
from server.live.hub import Broker, Hub
from server.live.memory import MemoryBroker
from server.live.redis import RedisBroker
from server.storage.database import Database
from server.storage.event_log import EventLog
from tests.empty_database import put_empty

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
INTERVIEW = "a" * 32


@dataclass(slots=True)
class RedisServer:
    """One redis-server, which tests may stop, freeze and start again."""

    folder: Path
    port: int
    process: subprocess.Popen[bytes] | None = field(default=None)

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        command = ["redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--save", ""]
        self.process = subprocess.Popen([*command, "--dir", str(self.folder)], stdout=subprocess.DEVNULL)
        for _ in range(500):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.01)
        raise TimeoutError("redis-server did not start")

    def stop(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def freeze(self) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGCONT)


@contextmanager
def redis_at(folder: Path) -> Iterator[RedisServer]:
    """A redis-server on a free port, running."""
    if shutil.which("redis-server") is None:
        pytest.skip("redis-server is not installed (apt install redis-server)")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = RedisServer(folder, port)
    server.start()
    try:
        yield server
    finally:
        server.stop()


@pytest.fixture
def redis_server(tmp_path: Path) -> Iterator[RedisServer]:
    with redis_at(tmp_path) as server:
        yield server


@dataclass(slots=True)
class Node:
    """One process: its hub, and the log that all share."""

    hub: Hub
    log: EventLog
    broker: Broker
    seq: int = 1

    async def write(self, count: int = 1, *, publish: bool = True) -> list[InterviewEvent]:
        """Appends drafts named after their seq, and publishes them."""
        bodies = [(0, AnswerDrafted("q", str(self.seq + n))) for n in range(1, count + 1)]
        events = await self.log.append(INTERVIEW, self.seq, bodies, at=NOW)
        self.seq += count
        if publish:
            await self.hub.publish_events(INTERVIEW, events)
        return events


@pytest.fixture
async def log(tmp_path: Path) -> AsyncIterator[EventLog]:
    """A log with one interview of one event."""
    put_empty(tmp_path / "interviews.sqlite")
    database = Database(f"sqlite+aiosqlite:///{tmp_path / 'interviews.sqlite'}")
    await database.open()
    log = EventLog(database)
    invited = InterviewInvited("customer_service", 1, Language.ENGLISH, "EU", "Ada")
    async with database.begin() as connection:
        await log.create(connection, INTERVIEW, invited, candidate_email="", now=NOW)
    yield log
    await database.close()


@pytest.fixture(params=["memory", "redis"])
async def node(request: pytest.FixtureRequest, log: EventLog) -> AsyncIterator[Node]:
    if request.param == "memory":
        broker: Broker = MemoryBroker()
    else:
        broker = RedisBroker(request.getfixturevalue("redis_server").url)
    hub = Hub(broker, log)
    await hub.open()
    yield Node(hub, log, broker)
    await hub.close()


@pytest.fixture
async def two_nodes(redis_server: RedisServer, log: EventLog) -> AsyncIterator[tuple[Node, Node]]:
    """Two processes as far as Redis can tell."""
    brokers = [RedisBroker(redis_server.url), RedisBroker(redis_server.url)]
    hubs = [Hub(broker, log) for broker in brokers]
    for hub in hubs:
        await hub.open()
    yield Node(hubs[0], log, brokers[0]), Node(hubs[1], log, brokers[1])
    for hub in hubs:
        await hub.close()
