"""The door for connected systems: /ehr/in/CONNECTION/…, proven by the connector, kept, and answered within seconds."""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from aiohttp import web

from server.bodies import bounded
from server.delivery.connector import BadSignature, Connector, LookUp, Received, Reply, Unreadable
from server.delivery.polling import poll_soon
from server.ehr.look_up import look_up
from server.errors import UserError
from server.keys import CONNECTIONS, DATABASE
from server.storage.inbox import LONGEST_EVENT_ID, LONGEST_TYPE, put
from server.storage.outbox import OutboxMessage, enqueue
from server.storage.record_tables import connections

log = logging.getLogger(__name__)

PATH = "/ehr/in/{connection_id}/{path:.*}"
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
LARGEST_BODY = 256 << 10
"""Bytes of what a connected system may send at once; none of their messages comes near."""
READ_SECONDS = 10.0
"""How long it may take to send them."""
ANSWER_SECONDS = 3.0
"""How long it may wait for the answer once it has."""
RETRY_AFTER_SECONDS = 15


async def receive(request: web.Request) -> web.Response:
    """What the connector answers, once what is to be kept is on disk; 401 without its proof, 400 for junk.

    404 for an unknown connection, 503 for one that is off or an answer that takes too long: both are tried again.
    """
    try:
        # Nobody's body is read for a connection that is not there or off.
        async with asyncio.timeout(ANSWER_SECONDS):
            connector = await _connector(request.app, request.match_info["connection_id"])
    except TimeoutError as error:
        raise _slow() from error
    raw = await bounded(request, LARGEST_BODY, READ_SECONDS)
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            reply = await _answer(request, connector, raw)
    except TimeoutError as error:
        raise _slow() from error
    if reply.body is None:
        return web.Response(status=reply.status)
    return web.json_response(reply.body, status=reply.status)


def _slow() -> UserError:
    return UserError("answer_slow", status=503, retry_after_s=RETRY_AFTER_SECONDS)


async def _answer(request: web.Request, connector: Connector, raw: bytes) -> Reply:
    connection_id, now = request.match_info["connection_id"], datetime.now(UTC)
    received = Received(
        request.method,
        request.match_info["path"],
        dict(request.query),
        # What is no UTF-8 comes as half characters, which nothing could be compared with: a connector would fail.
        {name.lower(): value.encode("utf-8", "replace").decode() for name, value in request.headers.items()},
        raw,
    )
    try:
        reply = connector.receive(received, now)
        if isinstance(reply, LookUp):
            known = await look_up(request.app, connection_id, reply)
            reply = connector.receive(replace(received, known=known), now)
    except BadSignature as error:
        log.warning("an incoming request is not proven", extra={"id": connection_id})
        raise UserError("signature_wrong", status=401) from error
    except Unreadable as error:
        raise UserError("message_malformed", field=error.field, params={"field": error.field}) from error
    if isinstance(reply, LookUp):
        raise TypeError("a connector asks again for what was looked up")
    await _keep(request.app, connection_id, reply, now)
    return reply


async def _connector(app: web.Application, connection_id: str) -> Connector:
    connector = await app[CONNECTIONS].connector(connection_id) if connection_id.isprintable() else None
    if connector is not None:
        return connector
    query = sa.select(connections.c.id).where(connections.c.id == connection_id)
    async with app[DATABASE].read() as connection:
        known = await connection.scalar(query) if connection_id.isprintable() else None
    if known is None:
        raise UserError("not_found", status=404)
    raise UserError("connection_off", status=503, retry_after_s=RETRY_AFTER_SECONDS)


async def _keep(app: web.Application, connection_id: str, reply: Reply, now: datetime) -> None:
    """On disk before it is answered: the system will not send it again."""
    if reply.keep is not None:
        event_id, type_, body = reply.keep
        if not 0 < len(event_id) <= LONGEST_EVENT_ID or not 0 < len(type_) <= LONGEST_TYPE:
            raise UserError("message_malformed", field="id", params={"field": "id"})
        async with app[DATABASE].begin() as connection:
            is_new = await put(connection, connection_id, event_id, type_, body, now)
            if is_new and reply.send is not None:
                sent_type, data = reply.send
                await enqueue(connection, [_message(connection_id, event_id, sent_type, data, now)], now)
    if reply.poll_soon:
        await poll_soon(app[DATABASE], connection_id, now)


def _message(connection_id: str, event_id: str, type_: str, data: Mapping[str, Any], now: datetime) -> OutboxMessage:
    return OutboxMessage(
        id=f"msg_{uuid.uuid5(uuid.NAMESPACE_URL, f'{connection_id} {event_id}').hex}",
        interview_id=None,
        type=type_,
        body={"type": type_, "timestamp": now.isoformat(), "data": dict(data)},
        destination=connection_id,
    )
