"""What of the lists somebody may see: a reviewer's own interviews, pseudonyms, and totals that are not hidden yet."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from aiohttp import web

from server.hr.access import USER
from server.hr.names import hides_names, shown_email, shown_name
from server.storage.candidates import Candidate
from server.storage.interview_list import ListedInterview


def reviewer_of(request: web.Request) -> str | None:
    """The account whose assigned interviews are all that the person asking may see; None: they may see all."""
    user = request[USER]
    return user.id if user.only_assigned else None


async def shown_interviews(request: web.Request, found: Sequence[ListedInterview]) -> list[ListedInterview]:
    """The lines as the person asking may see them."""
    return [_interview(request, one) for one in found]


def shown_candidates(request: web.Request, found: Iterable[Candidate]) -> list[Candidate]:
    """The lines as the person asking may see them."""
    return [shown_candidate(request, one) for one in found]


def shown_candidate(request: web.Request, one: Candidate) -> Candidate:
    """The candidate, or who stands for them."""
    if not hides_names(request):
        return one
    return replace(one, name=shown_name(request, one.name, one.id), email=None)


def _interview(request: web.Request, one: ListedInterview) -> ListedInterview:
    if not hides_names(request):
        return one
    name, email = shown_name(request, one.candidate_name, one.known_as), shown_email(request, one.candidate_email)
    return replace(one, candidate_name=name, candidate_email=email)
