"""The worker that posts what waits in the outbox: at least once, in order per interview, never lost."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import aiohttp
from aiohttp import web
from sqlalchemy.exc import SQLAlchemyError

from server.ehr.connectors.standard_webhooks import TIMEOUT, Answer, encode, send
from server.keys import DATABASE, REPORT_ENDPOINT, SETTINGS
from server.storage.outbox import Outbox, OutboxRow

log = logging.getLogger(__name__)

DELAYS = (
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=14),
    timedelta(hours=20),
    timedelta(hours=24),
)
"""Waits before the second, third … attempt (Standard Webhooks 1.0); behind the last one the row is a dead letter."""

JITTER = 0.1
"""Share of a wait that is added at random, so that many reports do not come back all at once."""

AT_ONCE = 8
"""Reports of different interviews under way at the same time: one slow answer holds up no other interview."""

LOOK_EVERY_SECONDS = 0.5
LEASE_SECONDS = 60.0
"""Longer than one sending takes: a row whose worker died is sent again, under the same id."""


def next_attempt(attempts: int, answer: Answer, now: datetime, jitter: float) -> datetime | None:
    """When a failed message is sent again; None: never, it is a dead letter.

    attempts: how many there were before this one. jitter: 0-1, random.
    """
    if answer.gone or attempts >= len(DELAYS):
        return None
    wait = DELAYS[attempts] * (1 + JITTER * jitter)
    return now + max(wait, answer.retry_after or timedelta())


class Worker:
    """Posts due rows to one endpoint. now: the wall clock, aware."""

    def __init__(
        self,
        outbox: Outbox,
        client: aiohttp.ClientSession,
        *,
        url: str,
        secret: str,
        now: Callable[[], datetime],
        timeout: aiohttp.ClientTimeout = TIMEOUT,
    ) -> None:
        self._outbox = outbox
        self._client = client
        self._url = url
        self._secret = secret
        self._now = now
        self._timeout = timeout
        self._under_way: set[str] = set()

    async def run(self) -> None:
        """Looks for due rows until cancelled; a database that is away for a while only costs time."""
        async with asyncio.TaskGroup() as group:
            while True:
                for row in await self._claim(AT_ONCE - len(self._under_way)):
                    self._under_way.add(row.id)
                    group.create_task(self._deliver(row), name=f"report-{row.id}")
                await asyncio.sleep(LOOK_EVERY_SECONDS)

    async def deliver_due(self) -> int:
        """Posts what is due now and waits for the answers; gives the number of rows posted."""
        rows = await self._claim(AT_ONCE)
        async with asyncio.TaskGroup() as group:
            for row in rows:
                group.create_task(self._deliver(row))
        return len(rows)

    async def _claim(self, limit: int) -> list[OutboxRow]:
        if limit <= 0:
            return []
        try:
            return await self._outbox.claim(self._now(), limit, LEASE_SECONDS)
        except SQLAlchemyError as error:
            log.error("the outbox cannot be read", extra={"error": type(error).__name__})
            return []

    async def _deliver(self, row: OutboxRow) -> None:
        try:
            answer = await send(
                self._client,
                self._url,
                self._secret,
                row.id,
                encode(row.body),
                self._now(),
                timeout=self._timeout,
            )
            await self._record(row, answer)
        except SQLAlchemyError as error:
            # The lease runs out and the row is sent again; the receiver knows its id.
            log.error("a delivery could not be recorded", extra={"id": row.id, "error": type(error).__name__})
        finally:
            self._under_way.discard(row.id)

    async def _record(self, row: OutboxRow, answer: Answer) -> None:
        about = {"id": row.id, "interview_id": row.interview_id, "attempt": row.attempts + 1}
        if answer.delivered:
            await self._outbox.delivered(row.id, self._now())
            log.info("delivered", extra=about)
            return
        again = next_attempt(row.attempts, answer, self._now(), random.random())
        await self._outbox.failed(row.id, answer.error, again)
        level = logging.WARNING if again else logging.ERROR
        log.log(level, "not delivered", extra={**about, "error": answer.error, "again_at": str(again)})


async def deliver(app: web.Application) -> AsyncIterator[None]:
    """For cleanup_ctx: the worker runs as long as the server."""
    task = asyncio.create_task(_serve(app), name="outbox")
    yield
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


async def _serve(app: web.Application) -> None:
    url = await app[REPORT_ENDPOINT]
    secret = app[SETTINGS].signing_secret()
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as client:
        worker = Worker(Outbox(app[DATABASE]), client, url=url, secret=secret, now=lambda: datetime.now(UTC))
        await worker.run()
