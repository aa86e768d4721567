"""What the application keeps of recordings: a library that HR's page reads from, and the finisher beside it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from aiohttp import web

from server.keys import DATABASE, HUB, SETTINGS
from server.recordings.finisher import Finisher
from server.recordings.library import Library
from server.recordings.spool import Spool
from server.recordings.store import StoreAddress
from server.settings import Settings
from server.storage.event_log import EventLog

LIBRARY = web.AppKey("library", Library)


def store_address(settings: Settings) -> StoreAddress:
    """Where the settings want finished recordings."""
    return StoreAddress(
        folder=settings.recordings_dir.resolve(),
        bucket_url=settings.recording_store,
        endpoint=settings.recording_s3_endpoint,
        region=settings.recording_s3_region,
        access_key=settings.recording_s3_access_key,
        secret_key=settings.recording_s3_secret_key.get_secret_value(),
    )


async def recordings(app: web.Application) -> AsyncIterator[None]:
    """Opens the library and finishes what is over, also what a former process left behind."""
    settings = app[SETTINGS]
    address, keys = store_address(settings), settings.recording_keys
    spool = await asyncio.to_thread(Spool.of, settings.recordings_dir)
    app[LIBRARY] = Library(address, keys)
    finisher = Finisher(spool, address, keys, EventLog(app[DATABASE]), app[HUB])
    running = asyncio.create_task(finisher.run(), name="recordings-finisher")
    yield
    running.cancel()
    await asyncio.wait([running])
