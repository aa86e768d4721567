"""The whole application on a free port, HR's browsers over real HTTP, and candidates who type."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientResponse, ClientSession, CookieJar
from aiohttp.test_utils import TestServer
from argon2 import PasswordHasher
from yarl import URL

from question_flows.model import Language
from server.app import create_app
from server.interview.commands import ConfirmTranscripts, GiveConsent, Start, StartAnswer, SubmitAnswer
from server.interview.events import AnswerMode
from server.interview.session import InterviewSession
from server.keys import DATABASE, FLOWS, INTERVIEWS, RECOGNITION_SETTLED, REPORT_ENDPOINT
from server.settings import Settings
from server.storage.hr_user import Role
from server.storage.people import People
from server.storage.sessions import new_session
from tests.empty_database import with_database
from tests.fixed_flows import fixed_flows

UNHURRIED: dict[str, Any] = {"most_loop_lag_ms": 60_000, "most_loop_load": 1}
"""Settings with which a busy machine turns no interview away: these tests are of other things."""
EMAIL, PASSWORD = "hr@example.com", "correct horse battery staple"


@dataclass
class House:
    """One running server and a browser of HR's that is signed in."""

    running: TestServer
    hr: ClientSession
    sessions: list[ClientSession] = field(default_factory=list)

    @property
    def app(self) -> Any:
        """The application behind the door."""
        return self.running.app

    def url(self, path: str) -> str:
        """The address of a page."""
        return str(self.running.make_url(path))

    def stranger(self, **headers: str) -> ClientSession:
        """Another browser, with no cookie."""
        session = ClientSession(cookie_jar=CookieJar(unsafe=True), headers={"Accept-Language": "en", **headers})
        self.sessions.append(session)
        return session

    async def person(self, role: Role, email: str = "", **particulars: str) -> tuple[ClientSession, str]:
        """(a signed-in browser of somebody new with this role, the account's id). They have no password."""
        now = datetime.now(UTC)
        email = email or f"{role}@example.com"
        user_id = await People(self.app[DATABASE]).add(email, "", now, role=role, **particulars)
        return await self.browser_of(user_id), user_id

    async def browser_of(self, user_id: str) -> ClientSession:
        """Another browser of theirs, signed in."""
        async with self.app[DATABASE].begin() as connection:
            cookie = await new_session(connection, user_id, datetime.now(UTC))
        browser = self.stranger()
        browser.cookie_jar.update_cookies({"hr_session": cookie}, URL(self.url("/")))
        return browser

    async def invite(
        self,
        name: str = "Ada Lovelace",
        language: Language = Language.ENGLISH,
        flow_id: str = "customer_service",
        email: str = "",
    ) -> tuple[str, str]:
        """(interview id, token)."""
        found: tuple[str, str] = await self.app[INTERVIEWS].invite(
            flow_id=flow_id,
            language=language,
            candidate_name=name,
            email=email,
            jurisdiction="EU",
            now=datetime.now(UTC),
        )
        return found

    @asynccontextmanager
    async def started(self, **invitation: Any) -> AsyncIterator[InterviewSession]:
        """An interview whose first question is open and whose candidate is there."""
        interview_id, _ = await self.invite(**invitation)
        async with self.begun(interview_id) as session:
            yield session

    @asynccontextmanager
    async def begun(self, interview_id: str) -> AsyncIterator[InterviewSession]:
        """The invited interview, its first question open and its candidate there."""
        session: InterviewSession = await self.app[INTERVIEWS].get(interview_id)
        async with session.candidate_present():
            await session.execute(GiveConsent(dict.fromkeys(session.purposes, True)))
            await session.execute(Start())
            yield session

    async def json(self, path: str) -> Any:
        """What HR's scripts read."""
        async with self.hr.get(self.url(path)) as response:
            assert response.status == 200, await response.text()
            return await response.json()


async def answer(session: InterviewSession, text: str | None = None) -> str:
    """Types an answer to the open question; the question's id. The interview has then gone on by itself."""
    question_id = session.state.question_id
    assert question_id is not None
    text = text or session.flow.question(question_id).sample_answers[session.state.language][0]
    await session.execute(StartAnswer(question_id))
    await session.execute(SubmitAnswer(question_id, AnswerMode.TYPED, text))
    async with asyncio.timeout(10):
        while (session.state.answers or {})[question_id].score is None:
            await asyncio.sleep(0.01)
    return question_id


async def answer_all(session: InterviewSession) -> None:
    """Types every answer, to the end and its report."""
    while session.state.question_id is not None:
        await answer(session)
    if session.state.is_checking:
        await session.execute(ConfirmTranscripts())
    async with asyncio.timeout(10):
        while session.state.report_id is None:
            await asyncio.sleep(0.01)


@dataclass
class Events:
    """An open stream of server-sent events."""

    response: ClientResponse

    async def next(self) -> tuple[str, str | None, Any]:
        """(event, id, data) of the next message."""
        fields: dict[str, str] = {}
        async with asyncio.timeout(10):
            while True:
                raw = await self.response.content.readline()
                if not raw:
                    raise EOFError("the stream has ended")
                line = raw.decode().rstrip("\n")
                if not line and "event" in fields:
                    return fields["event"], fields.get("id"), json.loads(fields["data"])
                name, _, value = line.partition(": ")
                fields[name] = value

    async def until(self, wanted: str) -> tuple[str | None, Any]:
        """(id, data) of the next message of this type."""
        while True:
            event, id_, data = await self.next()
            if event == wanted:
                return id_, data


@asynccontextmanager
async def following(house: House, path: str, **headers: str) -> AsyncIterator[Events]:
    """HR's page follows a stream."""
    async with house.hr.get(house.url(path), headers=headers) as response:
        assert response.status == 200
        assert response.content_type == "text/event-stream"
        yield Events(response)


@cache
def password_hash() -> str:
    """What is kept of PASSWORD: slow to make by intent, so made once; how accounts come about is tested by itself."""
    return PasswordHasher().hash(PASSWORD)


@asynccontextmanager
async def serving(settings: Settings, email: str = EMAIL) -> AsyncIterator[House]:
    """A server with these settings, and HR signed in."""
    app = create_app(with_database(settings))
    app[FLOWS] = fixed_flows()
    running = TestServer(app)
    await running.start_server()
    app[REPORT_ENDPOINT].set_result(str(running.make_url("/ehr/reports")))
    await app[RECOGNITION_SETTLED].wait()
    database, now = app[DATABASE], datetime.now(UTC)
    user_id = await People(database).add(email, await asyncio.to_thread(password_hash), now, role=Role.ADMIN)
    async with database.begin() as connection:
        cookie = await new_session(connection, user_id, now)
    hr = ClientSession(
        cookie_jar=CookieJar(unsafe=True), cookies={"hr_session": cookie}, headers={"Accept-Language": "en"}
    )
    house = House(running, hr, [hr])
    yield house
    for session in house.sessions:
        await session.close()
    await running.close()


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    """A server without a speech model: answers are typed."""
    settings = Settings(
        data_dir=tmp_path / "data",
        whisper_model=str(tmp_path / "no-model"),
        **UNHURRIED,
        ice_hosts=["127.0.0.1"],
        _env_file=None,
    )
    async with serving(settings) as running:
        yield running
