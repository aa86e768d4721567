"""Server-sent events: one response that writes messages and keeps the line alive."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any

from aiohttp import web

HEARTBEAT_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class ServerSentEvent:
    """One message. id: the log's seq when the message is a stored event, else None (the browser keeps its last one)."""

    event: str
    data: Mapping[str, Any]
    id: int | None = None

    def encode(self) -> bytes:
        """The message as the event-stream format has it."""
        head = f"id: {self.id}\n" if self.id is not None else ""
        return f"{head}event: {self.event}\ndata: {json.dumps(self.data, ensure_ascii=False)}\n\n".encode()


def last_event_id(request: web.Request) -> int:
    """The seq the browser saw last, from the Last-Event-ID header or `?after=`; 0 when it names none or nonsense."""
    value = request.headers.get("Last-Event-ID") or request.query.get("after") or "0"
    return int(value) if value.isascii() and value.isdigit() else 0


async def stream(request: web.Request, messages: AsyncIterator[ServerSentEvent]) -> web.StreamResponse:
    """Writes messages until they end or the reader leaves; a comment every 10 s keeps proxies from closing the line."""
    response = web.StreamResponse(
        headers={
            "Content-Type": "text/event-stream; charset=utf-8",
            "Cache-Control": "no-store",
            "X-Accel-Buffering": "no",
        }
    )
    await response.prepare(request)
    await response.write(b"retry: 1000\n\n")
    lock = asyncio.Lock()

    async def heartbeat() -> None:
        while True:
            await asyncio.sleep(HEARTBEAT_SECONDS)
            async with lock:
                await response.write(b": still here\n\n")

    beat = asyncio.create_task(heartbeat())
    try:
        async for message in messages:
            async with lock:
                await response.write(message.encode())
    except ConnectionResetError:
        pass
    finally:
        beat.cancel()
    return response
