"""The candidate's voice and picture come in: WebRTC by WHIP (RFC 9725).

POST an offer → the answer and a Location. PATCH it with an SDP fragment: more addresses (trickle), or another network
(ICE restart). DELETE it to end the line.
"""

from __future__ import annotations

from datetime import UTC, datetime

from aiohttp import web

from media.ice import IceServer
from server.candidate.access import candidate_session
from server.caps import CAPS
from server.errors import UserError
from server.interview.events import Purpose
from server.keys import INTERVIEWS

SDP = "application/sdp"
FRAGMENT = "application/trickle-ice-sdpfrag"

LONGEST_OFFER = 64 * 1024
"""Bytes; a browser's offer with one audio and one video line has 6-10 KB."""
LONGEST_FRAGMENT = 16 * 1024
"""Bytes; all addresses of a browser are under 2 KB."""


async def offer(request: web.Request) -> web.Response:
    """POST an SDP offer → 201 with the answer, the line's Location and ETag, and the ICE servers as Links."""
    session = await candidate_session(request)
    if not session.state.allows(Purpose.VOICE):
        raise UserError("media_not_consented", status=403)
    if request.content_type != SDP:
        raise UserError("offer_media_type", status=415, params={"type": SDP})
    text = await _text(request, LONGEST_OFFER)
    request.app[CAPS].offer(session.interview_id, request.remote)
    peer_id, answer = await session.attach(text)
    headers = {"Location": f"/api/interview/whip/{peer_id}", "ETag": f'"{session.line.etag}"', "Accept-Patch": FRAGMENT}
    response = web.Response(status=201, text=answer, content_type=SDP, headers=headers)
    for server in request.app[INTERVIEWS].ice.ice_servers_for_browser(datetime.now(UTC)):
        for link in ice_links(server):
            response.headers.add("Link", link)
    return response


async def patch(request: web.Request) -> web.Response:
    """PATCH with `If-Match: "*"` restarts ICE → 200 with the server's fragment and a new ETag; else trickle → 204.

    428 without If-Match, 412 when ICE was restarted since: the addresses are those of a former network.
    """
    session = await candidate_session(request)
    if request.content_type != FRAGMENT:
        raise UserError("offer_media_type", status=415, params={"type": FRAGMENT})
    condition = request.headers.get("If-Match", "").strip()
    if not condition:
        raise UserError("ice_condition_missing", status=428)
    peer_id, fragment = request.match_info["peer_id"], await _text(request, LONGEST_FRAGMENT)
    if condition.strip('"') != "*":
        await session.line.add_candidates(peer_id, fragment, condition.strip('"'))
        return web.Response(status=204)
    request.app[CAPS].offer(session.interview_id, request.remote)
    answer = await session.line.restart_ice(peer_id, fragment)
    return web.Response(text=answer, content_type=FRAGMENT, headers={"ETag": f'"{session.line.etag}"'})


async def end(request: web.Request) -> web.Response:
    """DELETE the line."""
    session = await candidate_session(request)
    await session.detach(request.match_info["peer_id"])
    return web.Response(status=204)


async def ice(request: web.Request) -> web.Response:
    """STUN and TURN servers for the browser, with credentials that soon expire."""
    await candidate_session(request)
    return web.json_response({"iceServers": request.app[INTERVIEWS].ice.ice_servers_for_browser(datetime.now(UTC))})


async def options(request: web.Request) -> web.Response:
    """What may be posted or patched here (RFC 9725, 4.2)."""
    await candidate_session(request)
    accepted = {"Accept-Patch": FRAGMENT} if "peer_id" in request.match_info else {"Accept-Post": SDP}
    return web.Response(status=204, headers=accepted)


def ice_links(server: IceServer) -> list[str]:
    """The server as Link headers (RFC 9725, 4.6), one for each of its addresses."""
    secret = ""
    if "username" in server:
        secret = f'; username="{server["username"]}"; credential="{server["credential"]}"; credential-type="password"'
    return [f'<{url}>; rel="ice-server"{secret}' for url in server["urls"]]


async def _text(request: web.Request, longest: int) -> str:
    if (request.content_length or 0) > longest:
        raise UserError("too_large", status=413)
    try:
        text = (await request.read()).decode()
    except UnicodeDecodeError:
        raise UserError("offer_bad") from None
    if len(text) > longest:
        raise UserError("too_large", status=413)
    return text
