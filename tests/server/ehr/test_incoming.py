"""The door for connected systems over real HTTP: proven, kept before it is answered, bounded in size and time."""

from __future__ import annotations

import asyncio
import json
from base64 import b64encode
from io import BytesIO
from time import time
from typing import Any

import aiohttp
import pytest
import sqlalchemy as sa
from aiohttp.test_utils import TestServer

from server.delivery.connections import Connection, Connections
from server.ehr.connectors.standard_webhooks import StandardWebhooks
from server.storage import schema
from server.storage.database import Database
from server.storage.record_tables import connections as table
from server.storage.record_tables import inbox
from tests.delivery.conftest import TOKEN, Clock
from tests.fixed_flows import fixed_flows


@pytest.fixture
async def made(connections: Connections) -> Connection:
    """A connection whose door is open."""
    return await connections.add("plain", "HR", {"url": "http://127.0.0.1:9"}, {"token": TOKEN}, Clock()())


async def ask(
    endpoint: TestServer,
    connection_id: str,
    path: str,
    body: object = None,
    *,
    token: str = TOKEN,
    method: str = "POST",
) -> tuple[int, Any]:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    url = endpoint.make_url(f"/ehr/in/{connection_id}/{path}")
    async with (
        aiohttp.ClientSession() as client,
        client.request(method, url, data=BytesIO(raw), headers={"token": token}) as found,
    ):
        text = await found.text()
        return found.status, json.loads(text) if text else None


async def kept(database: Database) -> list[Any]:
    async with database.read() as connection:
        return list((await connection.execute(sa.select(inbox))).all())


async def test_what_is_proven_is_kept_once_and_answered_and_what_is_owed_is_sent(
    endpoint: TestServer, database: Database, made: Connection
) -> None:
    for _ in range(3):
        assert await ask(endpoint, made.id, "candidates", {"id": "c7", "name": "李明"}) == (200, {"kept": "c7"})
    [row] = await kept(database)
    assert (row.source, row.event_id, row.body["name"]) == (made.id, "c7", "李明")
    async with database.read() as connection:
        [sent] = (await connection.execute(sa.select(schema.outbox))).all()
    assert (sent.destination, sent.type, sent.body["data"]) == (made.id, "plain.thanks", {"for": "c7"})
    status, answer = await ask(endpoint, made.id, "ask", method="GET")
    assert (status, answer["flows"]) == (200, sorted(fixed_flows()))


async def test_a_hint_makes_the_next_asking_come_sooner(
    endpoint: TestServer, database: Database, made: Connection
) -> None:
    now = Clock()()
    async with database.begin() as connection:
        await connection.execute(table.update().values(polled_at=now))
    assert (await ask(endpoint, made.id, "hint"))[0] == 202
    async with database.read() as connection:
        assert (await connection.execute(sa.select(table.c.polled_at))).scalar_one() < now
    assert await kept(database) == []


async def test_what_is_unproven_unreadable_too_large_unknown_or_off_is_refused_and_changes_nothing(
    endpoint: TestServer, database: Database, connections: Connections, made: Connection
) -> None:
    good = {"id": "c7", "name": "Ada"}
    cases: list[tuple[str, object, str, int, str]] = [
        (made.id, good, "wrong", 401, "signature_wrong"),
        (made.id, b"not json", TOKEN, 400, "message_malformed"),
        (made.id, [], TOKEN, 400, "message_malformed"),
        (made.id, {"id": "x" * 201, "name": "Ada"}, TOKEN, 400, "message_malformed"),
        (made.id, b"x" * ((1 << 20) + 1), TOKEN, 413, "too_large"),
        ("unknown", good, TOKEN, 404, "not_found"),
        ("%00", good, TOKEN, 404, "not_found"),
    ]
    for connection_id, body, token, status, code in cases:
        answer = await ask(endpoint, connection_id, "candidates", body, token=token)
        assert (answer[0], answer[1]["error"]["code"]) == (status, code)
    await connections.switch(made.id, False)
    status, answer = await ask(endpoint, made.id, "candidates", good)
    assert (status, answer["error"]["code"]) == (503, "connection_off")
    assert await kept(database) == []


async def test_a_header_that_is_no_text_is_refused_like_any_other_without_proof(
    endpoint: TestServer, connections: Connections
) -> None:
    secret = "whsec_" + b64encode(b"k" * 32).decode()
    url = {"url": "http://127.0.0.1:9"}
    connections.kinds = {**connections.kinds, "standard_webhooks": StandardWebhooks}
    made = await connections.add("standard_webhooks", "HR", url, {"secret": secret}, Clock()())
    stamp = str(int(time())).encode()
    request = [
        f"POST /ehr/in/{made.id}/ HTTP/1.1".encode(),
        b"Host: localhost",
        b"Connection: close",
        b"Content-Length: 2",
        b"webhook-timestamp: " + stamp,
        b"webhook-id: \xff",
        b"webhook-signature: v1,\xff",
    ]
    reader, writer = await asyncio.open_connection(endpoint.host, endpoint.port)
    writer.write(b"\r\n".join(request) + b"\r\n\r\n{}")
    answer = await reader.read()
    writer.close()
    assert answer.startswith(b"HTTP/1.1 401 "), answer[:100]


async def test_a_database_that_is_busy_is_answered_in_time_and_keeps_nothing(
    endpoint: TestServer, database: Database, made: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("server.ehr.incoming.ANSWER_SECONDS", 0.2)
    async with database.begin():
        status, answer = await ask(endpoint, made.id, "candidates", {"id": "c7", "name": "Ada"})
    assert (status, answer["error"]["code"]) == (503, "answer_slow")
    assert await kept(database) == []
