"""A candidate's résumé by hand: added on their page, and given back as the file that it was."""

from __future__ import annotations

from datetime import UTC, datetime

from aiohttp import BodyPartReader, web

from server.errors import UserError
from server.hr.audited import NOTE
from server.hr.candidates import candidate_page
from server.hr.printing import disposition
from server.hr.visible import reviewer_of
from server.keys import DATABASE, RESUME_READER
from server.resumes.limits import LARGEST_FILE
from server.resumes.stored import Resumes
from server.storage.candidates import Candidate, Candidates

FIELD = "resume"
BESIDE_THE_FILE = 10_000
"""Bytes of a form's other parts."""


async def add(request: web.Request) -> web.StreamResponse:
    """Reads the file at once and keeps it; what is wrong with it is said at the form, and nothing is kept then.

    Raises UserError candidate_not_listed (404).
    """
    candidate = await _candidate(request)
    kept = Resumes(request.app[DATABASE], request.app[RESUME_READER])
    try:
        file_name, content = await _file(request)
        stored = await kept.add(candidate.id, file_name, content, datetime.now(UTC))
    except UserError as error:
        return await candidate_page(request, error)
    # Whose address or number it is besides, the page shows.
    await kept.fill(stored)
    request[NOTE].detail["resume_id"] = stored.id
    raise web.HTTPSeeOther(f"/hr/candidates/{candidate.id}#resume-{stored.id}")


async def download(request: web.Request) -> web.StreamResponse:
    """The file as it was sent, only ever to be saved. Raises UserError candidate_not_listed, resume_unknown (404)."""
    candidate, kept = await _candidate(request), Resumes(request.app[DATABASE], request.app[RESUME_READER])
    stored = await kept.get(request.match_info["resume_id"])
    if stored.candidate_id != candidate.id:
        raise UserError("resume_unknown", status=404)
    headers = {
        "Content-Type": stored.media_type,
        "Content-Disposition": disposition(stored.file_name),
        "Cache-Control": "no-store",
    }
    return web.Response(body=await kept.content(stored.id), headers=headers)


async def _candidate(request: web.Request) -> Candidate:
    return await Candidates(request.app[DATABASE]).get(request.match_info["candidate_id"], reviewer_of(request))


async def _file(request: web.Request) -> tuple[str, bytes]:
    """(what it is called, its bytes). Raises UserError: resume_too_large 413, resume_empty 422, bad_request 400."""
    if request.content_type != "multipart/form-data":
        raise UserError("bad_request")
    try:
        name, content = await _part(request)
    except ValueError:
        raise UserError("bad_request") from None
    if not content:
        raise UserError("resume_empty", status=422, field=FIELD)
    return name, content


async def _part(request: web.Request) -> tuple[str, bytes]:
    """The form's file, read piece by piece so that never more is held than one may be large. Raises ValueError."""
    name, content, left = "", b"", LARGEST_FILE + BESIDE_THE_FILE
    async for part in await request.multipart():
        if not isinstance(part, BodyPartReader):
            raise ValueError("not a form's part")
        data = bytearray()
        while piece := await part.read_chunk():
            data += piece
            left -= len(piece)
            if left < 0:
                megabytes = str(LARGEST_FILE // 1_000_000)
                raise UserError("resume_too_large", status=413, field=FIELD, params={"megabytes": megabytes})
        if part.name == FIELD:
            name, content = part.filename or "", bytes(data)
    return name, content
