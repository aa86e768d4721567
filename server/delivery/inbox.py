"""The worker that hands what has come in to the records: in the order it came, tried again, given up at last."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Protocol

from sqlalchemy.exc import SQLAlchemyError

from server.delivery.connections import Connections
from server.delivery.connector import Unreadable
from server.delivery.kept_incoming import INCOMING, decode
from server.errors import UserError
from server.interview.failures import describe
from server.records.incoming import Incoming
from server.storage.inbox import INTERVIEWS, Inbox, InboxItem
from server.storage.leasing import MOST_LOST, ClockCheck

log = logging.getLogger(__name__)

DELAYS = (
    timedelta(seconds=1),
    timedelta(seconds=5),
    timedelta(seconds=30),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=10),
    timedelta(hours=24),
)
"""Waits before the second, third … try: most often something that comes before it is only a moment away."""
JITTER = 0.1
OFF_WAIT = timedelta(minutes=5)
"""How often it is looked whether the connection that could read it is on again."""
LOOK_EVERY_SECONDS = 0.5
AT_ONCE = 20
WORKER_LOST = "worker_lost"
"""Given up because its worker was killed MOST_LOST times in a row."""


class Engine(Protocol):
    """The records. What is told twice changes nothing the second time; when this raises, nothing has changed."""

    async def take(self, source: str, event_id: str, incoming: Sequence[Incoming], now: datetime) -> None:
        """What a connected system tells. source: the connection's id."""
        ...

    async def interview_told(self, event_id: str, type_: str, body: Mapping[str, Any], now: datetime) -> None:
        """What one of our own interviews tells, in the words of the outbox: body is {type, timestamp, data}."""
        ...


class ConnectionOff(Exception):
    """The connection that could read it is off; it waits."""


def next_try(attempts: int, now: datetime, jitter: float) -> datetime | None:
    """When it is tried again after `attempts` earlier ones and this one failed; None: it is given up."""
    return None if attempts >= len(DELAYS) else now + DELAYS[attempts] * (1 + JITTER * jitter)


class InboxWorker:
    """Hands over due items, one after the other. now: the wall clock, aware."""

    def __init__(self, inbox: Inbox, connections: Connections, engine: Engine, now: Callable[[], datetime]) -> None:
        self._inbox = inbox
        self._connections = connections
        self._engine = engine
        self._now = now
        self._clock = ClockCheck()

    async def run(self) -> None:
        """Looks for due items until cancelled; a database that is away for a while only costs time."""
        while True:
            if not await self.work_off():
                await asyncio.sleep(LOOK_EVERY_SECONDS)

    async def work_off(self) -> int:
        """Hands over what is due now, AT_ONCE at most; how many items."""
        done = 0
        try:
            if self._clock.is_due(self._now()):
                await self._inbox.mend_set_back(self._now())
            # One by one: what waits behind one that takes long, or kills this process, is nobody's meanwhile.
            # Most often there is nothing, and looking needs no turn of writing.
            while done < AT_ONCE and await self._inbox.is_due(self._now()):
                items = await self._inbox.claim(self._now(), 1)
                if not items:
                    # Another process was quicker.
                    break
                await self._hand_over(items[0])
                done += 1
        except SQLAlchemyError as error:
            # The lease runs out and the item is handed over again; the records know it then.
            log.error("the inbox cannot be worked off", extra={"error": type(error).__name__})
        return done

    async def _hand_over(self, item: InboxItem) -> None:
        if item.lost >= MOST_LOST:
            await self._failed(item, WORKER_LOST, None)
            return
        try:
            if item.source == INTERVIEWS:
                await self._engine.interview_told(item.event_id, item.type, item.body, self._now())
            else:
                incoming = await self._read(item)
                await self._engine.take(item.source, item.event_id, incoming, self._now())
        except Unreadable as error:
            # It will never be another: a person looks, and a mended connector reads it after a replay.
            await self._failed(item, f"unreadable: {error.field}", None)
        except UserError as error:
            # Nor will it ever be kept as it is.
            await self._failed(item, error.code, None)
        except ConnectionOff:
            # However long that is: what waits to be sent there is not given up either.
            await self._failed(item, ConnectionOff.__name__, self._now() + OFF_WAIT, is_try=False)
        except Exception as error:  # noqa: BLE001
            # What one item does must not hold up the others; neither one that the database refuses. When it is the
            # database that is away, this cannot be written down either, and all wait for it.
            again = next_try(item.attempts, self._now(), random.random())
            log.warning("an incoming event was not taken", extra={"type": item.type, "error": describe(error)})
            await self._failed(item, type(error).__name__, again)
        else:
            await self._inbox.processed(item, self._now())

    async def _read(self, item: InboxItem) -> Sequence[Incoming]:
        if item.type == INCOMING:
            return decode(item.body)
        connector = await self._connections.connector(item.source)
        if connector is None:
            raise ConnectionOff
        return connector.read(item.type, item.body)

    async def _failed(self, item: InboxItem, error: str, again: datetime | None, *, is_try: bool = True) -> None:
        if again is None:
            log.error("an incoming event is given up", extra={"type": item.type, "error": error})
        await self._inbox.failed(item, error, again, self._now(), is_try=is_try)
