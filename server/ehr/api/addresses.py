"""Under which address the world reaches this server."""

from __future__ import annotations

import re

from aiohttp import web

from server.errors import UserError
from server.keys import SETTINGS

_HOST = re.compile(r"[\w.:\[\]-]{1,260}", re.ASCII)


def base_url(request: web.Request) -> str:
    """Without a slash at its end: the setting's, else what was asked.

    Raises UserError bad_request for a Host header that is none: it would stand in answers.
    """
    if not _HOST.fullmatch(request.host):
        raise UserError("bad_request")
    return request.app[SETTINGS].public_url.rstrip("/") or f"{request.scheme}://{request.host}"
