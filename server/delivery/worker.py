"""The worker that sends what waits in the outbox: at least once, in order per stream, never lost.

Each destination has its own few places, so that a slow or dead one delays no other.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from time import monotonic
from typing import Any, Protocol

from sqlalchemy.exc import SQLAlchemyError

from server.delivery.connector import Outgoing, Sent
from server.delivery.outcome import record
from server.delivery.remote import remote_ids_of
from server.interview.failures import describe
from server.mail.letter import EMAIL_SEND
from server.mail.mailer import LinkSeal, LinkUnreadable
from server.records.ordering import SEALED_LINK
from server.storage.leasing import LEASE_SECONDS, MOST_LOST, ClockCheck
from server.storage.outbox import Attempt, Outbox, OutboxRow

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
"""Share of a wait that is added at random, so that many messages do not come back all at once."""

AT_ONCE = 8
"""Messages of different streams under way to one destination at the same time."""

LOOK_EVERY_SECONDS = 0.5
LONGEST_SECONDS = 50.0
"""What one attempt may take, all its requests together."""
LONGEST_PAUSE = timedelta(minutes=5)
"""The longest that a destination is left alone altogether that answers one of its messages with Retry-After."""


class Deliverer(Protocol):
    """What sends to one destination: a connector, or the built-in endpoint."""

    async def deliver(self, message: Outgoing, now: datetime) -> Sent:
        """Sends it once; raises nothing for what the system or the network does."""
        ...


class Destinations(Protocol):
    """Who sends to which destination."""

    async def deliverer(self, destination: str) -> Deliverer | None:
        """None: it is switched off or not known, and its messages wait."""
        ...


def next_attempt(attempts: int, sent: Sent, now: datetime, jitter: float, scale: float = 1.0) -> datetime | None:
    """When a failed message is sent again; None: never, it is a dead letter.

    attempts: how many there were before this one. jitter: 0-1, random. scale: of the schedule's waits.
    """
    if sent.gone or sent.final or attempts >= len(DELAYS):
        return None
    wait = DELAYS[attempts] * scale * (1 + JITTER * jitter)
    return now + max(wait, sent.retry_after or timedelta())


class Worker:
    """Sends due rows. now: the wall clock, aware. scale: of the schedule's waits, below 1 where time is short.

    public_url: this server's address, for links to it. links: opens those that messages carry sealed; None: none do.
    lease_seconds: more than longest_seconds, which an attempt may take: a row whose worker died is sent again.
    """

    def __init__(
        self,
        outbox: Outbox,
        destinations: Destinations,
        *,
        now: Callable[[], datetime],
        public_url: str = "",
        links: LinkSeal | None = None,
        scale: float = 1.0,
        lease_seconds: float = LEASE_SECONDS,
        longest_seconds: float = LONGEST_SECONDS,
    ) -> None:
        self._outbox = outbox
        self._destinations = destinations
        self._now = now
        self._public_url = public_url.rstrip("/")
        self._links = links
        self._scale = scale
        self._lease_seconds = lease_seconds
        self._longest_seconds = longest_seconds
        self._under_way: Counter[str] = Counter()
        self._one_ended = asyncio.Event()
        self._paused: dict[str, datetime] = {}
        self._clock = ClockCheck()

    async def run(self) -> None:
        """Looks for due rows until cancelled; a database that is away for a while only costs time."""
        async with asyncio.TaskGroup() as group:
            while True:
                self._one_ended.clear()
                for row, deliverer in await self._claim_all():
                    self._under_way[row.destination] += 1
                    group.create_task(self._deliver_and_free(row, deliverer), name=f"message-{row.id}")
                with suppress(TimeoutError):
                    # Behind a message that is through its stream's next one is due at once.
                    await asyncio.wait_for(self._one_ended.wait(), LOOK_EVERY_SECONDS)

    async def deliver_due(self) -> int:
        """Sends what is due now and waits for the answers; gives the number of rows sent."""
        claimed = await self._claim_all()
        async with asyncio.TaskGroup() as group:
            for row, deliverer in claimed:
                group.create_task(self._deliver(row, deliverer))
        return len(claimed)

    async def _claim_all(self) -> list[tuple[OutboxRow, Deliverer]]:
        claimed: list[tuple[OutboxRow, Deliverer]] = []
        try:
            if self._clock.is_due(self._now()):
                await self._outbox.mend_set_back(self._now())
            for destination in await self._outbox.destinations_due(self._now()):
                free = 0 if self._is_paused(destination) else AT_ONCE - self._under_way[destination]
                deliverer = await self._destinations.deliverer(destination) if free > 0 else None
                if deliverer is not None:
                    rows = await self._outbox.claim(self._now(), free, self._lease_seconds, destination)
                    claimed += [(row, deliverer) for row in rows]
        except SQLAlchemyError as error:
            log.error("the outbox cannot be read", extra={"error": type(error).__name__})
        return claimed

    def _is_paused(self, destination: str) -> bool:
        left = self._paused.get(destination, self._now()) - self._now()
        # Never longer, also when the clock was set back.
        return timedelta() < left <= LONGEST_PAUSE

    async def _deliver_and_free(self, row: OutboxRow, deliverer: Deliverer) -> None:
        try:
            await self._deliver(row, deliverer)
        finally:
            self._under_way[row.destination] -= 1
            self._one_ended.set()

    async def _deliver(self, row: OutboxRow, deliverer: Deliverer) -> None:
        try:
            began_at, began = self._now(), monotonic()
            if row.lost >= MOST_LOST:
                sent = Sent(error="worker_lost", final=True)
            else:
                sent = await self._send(row, deliverer)
            if sent.retry_after and not sent.delivered:
                # It has enough for now: its other messages would only be turned away as well, one after the other.
                self._paused[row.destination] = self._now() + min(sent.retry_after, LONGEST_PAUSE)
            attempt = Attempt(began_at, round((monotonic() - began) * 1000), sent.status, sent.error)
            again = next_attempt(row.attempts, sent, self._now(), random.random(), self._scale)
            await record(self._outbox.database, row, sent, attempt, again, self._now())
            _log(row, sent, again)
        except Exception as error:  # noqa: BLE001
            # The lease runs out and the row is sent again; the receiver knows its id. The other messages go on.
            log.error("a delivery could not be recorded", extra={"id": row.id, "error": describe(error)})

    async def _send(self, row: OutboxRow, deliverer: Deliverer) -> Sent:
        try:
            body = opened(row.body, self._links)
        except LinkUnreadable:
            return Sent(error="link_unreadable", final=True)
        message = Outgoing(
            row.id,
            row.type,
            body,
            row.interview_id,
            row.application_id,
            row.created_at,
            row.attempts + 1,
            await remote_ids_of(self._outbox.database, row),
            f"{self._public_url}/hr/interviews/{row.interview_id}/report" if row.interview_id else "",
        )
        try:
            async with asyncio.timeout(self._longest_seconds):
                return await deliverer.deliver(message, self._now())
        except TimeoutError:
            return Sent(error="timeout")
        except SQLAlchemyError:
            raise
        except Exception as error:  # noqa: BLE001
            # A connector's own fault ends neither the worker nor the other destinations' messages.
            log.error("a connector failed", extra={"id": row.id, "error": describe(error)})
            return Sent(error=type(error).__name__)


def opened(body: Mapping[str, Any], links: LinkSeal | None) -> Mapping[str, Any]:
    """The body as it is sent: a candidate's link, which the database has sealed, in the open. Raises LinkUnreadable."""
    data = body.get("data")
    if links is None or not isinstance(data, Mapping) or SEALED_LINK not in data or body.get("type") == EMAIL_SEND:
        # A letter is opened when its mail is made.
        return body
    kept = {name: value for name, value in data.items() if name != SEALED_LINK}
    return {**body, "data": {**kept, "link": links.open(str(data[SEALED_LINK]))}}


def _log(row: OutboxRow, sent: Sent, again: datetime | None) -> None:
    about = {
        "id": row.id,
        "destination": row.destination,
        "interview_id": row.interview_id,
        "attempt": row.attempts + 1,
    }
    if sent.delivered:
        log.info("delivered", extra=about)
        return
    level = logging.WARNING if again else logging.ERROR
    log.log(level, "not delivered", extra={**about, "error": sent.error, "again_at": str(again)})
