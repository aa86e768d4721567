"""One's own account: the password, and the browsers one is signed in with."""

from __future__ import annotations

from datetime import UTC, datetime
from time import monotonic

from aiohttp import web

from server.errors import UserError
from server.hr.access import COOKIE, FAILURES, USER, USERS
from server.hr.forms import form_fields
from server.hr.texts import sentence
from server.keys import DATABASE
from server.pages import render
from server.storage.people import People
from server.storage.users import SHORTEST_PASSWORD

MOST_WRONG = 5
"""Wrong present passwords within 15 minutes: whoever finds an open browser must not try them all."""


async def page(request: web.Request) -> web.StreamResponse:
    """Who one is here, one's password, one's sessions."""
    return await _page(request)


async def change_password(request: web.Request) -> web.StreamResponse:
    """Takes a new password, and ends one's other sessions."""
    sent, user, failures, now = await form_fields(request), request[USER], request.app[FAILURES], monotonic()
    key = f"password of {user.id}"
    if wait_s := failures.wait_s(key, MOST_WRONG, now):
        minutes = str(int(wait_s // 60) + 1)
        return await _page(request, UserError("too_many_sign_ins", status=429, params={"minutes": minutes}))
    failures.note(key, now)
    try:
        await request.app[USERS].change_password(
            user.id, sent.get("old", ""), sent.get("password", ""), request.cookies[COOKIE]
        )
    except UserError as error:
        if error.field != "old":
            failures.forget(key)
        return await _page(request, error)
    failures.forget(key)
    raise web.HTTPSeeOther("/hr/account?changed=1")


async def end_session(request: web.Request) -> web.StreamResponse:
    """Signs another of one's browsers out."""
    await request.app[USERS].end_session(request[USER].id, request.match_info["session_id"])
    raise web.HTTPSeeOther("/hr/account")


async def _page(request: web.Request, error: UserError | None = None) -> web.Response:
    user = request[USER]
    person = await People(request.app[DATABASE]).get(user.id)
    return render(
        request,
        "hr_account.html",
        status=error.status if error else 200,
        user=user,
        person=person,
        sessions=await request.app[USERS].sessions_of(user.id, request.cookies[COOKIE], datetime.now(UTC)),
        changed=bool(request.query.get("changed")) and error is None,
        problem=sentence(request, error),
        field=error.field if error else None,
        shortest_password=SHORTEST_PASSWORD,
    )
