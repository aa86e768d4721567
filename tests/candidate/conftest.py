"""The whole application on a free port, and candidates' browsers over real HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientResponse, ClientSession, CookieJar
from aiohttp.test_utils import TestServer

from question_flows.model import Language
from server.app import create_app
from server.keys import FLOWS, INTERVIEWS, RECOGNITION_SETTLED
from server.settings import Settings
from tests.empty_database import with_database
from tests.fixed_flows import fixed_flows


@dataclass
class Browser:
    """One browser with its own cookies."""

    http: ClientSession
    root: str

    async def get(self, path: str, **options: Any) -> ClientResponse:
        """GET without following redirects."""
        return await self.http.get(self.root + path, allow_redirects=False, **options)

    async def post(self, path: str, body: Any = None, **options: Any) -> ClientResponse:
        """POST JSON unless `data` is given; without following redirects."""
        if "data" not in options:
            options["json"] = body if body is not None else {}
        return await self.http.post(self.root + path, allow_redirects=False, **options)

    async def put(self, path: str, body: Any) -> ClientResponse:
        """PUT JSON."""
        return await self.http.put(self.root + path, json=body)

    async def ok(self, path: str, body: Any = None) -> dict[str, Any]:
        """POST that must succeed; the snapshot it answers with."""
        async with await self.post(path, body) as response:
            assert response.status == 200, await response.text()
            found: dict[str, Any] = await response.json()
            return found

    async def snapshot(self) -> dict[str, Any]:
        """What the page shows."""
        async with await self.get("/api/interview") as response:
            assert response.status == 200, await response.text()
            found: dict[str, Any] = await response.json()
            return found


async def error_of(response: ClientResponse) -> dict[str, Any]:
    """The error that an API answer carries."""
    found: dict[str, Any] = (await response.json())["error"]
    return found


@dataclass
class House:
    """One running server and the browsers around it."""

    running: TestServer
    sessions: list[ClientSession] = field(default_factory=list)

    @property
    def app(self) -> Any:
        """The application behind the door."""
        return self.running.app

    def browser(self, language: str = "en", **headers: str) -> Browser:
        """A browser without cookies that asks for this language."""
        session = ClientSession(cookie_jar=CookieJar(unsafe=True), headers={"Accept-Language": language, **headers})
        self.sessions.append(session)
        return Browser(session, str(self.running.make_url("")).rstrip("/"))

    async def invite(
        self, *, language: Language = Language.ENGLISH, jurisdiction: str = "EU", age: timedelta = timedelta(0)
    ) -> tuple[str, str]:
        """(interview id, path of the link); age: how long ago it was made."""
        interview_id, token = await self.app[INTERVIEWS].invite(
            flow_id="customer_service",
            language=language,
            candidate_name="Mei Lin",
            email="",
            jurisdiction=jurisdiction,
            now=datetime.now(UTC) - age,
        )
        return interview_id, f"/i/{token}"

    async def candidate(self, *, voice: bool = True, **invitation: Any) -> Browser:
        """A browser that has redeemed its link and answered about consent."""
        _, link = await self.invite(**invitation)
        browser = self.browser()
        assert (await browser.post(link)).status == 303
        purposes = (await browser.snapshot())["policy"]["purposes"]
        await browser.ok("/api/interview/consent", {"granted": {**dict.fromkeys(purposes, True), "voice": voice}})
        return browser

    async def answering(self, **invitation: Any) -> tuple[Browser, str]:
        """A candidate whose first question is open and being answered, and that question's address."""
        browser = await self.candidate(**invitation)
        question = (await browser.ok("/api/interview/start"))["question"]
        address = f"/api/interview/questions/{question['id']}"
        await browser.ok(address + "/start-answer")
        return browser, address


@asynccontextmanager
async def serving(settings: Settings) -> AsyncIterator[House]:
    """A server with these settings, whose recognition is there or known to be missing."""
    app = create_app(with_database(settings))
    app[FLOWS] = fixed_flows()
    running = TestServer(app)
    await running.start_server()
    await running.app[RECOGNITION_SETTLED].wait()
    house = House(running)
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
        trusted_proxies=["127.0.0.1/32"],
        ice_hosts=["127.0.0.1"],
        _env_file=None,
    )
    async with serving(settings) as running:
        yield running
