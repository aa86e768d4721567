"""Signing in and out, and the one-time link that makes the first account."""

from __future__ import annotations

from datetime import UTC, datetime
from time import monotonic

from aiohttp import web

from server.errors import UserError
from server.hr.access import COOKIE, FAILURES, USERS, page_behind, set_cookie, user_of
from server.hr.forms import form_fields
from server.i18n import MESSAGES
from server.keys import OWNERSHIP
from server.pages import page_language, render
from server.storage.users import SHORTEST_PASSWORD

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
    return _sign_in_page(request, behind)


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
        return _sign_in_page(request, behind, email, error)
    # Noted before the answer is known, so that many attempts at the same moment count as well.
    for key in limits:
        failures.note(key, now)
    cookie = await request.app[USERS].sign_in(email, password, datetime.now(UTC))
    if cookie is None:
        return _sign_in_page(request, behind, email, UserError("sign_in_wrong", status=401))
    failures.forget(next(iter(limits)))
    response = web.Response(status=303, headers={"Location": behind})
    set_cookie(request, response, cookie)
    return response


async def sign_out(request: web.Request) -> web.StreamResponse:
    """Ends the session."""
    cookie = request.cookies.get(COOKIE)
    if cookie:
        await request.app[USERS].sign_out(cookie)
    response = web.Response(status=303, headers={"Location": "/hr/sign-in"})
    response.del_cookie(COOKIE, path="/")
    return response


async def welcome_form(request: web.Request) -> web.StreamResponse:
    """The form behind the one-time link. Looking does not use the link up."""
    if not await request.app[USERS].link_is_open(request.match_info["token"], datetime.now(UTC)):
        return render(request, "hr_welcome_closed.html", status=410)
    return _welcome_page(request)


async def welcome(request: web.Request) -> web.StreamResponse:
    """Makes the account and signs it in; a mistake in the form leaves the link open."""
    form = await form_fields(request)
    email, password = form.get("email", ""), form.get("password", "")
    try:
        cookie = await request.app[USERS].create_account(
            request.match_info["token"], email, password, datetime.now(UTC)
        )
    except UserError as error:
        if error.field is None:
            return render(request, "hr_welcome_closed.html", status=error.status)
        return _welcome_page(request, email, error)
    response = web.Response(status=303, headers={"Location": "/hr"})
    set_cookie(request, response, cookie)
    return response


def _limits(account: str, address: str) -> dict[str, int]:
    """How many failures each key may have; the first is forgotten when the sign-in succeeds."""
    return {
        f"{account} at {address}": FAILURES_OF_ACCOUNT_HERE,
        f"at {address}": FAILURES_OF_ADDRESS,
        account: FAILURES_OF_ACCOUNT,
    }


def _sign_in_page(request: web.Request, behind: str, email: str = "", error: UserError | None = None) -> web.Response:
    status = error.status if error else 200
    return render(
        request, "hr_sign_in.html", status=status, behind=behind, email=email, problem=_sentence(request, error)
    )


def _welcome_page(request: web.Request, email: str = "", error: UserError | None = None) -> web.Response:
    return render(
        request,
        "hr_welcome.html",
        status=error.status if error else 200,
        email=email,
        field=error.field if error else None,
        problem=_sentence(request, error),
        shortest_password=SHORTEST_PASSWORD,
    )


def _sentence(request: web.Request, error: UserError | None) -> str:
    if error is None:
        return ""
    return request.app[MESSAGES].text(page_language(request), f"error.{error.code}", error.params)
