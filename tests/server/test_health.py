"""/healthz and /readyz: each reason why nobody should be sent here, with the real parts gone."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession
from aiohttp.test_utils import TestClient, TestServer
from prometheus_client.parser import text_string_to_metric_families

from analyzers.transcription.models import load_model
from analyzers.transcription.whisper import Whisper
from scripts.local_postgres import postgres_binaries, running_postgres
from scripts.local_server import VOICE_MODEL
from server.admission import KEPT, Sample
from server.app import create_app
from server.keys import DATABASE, DRAINING, INTERVIEWS, RECOGNITION_SETTLED
from server.settings import Settings
from tests.live.conftest import RedisServer, redis_server
from tests.server.conftest import Client
from tests.warm_server import WarmServer

__all__ = ["redis_server"]


async def readiness(client: Client) -> tuple[int, list[str]]:
    """(status, reasons)."""
    response = await client.get("/readyz")
    body = await response.json()
    assert body["ready"] is (response.status == 200)
    return response.status, body["reasons"]


@asynccontextmanager
async def serving(folder: Path, **changes: Any) -> AsyncIterator[Client]:
    settings = {"data_dir": folder / "data", "whisper_model": str(folder / "no-model"), **changes}
    async with TestClient(TestServer(create_app(Settings(_env_file=None, **settings)))) as client:
        yield client


async def test_while_the_model_loads_nobody_is_sent_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked_for = threading.Event()

    def load_when_asked_for(*args: Any, **options: Any) -> Whisper:
        asked_for.wait()
        return load_model(*args, **options)

    # The small model may be there before the first question is.
    monkeypatch.setattr("server.recognition.load_model", load_when_asked_for)
    async with serving(tmp_path, whisper_model=str(VOICE_MODEL), allow_synthetic_model=True) as client:
        try:
            assert await readiness(client) == (503, ["recognition_loading"])
            assert (await client.get("/healthz")).status == 200
        finally:
            asked_for.set()
        await client.app[RECOGNITION_SETTLED].wait()
        assert await readiness(client) == (200, [])


async def test_without_a_model_answers_are_typed_and_the_server_is_ready(door: Client) -> None:
    assert await readiness(door) == (200, [])


async def test_a_process_that_drains_is_not_ready_and_lives(door: Client) -> None:
    door.app[DRAINING].set()
    assert await readiness(door) == (503, ["draining"])
    assert (await door.get("/healthz")).status == 200


async def test_a_file_that_is_no_database_any_more(door: Client, tmp_path: Path) -> None:
    await door.app[DATABASE].engine.dispose()
    spoil(tmp_path / "data")
    assert await readiness(door) == (503, ["database"])
    assert (await door.get("/healthz")).status == 200


def spoil(folder: Path) -> None:
    """Puts something that is no database where the server's is."""
    for file in folder.glob("interviews.sqlite*"):
        file.unlink()
    (folder / "interviews.sqlite").write_text("this is no database " * 1000)


async def test_a_postgresql_that_stops(tmp_path: Path) -> None:
    binaries = postgres_binaries()
    if binaries is None:
        pytest.skip("PostgreSQL is not installed (apt install postgresql)")
    with ExitStack() as postgresql:
        address = postgresql.enter_context(running_postgres(binaries))
        async with serving(tmp_path, database_url=f"postgresql+asyncpg://{address}/postgres") as client:
            await client.app[RECOGNITION_SETTLED].wait()
            assert await readiness(client) == (200, [])
            await asyncio.to_thread(postgresql.close)
            async with asyncio.timeout(5):
                assert await readiness(client) == (503, ["database"])


async def test_health_says_why_none_is_begun(door: Client) -> None:
    body = await (await door.get("/healthz")).json()
    assert (body["status"], body["admits"], body["refuses_for"]) == ("ok", True, None)
    for _ in range(KEPT):
        door.app[INTERVIEWS].room.admission.measured(Sample(loop_lag_ms=300, loop_load=0.5, process_load=0.3, lines=4))
    body = await (await door.get("/healthz")).json()
    assert (body["status"], body["admits"], body["refuses_for"]) == ("ok", False, "loop_lag")
    assert (body["loop_load"], body["process_load"], body["lines"]) == (0.5, 0.3, 4)


async def test_two_workers_are_ready_while_redis_is_and_their_figures_are_one_answer(
    tmp_path: Path, redis_server: RedisServer
) -> None:
    settings = {"workers": "2", "redis_url": redis_server.url, "whisper_model": str(tmp_path / "no-model")}
    server = WarmServer(tmp_path / "data", settings=settings, log=tmp_path / "log")
    await server.start()
    try:
        async with ClientSession() as http:
            assert await eventually(http, server.url, 200) == []
            # They hear of each other within a second or two; then whoever is asked answers for both.
            in_a_row = 0
            async with asyncio.timeout(20):
                while in_a_row < 10:
                    both = await workers_seen(http, server.url) == {"0": 1.0, "1": 1.0}
                    in_a_row = in_a_row + 1 if both else 0
                    await asyncio.sleep(0 if both else 0.2)
            redis_server.stop()
            assert await eventually(http, server.url, 503) == ["redis"]
            redis_server.start()
            assert await eventually(http, server.url, 200) == []
    finally:
        await server.stop()


async def eventually(http: ClientSession, url: str, status: int) -> list[str]:
    """The reasons, once the answer has this status; whichever worker gives it."""
    async with asyncio.timeout(30):
        while True:
            async with http.get(url + "/readyz", headers={"Connection": "close"}) as response:
                reasons: list[str] = (await response.json())["reasons"]
                if response.status == status:
                    return reasons
            await asyncio.sleep(0.2)


async def workers_seen(http: ClientSession, url: str) -> dict[str, float]:
    """interview_worker_up by worker; every other sample has its worker too."""
    async with http.get(url + "/metrics", headers={"Connection": "close"}) as response:
        assert response.status == 200
        families = list(text_string_to_metric_families(await response.text()))
    assert len({family.name for family in families}) == len(families)
    assert all("worker" in sample.labels for family in families for sample in family.samples)
    [up] = [family for family in families if family.name == "interview_worker_up"]
    return {sample.labels["worker"]: sample.value for sample in up.samples}
