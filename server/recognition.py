"""Loads the speech model beside the running server and says where it stands; interviews go on by typing without it."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from pathlib import Path

from aiohttp import web

from analyzers.transcription.model_hub import ModelUnavailable
from analyzers.transcription.models import is_synthetic, load_model
from analyzers.transcription.scheduler import Scheduler
from server.keys import ENGINE, RECOGNITION_SETTLED, SETTINGS
from server.settings import Settings

log = logging.getLogger(__name__)

SYNTHETIC_WARNING = (
    "The speech model knows synthetic voices and a few hundred words only. It is for tests and the demo, "
    "never for a real interview: set INTERVIEW_WHISPER_MODEL=small."
)


def threads(settings: Settings) -> int:
    """Threads of recognition: as set, else one less than the cores so that the event loop keeps one, at most 4."""
    return settings.whisper_threads or max(1, min(4, (os.cpu_count() or 2) - 1))


def progress_printer(model: str) -> Callable[[int, int | None], None]:
    """A callback for downloads that prints each further tenth (or 50 MB when the size is unknown) once."""
    shown = -1

    def show(done: int, total: int | None) -> None:
        nonlocal shown
        step = done * 10 // total if total else done // 50_000_000
        if step > shown:
            shown = step
            share = f"{step * 10} %" if total else f"{done / 1e6:.0f} MB"
            print(f"Fetching the speech model '{model}': {share}", flush=True)

    return show


def uses_synthetic_model(settings: Settings) -> bool:
    """Whether the configured model is the project's own test model and nobody said that this is meant."""
    folder = Path(settings.whisper_model)
    return folder.is_dir() and is_synthetic(folder) and not settings.allow_synthetic_model


async def recognition(app: web.Application) -> AsyncIterator[None]:
    """For cleanup_ctx: the engine becomes available, or unavailable with its reason, while the server serves."""
    task = asyncio.create_task(_serve(app), name="recognition")
    yield
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


async def _serve(app: web.Application) -> None:
    settings, engine = app[SETTINGS], app[ENGINE]
    if uses_synthetic_model(settings):
        log.warning(SYNTHETIC_WARNING)
        print(f"Warning: {SYNTHETIC_WARNING}", flush=True)
    try:
        whisper = await asyncio.to_thread(
            load_model,
            settings.whisper_model,
            device=settings.whisper_device,
            compute_type=settings.whisper_compute_type,
            threads=threads(settings),
            cache_dir=settings.data_dir / "models",
            on_progress=progress_printer(settings.whisper_model),
        )
    except ModelUnavailable as error:
        log.error("speech recognition is unavailable")
        engine.unavailable(str(error))
        app[RECOGNITION_SETTLED].set()
        return
    async with Scheduler(lambda: whisper) as scheduler:
        engine.available(scheduler)
        app[RECOGNITION_SETTLED].set()
        await asyncio.Event().wait()
