"""A database file with every table and nothing in them, copied: the migrations run once, not for every test.

They take longer than most tests, and have tests of their own. A server that finds the file still looks whether anything
is missing from it.
"""

from __future__ import annotations

import asyncio
import tempfile
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path

from server.settings import Settings
from server.storage.database import Database


def put_empty(path: Path) -> None:
    """Puts the file there, unless one is, with the folder it lies in."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(_empty())


def with_database(settings: Settings) -> Settings:
    """The settings of a server that will find the file in its data folder, unless it has a database elsewhere."""
    if not settings.database_url:
        put_empty(settings.data_dir / "interviews.sqlite")
    return settings


@cache
def _empty() -> bytes:
    """In a thread: whoever asks may be on an event loop."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, _made()).result()


async def _made() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "empty.sqlite"
        database = Database(f"sqlite+aiosqlite:///{path}")
        await database.open()
        await database.close()
        return path.read_bytes()
