"""An HR system as they come: it fails, takes a report and says nothing, asks for patience, is down for a while.

It verifies each message's signature, and as Standard Webhooks asks of a receiver, it applies an id once. What it does
with a report's nth attempt is drawn from a seed, so that every run meets the same.
"""

from __future__ import annotations

import asyncio
import json
import random
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum

from aiohttp import web
from standardwebhooks import Webhook, WebhookVerificationError

RETRY_AFTER_S = 1


class Mood(StrEnum):
    """What an attempt meets."""

    FAILS = "fails"
    CUTS = "cuts"
    """The connection is closed without an answer."""
    SILENT = "silent"
    """Applied, and never answered."""
    BUSY = "busy"
    """429 with Retry-After."""
    FINE = "fine"


SHARES = {Mood.FAILS: 0.2, Mood.CUTS: 0.1, Mood.SILENT: 0.05, Mood.BUSY: 0.03, Mood.FINE: 0.62}
"""Of all attempts: 30 % fail, one way or the other."""


def moods(seed: int, report: int) -> Iterator[Mood]:
    """What a report's attempts meet, one after the other."""
    source = random.Random(f"{seed} {report}")
    while True:
        yield source.choices(list(SHARES), list(SHARES.values()))[0]


def longest_run(seed: int, reports: int) -> int:
    """How many attempts of one report meet something else than a fine mood before one does, at most."""
    return max(next(place for place, mood in enumerate(moods(seed, n)) if mood is Mood.FINE) for n in range(reports))


@dataclass
class Receiver:
    """Over HTTP at /in. applied: (stream, number) in the order they were applied; met: how often which mood was."""

    secret: str
    seed: int
    applied: list[tuple[int, int]] = field(default_factory=list)
    met: Counter[str] = field(default_factory=Counter)
    is_down: bool = False
    unsigned: int = 0
    too_early: int = 0
    """Attempts before the time that a Retry-After named."""
    _one_more: asyncio.Event = field(default_factory=asyncio.Event)
    _known: set[str] = field(default_factory=set)
    _moods: dict[int, Iterator[Mood]] = field(default_factory=dict)
    _not_before: dict[str, float] = field(default_factory=dict)

    def app(self) -> web.Application:
        """Its server."""
        app = web.Application()
        app.router.add_post("/in", self._receive)
        return app

    async def has_applied(self, reports: int, most_seconds: float) -> None:
        """Waits until it has applied so many. Raises TimeoutError."""
        async with asyncio.timeout(most_seconds):
            while len(self.applied) < reports:
                self._one_more.clear()
                await self._one_more.wait()

    async def _receive(self, request: web.Request) -> web.StreamResponse:
        raw = await request.read()
        try:
            Webhook(self.secret).verify(raw, dict(request.headers), json_parse=False)
        except WebhookVerificationError:
            self.unsigned += 1
            return web.Response(status=401)
        webhook_id = request.headers["webhook-id"]
        if time.monotonic() < self._not_before.pop(webhook_id, 0.0):
            self.too_early += 1
        if self.is_down:
            self.met["down"] += 1
            return _cut(request)
        data = json.loads(raw)["data"]
        mood = next(self._moods.setdefault(data["report"], moods(self.seed, data["report"])))
        self.met[mood.value] += 1
        match mood:
            case Mood.FAILS:
                return web.Response(status=500)
            case Mood.CUTS:
                return _cut(request)
            case Mood.BUSY:
                self._not_before[webhook_id] = time.monotonic() + RETRY_AFTER_S
                return web.Response(status=429, headers={"Retry-After": str(RETRY_AFTER_S)})
        if webhook_id not in self._known:
            self._known.add(webhook_id)
            self.applied.append((data["stream"], data["number"]))
            self._one_more.set()
        if mood is Mood.SILENT:
            # Until the sender gives up and closes.
            await asyncio.sleep(3600)
        return web.Response(status=204)


def _cut(request: web.Request) -> web.Response:
    if request.transport is not None:
        request.transport.abort()
    return web.Response(status=500)


def lost(applied: list[tuple[int, int]], sent: list[tuple[int, int]]) -> int:
    """Reports that were never applied."""
    return len(set(sent) - set(applied))


def applied_twice(applied: list[tuple[int, int]]) -> int:
    """Reports that were applied more than once, under whichever ids."""
    return sum(times - 1 for times in Counter(applied).values())


def order_broken(applied: list[tuple[int, int]]) -> int:
    """Reports that were applied behind a later one of their stream."""
    newest: dict[int, int] = {}
    broken = 0
    for stream, number in applied:
        broken += number < newest.get(stream, 0)
        newest[stream] = max(number, newest.get(stream, 0))
    return broken
