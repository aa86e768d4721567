"""The line to a connected system, which a test cuts: before a request goes through, or before its answer comes back."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

import aiohttp
from aiohttp import web
from yarl import URL

_LARGEST = 64 << 20


@dataclass
class FaultyLine:
    """Forwards each request to `target`, and cuts where it is told to.

    dead_before: the request with this number (from 0) and all behind it never arrive. dead_after: that one arrives, and
    neither its answer nor anything behind it comes back. dead_after_path: the same for the first request whose address
    ends so; has_died: set then. requests: how many have come since it was last mended.
    """

    client: aiohttp.ClientSession
    target: str
    dead_before: int | None = None
    dead_after: int | None = None
    dead_after_path: str | None = None
    has_died: asyncio.Event = field(default_factory=asyncio.Event)
    requests: int = 0

    def mend(self) -> None:
        """All is well again."""
        self.dead_before, self.dead_after, self.dead_after_path, self.requests = None, None, None, 0
        self.has_died.clear()

    def app(self) -> web.Application:
        """To be served."""
        app = web.Application(client_max_size=_LARGEST)
        app.router.add_route("*", "/{path:.*}", self._forward)
        return app

    async def _forward(self, request: web.Request) -> web.StreamResponse:
        number = self.requests
        self.requests += 1
        if self.dead_after is None and self.dead_after_path and request.path.endswith(self.dead_after_path):
            self.dead_after = number
        is_dead = self.dead_before is not None and number >= self.dead_before
        is_dead = is_dead or (self.dead_after is not None and number > self.dead_after)
        if is_dead:
            return _cut(request)
        kept = {name: value for name, value in request.headers.items() if name not in ("Host", "Content-Length")}
        async with self.client.request(
            request.method, URL(self.target + request.raw_path, encoded=True), headers=kept, data=await request.read()
        ) as response:
            answer = await response.read()
            if number == self.dead_after:
                self.has_died.set()
                return _cut(request)
            return web.Response(status=response.status, body=answer, content_type=response.content_type)


def _cut(request: web.Request) -> web.Response:
    if request.transport is not None:
        request.transport.abort()
    return web.Response(status=500)
