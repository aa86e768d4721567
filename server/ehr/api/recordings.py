"""Recordings for other systems: a link that HR's people there open, and what is behind it."""

from __future__ import annotations

from datetime import UTC, datetime

from aiohttp import web

from server.ehr.api.addresses import base_url
from server.ehr.api.declaring import Call, operation
from server.ehr.api.interview_models import RecordingLink, RecordingLinkIn
from server.ehr.api.interviews import known
from server.errors import UserError
from server.keys import DATABASE, INTERVIEWS, SETTINGS
from server.problems import API_PREFIX
from server.recordings import links
from server.recordings.playing import play_stored, stored_of
from server.storage.api_keys import ApiKeys, Scope

PLAYED_AT = f"{API_PREFIX}recordings/{{interview_id}}"


@operation(
    "POST",
    "/interviews/{interview_id}/recording-link",
    scope=Scope.MEDIA_READ,
    audited="recording_link_made",
)
async def make_recording_link(call: Call, interview_id: str, body: RecordingLinkIn) -> RecordingLink:
    """Makes a link that plays the recording.

    It needs no key and no sign-in, and ends when it expires or this key is revoked. 404 while there is no recording.
    """
    stored = stored_of(await known(call, interview_id))
    link = links.RecordingLink(interview_id, call.key.id, int(call.now.timestamp()) + body.seconds)
    signature = link.signature(call.app[SETTINGS].signing_secret())
    path = PLAYED_AT.format(interview_id=interview_id)
    return RecordingLink(
        url=f"{base_url(call.request)}{path}?key={link.made_by}&expires={link.expires}&signature={signature}",
        expires_at=link.expires_at,
        media_type=stored.media_type,
        size_bytes=stored.size_bytes,
        duration_ms=stored.duration_ms,
    )


async def play(request: web.Request) -> web.StreamResponse:
    """What a link leads to. Raises UserError recording_link_ended (410), and as `play_stored`."""
    interview_id, query = request.match_info["interview_id"], request.query
    expires = query.get("expires", "")
    is_number = expires.isascii() and expires.isdigit() and len(expires) <= 12
    link = links.RecordingLink(interview_id, query.get("key", ""), int(expires) if is_number else 0)
    secret = request.app[SETTINGS].signing_secret()

    async def still_allowed() -> bool:
        now = datetime.now(UTC)
        if not link.holds(query.get("signature", ""), secret, now):
            return False
        return (await ApiKeys(request.app[DATABASE]).get(link.made_by)).opens(now)

    if not await still_allowed():
        raise UserError("recording_link_ended", status=410)
    return await play_stored(
        request, interview_id, stored_of(await request.app[INTERVIEWS].state(interview_id)), still_allowed
    )
