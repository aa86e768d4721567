"""Signing in with a company account: to the provider, and back from it."""

from __future__ import annotations

import logging
import secrets
from datetime import UTC, datetime
from time import monotonic
from typing import TYPE_CHECKING

from aiohttp import web

from server.errors import UserError
from server.hr.access import FAILURES, page_behind
from server.hr.audited import AUDIT
from server.hr.provider_role import role_by
from server.hr.sign_in import sign_in_page, signed_in
from server.keys import DATABASE, SETTINGS
from server.storage.hr_user import Role
from server.storage.provider_accounts import ATTEMPT, Attempt, Newcomer, ProviderAccounts
from server.storage.tokens import new_token

if TYPE_CHECKING:
    from server.hr.provider import Provider

log = logging.getLogger(__name__)

COOKIE = "hr_oidc"
"""Binds an answer of the provider's to the browser that asked."""
PATH = "/hr/oidc"
CALLBACK = f"{PATH}/callback"
PROVIDER: web.AppKey[list[Provider]] = web.AppKey("hr_provider")
MOST_OF_ADDRESS = 100
"""Sign-ins that one address may begin within 15 minutes: an office behind one has many people."""
LONGEST = 4096
"""Characters of what comes back; a code has some dozens."""


async def begin(request: web.Request) -> web.StreamResponse:
    """Sends the browser to the provider."""
    behind, now = page_behind(request.query.get("next")), datetime.now(UTC)
    key = f"to the provider from {request.remote or ''}"
    if wait_s := request.app[FAILURES].take(key, MOST_OF_ADDRESS, monotonic()):
        minutes = str(int(wait_s // 60) + 1)
        return sign_in_page(
            request, behind, error=UserError("too_many_sign_ins", status=429, params={"minutes": minutes})
        )
    state, nonce, browser, verifier = new_token(), new_token(), new_token(), secrets.token_urlsafe(48)
    try:
        address = await _provider(request).address(_callback(request), state=state, nonce=nonce, code_verifier=verifier)
    except UserError as error:
        return sign_in_page(request, behind, error=error)
    await _accounts(request).begin(state, browser, Attempt(nonce, verifier, behind), now)
    response = web.Response(status=303, headers={"Location": address})
    secure = request.scheme == "https"
    seconds = int(ATTEMPT.total_seconds())
    response.set_cookie(COOKIE, browser, max_age=seconds, httponly=True, samesite="Lax", secure=secure, path=PATH)
    return response


async def callback(request: web.Request) -> web.StreamResponse:
    """Takes the provider's answer and signs in, or says on the sign-in page why not."""
    try:
        response = await _entered(request)
    except UserError as error:
        log.warning("a sign-in at the provider failed (%s)", error.code)
        detail = {"why": error.code, "way": "provider"}
        await request.app[AUDIT].note("sign_in_failed", by="", now=datetime.now(UTC), detail=detail)
        response = sign_in_page(request, "/hr", error=error)
    response.del_cookie(COOKIE, path=PATH)
    return response


async def _entered(request: web.Request) -> web.Response:
    provider, accounts, now = _provider(request), _accounts(request), datetime.now(UTC)
    said = {name: text for name, text in request.query.items() if len(text) <= LONGEST and text.isprintable()}
    attempt = await accounts.take(said.get("state", ""), request.cookies.get(COOKIE, ""), now)
    if "code" not in said:
        raise UserError("oidc_refused", status=403)
    identity = await provider.identity(
        _callback(request),
        code=said["code"],
        iss=said.get("iss"),
        nonce=attempt.nonce,
        code_verifier=attempt.code_verifier,
    )
    settings = request.app[SETTINGS]
    default = Role(settings.oidc_default_role) if settings.oidc_default_role else None
    claim = settings.oidc_role_claim
    who = Newcomer(
        identity.issuer,
        identity.subject,
        identity.email,
        identity.email_verified,
        identity.name,
        role_by(identity.claims, claim, settings.oidc_role_map, default) if claim else default,
        decides=bool(claim),
    )
    cookie = await accounts.enter(who, now)
    return await signed_in(request, cookie, page_behind(attempt.behind), "provider")


def _provider(request: web.Request) -> Provider:
    """Made when it is first needed. Raises UserError oidc_off (404)."""
    settings, made = request.app[SETTINGS], request.app[PROVIDER]
    if not settings.oidc_issuer:
        raise UserError("oidc_off", status=404)
    if not made:
        # Half a second and some megabytes, which a server without a provider does not spend.
        from server.hr.provider import Provider

        secret, claim = settings.oidc_client_secret.get_secret_value(), settings.oidc_role_claim
        needs = (claim.split(".")[0],) if claim else ()
        made.append(Provider(settings.oidc_issuer, settings.oidc_client_id, secret, needs))
    return made[0]


def _accounts(request: web.Request) -> ProviderAccounts:
    return ProviderAccounts(request.app[DATABASE])


def _callback(request: web.Request) -> str:
    base = request.app[SETTINGS].public_url.rstrip("/") or f"{request.scheme}://{request.host}"
    return base + CALLBACK
