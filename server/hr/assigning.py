"""Who reviews an interview: somebody who decides gives it to reviewers, who see nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from aiohttp import web

from server.hr.access import USER, may, page_behind
from server.hr.audited import NOTE
from server.hr.forms import form_fields
from server.hr.monitor import state_of
from server.hr.rights import Right
from server.keys import DATABASE
from server.storage.assignments import Assignments
from server.storage.hr_user import HrUser

FIELD = "reviewer-"
"""A checked box is sent as this and the account's id."""


@dataclass(frozen=True, slots=True)
class Reviewing:
    """What `hr_assignments.html` shows. behind: the page to go back to."""

    interview_id: str
    reviewers: tuple[HrUser, ...]
    assigned: frozenset[str]
    behind: str


async def reviewing(request: web.Request) -> Reviewing | None:
    """For the fragment on a page of one interview; None for whoever assigns nobody."""
    if not may(request[USER], Right.DECIDE):
        return None
    assignments, interview_id = Assignments(request.app[DATABASE]), request.match_info["interview_id"]
    return Reviewing(
        interview_id,
        tuple(await assignments.reviewers()),
        await assignments.of_interview(interview_id),
        request.path,
    )


async def assign(request: web.Request) -> web.StreamResponse:
    """From now on exactly the reviewers whose boxes are checked have this interview."""
    await state_of(request)
    sent, interview_id = await form_fields(request), request.match_info["interview_id"]
    wanted = [name.removeprefix(FIELD) for name in sent if name.startswith(FIELD)]
    came, went = await Assignments(request.app[DATABASE]).set(interview_id, wanted, request[USER].id, datetime.now(UTC))
    request[NOTE].detail.update({"assigned": sorted(came), "removed": sorted(went)})
    raise web.HTTPSeeOther(f"{page_behind(sent.get('next'))}#assignments")
