"""The built-in HR system's door: reports come in as signed webhooks."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from typing import Any

from aiohttp import web
from pydantic import AwareDatetime, BaseModel, Field, ValidationError

import server.ehr.incoming
from server.bodies import bounded
from server.delivery.connector import BadSignature
from server.ehr.connectors.standard_webhooks import check_headers, verify
from server.ehr.records import Records
from server.errors import UserError
from server.keys import DATABASE, SETTINGS
from server.rate_limit import of_address

REPORTS_PATH = "/ehr/reports"
LARGEST_MESSAGE = 8 << 20
"""Bytes: a report carries every word of a long interview with its times, 2 MB in two hours."""
READ_SECONDS = 20.0
"""How long it may take to send it."""
MOST_AT_ONCE = 4
"""Bodies that are read for one address at once: whose they are is known only when they have been read."""
RETRY_AFTER_S = 5
LONGEST_ID = 200

READING: web.AppKey[Counter[str]] = web.AppKey("reports_being_read")
"""How many bodies are being read, by address."""


class Message(BaseModel):
    """A Standard Webhooks body."""

    type: str = Field(min_length=1, max_length=60)
    timestamp: AwareDatetime
    data: dict[str, Any]


def add_routes(app: web.Application) -> None:
    """Hangs the endpoint and the connected systems' addresses onto the application."""
    app[READING] = Counter()
    app.router.add_post(REPORTS_PATH, receive)
    for method in server.ehr.incoming.METHODS:
        app.router.add_route(method, server.ehr.incoming.PATH, server.ehr.incoming.receive)


async def receive(request: web.Request) -> web.Response:
    """204 once the message is stored, or was before; 401 unless its signature holds; 400 for junk.

    Its headers come first: without an id, a timestamp of now and the form of a signature no body is read.
    """
    try:
        check_headers(request.headers, datetime.now(UTC))
        webhook_id = request.headers["webhook-id"]
        if len(webhook_id) > LONGEST_ID:
            raise UserError("webhook_id_long", field="webhook-id", params={"length": str(LONGEST_ID)})
        raw = await _read(request)
        verify(request.app[SETTINGS].signing_secret(), raw, request.headers)
    except BadSignature as error:
        raise UserError("signature_wrong", status=401) from error
    try:
        message = Message.model_validate_json(raw)
    except ValidationError as error:
        field = ".".join(str(part) for part in error.errors()[0]["loc"]) or "body"
        raise UserError("message_malformed", field=field, params={"field": field}) from error
    body = message.model_dump(mode="json")
    await Records(request.app[DATABASE]).keep(webhook_id, message.type, body, datetime.now(UTC))
    return web.Response(status=204)


async def _read(request: web.Request) -> bytes:
    """Raises as `bounded`, and UserError reading_full (429)."""
    reading, address = request.app[READING], of_address(request.remote)
    if reading[address] >= MOST_AT_ONCE:
        raise UserError("reading_full", status=429, retry_after_s=RETRY_AFTER_S)
    reading[address] += 1
    try:
        return await bounded(request, LARGEST_MESSAGE, READ_SECONDS)
    finally:
        reading[address] -= 1
        if not reading[address]:
            del reading[address]
