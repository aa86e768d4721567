"""Keys with which HR systems call the API: made, shown once, revoked."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from aiohttp import web

from server.errors import UserError
from server.hr.access import USER
from server.hr.audited import NOTE
from server.hr.forms import form_fields
from server.hr.message_words import connection_names
from server.hr.texts import sentence
from server.keys import DATABASE
from server.pages import render
from server.storage.api_keys import ApiKeys, Scope
from server.storage.people import People

DAYS = (30, 90, 365)
"""How long a key can be made for; or until it is revoked."""
SCOPE = "scope."
"""How the name of a scope's box begins."""


async def page(request: web.Request) -> web.StreamResponse:
    """Every key, and the form that makes one."""
    return await _page(request, {})


async def create(request: web.Request) -> web.StreamResponse:
    """Makes a key and shows it, this once."""
    sent, now = await form_fields(request), datetime.now(UTC)
    try:
        key, secret = await ApiKeys(request.app[DATABASE]).create(
            name=sent.get("name", ""),
            system=sent.get("system", ""),
            scopes=[name.removeprefix(SCOPE) for name in sent if name.startswith(SCOPE)],
            by=request[USER].id,
            now=now,
            expires_at=_expiry(sent.get("days", ""), now),
        )
    except UserError as error:
        return await _page(request, sent, error)
    request[NOTE].subject = key.id
    return render(request, "hr_api_key.html", user=request[USER], key=key, secret=secret)


async def revoke(request: web.Request) -> web.StreamResponse:
    """From now on the key opens nothing. Raises UserError api_key_unknown (404)."""
    sent = await form_fields(request)
    if sent.get("confirm") != "yes":
        return await _page(request, {}, UserError("not_confirmed"))
    await ApiKeys(request.app[DATABASE]).revoke(request.match_info["key_id"], datetime.now(UTC))
    raise web.HTTPSeeOther("/hr/api-keys")


def _expiry(days: str, now: datetime) -> datetime | None:
    if not days:
        return None
    if days not in {str(one) for one in DAYS}:
        raise UserError("api_key_expiry", field="days")
    return now + timedelta(days=int(days))


async def _page(request: web.Request, sent: Mapping[str, str], error: UserError | None = None) -> web.Response:
    groups: dict[str, list[tuple[str, str]]] = {}
    for scope in Scope:
        of, _, act = scope.value.partition(":")
        groups.setdefault(of, []).append((f"{SCOPE}{scope}", act))
    return render(
        request,
        "hr_api_keys.html",
        status=error.status if error else 200,
        user=request[USER],
        keys=await ApiKeys(request.app[DATABASE]).all(),
        now=datetime.now(UTC),
        connected=await connection_names(request),
        people={one.user.id: one.user.shown for one in await People(request.app[DATABASE]).all()},
        groups=groups,
        days=DAYS,
        sent=sent,
        field=error.field if error else None,
        problem=sentence(request, error),
    )
