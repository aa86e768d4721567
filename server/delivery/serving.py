"""What the application runs for its messages: the connections, who sends, who takes in, and who asks."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime
from typing import Any

from aiohttp import web

from server.announcing import base_url
from server.delivery.connections import Connections
from server.delivery.connector import Connector
from server.delivery.inbox import InboxWorker
from server.delivery.polling import Poller
from server.delivery.safe_client import SafeClient
from server.delivery.worker import Deliverer, Worker
from server.keys import CONNECTIONS, CONNECTORS, DATABASE, INBOX, OUTBOX, RECORDS, SETTINGS
from server.mail.mailer import LinkSeal
from server.settings import Settings
from server.storage.outbox import BUILTIN

Context = Callable[[web.Application], AsyncIterator[None]]


class Everywhere:
    """The built-in endpoint and every connection that is on."""

    def __init__(self, builtin: Deliverer, connections: Connections) -> None:
        self._builtin = builtin
        self._connections = connections

    async def deliverer(self, destination: str) -> Deliverer | None:
        """Who sends there; None: nobody now."""
        return self._builtin if destination == BUILTIN else await self._connections.connector(destination)


def connected(given: Callable[[Settings, SafeClient], Mapping[str, Connector]]) -> Context:
    """For cleanup_ctx: the client for connected systems, and the connections that HR's pages and the workers use."""

    async def context(app: web.Application) -> AsyncIterator[None]:
        settings = app[SETTINGS]
        sealer = await asyncio.to_thread(settings.sealer)
        async with SafeClient(settings.connect_inside) as client:
            app[CONNECTIONS] = Connections(app[DATABASE], sealer, app[CONNECTORS], client)
            app[CONNECTIONS].given = given(settings, client)
            yield

    return context


def messages(builtin: Callable[[web.Application], AbstractAsyncContextManager[Deliverer]]) -> tuple[Context, ...]:
    """For cleanup_ctx behind `connected`: the workers run as long as the server. builtin: opens that destination."""

    async def send(app: web.Application) -> None:
        async with builtin(app) as deliverer:
            destinations = Everywhere(deliverer, app[CONNECTIONS])
            settings = app[SETTINGS]
            base, links = base_url(settings, settings.port), LinkSeal(settings.signing_secret())
            await Worker(app[OUTBOX], destinations, now=_now, public_url=base, links=links).run()

    async def take_in(app: web.Application) -> None:
        engine = app.get(RECORDS)
        if engine is not None:
            await InboxWorker(app[INBOX], app[CONNECTIONS], engine, _now).run()

    async def ask(app: web.Application) -> None:
        await Poller(app[DATABASE], app[CONNECTIONS], _now).run()

    return _running(send, "outbox"), _running(take_in, "inbox"), _running(ask, "polling")


def _running(work: Callable[[web.Application], Coroutine[Any, Any, None]], name: str) -> Context:
    async def context(app: web.Application) -> AsyncIterator[None]:
        task = asyncio.create_task(work(app), name=name)
        yield
        task.cancel()
        await asyncio.wait([task])

    return context


def _now() -> datetime:
    return datetime.now(UTC)
