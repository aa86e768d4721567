"""The door, the workers and the records together in one process, on a test's clock, with connections to fakes."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import aiohttp
import sqlalchemy as sa
from aiohttp import web
from aiohttp.test_utils import BaseTestServer, TestServer
from cryptography.fernet import Fernet

import server.ehr.routes
from server.delivery.connections import Connection, Connections
from server.delivery.inbox import InboxWorker
from server.delivery.safe_client import SafeClient
from server.delivery.sealing import Sealer
from server.delivery.serving import Everywhere
from server.delivery.worker import Worker
from server.ehr.builtin import Builtin
from server.ehr.kinds import KINDS
from server.keys import CONNECTIONS, DATABASE, FLOWS, SETTINGS
from server.middleware import MIDDLEWARES
from server.pages import setup_templates
from server.records.engine import Records
from server.settings import Settings
from server.storage.database import Database
from server.storage.inbox import Inbox
from server.storage.outbox import Outbox
from server.storage.record_tables import inbox
from tests.records.house import FLOWS as SHIPPED
from tests.records.house import LINKS, records
from tests.server.ehr.connecting import LOOPBACK

SECRET = "whsec_" + "c2VjcmV0LWZvci10aGUtdGVzdHMtb25seS0hIQ=="

ROUNDS = 50
"""More than any test's messages cause one after the other."""


@dataclass
class Works:
    """clock: of the workers; the door and what it proves live in the real time. records: as the server makes them."""

    database: Database
    records: Records
    connections: Connections
    door: BaseTestServer
    http: aiohttp.ClientSession
    sender: Worker
    taker: InboxWorker
    clock: list[datetime]

    @property
    def now(self) -> datetime:
        """What the workers' clock says."""
        return self.clock[0]

    @property
    def now_at_the_door(self) -> datetime:
        """When something arrives that is signed now."""
        return datetime.now(UTC)

    async def connect(self, kind: str, settings: Mapping[str, Any], secrets: Mapping[str, Any]) -> Connection:
        """As HR would on its page."""
        return await self.connections.add(kind, kind, settings, secrets, self.now)

    async def call(
        self,
        connection: Connection,
        raw: bytes,
        headers: Mapping[str, str],
        *,
        method: str = "POST",
        path: str = "",
        query: Mapping[str, str] | None = None,
    ) -> tuple[int, Any]:
        """Knocks at a connection's door: the status and the answer's JSON."""
        url = self.door.make_url(f"/ehr/in/{connection.id}/{path}")
        async with self.http.request(method, url, data=BytesIO(raw), headers=headers, params=query) as response:
            text = await response.text()
            return response.status, json.loads(text) if text else None

    async def settle(self, *, minutes: float = 60) -> None:
        """Lets so much time pass that what failed is due again, and works off all that is due then."""
        self.clock[0] += timedelta(minutes=minutes)
        for _ in range(ROUNDS):
            if not await self.taker.work_off() + await self.sender.deliver_due():
                return
        raise AssertionError("what is due does not come to an end")

    async def kept(self, connection: Connection) -> list[Any]:
        """What the inbox has of it."""
        async with self.database.read() as reading:
            return list((await reading.execute(sa.select(inbox).where(inbox.c.source == connection.id))).all())


@asynccontextmanager
async def works(database: Database, folder: Path) -> AsyncIterator[Works]:
    """Everything runs on this database; rules are those that come with the server."""
    app = web.Application(middlewares=MIDDLEWARES)
    app[SETTINGS] = Settings(data_dir=folder, public_url="https://hr.example.org", ehr_secret=SECRET, _env_file=None)
    app[DATABASE], app[FLOWS] = database, SHIPPED
    setup_templates(app)
    server.ehr.routes.add_routes(app)
    async with AsyncExitStack() as stack:
        client = await stack.enter_async_context(SafeClient(LOOPBACK))
        app[CONNECTIONS] = Connections(database, Sealer([Fernet.generate_key().decode()]), KINDS, client)
        http = await stack.enter_async_context(aiohttp.ClientSession())
        door = await stack.enter_async_context(TestServer(app))
        made, clock = records(database), [datetime.now(UTC)]
        await made.rules.ensure_defaults(clock[0] - timedelta(days=1))
        # Nobody listens there: the company has no endpoint of its own, and its rows wait.
        nobody = Builtin(http, "http://127.0.0.1:9/reports", SECRET)
        sender = Worker(
            Outbox(database),
            Everywhere(nobody, app[CONNECTIONS]),
            now=lambda: clock[0],
            public_url="https://hr.example.org",
            links=LINKS,
        )
        taker = InboxWorker(Inbox(database), app[CONNECTIONS], made, lambda: clock[0])
        yield Works(database, made, app[CONNECTIONS], door, http, sender, taker, clock)
