"""The audit trail as a page: who did what and when, by time, person and action."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from typing import Any

from aiohttp import web

from server.hr.access import USER
from server.hr.audited import AUDIT
from server.i18n import MESSAGES
from server.keys import DATABASE
from server.pages import page_language, render
from server.storage.audit import PAGE, Wanted
from server.storage.people import People

LONGEST = 100
VALUES = ("access.role_", "access.way_", "access.why_")
"""Where words for a detail's value stand."""
DIGITS = 15


async def page(request: web.Request) -> web.StreamResponse:
    """The newest entries that fit; older ones behind a link."""
    asked = {name: request.query.get(name, "").strip()[:LONGEST] for name in ("from", "to", "person", "action")}
    asked["subject"] = request.query.get("subject", "").strip()[:LONGEST]
    found = await request.app[AUDIT].find(_wanted(asked, request.query.get("before", "")), PAGE + 1)
    entries = found[:PAGE]
    people = {one.user.id: one.user for one in await People(request.app[DATABASE]).all()}
    older = request.rel_url.update_query(before=str(entries[-1].id)) if len(found) > PAGE else None
    language, known = page_language(request), request.app[MESSAGES].keys(page_language(request))
    return render(
        request,
        "hr_audit.html",
        user=request[USER],
        asked=asked,
        entries=entries,
        people=people,
        names={
            action: request.app[MESSAGES].text(language, f"access.did_{action}")
            for action in {*await request.app[AUDIT].actions()}
            if f"access.did_{action}" in known
        },
        actions=await request.app[AUDIT].actions(),
        in_words=partial(in_words, request),
        older=str(older) if older else None,
    )


def in_words(request: web.Request, detail: Mapping[str, Any]) -> str:
    """An entry's detail as a line: what has words in the reader's language in those, ids as they are."""
    catalogue, language = request.app[MESSAGES], page_language(request)
    known = catalogue.keys(language)

    def word(prefixes: tuple[str, ...], value: object) -> str:
        keys = [f"{prefix}{value}" for prefix in prefixes if f"{prefix}{value}" in known]
        return catalogue.text(language, keys[0]) if keys else str(value)

    parts = []
    for name, value in detail.items():
        values = value if isinstance(value, list) else [value]
        shown = ", ".join(word(VALUES, one) for one in values)
        if shown:
            named = {"name": word(("access.detail_",), name), "value": shown}
            parts.append(catalogue.text(language, "access.detail", named))
    return " · ".join(parts)


def _wanted(asked: Mapping[str, str], before: str) -> Wanted:
    """What the form asks for; a day that is none is none. Days are UTC, and both ends belong to it."""
    since, until = _day(asked["from"]), _day(asked["to"])
    is_number = before.isascii() and before.isdigit() and len(before) <= DIGITS
    return Wanted(
        since=_midnight(since) if since else None,
        until=_midnight(until) + timedelta(days=1) if until and until < date.max else None,
        user_id=_printable(asked["person"]),
        action=_printable(asked["action"]),
        subject=_printable(asked["subject"]),
        before=int(before) if is_number else None,
    )


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        return None


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def _printable(text: str) -> str:
    """PostgreSQL refuses to look for a NUL."""
    return text if text.isprintable() else ""
