"""The built-in endpoint over real HTTP, and our own worker posting to it."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import Any

import aiohttp
import pytest
import sqlalchemy as sa
from aiohttp.test_utils import TestServer

from server.ehr.connectors.signed import encode
from server.ehr.connectors.standard_webhooks import headers
from server.storage import schema
from server.storage.database import Database
from server.storage.outbox import Outbox
from tests.delivery.conftest import SECRET, Clock, MakeWorker, invite, put_out

REPORT: dict[str, Any] = {"type": "report.ready", "timestamp": "2026-03-01T12:00:00Z", "data": {"quote": "抱歉"}}


async def inbox(database: Database) -> list[Any]:
    """Everything kept so far."""
    async with database.read() as connection:
        return list((await connection.execute(sa.select(schema.ehr_inbox))).all())


async def post(endpoint: TestServer, raw: bytes, sent: dict[str, str]) -> tuple[int, Any]:
    """Status and JSON of the answer."""
    async with (
        aiohttp.ClientSession() as client,
        client.post(endpoint.make_url("/ehr/reports"), data=BytesIO(raw), headers=sent) as response,
    ):
        text = await response.text()
        return response.status, json.loads(text) if text else None


async def test_a_signed_report_is_kept_once_however_often_it_comes(endpoint: TestServer, database: Database) -> None:
    raw = encode(REPORT)
    for _ in range(3):
        assert (await post(endpoint, raw, headers(SECRET, "msg_1", raw, datetime.now(UTC))))[0] == 204
    [row] = await inbox(database)
    assert (row.webhook_id, row.type, row.body["data"]) == ("msg_1", "report.ready", {"quote": "抱歉"})


async def test_without_a_right_signature_nothing_is_kept_and_a_sentence_says_why(
    endpoint: TestServer, database: Database
) -> None:
    raw = encode(REPORT)
    good = headers(SECRET, "msg_1", raw, datetime.now(UTC))
    wrong = [
        {},
        {**good, "webhook-signature": "v1,AAAA"},
        {**good, "webhook-id": "msg_2"},
        headers(SECRET, "msg_1", raw, datetime.now(UTC) - timedelta(minutes=6)),
    ]
    for sent in wrong:
        status, answer = await post(endpoint, raw, sent)
        assert status == 401
        assert answer["error"]["code"] == "signature_wrong"
        assert answer["error"]["message"].startswith("The message is not signed")
    status, answer = await post(endpoint, raw + b"\n", {**good, "Accept-Language": "zh-CN"})
    assert (status, answer["error"]["message"][:4]) == (401, "消息未使")
    assert await inbox(database) == []


@pytest.mark.parametrize(
    ("raw", "field"),
    [
        (b"not json", "body"),
        (b'{"timestamp": "2026-03-01T12:00:00Z", "data": {}}', "type"),
        (b'{"type": "x", "timestamp": "later", "data": {}}', "timestamp"),
        (b'{"type": "x", "timestamp": "2026-03-01T12:00:00Z", "data": []}', "data"),
    ],
)
async def test_signed_junk_is_refused_by_field(
    endpoint: TestServer, database: Database, raw: bytes, field: str
) -> None:
    status, answer = await post(endpoint, raw, headers(SECRET, "msg_1", raw, datetime.now(UTC)))
    assert (status, answer["error"]["field"]) == (400, field)
    assert await inbox(database) == []


async def test_a_large_report_of_a_long_interview_is_taken(endpoint: TestServer, database: Database) -> None:
    raw = encode({**REPORT, "data": {"words": ["包裹"] * 400_000}})
    assert len(raw) > 3_000_000
    assert (await post(endpoint, raw, headers(SECRET, "msg_1", raw, datetime.now(UTC))))[0] == 204
    assert len(await inbox(database)) == 1


async def test_our_worker_and_our_endpoint_understand_each_other(
    endpoint: TestServer, database: Database, make_worker: MakeWorker
) -> None:
    clock = Clock()
    message_id = await put_out(database, await invite(database, clock()), clock(), note="sorry / 抱歉")
    await make_worker(str(endpoint.make_url("/ehr/reports")), clock).deliver_due()
    [row] = await inbox(database)
    assert (row.webhook_id, row.body["data"]["note"]) == (message_id, "sorry / 抱歉")
    assert await Outbox(database).waiting() == 0
