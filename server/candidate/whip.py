"""The candidate's voice and picture come in: WebRTC by WHIP (RFC 9725), an offer posted, an answer returned."""

from __future__ import annotations

from datetime import UTC, datetime

from aiohttp import web

from server.candidate.access import candidate_session
from server.errors import UserError
from server.interview.events import Purpose
from server.keys import INTERVIEWS

SDP = "application/sdp"

LONGEST_OFFER = 64 * 1024
"""Bytes; a browser's offer with one audio and one video line has 6-10 KB."""


async def offer(request: web.Request) -> web.Response:
    """POST an SDP offer → 201 with the answer and a Location whose DELETE ends the line."""
    session = await candidate_session(request)
    if not session.state.allows(Purpose.VOICE):
        raise UserError("media_not_consented", status=403)
    if request.content_type != SDP:
        raise UserError("offer_media_type", status=415)
    if (request.content_length or 0) > LONGEST_OFFER:
        raise UserError("too_large", status=413)
    peer_id, answer = await session.attach(await _text(request))
    return web.Response(
        status=201,
        text=answer,
        content_type=SDP,
        headers={"Location": f"/api/interview/whip/{peer_id}", "ETag": f'"{peer_id}"'},
    )


async def _text(request: web.Request) -> str:
    try:
        text = (await request.read()).decode()
    except UnicodeDecodeError:
        raise UserError("offer_bad") from None
    if len(text) > LONGEST_OFFER:
        raise UserError("too_large", status=413)
    return text


async def end(request: web.Request) -> web.Response:
    """DELETE the line."""
    session = await candidate_session(request)
    await session.detach(request.match_info["peer_id"])
    return web.Response(status=204)


async def ice(request: web.Request) -> web.Response:
    """STUN and TURN servers for the browser, with credentials that soon expire."""
    await candidate_session(request)
    return web.json_response({"iceServers": request.app[INTERVIEWS].ice.ice_servers_for_browser(datetime.now(UTC))})
