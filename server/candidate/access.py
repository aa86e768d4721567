"""Who is asking: from the candidate's cookie to their interview."""

from __future__ import annotations

from aiohttp import web

from server.caps import CAPS
from server.errors import UserError
from server.interview.session import InterviewSession
from server.keys import INTERVIEWS

COOKIE = "candidate_session"

READING = frozenset({"GET", "HEAD", "OPTIONS"})

COOKIE_SECONDS = 180 * 86400


async def interview_of(request: web.Request) -> str | None:
    """The id of the interview that the request's cookie opens, or None."""
    cookie = request.cookies.get(COOKIE)
    return await request.app[INTERVIEWS].invitations.interview_of(cookie) if cookie else None


async def candidate_session(request: web.Request) -> InterviewSession:
    """The live interview of the request's candidate.

    Raises UserError candidate_unknown (401); requests_too_many (429) when it asks for changes too often.
    """
    interview_id = await interview_of(request)
    if interview_id is None:
        raise UserError("candidate_unknown", status=401)
    session = await request.app[INTERVIEWS].get(interview_id)
    if request.method not in READING:
        request.app[CAPS].write(interview_id)
    return session


def set_cookie(request: web.Request, response: web.StreamResponse, value: str) -> None:
    """Binds this browser to its interview; no script can read the cookie, and over HTTPS it never leaves in clear."""
    response.set_cookie(
        COOKIE, value, max_age=COOKIE_SECONDS, httponly=True, samesite="Lax", secure=request.scheme == "https", path="/"
    )
