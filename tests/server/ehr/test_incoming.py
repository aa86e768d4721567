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
from server.ehr.incoming import LARGEST_BODY
from server.ehr.routes import LARGEST_MESSAGE, MOST_AT_ONCE
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
        (made.id, b"x" * (LARGEST_BODY + 1), TOKEN, 413, "too_large"),
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


async def begun(endpoint: TestServer, path: str, length: int, *headers: str) -> bytes:
    """The first line of the answer to a request that says what is to come, and sends nothing of it."""
    lines = [f"POST {path} HTTP/1.1", "Host: localhost", f"Content-Length: {length}", *headers]
    reader, writer = await asyncio.open_connection(endpoint.host, endpoint.port)
    writer.write("\r\n".join(lines).encode() + b"\r\n\r\n")
    async with asyncio.timeout(3):
        answer = await reader.readline()
    writer.close()
    return answer


async def test_no_body_is_read_for_whom_the_headers_show_to_be_wrong(
    endpoint: TestServer, connections: Connections, made: Connection
) -> None:
    stamp, signature = f"webhook-timestamp: {int(time())}", f"webhook-signature: v1,{'A' * 43}="
    for path, length, headers, status in (
        ("/ehr/reports", 1000, [], 401),
        ("/ehr/reports", 1000, ["webhook-id: m", "webhook-timestamp: 1", signature], 401),
        ("/ehr/reports", 1000, ["webhook-id: m", stamp, "webhook-signature: v1,short"], 401),
        ("/ehr/reports", LARGEST_MESSAGE + 1, ["webhook-id: m", stamp, signature], 413),
        ("/ehr/in/unknown/", 1000, [], 404),
        (f"/ehr/in/{made.id}/", LARGEST_BODY + 1, [], 413),
    ):
        assert f" {status} ".encode() in await begun(endpoint, path, length, *headers), (path, headers)
    await connections.switch(made.id, False)
    assert b" 503 " in await begun(endpoint, f"/ehr/in/{made.id}/", 1000)


async def test_one_address_has_few_reports_read_at_once_and_waits_for_the_rest(endpoint: TestServer) -> None:
    headers = ["webhook-id: m", f"webhook-timestamp: {int(time())}", f"webhook-signature: v1,{'A' * 43}="]
    request = "\r\n".join(["POST /ehr/reports HTTP/1.1", "Host: x", "Content-Length: 9", *headers]).encode()
    slow = [await asyncio.open_connection(endpoint.host, endpoint.port) for _ in range(MOST_AT_ONCE)]
    for _, writer in slow:
        writer.write(request + b"\r\n\r\n")
    async with asyncio.timeout(5):
        while b" 429 " not in await begun(endpoint, "/ehr/reports", 9, *headers):
            await asyncio.sleep(0.05)
    for reader, writer in slow:
        writer.write(b"not ours!")
        assert b" 401 " in await reader.readline()
        writer.close()


async def test_a_database_that_is_busy_is_answered_in_time_and_keeps_nothing(
    endpoint: TestServer, database: Database, made: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("server.ehr.incoming.ANSWER_SECONDS", 0.2)
    async with database.begin():
        status, answer = await ask(endpoint, made.id, "candidates", {"id": "c7", "name": "Ada"})
    assert (status, answer["error"]["code"]) == (503, "answer_slow")
    assert await kept(database) == []
