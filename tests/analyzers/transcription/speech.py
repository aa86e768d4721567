"""Utterances as the segmenter would send them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from analyzers.transcription.dispatcher import EngineStatus
from analyzers.transcription.scheduler import Scheduler
from media.frames import SAMPLE_RATE, Stage, Utterance
from question_flows.model import Language

Speak = Callable[[str, Language], NDArray[np.int16]]


def utterance(samples: NDArray[np.int16], *, number: int = 1, start_ms: int = 0, final: bool = True) -> Utterance:
    """Taken for speech from its first to its last sample."""
    end_ms = start_ms + len(samples) * 1000 // SAMPLE_RATE
    stage = Stage.FINAL if final else Stage.PARTIAL
    return Utterance(number, samples, start_ms, end_ms, start_ms, end_ms, stage)


def prefixes(samples: NDArray[np.int16], *, number: int = 1, start_ms: int = 0, every_ms: int = 500) -> list[Utterance]:
    """The utterance as it grows, then whole."""
    step = every_ms * SAMPLE_RATE // 1000
    grown = [samples[:end] for end in range(step, len(samples), step)]
    return [utterance(part, number=number, start_ms=start_ms, final=False) for part in grown] + [
        utterance(samples, number=number, start_ms=start_ms)
    ]


async def until(scheduler: Scheduler, status: EngineStatus) -> None:
    """Returns once the engine has come to this; raises TimeoutError after 20 s."""
    changed = asyncio.Event()
    scheduler.on_change(changed.set)
    async with asyncio.timeout(20):
        while scheduler.status is not status:
            changed.clear()
            await changed.wait()
    scheduler.forget(changed.set)
