"""The delivery log: what went out to which system, what waits, what was given up, and sending it again."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import partial
from urllib.parse import urlencode

import sqlalchemy as sa
from aiohttp import web

from server.errors import UserError
from server.hr.access import USER, may
from server.hr.audited import NOTE
from server.hr.days import day_in
from server.hr.failure_words import failure
from server.hr.forms import form_fields
from server.hr.interviews import asked_of, cursor_in, links_of
from server.hr.message_body import shown_body
from server.hr.message_words import about_whom, destination_names, switched_off, type_names
from server.hr.rights import Right
from server.keys import DATABASE, OUTBOX
from server.pages import page_language, render, texts
from server.storage import schema
from server.storage.delivery_log import DeliveryLog, Standing, State, Wanted, conditions

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
        arrived=await log.last_delivered(),
        off=await switched_off(request),
        nothing=Standing(),
        whom=await about_whom(request, found.rows),
        failure=partial(failure, t),
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
        whom=await about_whom(request, [found]),
        failure=partial(failure, texts(request, page_language(request))["t"]),
        names=await destination_names(request),
        types=type_names(request, [found.type]),
        body=json.dumps(shown, ensure_ascii=False, indent=2),
    )


async def replay_one(request: web.Request) -> web.StreamResponse:
    """Sends one message again, under its own id. Raises UserError message_unknown (404)."""
    sent = await form_fields(request)
    found, _ = await DeliveryLog(request.app[DATABASE]).message(request.match_info["message_id"])
    if sent.get("confirm") != "yes":
        raise UserError("not_confirmed", field="confirm")
    await request.app[OUTBOX].replay(schema.outbox.c.id == found.id, datetime.now(UTC))
    raise web.HTTPSeeOther(f"/hr/deliveries/{found.id}")


async def replay_many(request: web.Request) -> web.StreamResponse:
    """Sends again what was delivered, given up or waits for another try, and fits the filters that the form carries."""
    sent = await form_fields(request)
    asked = {name: sent.get(name, "").strip() for name in FIELDS}
    wanted = wanted_of(asked)
    kept = (wanted.since is not None) == bool(asked["from"]) and (wanted.until is not None) == bool(asked["to"])
    if not kept or asked["state"] not in ("", *State) or not all(text.isprintable() for text in asked.values()):
        # What is not understood would send more than was meant.
        raise UserError("bad_request")
    if sent.get("confirm") != "yes":
        raise UserError("not_confirmed", field="confirm")
    if not any(asked.values()):
        raise UserError("replay_everything", field="confirm")
    condition = sa.and_(*conditions(wanted))
    number = await request.app[OUTBOX].replay(condition, datetime.now(UTC))
    request[NOTE].detail.update({"messages": number, **{name: value[:60] for name, value in asked.items() if value}})
    # Without the state: what was given up a moment ago is not so any more.
    left = {name: value for name, value in asked.items() if value and name != "state"}
    raise web.HTTPSeeOther(f"/hr/deliveries?{urlencode(left)}")


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
