"""A real database, a real built-in endpoint, and a worker that posts to it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

import server.ehr.routes
from server.delivery.connections import Connections
from server.keys import CONNECTIONS, DATABASE, FLOWS, SETTINGS
from server.middleware import MIDDLEWARES
from server.pages import setup_templates
from server.settings import Settings
from server.storage.database import Database
from tests.delivery.conftest import SECRET, connections, database, make_worker
from tests.fixed_flows import fixed_flows
from tests.server.ehr.frappe_connected import ConnectedFrappe, connected_frappe
from tests.server.ehr.odoo_connected import Connected, connected_odoo

__all__ = ["connections", "database", "endpoint", "make_worker"]


@pytest.fixture
async def endpoint(database: Database, connections: Connections, tmp_path: Path) -> AsyncIterator[TestServer]:
    """The built-in endpoint, and the connected systems' addresses."""
    app = web.Application(middlewares=MIDDLEWARES)
    app[SETTINGS] = Settings(data_dir=tmp_path, ehr_secret=SECRET, _env_file=None)
    app[DATABASE] = database
    app[CONNECTIONS] = connections
    app[FLOWS] = fixed_flows()
    setup_templates(app)
    server.ehr.routes.add_routes(app)
    running = TestServer(app)
    await running.start_server()
    yield running
    await running.close()


@pytest.fixture(params=["fake", "real"])
async def odoo(request: pytest.FixtureRequest) -> AsyncIterator[Connected]:
    """An Odoo behind a line; the real one only if pytest was told of it."""
    async with connected_odoo(request.config, request.param) as connected:
        yield connected


@pytest.fixture(params=["Interview Round", "Interview Type"])
async def frappe(request: pytest.FixtureRequest) -> AsyncIterator[ConnectedFrappe]:
    """A Frappe HR behind a line, of an older version and a newer one."""
    async with connected_frappe(request.param) as connected:
        yield connected
