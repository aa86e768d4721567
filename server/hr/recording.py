"""The recording of one interview, for those who are signed in: any range of it, and where each question is."""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import asdict, dataclass
from time import monotonic

from aiohttp import web

from server.errors import UserError
from server.hr.byte_range import NotSatisfiable, asked_for
from server.hr.monitor import state_of
from server.hr.standing import STANDING
from server.interview.events import RecordingStored
from server.interview.report import Report
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


@dataclass(frozen=True, slots=True)
class Position:
    """Where a question is in the recording. index counts from 0; milliseconds from its beginning.

    answer_ms: where the answer begins; where the question was asked when there was none.
    """

    index: int
    question_id: str
    question: str
    asked_ms: int
    answer_ms: int


def positions(report: Report) -> list[Position]:
    """Each question's place; none behind the recording's end."""
    end_ms = report.recording.duration_ms
    found = []
    for answer in report.answers:
        began_ms = answer.asked_ms if answer.started_ms is None else answer.started_ms
        limits = (
            (answer.asked_ms, began_ms) if end_ms is None else (min(answer.asked_ms, end_ms), min(began_ms, end_ms))
        )
        found.append(Position(answer.index, answer.question_id, answer.question, *limits))
    return found


def positions_json(report: Report) -> list[Mapping[str, object]]:
    """The positions as the player's script reads them."""
    return [asdict(position) for position in positions(report)]


async def play(request: web.Request) -> web.StreamResponse:
    """The recording, or the range of it that is asked for; the answer to HEAD has no body.

    Raises UserError recording_none (404), recording_not_ready (404), recording_away (503), recording_locked (503).
    """
    stored = await _stored(request)
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
    return await _send(request, response, stored, start, end)


async def _send(
    request: web.Request, response: web.StreamResponse, stored: RecordingStored, start: int, end: int
) -> web.StreamResponse:
    interview_id = request.match_info["interview_id"]
    pieces = await _opened(request.app[LIBRARY], interview_id, stored, start, end)
    async with aclosing(pieces):
        await response.prepare(request)
        try:
            check = monotonic() + CHECK_SECONDS
            async for piece in pieces:
                if monotonic() >= check:
                    if await request[STANDING].lost() is not None:
                        raise NoLongerAllowed
                    check = monotonic() + CHECK_SECONDS
                await response.write(piece)
            await response.write_eof()
        except (StoreUnavailable, SealBroken, NoLongerAllowed) as error:
            # The head is out: ending early is all that is left, and the browser asks for the rest again.
            log.warning("a recording broke off (%s)", type(error).__name__, extra={"interview": interview_id})
            response.force_close()
            if request.transport is not None:
                request.transport.close()
    return response


async def _stored(request: web.Request) -> RecordingStored:
    recording = (await state_of(request)).recording
    if recording.stored is not None:
        return recording.stored
    raise UserError("recording_not_ready" if recording.started else "recording_none", status=404)


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
