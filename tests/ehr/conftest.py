"""A real database, a real built-in endpoint and a real receiver whose answers a test chooses."""

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

import server.ehr.routes
from question_flows.model import Language
from server.ehr.outbox import Worker
from server.interview.events import InterviewInvited
from server.keys import DATABASE, SETTINGS
from server.middleware import MIDDLEWARES
from server.pages import setup_templates
from server.settings import Settings
from server.storage.database import Database
from server.storage.event_log import EventLog
from server.storage.outbox import Outbox, OutboxMessage, enqueue

SECRET = "whsec_" + "c2VjcmV0LWZvci10aGUtdGVzdHMtb25seS0hIQ=="


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
    """A company's HR system: answers with what `answer` gives, and keeps every post."""

    url: str
    answer: Answerer
    posts: list[Post] = field(default_factory=list)


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    """A fresh database, its schema up to date."""
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

    app = web.Application()
    app.router.add_post("/{path:.*}", receive)
    async with TestServer(app) as running:
        state.url = str(running.make_url("/reports"))
        yield state


@pytest.fixture
async def endpoint(database: Database, tmp_path: Path) -> AsyncIterator[TestServer]:
    """The built-in endpoint."""
    app = web.Application(middlewares=MIDDLEWARES)
    app[SETTINGS] = Settings(data_dir=tmp_path, ehr_secret=SECRET, _env_file=None)
    app[DATABASE] = database
    setup_templates(app)
    server.ehr.routes.add_routes(app)
    running = TestServer(app)
    await running.start_server()
    yield running
    await running.close()


MakeWorker = Callable[..., Worker]


@pytest.fixture
async def make_worker(database: Database) -> AsyncIterator[MakeWorker]:
    """Makes workers for a URL that live on the test's clock."""
    async with aiohttp.ClientSession() as client:

        def make(url: str, clock: Clock, **options: Any) -> Worker:
            return Worker(Outbox(database), client, url=url, secret=SECRET, now=clock, **options)

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
