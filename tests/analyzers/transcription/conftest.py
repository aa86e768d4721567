"""The project's own small Whisper model, and speech for it to hear."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest
import pytest_asyncio
from numpy.typing import NDArray

from analyzers.transcription.dispatcher import EngineStatus
from analyzers.transcription.models import load_model
from analyzers.transcription.scheduler import Scheduler
from analyzers.transcription.whisper import Whisper
from media.frames import SAMPLE_RATE
from question_flows.model import Language
from scripts.voice_model.speak import RATE_HZ, resample, synthesise
from tests.analyzers.transcription.speech import Speak, until

MODEL = Path(os.environ.get("VOICE_MODEL", Path(__file__).parents[2] / "data" / "voice_model"))


@pytest.fixture(scope="session")
def whisper() -> Whisper:
    return load_model(str(MODEL), "cpu", "default", 1, MODEL, print)


@pytest_asyncio.fixture
async def scheduler(whisper: Whisper) -> AsyncIterator[Scheduler]:
    async with Scheduler(lambda: whisper) as running:
        await until(running, EngineStatus.AVAILABLE)
        yield running


@pytest.fixture(scope="session")
def speak() -> Speak:
    """Speaks a text: int16, 16 kHz, with 300 ms of silence before and 400 ms behind it."""
    spoken: dict[tuple[str, Language], NDArray[np.int16]] = {}

    def say(text: str, language: Language) -> NDArray[np.int16]:
        if (text, language) not in spoken:
            samples = resample(synthesise(text, language.value), RATE_HZ, SAMPLE_RATE)
            spoken[text, language] = np.pad(samples, (int(0.3 * SAMPLE_RATE), int(0.4 * SAMPLE_RATE)))
        return spoken[text, language]

    return say
