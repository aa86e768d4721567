"""A real database, a real receiver whose answers a test chooses, connections to it, and a worker on a test's clock."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from cryptography.fernet import Fernet

from question_flows.model import Language
from server.delivery.connections import Connections
from server.delivery.safe_client import SafeClient
from server.delivery.sealing import Sealer
from server.delivery.serving import Everywhere
from server.delivery.worker import Worker
from server.ehr.builtin import Builtin
from server.interview.events import InterviewInvited
from server.storage.database import Database
from server.storage.event_log import EventLog
from server.storage.outbox import Outbox, OutboxMessage, enqueue
from tests.delivery.plain_connector import Plain
from tests.empty_database import put_empty

SECRET = "whsec_" + "c2VjcmV0LWZvci10aGUtdGVzdHMtb25seS0hIQ=="
TOKEN = "a token of the tests"


@dataclass
class Clock:
    """The wall clock of a test; it moves only when told to."""

    now: datetime = field(default_factory=lambda: datetime.now(UTC))

    def __call__(self) -> datetime:
        return self.now

    def pass_by(self, wait: timedelta) -> None:
        """Lets time pass."""
        self.now += wait


@dataclass
class Post:
    """What a receiver got."""

    path: str
    headers: Mapping[str, str]
    body: bytes


Answerer = Callable[[Post], Awaitable[web.Response]]


@dataclass
class Receiver:
    """A company's HR system: answers with what `answer` gives, and keeps every post. url: its reports' address."""

    url: str
    answer: Answerer
    posts: list[Post] = field(default_factory=list)
    news: list[str] = field(default_factory=list)

    def at(self, path: str) -> list[str]:
        """The ids of what was posted there, in order."""
        return [post.headers["webhook-id"] for post in self.posts if post.path == path]

    def address(self, path: str) -> str:
        """Another address of the same system."""
        return self.url.removesuffix("/reports") + path


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    """A fresh database, its schema up to date."""
    put_empty(tmp_path / "interviews.sqlite")
    database = Database(f"sqlite+aiosqlite:///{tmp_path / 'interviews.sqlite'}")
    await database.open()
    yield database
    await database.close()


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    """Answers 204 until a test says otherwise."""

    async def content(post: Post) -> web.Response:
        return web.Response(status=204)

    state = Receiver(url="", answer=content)

    async def receive(request: web.Request) -> web.Response:
        post = Post(request.path, dict(request.headers), await request.read())
        state.posts.append(post)
        return await state.answer(post)

    async def news(request: web.Request) -> web.Response:
        return web.json_response(state.news[int(request.query["since"]) :][:2])

    app = web.Application()
    app.router.add_post("/{path:.*}", receive)
    app.router.add_get("/{path:.*}/news", news)
    async with TestServer(app) as running:
        state.url = str(running.make_url("/reports"))
        yield state


@pytest.fixture
async def connections(database: Database) -> AsyncIterator[Connections]:
    """Connections to systems on loopback."""
    async with SafeClient(["127.0.0.0/8"]) as client:
        yield Connections(database, Sealer([Fernet.generate_key().decode()]), {"plain": Plain}, client)


MakeWorker = Callable[..., Worker]


@pytest.fixture
async def make_worker(database: Database, connections: Connections) -> AsyncIterator[MakeWorker]:
    """Makes workers that live on the test's clock, with the built-in destination at a URL."""
    async with aiohttp.ClientSession() as client:

        def make(url: str, clock: Clock, timeout_s: float = 20, **options: Any) -> Worker:
            builtin = Builtin(client, url, SECRET, aiohttp.ClientTimeout(total=timeout_s))
            return Worker(Outbox(database), Everywhere(builtin, connections), now=clock, **options)

        yield make


async def invite(database: Database, now: datetime) -> str:
    """An interview for outbox rows to belong to."""
    interview_id = uuid.uuid4().hex
    body = InterviewInvited("customer_service", 1, Language.ENGLISH, "EU", "Ada Lovelace")
    async with database.begin() as connection:
        await EventLog(database).create(connection, interview_id, body, candidate_email="", now=now)
    return interview_id


async def put_out(database: Database, interview_id: str, now: datetime, note: str = "哈") -> str:
    """Puts one report into the outbox; gives its webhook id."""
    message_id = f"msg_{uuid.uuid4().hex}"
    body = {"type": "report.ready", "timestamp": now.isoformat(), "data": {"note": note}}
    async with database.begin() as connection:
        await enqueue(connection, [OutboxMessage(message_id, interview_id, "report.ready", body)], now)
    return message_id
