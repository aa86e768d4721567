"""The whole application over real HTTP, with nobody signed in."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp.test_utils import TestClient, TestServer
from aiohttp.web import Application, Request

from server.app import create_app
from server.keys import RECOGNITION_SETTLED
from server.settings import Settings
from tests.empty_database import with_database

Client = TestClient[Request, Application]


@pytest.fixture
async def door(tmp_path: Path) -> AsyncIterator[Client]:
    """A server without a speech model on a free port, and a browser without cookies."""
    settings = Settings(data_dir=tmp_path / "data", whisper_model=str(tmp_path / "no-model"), _env_file=None)
    async with TestClient(TestServer(create_app(with_database(settings)))) as client:
        await client.app[RECOGNITION_SETTLED].wait()
        yield client
