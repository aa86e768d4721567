"""The second scorer as the settings want it, with the HTTP client it needs; None when there is none."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp

from analyzers.scoring.chat import ChatModel
from analyzers.scoring.llm import LlmScorer
from analyzers.scoring.scorer import Scorer
from server.settings import Settings


@asynccontextmanager
async def second_scorer(settings: Settings) -> AsyncIterator[Scorer | None]:
    """For as long as interviews run; opens nothing until the first answer is scored."""
    if not settings.scorer_url:
        yield None
        return
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as client:
        model = ChatModel(
            client,
            base_url=settings.scorer_url,
            name=settings.scorer_model,
            key=settings.scorer_key.get_secret_value(),
        )
        yield LlmScorer(model, settings.scorer_timeout_seconds)
