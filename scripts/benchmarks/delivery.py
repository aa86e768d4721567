"""Reports to an HR system that fails, goes silent and is down, by workers that are killed: is any lost, or twice?

1,000 reports of 200 interviews leave the outbox by the server's own worker and its Standard Webhooks connector, over
real HTTP with signatures. The receiver fails 30 % of the attempts, applies 5 % and does not answer, asks for patience
with 429 and Retry-After, and is down for a stretch; worker processes are killed (SIGKILL) 20 times while messages are
under way, and started again. Once on SQLite with one worker, once on PostgreSQL with three. The waits between attempts
are a thousandth of the standard's. A message that failed ten times would be a dead letter, which a person sends again;
with this seed none does.
"""

from __future__ import annotations

import argparse
import asyncio
import multiprocessing
import random
import subprocess
import sys
import tempfile
import time
import uuid
from datetime import UTC, datetime
from multiprocessing.context import ForkServerContext, ForkServerProcess
from pathlib import Path
from typing import Any

from aiohttp.test_utils import TestServer
from cryptography.fernet import Fernet

from scripts.benchmarks.delivery_receiver import Receiver, applied_twice, longest_run, lost, order_broken
from scripts.benchmarks.delivery_worker import Job, work
from scripts.local_postgres import postgres_binaries, running_postgres
from server.delivery.connections import Connections
from server.delivery.safe_client import SafeClient
from server.delivery.sealing import Sealer
from server.ehr.kinds import KINDS
from server.storage.database import Database
from server.storage.outbox import Outbox, OutboxMessage, enqueue

SECRET = "whsec_" + "c2VjcmV0LWZvci10aGUtYmVuY2htYXJrLW9ubHkhISE="
STREAMS = 200
SCALE = 1 / 1000
LONGEST_SECONDS = 2.0
LEASE_SECONDS = 5.0
DOWN_SECONDS = 2.0
MOST_FAILURES = 6
"""In a row, of one report: with the attempts that the stretch takes it stays below ten."""
GIVE_UP_SECONDS = 900.0
LOOK_SECONDS = 0.2


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The benchmark's own options."""
    parser.add_argument("--reports", type=int, default=1000, help="how many reports (1000)")
    parser.add_argument("--kills", type=int, default=20, help="how often a worker is killed (20)")


def run(reports: int, kills: int) -> dict[str, Any]:
    """Both databases' figures; lost, applied_twice and order_broken are to be 0."""
    with tempfile.TemporaryDirectory(prefix="delivery-") as folder:
        url = f"sqlite+aiosqlite:///{Path(folder) / 'outbox.sqlite'}"
        figures = {"sqlite": asyncio.run(_measure(url, 1, reports, kills))}
    binaries = postgres_binaries()
    if binaries is None:
        sys.exit("PostgreSQL is not installed (apt install postgresql)")
    with running_postgres(binaries) as address:
        command = ["psql", "-q", f"postgresql://{address}/postgres", "-c", "CREATE DATABASE outbox"]
        subprocess.run(command, check=True)
        url = f"postgresql+asyncpg://{address}/outbox"
        figures["postgresql"] = asyncio.run(_measure(url, 3, reports, kills))
    return figures


async def _measure(url: str, workers: int, reports: int, kills: int) -> dict[str, Any]:
    seed = next(seed for seed in range(1000) if longest_run(seed, reports) <= MOST_FAILURES)
    receiver, database, began = Receiver(SECRET, seed), Database(url), time.monotonic()
    await database.open()
    server = TestServer(receiver.app())
    await server.start_server()
    key = Fernet.generate_key().decode()
    job = Job(url, key, SCALE, LONGEST_SECONDS, LEASE_SECONDS)
    async with SafeClient() as client:
        connections = Connections(database, Sealer([key]), KINDS, client)
        made = await connections.add(
            "standard_webhooks", "HR", {"url": str(server.make_url("/in"))}, {"secret": SECRET}, datetime.now(UTC)
        )
    sent = [(number % STREAMS, number // STREAMS + 1, number) for number in range(reports)]
    crew = Crew(job, workers, seed)
    try:
        writing = asyncio.create_task(_write(database, made.id, sent))
        down = asyncio.create_task(_down_for_a_stretch(receiver, reports))
        for kill in range(1, kills + 1):
            await receiver.has_applied(kill * reports // (kills + 1), GIVE_UP_SECONDS)
            await crew.kill_one()
        await asyncio.gather(writing, down)
        outbox = Outbox(database)
        for _ in range(int(GIVE_UP_SECONDS / LOOK_SECONDS)):
            if not await outbox.waiting():
                break
            await asyncio.sleep(LOOK_SECONDS)
        dead = await outbox.dead()
    finally:
        await asyncio.to_thread(crew.end)
        await server.close()
        await database.close()
    return {
        "lost": lost(receiver.applied, [(stream, number) for stream, number, _ in sent]),
        "applied_twice": applied_twice(receiver.applied),
        "order_broken": order_broken(receiver.applied),
        "reports": reports,
        "workers": workers,
        "kills": crew.kills,
        "attempts": dict(sorted(receiver.met.items())),
        "unsigned": receiver.unsigned,
        "before_retry_after": receiver.too_early,
        "dead_letters": dead,
        "seconds": round(time.monotonic() - began, 1),
    }


class Crew:
    """The worker processes; one that is killed is followed by another."""

    def __init__(self, job: Job, workers: int, seed: int) -> None:
        self.kills = 0
        self._job = job
        self._random = random.Random(seed)
        self._context: ForkServerContext = multiprocessing.get_context("forkserver")
        # A process starts in milliseconds then: what it imports is there already.
        self._context.set_forkserver_preload(["scripts.benchmarks.delivery_worker"])
        self._workers: list[ForkServerProcess] = [self._start() for _ in range(workers)]

    async def kill_one(self) -> None:
        """SIGKILL, at whatever it is doing."""
        place = self._random.randrange(len(self._workers))
        # Not always at the same moment: just behind an answer.
        await asyncio.sleep(self._random.uniform(0, 0.05))
        self._workers[place].kill()
        await asyncio.to_thread(self._workers[place].join)
        self.kills += 1
        self._workers[place] = self._start()

    def end(self) -> None:
        """Ends them all."""
        for worker in self._workers:
            worker.kill()
            worker.join()

    def _start(self) -> ForkServerProcess:
        worker = self._context.Process(target=work, args=(self._job,), daemon=True)
        worker.start()
        return worker


async def _write(database: Database, destination: str, sent: list[tuple[int, int, int]]) -> None:
    """Reports come while others are on their way, a few in each transaction."""
    for first in range(0, len(sent), 10):
        now = datetime.now(UTC)
        messages = [
            OutboxMessage(
                id=f"msg_{uuid.uuid4().hex}",
                interview_id=None,
                type="report.ready" if number == 1 else "report.updated",
                body={
                    "type": "report.ready" if number == 1 else "report.updated",
                    "timestamp": now.isoformat(),
                    "data": {"stream": stream, "number": number, "report": report},
                },
                application_id=f"stream-{stream}",
                destination=destination,
            )
            for stream, number, report in sent[first : first + 10]
        ]
        async with database.begin() as connection:
            await enqueue(connection, messages, now)
        await asyncio.sleep(0.01)


async def _down_for_a_stretch(receiver: Receiver, reports: int) -> None:
    await receiver.has_applied(reports * 2 // 5, GIVE_UP_SECONDS)
    receiver.is_down = True
    await asyncio.sleep(DOWN_SECONDS)
    receiver.is_down = False
