"""Plays a stored recording to whoever was let in: any range of it, while they still may."""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from time import monotonic

from aiohttp import web

from server.errors import UserError
from server.interview.events import RecordingStored
from server.interview.state import InterviewState
from server.recordings.byte_range import NotSatisfiable, asked_for
from server.recordings.keys import KeyMissing, SealBroken
from server.recordings.library import Library
from server.recordings.serving import LIBRARY
from server.recordings.store import NotStored, StoreUnavailable
from server.sse import CHECK_SECONDS

log = logging.getLogger(__name__)

RETRY_AFTER_S = 60
EXTENSIONS = {"video/webm": "webm", "audio/webm": "webm"}


class NoLongerAllowed(Exception):
    """Whoever is being sent a recording has lost the right to it meanwhile."""


def stored_of(state: InterviewState) -> RecordingStored:
    """What there is to play. Raises UserError recording_none or recording_not_ready (404)."""
    if state.recording.stored is not None:
        return state.recording.stored
    raise UserError("recording_not_ready" if state.recording.started else "recording_none", status=404)


async def play_stored(
    request: web.Request, interview_id: str, stored: RecordingStored, still_allowed: Callable[[], Awaitable[bool]]
) -> web.StreamResponse:
    """The recording, or the range of it that is asked for; the answer to HEAD has no body.

    still_allowed: asked every two seconds while it is sent. Raises UserError recording_away or recording_locked (503).
    """
    tag = f'"{stored.sha256}"'
    headers = {
        "Content-Type": stored.media_type,
        "Content-Disposition": f'inline; filename="recording.{EXTENSIONS.get(stored.media_type, "mkv")}"',
        "Cache-Control": "private, no-store",
        "Accept-Ranges": "bytes",
        "ETag": tag,
    }
    if tag in [candidate.strip() for candidate in request.headers.get("If-None-Match", "").split(",")]:
        return web.Response(status=304, headers=headers)
    # A range of another version than the one the browser has is no use to it.
    is_same = request.headers.get("If-Range", tag) == tag
    try:
        asked = asked_for(request.headers.get("Range"), stored.size_bytes) if is_same else None
    except NotSatisfiable:
        return web.Response(status=416, headers={**headers, "Content-Range": f"bytes */{stored.size_bytes}"})
    start, end = asked or (0, stored.size_bytes)
    if asked:
        headers["Content-Range"] = f"bytes {start}-{end - 1}/{stored.size_bytes}"
    response = web.StreamResponse(status=206 if asked else 200, headers=headers)
    response.content_length = end - start
    if request.method == "HEAD":
        await response.prepare(request)
        return response
    return await _send(
        request, response, await _opened(request.app[LIBRARY], interview_id, stored, start, end), still_allowed
    )


async def _send(
    request: web.Request,
    response: web.StreamResponse,
    pieces: AsyncGenerator[bytes | memoryview, None],
    still_allowed: Callable[[], Awaitable[bool]],
) -> web.StreamResponse:
    async with aclosing(pieces):
        await response.prepare(request)
        try:
            check = monotonic() + CHECK_SECONDS
            async for piece in pieces:
                if monotonic() >= check:
                    if not await still_allowed():
                        raise NoLongerAllowed
                    check = monotonic() + CHECK_SECONDS
                await response.write(piece)
            await response.write_eof()
        except (StoreUnavailable, SealBroken, NoLongerAllowed) as error:
            # The head is out: ending early is all that is left, and the browser asks for the rest again.
            log.warning("a recording broke off (%s)", type(error).__name__)
            response.force_close()
            if request.transport is not None:
                request.transport.close()
    return response


async def _opened(
    library: Library, interview_id: str, stored: RecordingStored, start: int, end: int
) -> AsyncGenerator[bytes | memoryview, None]:
    try:
        return await library.read(stored.key, start, end)
    except (StoreUnavailable, NotStored) as error:
        log.warning("a recording cannot be read (%s)", type(error).__name__, extra={"interview": interview_id})
        raise UserError("recording_away", status=503, retry_after_s=RETRY_AFTER_S) from error
    except KeyMissing as error:
        log.error("a recording's key is missing: %s", error, extra={"interview": interview_id})
        raise UserError("recording_locked", status=503) from error
    except SealBroken as error:
        log.error("a recording is damaged: %s", error, extra={"interview": interview_id})
        raise UserError("recording_damaged", status=500) from error
