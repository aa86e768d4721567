"""One server for all tests of a file, in a thread of its own; the API is called over real HTTP."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Collection, Coroutine, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import aiohttp
import pytest
from aiohttp.test_utils import TestServer

from question_flows.model import Language
from server.app import create_app
from server.interview.commands import ConfirmTranscripts, GiveConsent, Start
from server.interview.session import InterviewSession
from server.keys import DATABASE, FLOWS, INTERVIEWS, RECOGNITION_SETTLED, REPORT_ENDPOINT
from server.settings import Settings
from server.storage.api_keys import ApiKeys, Scope
from tests.empty_database import with_database
from tests.fixed_flows import fixed_flows
from tests.hr.conftest import UNHURRIED, answer, answer_all
from tests.storage.conftest import new_database
from tests.storage.conftest import postgres as postgres

T = TypeVar("T")


@dataclass
class Api:
    """A running server. secret: of a key that may do everything, of the system "acme"."""

    app: Any
    url: str
    loop: asyncio.AbstractEventLoop
    secret: str
    key_id: str

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Does it in the server's own loop."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(60)

    def key(self, scopes: Collection[str] = tuple(Scope), **particulars: Any) -> tuple[str, str]:
        """(id, secret) of another key."""
        given = {"name": "Test", "system": "acme", "by": "command", "now": datetime.now(UTC), **particulars}
        key, secret = self.run(ApiKeys(self.app[DATABASE]).create(scopes=scopes, **given))
        return key.id, secret

    @asynccontextmanager
    async def client(self, secret: str | None = None, **headers: str) -> AsyncIterator[aiohttp.ClientSession]:
        """An HTTP client that sends the key."""
        sent = {"Authorization": f"Bearer {secret or self.secret}", "Accept-Language": "en", **headers}
        async with aiohttp.ClientSession(base_url=f"{self.url}/api/v1/", headers=sent) as session:
            yield session

    def invite(self, name: str = "Ada Lovelace", email: str = "") -> str:
        """An interview's id."""
        made: tuple[str, str] = self.run(
            self.app[INTERVIEWS].invite(
                flow_id="customer_service",
                language=Language.ENGLISH,
                candidate_name=name,
                email=email,
                jurisdiction="EU",
                now=datetime.now(UTC),
            )
        )
        return made[0]

    def begin(self, interview_id: str, answers: int = 0) -> None:
        """Consents to all but the recording, begins, and types so many answers; -1: to the end."""

        async def work() -> None:
            session: InterviewSession = await self.app[INTERVIEWS].get(interview_id)
            async with session.candidate_present():
                await session.execute(GiveConsent(dict.fromkeys(session.purposes, True)))
                await session.execute(Start())
                for _ in range(answers):
                    await answer(session)
                if answers < 0:
                    await answer_all(session)

        self.run(work())

    def settle(self, interview_id: str) -> None:
        """Waits until the interview that was ended is complete."""

        async def work() -> None:
            session: InterviewSession = await self.app[INTERVIEWS].get(interview_id)
            if session.state.is_checking:
                await session.execute(ConfirmTranscripts())
            async with asyncio.timeout(10):
                while session.state.report_id is None:
                    await asyncio.sleep(0.01)

        self.run(work())


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """A server without a speech model, on loopback."""
    with serving(tmp_path_factory.mktemp("api")) as running:
        yield running


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def api_on_both(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """As `api`, once on SQLite and once on a real PostgreSQL: for the files that carry people through."""
    more = {}
    if request.param == "postgresql":
        more["database_url"] = new_database(request.getfixturevalue("postgres"))
    with serving(tmp_path_factory.mktemp("api"), **more) as running:
        yield running


class serving:
    """`with serving(folder, setting=…) as api`."""

    def __init__(self, folder: Path, **settings: Any) -> None:
        self._settings = Settings(
            data_dir=folder / "data",
            whisper_model=str(folder / "no-model"),
            ice_hosts=["127.0.0.1"],
            _env_file=None,
            **{**UNHURRIED, "api_requests_per_minute": 100_000, **settings},
        )
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)

    def __enter__(self) -> Api:
        self._thread.start()
        app, url = self._on_loop(self._start())
        made = Api(app, url, self._loop, "", "")
        made.key_id, made.secret = made.key()
        return made

    async def _start(self) -> tuple[Any, str]:
        app = create_app(with_database(self._settings))
        # In place: what is made of competency models is added to the same ones.
        app[FLOWS].update(fixed_flows())  # type: ignore[attr-defined]
        self._server = TestServer(app)
        await self._server.start_server()
        app[REPORT_ENDPOINT].set_result(str(self._server.make_url("/ehr/reports")))
        await app[RECOGNITION_SETTLED].wait()
        return app, str(self._server.make_url("")).rstrip("/")

    def __exit__(self, *_: object) -> None:
        self._on_loop(self._server.close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _on_loop(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(60)
