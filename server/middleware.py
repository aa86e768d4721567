"""What every request passes on its way in and out: proxies, foreign origins, errors, security headers."""

from __future__ import annotations

import logging
import socket
from collections.abc import Awaitable, Callable, Iterable
from ipaddress import ip_address, ip_network
from urllib.parse import urlsplit

from aiohttp import web

from server.errors import UserError
from server.i18n import MESSAGES, language_of
from server.keys import SETTINGS
from server.pages import render
from server.problems import API_PREFIX, is_api, problem_response

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

log = logging.getLogger(__name__)

CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'self'",
        "img-src 'self' data: blob:",
        "media-src 'self' blob:",
        "frame-ancestors 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "object-src 'none'",
    )
)
SECURITY_HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(self), microphone=(self), geolocation=()",
    "Cross-Origin-Opener-Policy": "same-origin",
}
CONDITIONS = frozenset({"if-none-match", "if-modified-since", "if-match", "if-unmodified-since", "range"})
API_PREFIXES = ("/api/", "/ehr/")
SIGNED_PATHS = ("/ehr/", API_PREFIX)
"""Called by machines that sign their bodies or send a key, and no cookie: a foreign Origin does not matter there."""


@web.middleware
async def forwarded(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Believes X-Forwarded-Proto, -Host and -For from the settings' proxies and other workers, and from nobody else."""
    if came_privately(request) or _from_proxy(request):
        hops = [hop.strip() for hop in request.headers.get("X-Forwarded-For", "").split(",") if hop.strip()]
        request = request.clone(
            scheme=request.headers.get("X-Forwarded-Proto", request.scheme),
            host=request.headers.get("X-Forwarded-Host", request.host),
            remote=hops[-1] if hops else request.remote or "",
        )
    return await handler(request)


def came_privately(request: web.Request) -> bool:
    """Whether another worker of this machine has forwarded the request: nobody else can open the private sockets."""
    connection = request.transport.get_extra_info("socket") if request.transport is not None else None
    return connection is not None and connection.family == socket.AF_UNIX


def _from_proxy(request: web.Request) -> bool:
    return within(request.remote, request.app[SETTINGS].trusted_proxies)


def within(address: str | None, networks: Iterable[str]) -> bool:
    """Whether the address lies in one of the networks; what is no address does not."""
    try:
        parsed = ip_address(address or "")
    except ValueError:
        return False
    return any(parsed in ip_network(network) for network in networks)


@web.middleware
async def compressed_files(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Sends scripts and style sheets compressed: they are a quarter of their size then."""
    response = await handler(request)
    # aiohttp would send a compressed nothing behind "not modified", and behind the answer to HEAD.
    whole = request.method == "GET" and not CONDITIONS & {name.lower() for name in request.headers}
    if whole and isinstance(response, web.FileResponse) and request.path.endswith((".js", ".css", ".svg")):
        response.enable_compression()
        response.headers["Vary"] = "Accept-Encoding"
    return response


@web.middleware
async def same_origin(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuses a change asked for by another site's page (cross-site request forgery)."""
    origin = request.headers.get("Origin")
    changes = request.method not in {"GET", "HEAD", "OPTIONS"}
    if changes and origin is None and request.headers.get("Sec-Fetch-Site") in ("cross-site", "same-site"):
        raise UserError("foreign_origin", status=403)
    if changes and origin is not None and not request.path.startswith(SIGNED_PATHS):
        # An opaque origin ("null": a sandboxed frame, a local file) has no host, and is foreign.
        host = _host_of(origin)
        if not host or host not in {request.host, _host_of(request.app[SETTINGS].public_url)}:
            raise UserError("foreign_origin", status=403)
    return await handler(request)


def _host_of(origin: str) -> str:
    """Host and port of an origin; empty when it has none."""
    try:
        return urlsplit(origin).netloc
    except ValueError:
        return ""


@web.middleware
async def errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turns refusals into a sentence in the person's language: JSON for scripts, a page for people."""
    try:
        return await handler(request)
    except UserError as error:
        return _answer(request, error)
    except web.HTTPException as error:
        if error.status < 400 or (error.content_type != "text/plain"):
            raise
        code = {404: "not_found", 405: "method_not_allowed", 413: "too_large"}.get(error.status, "bad_request")
        answer = _answer(request, UserError(code, status=error.status))
        if "Allow" in error.headers:
            answer.headers["Allow"] = error.headers["Allow"]
        return answer
    except web.RequestPayloadError:
        # Compressed otherwise than its header says, or in broken chunks.
        return _answer(request, UserError("bad_request"))
    except Exception as error:
        # The boundary of one request: whatever failed is answered and logged, and ends here.
        log.error("request failed", extra={"route": route_of(request), "error": type(error).__name__}, exc_info=True)
        return _answer(request, UserError("internal", status=500))


def _answer(request: web.Request, error: UserError) -> web.Response:
    response = _worded(request, error)
    if error.status == 401 and is_api(request.path):
        response.headers["WWW-Authenticate"] = "Bearer"
    if error.retry_after_s is not None:
        response.headers["Retry-After"] = str(error.retry_after_s)
    return response


def _worded(request: web.Request, error: UserError) -> web.Response:
    if is_api(request.path):
        return problem_response(request, error)
    language = language_of(request, request.app[SETTINGS].language)
    message = request.app[MESSAGES].text(language, f"error.{error.code}", error.params)
    if request.path.startswith(API_PREFIXES):
        body = {"error": {"code": error.code, "message": message, "field": error.field}}
        return web.json_response(body, status=error.status)
    return render(request, "error.html", status=error.status, code=error.code, message=message)


async def security_headers(request: web.Request, response: web.StreamResponse) -> None:
    """Sets the security headers of every response, event streams included; for on_response_prepare."""
    response.headers.update(SECURITY_HEADERS)
    if not request.path.startswith("/static/"):
        response.headers.setdefault("Cache-Control", "no-store")


def route_of(request: web.Request) -> str:
    """The route's pattern instead of the path, so that no link's token reaches a log."""
    resource = request.match_info.route.resource
    return resource.canonical if resource is not None else "(unknown)"


MIDDLEWARES = (forwarded, errors, same_origin, compressed_files)
