"""One line for all tabs of a browser: the wall and any monitors, each as if it had a stream of its own.

A browser opens six connections to a server at most (HTTP/1.1), and each stream takes one for as long as its page is
open. So one tab holds a line for all of them (web/static/hr/stream.js): `?wall=1&follow=ID:SEQ&follow=ID:SEQ`, where
SEQ is the last event that the tab has. Each message's id says whose it is: `wall` or the interview's, and behind a
colon the number of a stored event.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import AsyncExitStack, aclosing
from dataclasses import replace

from aiohttp import web

from server.errors import UserError
from server.hr import wall
from server.hr.access import USER, USERS
from server.hr.monitor import monitor_messages
from server.hr.standing import Lost
from server.keys import INTERVIEWS
from server.sse import ENDED, LONGEST_ID, ServerSentEvent, stream

WALL = "wall"
MOST_FOLLOWED = 50
WAITING = 100
"""Messages between the streams and the writer; behind them each stream's own queue fills, and ends when it is full."""


async def events(request: web.Request) -> web.StreamResponse:
    """Everything the tabs wait for; without a query, the wall alone. Raises UserError bad_request (400)."""
    if not request.query:
        return await wall.events(request)
    followed = _followed(request)
    has_wall = request.query.get("wall") == "1"
    async with aclosing(_all(request, followed, has_wall=has_wall)) as messages:
        return await stream(request, messages, linger_s=wall.TOGETHER_SECONDS if has_wall else 0.0)


def _followed(request: web.Request) -> Mapping[str, int]:
    """Interview id → the last event seen."""
    asked = request.query.getall("follow", [])
    if len(asked) > MOST_FOLLOWED:
        raise UserError("bad_request")
    found = {}
    for one in asked:
        interview_id, _, seq = one.partition(":")
        if not (interview_id.isalnum() and len(interview_id) <= 32 and seq.isascii() and seq.isdigit()):
            raise UserError("bad_request")
        found[interview_id] = int(seq[:LONGEST_ID])
    return found


async def _all(request: web.Request, followed: Mapping[str, int], *, has_wall: bool) -> AsyncGenerator[ServerSentEvent]:
    """Ends when one of them does: the browser begins anew with what it has seen."""
    waiting = asyncio.Queue[ServerSentEvent | None](WAITING)
    async with AsyncExitStack() as stack:
        streams: dict[str, AsyncIterator[ServerSentEvent]] = {}
        if has_wall:
            streams[WALL] = await stack.enter_async_context(aclosing(wall.wall_messages(request)))
        for interview_id, seq in followed.items():
            if await _may_follow(request, interview_id):
                own = monitor_messages(request, interview_id, seq)
                streams[interview_id] = await stack.enter_async_context(aclosing(own))
            else:
                yield ServerSentEvent(ENDED, {"reason": Lost.RIGHTS}, interview_id)
        pumps = [asyncio.create_task(_pump(topic, one, waiting)) for topic, one in streams.items()]
        try:
            while pumps and (message := await waiting.get()) is not None:
                yield message
        finally:
            for pump in pumps:
                pump.cancel()
            if pumps:
                await asyncio.wait(pumps)


async def _may_follow(request: web.Request, interview_id: str) -> bool:
    if not await request.app[USERS].may_see(request[USER], interview_id):
        return False
    try:
        await request.app[INTERVIEWS].state(interview_id)
    except UserError:
        return False
    return True


async def _pump(
    topic: str, messages: AsyncIterator[ServerSentEvent], waiting: asyncio.Queue[ServerSentEvent | None]
) -> None:
    try:
        async for message in messages:
            whose = topic if message.id is None else f"{topic}:{message.id}"
            await waiting.put(replace(message, id=whose))
    finally:
        task = asyncio.current_task()
        if task is None or not task.cancelling():
            await waiting.put(None)
