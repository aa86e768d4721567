"""Who is asking: HR's cookie, and the rule that every page and interface of HR needs it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from urllib.parse import quote

from aiohttp import web

from server.errors import UserError
from server.hr.audited import NOTE, note_of, write_note
from server.hr.rights import RIGHTS, Right
from server.hr.standing import STANDING, Standing
from server.rate_limit import RateLimit
from server.sse import STILL_ALLOWED
from server.storage.users import SESSION_HOURS, HrUser, Users

COOKIE = "hr_session"
HOME = "/hr"

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


def may(user: HrUser, right: Right) -> bool:
    """Whether this person's role has the right."""
    return right in RIGHTS[user.role]


def home_of(user: HrUser) -> str:
    """The first page of this person's, where the wall is not theirs to see."""
    return HOME if may(user, Right.WATCH) else "/hr/audit"


def signed_in_page(view: View, right: Right | None) -> View:
    """A page for HR only: anybody else is sent to the sign-in page, and from there back.

    right: None: whoever is signed in. Raises UserError right_missing (403); interview_unknown (404) when the interview
    of the address is not assigned to somebody who sees only those.
    """

    async def guarded(request: web.Request) -> web.StreamResponse:
        user = await user_of(request)
        if user is None:
            # With its query: a link may lead to one moment of an interview.
            back = f"?next={quote(request.rel_url.raw_path_qs)}" if request.method == "GET" else ""
            raise web.HTTPSeeOther(f"/hr/sign-in{back}")
        if request.path == HOME and home_of(user) != HOME:
            raise web.HTTPSeeOther(home_of(user))
        return await _admitted(request, user, right, view)

    return guarded


def signed_in_api(view: View, right: Right | None) -> View:
    """An interface for HR's scripts only: 401 for anybody else; else as `signed_in_page`."""

    async def guarded(request: web.Request) -> web.StreamResponse:
        user = await user_of(request)
        if user is None:
            raise UserError("sign_in_first", status=401)
        return await _admitted(request, user, right, view)

    return guarded


async def _admitted(request: web.Request, user: HrUser, right: Right | None, view: View) -> web.StreamResponse:
    if right is not None and not may(user, right):
        raise UserError("right_missing", status=403)
    users, interview_id = request.app[USERS], request.match_info.get("interview_id")
    if interview_id and not await users.may_see(user, interview_id):
        raise UserError("interview_unknown", status=404)
    assigned = await users.assigned_to(user.id) if user.only_assigned and not interview_id else None
    request[USER] = user
    request[STANDING] = Standing(users, request.cookies[COOKIE], user, interview_id, assigned)
    request[STILL_ALLOWED] = request[STANDING].lost
    if (note := note_of(request, user)) is not None:
        request[NOTE] = note
    try:
        response = await view(request)
    except web.HTTPException as answer:
        await write_note(request, answer)
        raise
    except BaseException:
        # Refused, failed, or gone on to another worker, which writes it down itself.
        request.pop(NOTE, None)
        raise
    await write_note(request, response)
    return response


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
    usable = path and path.startswith("/hr/") and not path.startswith(("/hr/sign-", "/hr/oidc")) and path.isprintable()
    return path if path and usable else "/hr"
