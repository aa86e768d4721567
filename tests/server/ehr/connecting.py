"""For the connectors' contract tests: a client that may reach this machine, messages on their way, fakes on a port."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer

from server.delivery.connector import Known, LookUp, Outgoing, Received, Reply
from server.delivery.safe_client import SafeClient

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
LOOPBACK = ("127.0.0.0/8",)
CANDIDATE = {"name": "林晓雨", "email": "lin@example.org", "phone": "+8613800138000", "language": "zh-CN"}
COMPETENCIES = (
    {"id": "care", "name": "Care for customers", "points": 6.5},
    {"id": "calm", "name": "Staying calm", "points": 9.0},
    {"id": "clear", "name": "Speaking clearly", "points": None},
    {"id": "team", "name": "Working with others", "points": 4.0},
)


def outgoing(
    type_: str, data: Mapping[str, Any], *, id_: str = "msg_1", report_url: str = "", **remote_ids: str
) -> Outgoing:
    """A message on its way. remote_ids: what the system calls what it is about."""
    body = {"type": type_, "timestamp": NOW.isoformat(), "data": data}
    return Outgoing(id_, type_, body, "interview-1", "application-1", NOW, 1, remote_ids, report_url)


def ordered(kind: str, **more: Any) -> Outgoing:
    """A follow-up that was ordered, as the records tell it."""
    data = {
        "follow_up_id": "follow-up-1",
        "kind": kind,
        "application_id": "application-1",
        "interview_id": "interview-1",
        "candidate": CANDIDATE,
        "job": {"title": "Customer service"},
        "department": "",
        "report": {"total": 8.2, "competencies": COMPETENCIES},
        **more,
    }
    return outgoing("follow_up.ordered", data)


def received(
    raw: bytes = b"",
    *,
    method: str = "POST",
    path: str = "",
    query: Mapping[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
    known: Known | None = None,
) -> Received:
    """A request as the door hands it on."""
    names = {name.lower(): value for name, value in (headers or {}).items()}
    return Received(method, path, query or {}, names, raw, known)


def replied(answer: Reply | LookUp) -> Reply:
    """The reply, where nothing has to be looked up."""
    assert isinstance(answer, Reply)
    return answer


def kept(answer: Reply | LookUp) -> tuple[str, str, Mapping[str, Any]]:
    """What goes into the inbox."""
    keep = replied(answer).keep
    assert keep is not None
    return keep


@asynccontextmanager
async def reachable(app: web.Application) -> AsyncIterator[tuple[str, SafeClient]]:
    """The fake on a free port: its address, and the client that connectors use."""
    server = TestServer(app)
    await server.start_server()
    try:
        async with SafeClient(inside=LOOPBACK) as client:
            yield str(server.make_url("")).rstrip("/"), client
    finally:
        await server.close()
