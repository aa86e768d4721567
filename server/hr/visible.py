"""What of the lists somebody may see: a reviewer's own interviews, pseudonyms, and totals that are not hidden yet."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from aiohttp import web

from server.hr.access import USER
from server.hr.blind import hidden_among
from server.hr.names import hides_names, shown_email, shown_name
from server.keys import INTERVIEWS
from server.storage.candidates import Candidate
from server.storage.interview_list import ListedInterview


def reviewer_of(request: web.Request) -> str | None:
    """The account whose assigned interviews are all that the person asking may see; None: they may see all."""
    user = request[USER]
    return user.id if user.only_assigned else None


async def is_trial(request: web.Request) -> bool:
    """Whether the interview of the address was made to try a flow out."""
    row = await request.app[INTERVIEWS].event_log.row(request.match_info["interview_id"])
    return row is not None and row.is_trial


async def shown_interviews(request: web.Request, found: Sequence[ListedInterview]) -> list[ListedInterview]:
    """The lines as the person asking may see them."""
    rated = [(one.id, one.flow_id) for one in found if one.total is not None or one.decision is not None]
    hidden = await hidden_among(request.app, request[USER], rated)
    return [_interview(request, one, hidden) for one in found]


def shown_candidates(request: web.Request, found: Iterable[Candidate]) -> list[Candidate]:
    """The lines as the person asking may see them."""
    return [shown_candidate(request, one) for one in found]


def shown_candidate(request: web.Request, one: Candidate) -> Candidate:
    """The candidate, or who stands for them."""
    if not hides_names(request):
        return one
    return replace(one, name=shown_name(request, one.name, one.id), email=None)


def _interview(request: web.Request, one: ListedInterview, hidden: set[str]) -> ListedInterview:
    if one.id in hidden:
        one = replace(one, total=None, decision=None)
    if not hides_names(request):
        return one
    name, email = shown_name(request, one.candidate_name, one.known_as), shown_email(request, one.candidate_email)
    return replace(one, candidate_name=name, candidate_email=email)
