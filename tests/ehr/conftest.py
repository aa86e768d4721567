"""A real database, a real built-in endpoint, and a worker that posts to it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

import server.ehr.routes
from server.keys import DATABASE, SETTINGS
from server.middleware import MIDDLEWARES
from server.pages import setup_templates
from server.settings import Settings
from server.storage.database import Database
from tests.delivery.conftest import SECRET, connections, database, make_worker

__all__ = ["connections", "database", "endpoint", "make_worker"]


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
