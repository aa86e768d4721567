"""Real servers, a real Redis and a real receiver of reports, each test with its own, on free ports."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from playwright.async_api import expect
from standardwebhooks import Webhook, WebhookVerificationError

from scripts.local_server import LocalServer, free_port
from tests.warm_server import WarmServer

SECRET = "whsec_" + "c2VjcmV0LWZvci10aGUtdGVzdHMtb25seS0hIQ=="


@dataclass
class Receiver:
    """The company's HR system: keeps what arrives with a valid signature."""

    url: str
    reports: list[dict[str, Any]] = field(default_factory=list)
    refused: int = 0
    arrived: asyncio.Event = field(default_factory=asyncio.Event)


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    """An HTTP endpoint that checks Standard Webhooks signatures with the standard's own library."""
    state = Receiver(url="")

    async def receive(request: web.Request) -> web.Response:
        try:
            body = Webhook(SECRET).verify(await request.read(), {k.lower(): v for k, v in request.headers.items()})
        except WebhookVerificationError:
            state.refused += 1
            return web.Response(status=401)
        state.reports.append(body)
        state.arrived.set()
        return web.Response(status=204)

    app = web.Application()
    app.router.add_post("/reports", receive)
    runner = web.AppRunner(app)
    await runner.setup()
    port = free_port()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    state.url = f"http://127.0.0.1:{port}/reports"
    yield state
    await runner.cleanup()


# Nothing here is about speed, and a machine with other work to do takes longer than the library's 5 s.
expect.set_options(timeout=15_000)

UNHURRIED = {"most_loop_lag_ms": "60000", "most_loop_load": "1", "most_queue_wait_ms": "60000"}
"""Settings with which a busy machine turns nobody away: these tests are of other things."""

ServerFactory = Callable[..., Awaitable[LocalServer]]


@pytest.fixture
async def start_server(tmp_path: Path, receiver: Receiver) -> AsyncIterator[ServerFactory]:
    """Starts servers whose reports go to the receiver; keyword arguments become settings."""
    servers: list[LocalServer] = []

    async def start(**settings: str) -> LocalServer:
        log = tmp_path / "server.log"
        settings = {**UNHURRIED, **settings, "ehr_url": receiver.url, "ehr_secret": SECRET}
        server = WarmServer(tmp_path / "data", settings=settings, log=log)
        servers.append(server)
        await server.start()
        return server

    yield start
    for server in servers:
        await server.stop()


@pytest.fixture(params=["memory", "redis-workers"])
async def broker(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[dict[str, str]]:
    """Settings: live events in memory, or by a redis-server of this test's own for one process or for two."""
    if request.param == "memory":
        yield {}
        return
    port = free_port()
    process = await asyncio.create_subprocess_exec(
        "redis-server", "--port", str(port), "--save", "", "--appendonly", "no", "--dir", str(tmp_path),
        stdout=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    async with asyncio.timeout(10):
        while not await answers(port):
            await asyncio.sleep(0.05)
    workers = {"workers": "2"} if request.param == "redis-workers" else {}
    yield {"redis_url": f"redis://127.0.0.1:{port}/0", **workers}
    process.terminate()
    await process.wait()


one_process_and_two = pytest.mark.parametrize("broker", ["memory", "redis-workers"], indirect=True)
"""For tests of what one process alone and two behind one port must both do."""


async def answers(port: int) -> bool:
    """Whether somebody listens on this port."""
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    await writer.wait_closed()
    return True
