"""The live wall: every interview that is not over, as it moves, and the finished ones below it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, suppress
from typing import Any

from aiohttp import web

from question_flows.model import Language
from server.hr.access import USER
from server.hr.cards import CARDS
from server.hr.listing import finished
from server.hr.standing import STANDING
from server.hr.texts import json_for_script, recognition_json
from server.hr.visible import reviewer_of
from server.hr.wall_frames import FRAMES
from server.keys import DATABASE, FLOWS, HUB
from server.live.hub import REACH, Signal
from server.live.wire import to_sse
from server.pages import page_language, render
from server.sse import ServerSentEvent, stream
from server.storage.users import HrUser

TOGETHER_SECONDS = 0.1
"""What happens within it in all interviews is written to a wall at once."""


async def page(request: web.Request) -> web.StreamResponse:
    """The wall; its script follows from here."""
    language = page_language(request)
    return render(
        request,
        "hr_wall.html",
        user=request[USER],
        initial=json_for_script(await wall_snapshot(request.app, language, request[USER])),
        finished=await finished(request.app[DATABASE], reviewer_of(request)),
        jobs={flow.id: flow.job[language] for flow in request.app[FLOWS].values()},
    )


async def interviews(request: web.Request) -> web.Response:
    """What the wall shows, as JSON."""
    return web.json_response(await wall_snapshot(request.app, page_language(request), request[USER]))


async def events(request: web.Request) -> web.StreamResponse:
    """A snapshot, then what happens in all interviews."""
    async with aclosing(wall_messages(request)) as messages:
        return await stream(request, messages, linger_s=TOGETHER_SECONDS)


async def recognition(request: web.Request) -> web.Response:
    """Whether speech is recognised, and whether there is room for another interview: an open wall asks now and then."""
    return web.json_response(recognition_json(request.app))


async def wall_snapshot(app: web.Application, language: Language, user: HrUser) -> dict[str, Any]:
    """Every interview that is not over as a card, for this person, and whether speech is recognised."""
    return {**await app[CARDS].all(language, user), "recognition": recognition_json(app)}


async def wall_messages(request: web.Request) -> AsyncGenerator[ServerSentEvent]:
    """A snapshot, then what happens in all interviews; a snapshot anew where messages may be missing."""
    app, user = request.app, request[USER]
    # What this person may see; when that changes, the stream is ended.
    assigned = request[STANDING].assigned
    live = app[HUB].follow_all()
    # Subscribed before the snapshot is read: what happens in between is in both, and its seq says so.
    first = asyncio.ensure_future(anext(live, None))
    try:
        await asyncio.sleep(0)
        async for event in _as_it_stands(request):
            yield event
        message = await first
        while message is not None:
            if assigned is None or message.interview_id in assigned:
                for frame in await app[FRAMES].of(message, user):
                    yield frame
            if isinstance(message, Signal) and message.type == REACH:
                async for event in _as_it_stands(request):
                    yield event
            message = await anext(live, None)
    finally:
        first.cancel()
        with suppress(asyncio.CancelledError):
            await first


async def _as_it_stands(request: web.Request) -> AsyncIterator[ServerSentEvent]:
    """A snapshot, whether news may come late, and what only signals tell."""
    app, user = request.app, request[USER]
    snapshot = await wall_snapshot(app, page_language(request), user)
    yield ServerSentEvent("snapshot", snapshot)
    yield to_sse(app[HUB].reach())
    for one in snapshot["interviews"]:
        for signal in await app[HUB].last_signals(one["interview_id"]):
            for frame in await app[FRAMES].of(signal, user):
                yield frame
