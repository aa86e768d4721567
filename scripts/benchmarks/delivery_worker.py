"""A worker process that the delivery benchmark kills: the server's own worker, with short waits."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from datetime import UTC, datetime

from server.delivery.connections import Connections
from server.delivery.safe_client import SafeClient
from server.delivery.sealing import Sealer
from server.delivery.worker import Deliverer, Worker
from server.ehr.kinds import KINDS
from server.storage.database import Database
from server.storage.outbox import Outbox


@dataclass(frozen=True, slots=True)
class Job:
    """What a worker needs. key: opens the connections' secrets. scale: of the waits between attempts.

    longest_seconds: an attempt; lease_seconds: until a dead worker's messages are another's.
    """

    database_url: str
    key: str
    scale: float
    longest_seconds: float
    lease_seconds: float


class OnlyConnections:
    """No built-in endpoint."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    async def deliverer(self, destination: str) -> Deliverer | None:
        """The connection's connector."""
        return await self._connections.connector(destination)


def work(job: Job) -> None:
    """Sends until killed. What is not delivered is expected here, and counted."""
    logging.getLogger("server.delivery").setLevel(logging.CRITICAL)
    asyncio.run(_work(job))


async def _work(job: Job) -> None:
    database = Database(job.database_url)
    async with SafeClient(["127.0.0.0/8"]) as client:
        connections = Connections(database, Sealer([job.key]), KINDS, client)
        worker = Worker(
            Outbox(database),
            OnlyConnections(connections),
            now=lambda: datetime.now(UTC),
            scale=job.scale,
            longest_seconds=job.longest_seconds,
            lease_seconds=job.lease_seconds,
        )
        await worker.run()
