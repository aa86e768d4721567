"""The server itself, whole and with its real model, in a process that says what it holds: threads, files, tasks."""

from __future__ import annotations

import asyncio
import gc
import os
import time
from collections import Counter
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path

import sqlalchemy as sa
from aiohttp import web

from question_flows.model import Language
from scripts.benchmarks.sessions.child import answer_requests
from scripts.benchmarks.sessions.gauges import resident_mb
from server.app import create_app
from server.keys import DATABASE, INTERVIEWS, RECOGNITION_SETTLED
from server.logs import configure
from server.serving import open_report_endpoint
from server.settings import Settings
from server.storage import schema

DATABASE_CONNECTIONS = 5
"""That SQLAlchemy keeps; each of SQLite's has a thread and files of its own."""
MOST_EXECUTOR_THREADS = 64
"""More than the loop's default executor may have."""


class CountedServer:
    """One server on a free port."""

    def __init__(self, app: web.Application, settings: Settings) -> None:
        self._app = app
        self._settings = settings
        self._runner = web.AppRunner(app, access_log=None)

    async def start(self) -> str:
        """Its address, once recognition is there."""
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        port: int = self._runner.addresses[0][1]
        await open_report_endpoint(self._runner, self._settings, port)
        await self._app[RECOGNITION_SETTLED].wait()
        await self._fill_pools()
        return f"http://127.0.0.1:{port}"

    async def _fill_pools(self) -> None:
        """Both make another one when all they have are busy, and keep it. That is no leak, so have them all now."""
        await asyncio.gather(*(asyncio.to_thread(time.sleep, 0.05) for _ in range(MOST_EXECUTOR_THREADS)))
        async with AsyncExitStack() as stack:
            for _ in range(DATABASE_CONNECTIONS):
                connection = await stack.enter_async_context(self._app[DATABASE].read())
                await connection.execute(sa.select(sa.func.count()).select_from(schema.hr_users))

    async def invite(self, number: int) -> str:
        """The path of a new invitation's link."""
        _, token = await self._app[INTERVIEWS].invite(
            flow_id="customer_service",
            language=Language.ENGLISH,
            candidate_name=f"Joiner {number}",
            email="",
            jurisdiction="CN",
            now=datetime.now(UTC),
        )
        return f"/i/{token}"

    async def counts(self) -> dict[str, object]:
        """What the process holds now; names of threads and tasks, for whoever looks for what is left over."""
        gc.collect()
        threads = [Path(f"/proc/self/task/{thread}/comm") for thread in os.listdir("/proc/self/task")]
        return {
            "threads": len(threads),
            "descriptors": len(os.listdir("/proc/self/fd")),
            "tasks": len(asyncio.all_tasks()),
            "rss_mb": round(resident_mb(), 1),
            "task_names": Counter(_name(task) for task in asyncio.all_tasks()),
        }


def _name(task: asyncio.Task[object]) -> str:
    """The task's own name, or what it runs: never a number that only it has."""
    if not task.get_name().startswith("Task-"):
        return task.get_name()
    return getattr(task.get_coro(), "__qualname__", "?")


async def main() -> None:
    """Answers the benchmark's requests; settings are those of the environment."""
    settings = Settings(_env_file=None)
    configure("WARNING")
    server = CountedServer(create_app(settings), settings)
    await answer_requests({"start": server.start, "invite": server.invite, "counts": server.counts})
    await server._runner.cleanup()


if __name__ == "__main__":
    asyncio.run(main())
