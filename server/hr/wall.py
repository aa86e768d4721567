"""The live wall: every interview that is not over, as it moves, and the finished ones below it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress
from typing import Any

from aiohttp import web

from question_flows.model import Language
from server.hr.access import USER
from server.hr.card import for_card
from server.hr.cards import CARDS
from server.hr.listing import finished
from server.hr.live import for_hr
from server.hr.standing import STANDING
from server.hr.texts import json_for_script, recognition_json
from server.hr.visible import reviewer_of
from server.keys import DATABASE, FLOWS, HUB
from server.live.hub import LiveMessage, Signal
from server.pages import page_language, render
from server.sse import ServerSentEvent, stream
from server.storage.users import HrUser

SIGNALS_ON_CARDS = frozenset({"transcript", "scores", "connection", "recognition", "faces"})


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
    messages_for_them = _messages(request.app, page_language(request), request[USER], request[STANDING].assigned)
    async with aclosing(messages_for_them) as messages:
        return await stream(request, messages)


async def recognition(request: web.Request) -> web.Response:
    """Whether speech is recognised, and whether there is room for another interview: an open wall asks now and then."""
    return web.json_response(recognition_json(request.app))


async def wall_snapshot(app: web.Application, language: Language, user: HrUser) -> dict[str, Any]:
    """Every interview that is not over as a card, for this person, and whether speech is recognised."""
    return {**await app[CARDS].all(language, user), "recognition": recognition_json(app)}


async def _messages(
    app: web.Application, language: Language, user: HrUser, assigned: frozenset[str] | None
) -> AsyncGenerator[ServerSentEvent]:
    """assigned: the interviews that the person may see, None: all. The stream ends when that changes."""
    live = app[HUB].follow_all()
    # Subscribed before the snapshot is read: what happens in between is in both, and its seq says so.
    first = asyncio.ensure_future(anext(live, None))
    try:
        await asyncio.sleep(0)
        snapshot = await wall_snapshot(app, language, user)
        yield ServerSentEvent("snapshot", snapshot)
        for one in snapshot["interviews"]:
            for signal in await app[HUB].last_signals(one["interview_id"]):
                if _on_cards(signal):
                    async for event in for_hr(app, for_card(signal), user):
                        yield event
        message = await first
        while message is not None:
            if _on_cards(message) and (assigned is None or message.interview_id in assigned):
                async for event in for_hr(app, for_card(message), user):
                    yield event
            message = await anext(live, None)
    finally:
        first.cancel()
        with suppress(asyncio.CancelledError):
            await first


def _on_cards(message: LiveMessage) -> bool:
    return not isinstance(message, Signal) or message.type in SIGNALS_ON_CARDS
