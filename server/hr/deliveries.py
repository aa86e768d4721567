"""The delivery log: what went out to which system, what waits, what was given up, and sending it again."""

from __future__ import annotations

import json
from collections.abc import Mapping
from urllib.parse import urlencode

from aiohttp import web

from server.hr.access import USER, may
from server.hr.days import day_in
from server.hr.interviews import asked_of, cursor_in, links_of
from server.hr.message_body import shown_body
from server.hr.message_words import destination_names, type_names
from server.hr.rights import Right
from server.keys import DATABASE
from server.pages import page_language, render, texts
from server.storage.delivery_log import DeliveryLog, State, Wanted

FIELDS = ("destination", "state", "type", "about", "from", "to")


async def page(request: web.Request) -> web.StreamResponse:
    """The log with its filters."""
    asked = asked_of(request, FIELDS)
    log = DeliveryLog(request.app[DATABASE])
    found = await log.page(wanted_of(asked), cursor_in(request))
    t = texts(request, page_language(request))["t"]
    return render(
        request,
        "hr_deliveries.html",
        user=request[USER],
        asked=asked,
        query=urlencode({name: value for name, value in asked.items() if value}),
        rows=found.rows,
        total=found.total,
        links=links_of(request, found),
        standings=await log.standings(),
        names=await destination_names(request),
        types=type_names(request, await log.types()),
        states=[(state.value, t(f"console.delivery_{state}")) for state in State],
    )


async def message(request: web.Request) -> web.StreamResponse:
    """One message with its attempts. Raises UserError message_unknown (404)."""
    log = DeliveryLog(request.app[DATABASE])
    found, body = await log.message(request.match_info["message_id"])
    shown = shown_body(body, with_names=may(request[USER], Right.NAMES))
    return render(
        request,
        "hr_message.html",
        user=request[USER],
        message=found,
        attempts=await log.attempts(found.id),
        names=await destination_names(request),
        types=type_names(request, [found.type]),
        body=json.dumps(shown, ensure_ascii=False, indent=2),
    )


def wanted_of(asked: Mapping[str, str]) -> Wanted:
    """The messages that a form or an address asks for."""
    return Wanted(
        destination=asked.get("destination", ""),
        state=asked.get("state", ""),
        type=asked.get("type", ""),
        about=asked.get("about", ""),
        since=day_in(asked.get("from", "")),
        until=day_in(asked.get("to", "")),
    )
