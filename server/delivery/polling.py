"""Asks connected systems that do not tell, or only hint, what is new: each by its own task, one process at a time."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from server.delivery.connections import Connections
from server.delivery.connector import Connector, Unreadable
from server.delivery.kept_incoming import INCOMING, encode, event_id
from server.delivery.safe_client import NoAnswer
from server.interview.failures import describe
from server.storage.database import Database
from server.storage.inbox import put
from server.storage.record_tables import connections

log = logging.getLogger(__name__)

EVERY = timedelta(seconds=60)
SOON = timedelta(seconds=5)
"""How soon after a hint a system is asked; many hints are one."""
LONGEST = timedelta(minutes=5)
"""What one asking may take; meanwhile, and while its process may be dead, nobody else asks."""
LOOK_EVERY_SECONDS = 2.0


async def poll_soon(database: Database, connection_id: str, now: datetime) -> None:
    """The system hinted that there is something new: it is asked within SOON, if it is not being asked just now."""
    soon = now - EVERY + SOON
    table = connections
    hinted = table.c.id == connection_id, table.c.polled_at > soon, table.c.polled_at <= now
    async with database.begin() as connection:
        await connection.execute(table.update().where(*hinted).values(polled_at=soon))


class Poller:
    """Asks every connection that is on, EVERY so often. now: the wall clock, aware."""

    def __init__(self, database: Database, connections: Connections, now: Callable[[], datetime]) -> None:
        self._database = database
        self._connections = connections
        self._now = now

    async def run(self) -> None:
        """Until cancelled; a system that is slow or away holds up no other."""
        async with asyncio.TaskGroup() as group:
            while True:
                try:
                    for connection_id, until in await self._claim():
                        group.create_task(self._ask_and_free(connection_id, until), name=f"poll-{connection_id}")
                except SQLAlchemyError as error:
                    log.error("the connections cannot be read", extra={"error": type(error).__name__})
                await asyncio.sleep(LOOK_EVERY_SECONDS)

    async def ask_due(self) -> int:
        """Asks those that are due and waits for what they say; how many were asked."""
        claimed = await self._claim()
        async with asyncio.TaskGroup() as group:
            for connection_id, until in claimed:
                group.create_task(self._ask_and_free(connection_id, until))
        return len(claimed)

    async def _claim(self) -> list[tuple[str, datetime]]:
        """Connection and the time until which it is ours, which no other claim has."""
        now, table = self._now(), connections
        until = now + LONGEST
        # Nobody claims for so long: the clock was set back.
        set_back = table.c.polled_at > until + LONGEST
        due = table.c.is_on, sa.or_(table.c.polled_at.is_(None), table.c.polled_at <= now - EVERY, set_back)
        async with self._database.read() as connection:
            waiting = list((await connection.scalars(sa.select(table.c.id).where(*due))).all())
        claimed = []
        for connection_id in waiting:
            async with self._database.begin() as connection:
                # Whoever moves the time asks; the others find it moved.
                statement = table.update().where(table.c.id == connection_id, *due).values(polled_at=until)
                if (await connection.execute(statement)).rowcount:
                    claimed.append((connection_id, until))
        return claimed

    async def _ask_and_free(self, connection_id: str, until: datetime) -> None:
        about = {"id": connection_id}
        try:
            connector = await self._connections.connector(connection_id)
            if connector is not None:
                async with asyncio.timeout(LONGEST.total_seconds()):
                    await self._ask(connection_id, connector, until)
        except (NoAnswer, Unreadable, TimeoutError, SQLAlchemyError) as error:
            reason = error.error if isinstance(error, NoAnswer) else type(error).__name__
            log.warning("a connected system could not be asked", extra={**about, "error": reason})
        except Exception as error:  # noqa: BLE001
            # A connector's own fault ends neither the poller nor the other systems' turns.
            log.error("a connector failed at asking", extra={**about, "error": describe(error)})
        try:
            async with self._database.begin() as connection:
                ours = connections.update().where(*_is_ours(connection_id, until))
                await connection.execute(ours.values(polled_at=self._now()))
        except SQLAlchemyError as error:
            # It is asked again once its time is up.
            log.error("a connection cannot be freed yet", extra={**about, "error": type(error).__name__})

    async def _ask(self, connection_id: str, connector: Connector, until: datetime) -> None:
        async with self._database.read() as connection:
            query = sa.select(connections.c.seen).where(connections.c.id == connection_id)
            seen = await connection.scalar(query) or {}
        found = 0
        async for after, incoming in connector.poll(seen, self._now()):
            async with self._database.begin() as connection:
                ours = connections.update().where(*_is_ours(connection_id, until))
                if not (await connection.execute(ours.values(seen=dict(after)))).rowcount:
                    # It took too long, and another process asks by now: what is new is found by that one.
                    return
                for place, one in enumerate(incoming):
                    # The order in which they were found is the order of their times.
                    at = self._now() + timedelta(microseconds=found + place)
                    event = event_id(until, found + place)
                    await put(connection, connection_id, event, INCOMING, encode([one]), at)
            seen, found = after, found + len(incoming)


def _is_ours(connection_id: str, until: datetime) -> tuple[sa.ColumnElement[bool], ...]:
    return connections.c.id == connection_id, connections.c.polled_at == until
