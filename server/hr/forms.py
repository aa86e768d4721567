"""What HR's forms send."""

from __future__ import annotations

from urllib.parse import parse_qsl

from aiohttp import web

from server.errors import UserError

MOST_FIELDS = 100


async def form_fields(request: web.Request) -> dict[str, str]:
    """The fields of a plain form, the last of each name. Raises UserError bad_request (400) for anything else."""
    if request.content_type != "application/x-www-form-urlencoded":
        raise UserError("bad_request")
    try:
        return dict(parse_qsl((await request.read()).decode(), keep_blank_values=True, max_num_fields=MOST_FIELDS))
    except ValueError:
        raise UserError("bad_request") from None
