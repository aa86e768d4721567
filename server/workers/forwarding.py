"""A request that belongs to another worker's interview goes on to it by that worker's private socket."""

from __future__ import annotations

import asyncio

import aiohttp
from aiohttp import web
from multidict import CIMultiDict
from yarl import URL

from server.errors import UserError
from server.keys import OWNERSHIP
from server.middleware import Handler, came_privately
from server.sse import LOOK_SECONDS, notice_a_dead_line
from server.workers.ownership import OwnedElsewhere, Ownership

HOPS = "X-Worker-Hops"
MOST_HOPS = 2
"""Forwarded once by a stale view and once more by a fresh one; beyond that whoever has the request keeps it."""
ATTEMPTS = 4
CONNECT_SECONDS = 2.0
CHUNK = 1 << 16
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
TIMEOUT = aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_SECONDS)
"""No limit on the whole: event streams last, and the last words of an answer take their time."""

HOP_BY_HOP = frozenset(
    name.lower()
    for name in (
        "Connection", "Keep-Alive", "Proxy-Authenticate", "Proxy-Authorization", "TE", "Trailer", "Transfer-Encoding",
        "Upgrade", "Expect",
    )
)  # fmt: skip


class WorkerGone(Exception):
    """The owner hangs or has ended. untouched: the request surely had no effect there."""

    def __init__(self, *, untouched: bool) -> None:
        super().__init__()
        self.untouched = untouched


@web.middleware
async def to_owner(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answers here what belongs here. An owner that is dead is replaced by whoever the next claim finds.

    Raises UserError worker_gone (503) when the owner ended with the request half done: the page asks again.
    """
    ownership = request.app[OWNERSHIP]
    for _ in range(ATTEMPTS):
        try:
            return await handler(request)
        except OwnedElsewhere as elsewhere:
            hops = _hops(request)
            if hops >= MOST_HOPS:
                await ownership.seize(elsewhere.interview_id)
                continue
            try:
                return await _forward(request, ownership, elsewhere.worker, hops + 1)
            except WorkerGone as gone:
                if not gone.untouched and (request.method not in SAFE or _has_left(request)):
                    break
    raise UserError("worker_gone", status=503, retry_after_s=1)


def _hops(request: web.Request) -> int:
    return int(request.headers.get(HOPS, "0")) if came_privately(request) else 0


def _has_left(request: web.Request) -> bool:
    return request.transport is None or request.transport.is_closing()


async def _forward(request: web.Request, ownership: Ownership, worker: str, hops: int) -> web.StreamResponse:
    """The owner's answer, streamed. Raises WorkerGone before anything of it has been sent on."""
    exchange = _Exchange(request, await request.read(), hops)
    task = asyncio.create_task(exchange.run(ownership.place.socket_of(worker)))
    try:
        while not task.done():
            await asyncio.wait((task,), timeout=LOOK_SECONDS)
            if _has_left(request) or ownership.directory.gone(worker):
                break
    finally:
        if not task.done():
            # The reader has left, or the owner hangs. A stream's end at the owner says that the candidate is away.
            task.cancel()
            await asyncio.wait((task,))
    if exchange.response is not None:
        return exchange.response
    if task.cancelled():
        raise WorkerGone(untouched=False)
    error = task.exception()
    if isinstance(error, WorkerGone) and error.untouched:
        ownership.directory.died(worker)
    if error is not None:
        raise error
    return task.result()


class _Exchange:
    """One request and its answer. response: once its head has been sent on."""

    def __init__(self, request: web.Request, body: bytes, hops: int) -> None:
        self._request = request
        self._body = body
        self._hops = hops
        self.response: web.StreamResponse | None = None

    async def run(self, path: str) -> web.StreamResponse:
        # A connection for each request: a refused one says for certain that nobody has seen the request.
        async with aiohttp.ClientSession(
            connector=aiohttp.UnixConnector(path, force_close=True),
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            timeout=TIMEOUT,
            skip_auto_headers=("User-Agent", "Accept", "Accept-Encoding", "Content-Type"),
        ) as client:
            try:
                answer = await client.request(
                    self._request.method,
                    URL(f"http://worker{self._request.rel_url.raw_path_qs}", encoded=True),
                    headers=self._headers(),
                    data=self._body or None,
                    allow_redirects=False,
                )
            except aiohttp.ClientConnectorError as error:
                dead = isinstance(error.os_error, ConnectionRefusedError | FileNotFoundError)
                raise WorkerGone(untouched=dead) from error
            except (aiohttp.ClientError, TimeoutError) as error:
                raise WorkerGone(untouched=False) from error
            async with answer:
                return await self._send_on(answer)

    async def _send_on(self, answer: aiohttp.ClientResponse) -> web.StreamResponse:
        headers = CIMultiDict((k, v) for k, v in answer.headers.items() if k.lower() not in HOP_BY_HOP)
        response = web.StreamResponse(status=answer.status, reason=answer.reason, headers=headers)
        if answer.content_type == "text/event-stream":
            notice_a_dead_line(self._request)
        try:
            await response.prepare(self._request)
            self.response = response
            async for chunk in answer.content.iter_any():
                await response.write(chunk)
            await response.write_eof()
        except (ConnectionError, aiohttp.ClientError):
            # The reader left or the owner ended half-way; an unfinished answer must not look like a whole one.
            if self._request.transport is not None:
                self._request.transport.close()
        return response

    def _headers(self) -> CIMultiDict[str]:
        request = self._request
        headers = CIMultiDict((k, v) for k, v in request.headers.items() if k.lower() not in HOP_BY_HOP)
        headers.pop("Content-Length", None)
        headers["Host"] = headers["X-Forwarded-Host"] = request.host
        headers["X-Forwarded-Proto"] = request.scheme
        headers["X-Forwarded-For"] = request.remote or ""
        headers[HOPS] = str(self._hops)
        return headers
