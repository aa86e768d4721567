"""When an interview suits a candidate: shown on their page, and taken in from words of theirs that HR was told."""

from __future__ import annotations

from datetime import UTC, datetime

from aiohttp import web

from server.errors import UserError
from server.hr.candidates import candidate_page
from server.hr.forms import form_fields
from server.hr.visible import reviewer_of
from server.keys import DATABASE
from server.mail.stated_times import stated_times
from server.storage.candidates import Candidates


async def state(request: web.Request) -> web.StreamResponse:
    """Keeps what the words say; what is not understood is said at the form, and nothing is kept then.

    Raises UserError candidate_not_listed (404).
    """
    sent, kept = await form_fields(request), Candidates(request.app[DATABASE])
    candidate = await kept.get(request.match_info["candidate_id"], reviewer_of(request))
    try:
        stated = stated_times(sent.get("availability_text", ""), sent.get("time_zone", "").strip(), datetime.now(UTC))
    except UserError as error:
        return await candidate_page(request, error, sent)
    times = [(one.begins, one.ends) for one in stated.windows]
    await kept.state_times(candidate.id, stated.zone.key, times)
    raise web.HTTPSeeOther(f"/hr/candidates/{candidate.id}#suits")
