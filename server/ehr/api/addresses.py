"""Under which address the world reaches this server."""

from __future__ import annotations

from aiohttp import web

from server.keys import SETTINGS


def base_url(request: web.Request) -> str:
    """Without a slash at its end: the setting's, else what was asked."""
    return request.app[SETTINGS].public_url.rstrip("/") or f"{request.scheme}://{request.host}"
