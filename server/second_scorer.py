"""The second scorer and the chooser of probes as the settings want them, with the HTTP client they need."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp

from analyzers.scoring.chat import ChatModel
from analyzers.scoring.llm import LlmScorer
from analyzers.scoring.probe_choice import ProbeChooser
from analyzers.scoring.scorer import Scorer
from server.settings import Settings


@asynccontextmanager
async def models(settings: Settings) -> AsyncIterator[tuple[Scorer | None, ProbeChooser | None]]:
    """For as long as interviews run, both by the same model, or neither; opens nothing until the first answer."""
    if not settings.scorer_url:
        yield None, None
        return
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as client:

        def model() -> ChatModel:
            return ChatModel(
                client,
                base_url=settings.scorer_url,
                name=settings.scorer_model,
                key=settings.scorer_key.get_secret_value(),
            )

        # Each its own: a candidate's next question never queues behind opinions, for which nobody waits.
        yield LlmScorer(model(), settings.scorer_timeout_seconds), ProbeChooser(model())
