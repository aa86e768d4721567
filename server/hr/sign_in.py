"""Signing in and out, and the one-time link that makes the first account."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from time import monotonic

from aiohttp import web

from server.errors import UserError
from server.hr.access import COOKIE, FAILURES, USERS, page_behind, set_cookie, user_of
from server.hr.audited import AUDIT
from server.hr.forms import form_fields
from server.hr.texts import sentence
from server.keys import OWNERSHIP, SETTINGS
from server.pages import render
from server.storage.hr_user import HrUser
from server.storage.users import SHORTEST_PASSWORD, Link

SIGN_IN = "sign-in"
"""What one of several workers does for all."""
FAILURES_OF_ACCOUNT_HERE = 5
FAILURES_OF_ADDRESS = 30
FAILURES_OF_ACCOUNT = 50
"""Failed sign-ins within 15 minutes. An office behind one address has many people; and a stranger elsewhere who guesses
at an account must not lock its owner out quickly."""


async def sign_in_form(request: web.Request) -> web.StreamResponse:
    """The form; whoever is signed in already goes straight on."""
    behind = page_behind(request.query.get("next"))
    if await user_of(request) is not None:
        raise web.HTTPSeeOther(behind)
    return sign_in_page(request, behind)


async def sign_in(request: web.Request) -> web.StreamResponse:
    """Signs in, or says that address or password is wrong without saying which; 429 after too many failures."""
    if OWNERSHIP in request.app:
        # Each worker counting for itself would let a guesser try as many times more as there are workers.
        await request.app[OWNERSHIP].claim_duty(SIGN_IN)
    form = await form_fields(request)
    email, password = form.get("email", ""), form.get("password", "")
    behind = page_behind(form.get("next"))
    now, failures = monotonic(), request.app[FAILURES]
    limits = _limits(email.strip().lower(), request.remote or "")
    wait_s = max(failures.wait_s(key, most, now) for key, most in limits.items())
    if wait_s:
        minutes = str(int(wait_s // 60) + 1)
        error = UserError("too_many_sign_ins", status=429, params={"minutes": minutes})
        return sign_in_page(request, behind, email, error)
    # Noted before the answer is known, so that many attempts at the same moment count as well.
    for key in limits:
        failures.note(key, now)
    try:
        cookie = await request.app[USERS].sign_in(email, password, datetime.now(UTC))
        if cookie is None:
            raise UserError("sign_in_wrong", status=401)
    except UserError as error:
        subject = await request.app[USERS].id_of(email)
        detail = {"why": error.code}
        await request.app[AUDIT].note("sign_in_failed", by="", now=datetime.now(UTC), subject=subject, detail=detail)
        return sign_in_page(request, behind, email, error)
    failures.forget(next(iter(limits)))
    return await signed_in(request, cookie, behind, "password")


async def signed_in(request: web.Request, cookie: str, behind: str, way: str) -> web.Response:
    """Sends a browser on that has just been signed in. way: password, link or provider, for the trail."""
    user = await request.app[USERS].user_of(cookie, datetime.now(UTC))
    if user is not None:
        await _note(request, "signed_in", user, way=way)
    response = web.Response(status=303, headers={"Location": behind})
    set_cookie(request, response, cookie)
    return response


async def sign_out(request: web.Request) -> web.StreamResponse:
    """Ends the session."""
    cookie, user = request.cookies.get(COOKIE), await user_of(request)
    if cookie:
        await request.app[USERS].sign_out(cookie)
    if user is not None:
        await _note(request, "signed_out", user)
    response = web.Response(status=303, headers={"Location": "/hr/sign-in"})
    response.del_cookie(COOKIE, path="/")
    return response


async def welcome_form(request: web.Request) -> web.StreamResponse:
    """The form behind the one-time link. Looking does not use the link up."""
    link = await _link(request)
    return _closed(request, 410) if link is None else _welcome_page(request, link)


async def welcome(request: web.Request) -> web.StreamResponse:
    """Makes the account, or gives it its new password, and signs it in; a mistake in the form leaves the link open."""
    form, link = await form_fields(request), await _link(request)
    if link is None:
        return _closed(request, 410)
    users, token, now = request.app[USERS], request.match_info["token"], datetime.now(UTC)
    password = form.get("password", "")
    try:
        if link.user_id is not None:
            cookie = await users.reset_password(token, password, now)
        else:
            cookie = await users.create_account(token, form.get("email", ""), password, now, form.get("name", ""))
    except UserError as error:
        if error.field is None:
            return _closed(request, error.status)
        return _welcome_page(request, link, form, error)
    return await signed_in(request, cookie, "/hr", "new_password" if link.user_id else "link")


async def _link(request: web.Request) -> Link | None:
    return await request.app[USERS].link(request.match_info["token"], datetime.now(UTC))


async def _note(request: web.Request, action: str, user: HrUser, **detail: str) -> None:
    await request.app[AUDIT].note(action, by=user.id, now=datetime.now(UTC), subject=user.id, detail=detail)


def _closed(request: web.Request, status: int) -> web.Response:
    return render(request, "hr_welcome_closed.html", status=status)


def _limits(account: str, address: str) -> dict[str, int]:
    """How many failures each key may have; the first is forgotten when the sign-in succeeds."""
    return {
        f"{account} at {address}": FAILURES_OF_ACCOUNT_HERE,
        f"at {address}": FAILURES_OF_ADDRESS,
        account: FAILURES_OF_ACCOUNT,
    }


def sign_in_page(request: web.Request, behind: str, email: str = "", error: UserError | None = None) -> web.Response:
    """The form with what went wrong, if anything did."""
    settings = request.app[SETTINGS]
    return render(
        request,
        "hr_sign_in.html",
        status=error.status if error else 200,
        behind=behind,
        email=email,
        problem=sentence(request, error),
        ended=bool(request.query.get("ended")),
        provider=settings.oidc_issuer and {"name": settings.oidc_display_name},
    )


def _welcome_page(
    request: web.Request, link: Link, sent: Mapping[str, str] | None = None, error: UserError | None = None
) -> web.Response:
    return render(
        request,
        "hr_welcome.html",
        status=error.status if error else 200,
        link=link,
        sent=sent or {},
        field=error.field if error else None,
        problem=sentence(request, error),
        shortest_password=SHORTEST_PASSWORD,
    )
