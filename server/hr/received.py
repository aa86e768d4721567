"""What connected systems have told and the records have not taken: why, trying it again, setting it aside."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from urllib.parse import urlencode

import sqlalchemy as sa
from aiohttp import web

from server.errors import UserError
from server.hr.access import USER
from server.hr.audited import NOTE
from server.hr.forms import form_fields
from server.hr.interviews import asked_of, cursor_in, links_of
from server.hr.message_words import destination_names, type_names
from server.i18n import MESSAGES
from server.keys import DATABASE, INBOX
from server.pages import page_language, render, texts
from server.storage.inbox import INTERVIEWS
from server.storage.inbox_log import ReceivedState, received_page, sources_left
from server.storage.outbox import BUILTIN
from server.storage.record_tables import inbox

PATH = "/hr/deliveries/received"
FIELDS = ("source", "state")
_CODE = re.compile(r"[A-Za-z0-9_.]{1,60}")
"""What a reason is made of: nothing that a system or a candidate has written looks otherwise."""
_UNREADABLE = "unreadable: "


async def page(request: web.Request) -> web.StreamResponse:
    """The list with its filters."""
    asked = asked_of(request, FIELDS)
    database = request.app[DATABASE]
    found = await received_page(database, asked["source"], asked["state"], cursor_in(request))
    t = texts(request, page_language(request))["t"]
    names = await destination_names(request)
    names.pop(BUILTIN)
    names[INTERVIEWS] = t("console.received_interviews")
    return render(
        request,
        "hr_received.html",
        user=request[USER],
        asked=asked,
        query=urlencode({name: value for name, value in asked.items() if value}),
        rows=[(one, reason_of(request, one.error)) for one in found.rows],
        total=found.total,
        links=links_of(request, found),
        given_up=await sources_left(database),
        names=names,
        types=type_names(request, {one.type for one in found.rows}),
        states=[(state.value, t(f"console.received_{state}")) for state in ReceivedState],
    )


async def replay(request: web.Request) -> web.StreamResponse:
    """Tries one event again, or all that a connection has told and was given up. Raises UserError not_confirmed."""
    sent = await form_fields(request)
    source, event_id = sent.get("source", ""), sent.get("event_id", "")
    condition = _meant(source, event_id)
    if not event_id:
        if sent.get("confirm") != "yes":
            raise UserError("not_confirmed", field="confirm")
        condition = sa.and_(condition, inbox.c.dead, inbox.c.processed_at.is_(None))
    number = await request.app[INBOX].replay(condition, datetime.now(UTC))
    return _done(request, source, number)


async def set_aside(request: web.Request) -> web.StreamResponse:
    """One event is left as it is for good; it can be tried again all the same. Raises UserError message_unknown."""
    sent = await form_fields(request)
    source, event_id = sent.get("source", ""), sent.get("event_id", "")
    if not event_id:
        raise UserError("bad_request")
    return _done(request, source, await request.app[INBOX].set_aside(_meant(source, event_id), datetime.now(UTC)))


def reason_of(request: web.Request, error: str) -> str:
    """Why it was not taken, in the reader's language, with nothing of what the event says; empty: it has not failed."""
    if not error:
        return ""
    language = page_language(request)
    t = texts(request, language)["t"]
    if error.startswith(_UNREADABLE):
        field = error.removeprefix(_UNREADABLE)
        field = field if _CODE.fullmatch(field) else "…"
        return str(t("console.received_why_unreadable", field=field))
    key = f"console.received_why_{error}"
    if key in request.app[MESSAGES].keys(language):
        return str(t(key))
    code = error if _CODE.fullmatch(error) else "…"
    return str(t("console.received_why_other", code=code))


def _meant(source: str, event_id: str) -> sa.ColumnElement[bool]:
    if not source or "\0" in source + event_id:
        # PostgreSQL refuses to look for it; what is not understood would try more than was meant.
        raise UserError("bad_request")
    return sa.and_(inbox.c.source == source, inbox.c.event_id == event_id if event_id else sa.true())


def _done(request: web.Request, source: str, number: int) -> web.StreamResponse:
    if not number:
        # It was taken meanwhile, or there never was one.
        raise UserError("received_unknown", status=404)
    request[NOTE].detail.update({"events": number, "source": source[:60]})
    raise web.HTTPSeeOther(f"{PATH}?{urlencode({'source': source})}")
