"""Who is asking: HR's cookie, and the rule that every page and interface of HR needs it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from urllib.parse import quote

from aiohttp import web

from server.errors import UserError
from server.rate_limit import RateLimit
from server.storage.users import SESSION_HOURS, HrUser, Users

COOKIE = "hr_session"

USERS = web.AppKey("hr_users", Users)
FAILURES = web.AppKey("hr_failures", RateLimit)
"""Failed sign-ins."""
FAILURES_WINDOW_S = 15 * 60.0
USER = web.RequestKey("hr_user", HrUser)

View = Callable[[web.Request], Awaitable[web.StreamResponse]]


async def user_of(request: web.Request) -> HrUser | None:
    """Whose browser this is, or None."""
    cookie = request.cookies.get(COOKIE)
    return await request.app[USERS].user_of(cookie, datetime.now(UTC)) if cookie else None


def signed_in_page(view: View) -> View:
    """A page for HR only: anybody else is sent to the sign-in page, and from there back."""

    async def guarded(request: web.Request) -> web.StreamResponse:
        user = await user_of(request)
        if user is None:
            back = f"?next={quote(request.path)}" if request.method == "GET" else ""
            raise web.HTTPSeeOther(f"/hr/sign-in{back}")
        request[USER] = user
        return await view(request)

    return guarded


def signed_in_api(view: View) -> View:
    """An interface for HR's scripts only: 401 for anybody else."""

    async def guarded(request: web.Request) -> web.StreamResponse:
        user = await user_of(request)
        if user is None:
            raise UserError("sign_in_first", status=401)
        request[USER] = user
        return await view(request)

    return guarded


def set_cookie(request: web.Request, response: web.StreamResponse, value: str) -> None:
    """Signs this browser in; no script can read the cookie, and over HTTPS it never leaves in clear."""
    response.set_cookie(
        COOKIE,
        value,
        max_age=SESSION_HOURS * 3600,
        httponly=True,
        samesite="Lax",
        secure=request.scheme == "https",
        path="/",
    )


def page_behind(path: str | None) -> str:
    """Where to go after signing in: a path of HR's own pages, whatever else was asked for."""
    # Nothing but printable characters: the path becomes a header.
    usable = path and path.startswith("/hr/") and not path.startswith("/hr/sign-") and path.isprintable()
    return path if path and usable else "/hr"
