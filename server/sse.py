"""Server-sent events: one response that writes messages and keeps the line alive."""

from __future__ import annotations

import asyncio
import json
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

HEARTBEAT_SECONDS = 10.0
UNREACHABLE_SECONDS = 15.0
"""How long what was sent may stay unanswered before the reader counts as gone; TCP waits a quarter of an hour."""
LONGEST_ID = 9
"""Digits of an event's number: what is longer was never one, and no database could look for it."""
MOST_WAITING = 500
"""Messages written together at most; beyond them the hub's own queue holds what comes."""
LOOK_SECONDS = 0.5
"""How soon it is noticed that the reader has left."""
CHECK_SECONDS = 2.0
"""How often it is asked whether the reader may still read."""
FAREWELL_SECONDS = 1.0
"""How long a reader who may not is told so; one who takes nothing is just cut off."""
ENDED = "ended"
"""The last message to a reader who may not read on, with the reason."""
STILL_ALLOWED: web.RequestKey[Callable[[], Awaitable[str | None]]] = web.RequestKey("still_allowed")
"""Whoever let the request in says here why it may not go on, or None. CHANGED: it may, and has to ask anew."""
CHANGED = "changed"


@dataclass(frozen=True, slots=True)
class ServerSentEvent:
    """One message. id: the log's seq when the message is a stored event, else None (the browser keeps its last one)."""

    event: str
    data: Mapping[str, Any]
    id: int | str | None = None
    made: list[bytes] = field(default_factory=list, compare=False, repr=False)
    """What event and data have been encoded to: hundreds of readers of one message share it, each with its own id."""

    def encode(self) -> bytes:
        """The message as the event-stream format has it."""
        if not self.made:
            text = f"event: {self.event}\ndata: {json.dumps(self.data, ensure_ascii=False)}\n\n"
            self.made.append(text.encode())
        head = f"id: {self.id}\n".encode() if self.id is not None else b""
        return head + self.made[0]


def last_event_id(request: web.Request) -> int:
    """The seq the browser saw last, from the Last-Event-ID header or `?after=`; 0 when it names none or nonsense."""
    value = request.headers.get("Last-Event-ID") or request.query.get("after") or "0"
    return int(value) if value.isascii() and value.isdigit() and len(value) <= LONGEST_ID else 0


async def stream(
    request: web.Request,
    messages: AsyncIterator[ServerSentEvent],
    is_over: Callable[[], bool] = lambda: False,
    *,
    linger_s: float = 0.0,
) -> web.StreamResponse:
    """Writes messages until they end, the reader leaves, or is_over, which is asked twice a second.

    linger_s: how long a message may wait for others, to be written with them: a write costs more than a message.
    A comment every 10 s keeps proxies from closing the line.
    """
    response = web.StreamResponse(
        headers={
            "Content-Type": "text/event-stream; charset=utf-8",
            "Cache-Control": "no-store",
            "X-Accel-Buffering": "no",
        }
    )
    notice_a_dead_line(request)
    await response.prepare(request)
    if request.method == "HEAD":
        return response
    await response.write(b"retry: 1000\n\n")
    pump = asyncio.create_task(_write(response, messages, linger_s))
    try:
        await _accompany(request, response, pump, is_over)
    except ConnectionResetError:
        pass
    finally:
        pump.cancel()
        await asyncio.wait((pump,))
    return response


def notice_a_dead_line(request: web.Request) -> None:
    """Lets the system end a connection whose other side has vanished without a word (Wi-Fi lost, lid closed)."""
    connection = request.transport.get_extra_info("socket") if request.transport is not None else None
    if connection is None or connection.family == socket.AF_UNIX:
        return  # Between two workers of one machine: the one that holds the reader's connection looks after it.
    if hasattr(socket, "TCP_USER_TIMEOUT"):
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, int(UNREACHABLE_SECONDS * 1000))


async def _write(response: web.StreamResponse, messages: AsyncIterator[ServerSentEvent], linger_s: float) -> None:
    if linger_s:
        await _write_together(response, messages, linger_s)
        return
    async for message in messages:
        await response.write(message.encode())


async def _write_together(
    response: web.StreamResponse, messages: AsyncIterator[ServerSentEvent], linger_s: float
) -> None:
    waiting = asyncio.Queue[bytes](MOST_WAITING)
    reader = asyncio.create_task(_read(messages, waiting))
    first: asyncio.Task[bytes] | None = None
    try:
        while not (reader.done() and waiting.empty()):
            first = asyncio.create_task(waiting.get())
            await asyncio.wait((first, reader), return_when=asyncio.FIRST_COMPLETED)
            if not first.done():
                break
            await asyncio.sleep(linger_s)
            batch = [first.result()]
            while not waiting.empty():
                batch.append(waiting.get_nowait())
            await response.write(b"".join(batch))
        reader.result()
    finally:
        pending = [task for task in (reader, first) if task is not None]
        for task in pending:
            task.cancel()
        await asyncio.wait(pending)


async def _read(messages: AsyncIterator[ServerSentEvent], waiting: asyncio.Queue[bytes]) -> None:
    async for message in messages:
        await waiting.put(message.encode())


async def _accompany(
    request: web.Request, response: web.StreamResponse, pump: asyncio.Task[None], is_over: Callable[[], bool]
) -> None:
    """Until the messages end, the reader has left, which a stream without news would otherwise never notice, or may
    not read on."""
    beat = time.monotonic() + HEARTBEAT_SECONDS
    check = time.monotonic() + CHECK_SECONDS
    still_allowed = request.get(STILL_ALLOWED)
    while not (pump.done() or is_over() or request.transport is None or request.transport.is_closing()):
        await asyncio.wait((pump,), timeout=LOOK_SECONDS)
        if still_allowed is not None and time.monotonic() >= check:
            if (reason := await still_allowed()) is not None:
                await _cut_off(response, pump, reason)
                return
            check = time.monotonic() + CHECK_SECONDS
        if time.monotonic() >= beat and not pump.done():
            await response.write(b": still here\n\n")
            beat = time.monotonic() + HEARTBEAT_SECONDS
    if pump.done():
        pump.result()


async def _cut_off(response: web.StreamResponse, pump: asyncio.Task[None], reason: str) -> None:
    """Nothing more is sent but why."""
    pump.cancel()
    await asyncio.wait((pump,))
    if reason == CHANGED:
        return
    with suppress(TimeoutError):
        async with asyncio.timeout(FAREWELL_SECONDS):
            await response.write(ServerSentEvent(ENDED, {"reason": reason}).encode())
