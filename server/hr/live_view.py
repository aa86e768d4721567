"""Watching an interview live: WebRTC by WHEP (draft-ietf-wish-whep), the mirror of the candidate's WHIP.

POST an offer to receive → the answer and a Location. PATCH it with more addresses (trickle). DELETE it to look away.
"""

from __future__ import annotations

from datetime import UTC, datetime

from aiohttp import web

from server.errors import UserError
from server.hr.monitor import state_of
from server.hr.revoking import end_with_its_right
from server.interview.session import InterviewSession
from server.keys import INTERVIEWS

SDP = "application/sdp"
FRAGMENT = "application/trickle-ice-sdpfrag"
LONGEST_OFFER = 64 * 1024
LONGEST_FRAGMENT = 16 * 1024
"""Bytes; a browser's offer has 6-10 KB, its addresses 2 KB."""


async def offer(request: web.Request) -> web.Response:
    """POST an SDP offer → 201 with the answer, a Location whose DELETE ends the view, and its ETag."""
    if request.content_type != SDP:
        raise UserError("live_media_type", status=415, params={"type": SDP})
    session = await _session(request)
    viewer_id, answer = await session.viewers.watch(await _text(request, LONGEST_OFFER))
    end_with_its_right(request, session.viewers, viewer_id)
    headers = {"Location": f"{request.path}/{viewer_id}", "ETag": f'"{viewer_id}"', "Accept-Patch": FRAGMENT}
    return web.Response(status=201, text=answer, content_type=SDP, headers=headers)


async def patch(request: web.Request) -> web.Response:
    """PATCH an SDP fragment: further addresses → 204. ICE is not restarted here: the page asks anew (422)."""
    if request.content_type != FRAGMENT:
        raise UserError("live_media_type", status=415, params={"type": FRAGMENT})
    session, viewer_id = await _session(request), request.match_info["viewer_id"]
    match request.headers.get("If-Match", "").strip():
        case "":
            raise UserError("live_condition_missing", status=428)
        case "*":
            raise UserError("live_no_restart", status=422)
        case condition if condition.strip('"') != viewer_id:
            raise UserError("viewer_unknown", status=412)
    await session.viewers.add_candidates(viewer_id, await _text(request, LONGEST_FRAGMENT))
    return web.Response(status=204)


async def end(request: web.Request) -> web.Response:
    """DELETE the view."""
    await (await _session(request)).viewers.end(request.match_info["viewer_id"])
    return web.Response(status=204)


async def options(request: web.Request) -> web.Response:
    """What may be posted or patched here."""
    accepted = {"Accept-Patch": FRAGMENT} if "viewer_id" in request.match_info else {"Accept-Post": SDP}
    return web.Response(status=204, headers=accepted)


async def ice(request: web.Request) -> web.Response:
    """STUN and TURN servers for HR's browser, with credentials that soon expire."""
    return web.json_response({"iceServers": request.app[INTERVIEWS].ice.ice_servers_for_browser(datetime.now(UTC))})


async def _session(request: web.Request) -> InterviewSession:
    """The interview if it is live: watching never takes one up."""
    await state_of(request)
    session = await request.app[INTERVIEWS].find(request.match_info["interview_id"])
    if session is None:
        raise UserError("live_nobody", status=409)
    return session


async def _text(request: web.Request, longest: int) -> str:
    if (request.content_length or 0) > longest:
        raise UserError("too_large", status=413)
    try:
        text = (await request.read()).decode()
    except UnicodeDecodeError:
        raise UserError("live_offer_bad", params={"reason": "malformed"}) from None
    if len(text) > longest:
        raise UserError("too_large", status=413)
    return text
