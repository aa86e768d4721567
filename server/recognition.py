"""Makes the engine that recognises speech for all interviews, from the settings, and runs it beside the server."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable
from pathlib import Path

from aiohttp import web

from analyzers.transcription.dispatcher import EngineStatus, SchedulerSettings
from analyzers.transcription.models import is_synthetic, load_model
from analyzers.transcription.scheduler import Scheduler
from analyzers.transcription.voice import VoiceArbiter
from analyzers.transcription.whisper import Whisper
from server.keys import ENGINE, RECOGNITION_SETTLED, SETTINGS
from server.settings import Settings

log = logging.getLogger(__name__)

SYNTHETIC_WARNING = (
    "The speech model knows synthetic voices and a few hundred words only. It is for tests and the demo, "
    "never for a real interview: set INTERVIEW_WHISPER_MODEL=small."
)


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


def new_engine(settings: Settings) -> Scheduler:
    """The engine all interviews share, as the settings say; it loads its model once it is entered."""

    def load() -> Whisper:
        # Loads the network that all arbiters share: not on the event loop, with the first candidate's first words.
        VoiceArbiter()
        return load_model(
            settings.whisper_model,
            device=settings.whisper_device,
            compute_type=settings.whisper_compute_type,
            threads=settings.recognition_threads,
            windows_s=tuple(settings.whisper_windows_s),
            cache_dir=settings.data_dir / "models",
            on_progress=progress_printer(settings.whisper_model),
        )

    return Scheduler(load, SchedulerSettings(most_queue_wait_s=settings.most_queue_wait_ms / 1000))


async def recognition(app: web.Application) -> AsyncIterator[None]:
    """For cleanup_ctx: the engine loads, fails and comes back while the server serves."""
    settings, engine = app[SETTINGS], app[ENGINE]
    if uses_synthetic_model(settings):
        log.warning(SYNTHETIC_WARNING)
        print(f"Warning: {SYNTHETIC_WARNING}", flush=True)

    def note() -> None:
        if engine.status is not EngineStatus.LOADING:
            app[RECOGNITION_SETTLED].set()
        if engine.status is EngineStatus.UNAVAILABLE:
            log.error("speech recognition is unavailable")
        elif engine.status is EngineStatus.FAILING:
            log.error("speech recognition is failing (%s)", engine.reason)

    engine.on_change(note)
    async with engine:
        yield
    engine.forget(note)
