"""The built-in HR system's door: reports come in as signed webhooks."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from aiohttp import web
from pydantic import AwareDatetime, BaseModel, Field, ValidationError

import server.ehr.incoming
from server.delivery.connector import BadSignature
from server.ehr.connectors.standard_webhooks import verify
from server.ehr.records import Records
from server.errors import UserError
from server.keys import DATABASE, SETTINGS

REPORTS_PATH = "/ehr/reports"
LARGEST_MESSAGE = 16 << 20
"""Bytes: a report carries every word of a long interview with its times."""
LONGEST_ID = 200


class Message(BaseModel):
    """A Standard Webhooks body."""

    type: str = Field(min_length=1, max_length=60)
    timestamp: AwareDatetime
    data: dict[str, Any]


def add_routes(app: web.Application) -> None:
    """Hangs the endpoint and the connected systems' addresses onto the application."""
    app.router.add_post(REPORTS_PATH, receive)
    for method in server.ehr.incoming.METHODS:
        app.router.add_route(method, server.ehr.incoming.PATH, server.ehr.incoming.receive)


async def receive(request: web.Request) -> web.Response:
    """204 once the message is stored, or was before; 401 unless its signature holds; 400 for junk."""
    raw = await request.clone(client_max_size=LARGEST_MESSAGE).read()
    try:
        verify(request.app[SETTINGS].signing_secret(), raw, request.headers)
    except BadSignature as error:
        raise UserError("signature_wrong", status=401) from error
    webhook_id = request.headers["webhook-id"]
    if len(webhook_id) > LONGEST_ID:
        raise UserError("webhook_id_long", field="webhook-id", params={"length": str(LONGEST_ID)})
    try:
        message = Message.model_validate_json(raw)
    except ValidationError as error:
        field = ".".join(str(part) for part in error.errors()[0]["loc"]) or "body"
        raise UserError("message_malformed", field=field, params={"field": field}) from error
    body = message.model_dump(mode="json")
    await Records(request.app[DATABASE]).keep(webhook_id, message.type, body, datetime.now(UTC))
    return web.Response(status=204)
