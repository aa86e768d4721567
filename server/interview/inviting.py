"""Making interviews and the links to them: one, or a whole list at once, in one transaction."""

from __future__ import annotations

import uuid
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from question_flows.model import Flow, Language
from server.errors import UserError
from server.interview.events import InterviewEvent, InterviewInvited
from server.interview.typed import clean
from server.storage.candidates import NewCandidate, ensure
from server.storage.database import Database
from server.storage.event_log import EventLog, NewInterview
from server.storage.invitations import Invitations
from server.storage.users import email_of

LONGEST_NAME = 200
LONGEST_JURISDICTION = 100


@dataclass(frozen=True, slots=True)
class Wanted:
    """An interview to be made. email may be empty. candidate_id: whose it is; None: who has the address, or new.

    is_trial: HR tries the flow out, which makes no candidate. interview_id: its id to be, so that the same form sent
    twice makes nothing twice; None: a new one. application_id, round: of HR's records, if it belongs to one.
    """

    flow_id: str
    language: Language
    candidate_name: str
    email: str
    jurisdiction: str
    job_id: str | None = None
    candidate_id: str | None = None
    is_trial: bool = False
    interview_id: str | None = None
    application_id: str | None = None
    round: int = 1


@dataclass(frozen=True, slots=True)
class Invited:
    """An interview that was made, and the token of its link."""

    interview_id: str
    token: str


Also = Callable[[AsyncConnection, Sequence[Invited]], Awaitable[None]]
"""What else is written with new interviews, in their transaction; whatever it raises undoes all."""


class AlreadyInvited(Exception):
    """One of these ids is taken: this was sent before. Nothing was made."""


def checked(wanted: Wanted, flows: Mapping[str, Flow]) -> Wanted:
    """The same, trimmed.

    Raises UserError flow_unknown, language_not_offered, name_missing, name_too_long, email_invalid,
    jurisdiction_missing, each with its field.
    """
    flow = flows.get(wanted.flow_id)
    if flow is None:
        raise UserError("flow_unknown", field="flow_id")
    if wanted.language not in flow.languages:
        raise UserError("language_not_offered", field="language")
    name, law = clean(wanted.candidate_name).strip(), clean(wanted.jurisdiction).strip()
    if not name:
        raise UserError("name_missing", field="candidate_name")
    if len(name) > LONGEST_NAME:
        raise UserError("name_too_long", field="candidate_name", params={"length": str(LONGEST_NAME)})
    if not 0 < len(law) <= LONGEST_JURISDICTION:
        raise UserError("jurisdiction_missing", field="jurisdiction")
    address = email_of(clean(wanted.email)) if wanted.email.strip() else ""
    return Wanted(
        wanted.flow_id,
        wanted.language,
        name,
        address,
        law,
        wanted.job_id,
        wanted.candidate_id,
        wanted.is_trial,
        wanted.interview_id or uuid.uuid4().hex,
        wanted.application_id,
        wanted.round,
    )


async def make(
    database: Database,
    event_log: EventLog,
    invitations: Invitations,
    flows: Mapping[str, Flow],
    wanted: Sequence[Wanted],
    *,
    now: datetime,
    expires_at: datetime,
    also: Also | None = None,
) -> list[tuple[Invited, InterviewEvent]]:
    """All of them, which have been checked, or none. Raises AlreadyInvited when one of the ids is taken."""
    try:
        async with database.begin() as connection:
            people = [one for one in wanted if one.candidate_id is None and not one.is_trial]
            new = [NewCandidate(one.candidate_name, one.email, one.language.value) for one in people]
            ids = iter(await ensure(connection, new, now))
            interviews = [_interview(one, flows[one.flow_id], ids) for one in wanted]
            events = await event_log.create_all(connection, interviews, now=now)
            tokens = await invitations.issue_all(connection, [one.id for one in interviews], expires_at)
            made = [Invited(one.id, token) for one, token in zip(interviews, tokens, strict=True)]
            if also is not None:
                await also(connection, made)
    except IntegrityError as error:
        raise AlreadyInvited from error
    return list(zip(made, events, strict=True))


def _interview(one: Wanted, flow: Flow, new_candidates: Iterator[str]) -> NewInterview:
    candidate_id = one.candidate_id
    if candidate_id is None and not one.is_trial:
        candidate_id = next(new_candidates)
    body = InterviewInvited(flow.id, flow.version, one.language, one.jurisdiction, one.candidate_name)
    return NewInterview(
        one.interview_id or "",
        body,
        one.email,
        candidate_id,
        one.job_id,
        one.is_trial,
        one.application_id,
        one.round,
    )
