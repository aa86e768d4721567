"""What a letter has to know of its interview: whom it is for, how far it is, and whether its links still open it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from question_flows.model import Language
from server.errors import UserError
from server.storage import schema

NOT_BEGUN = frozenset({"invited", "ready"})
"""Statuses of an interview in which nothing has been asked yet."""

CANCELLED = "cancelled"
"""The status of an interview that was called off before it began; for good."""


@dataclass(frozen=True, slots=True)
class InvitedInterview:
    """One interview as its letters see it. email may be empty. job_title: of HR's job, None: it belongs to none.

    time_zone: the candidate's, an IANA name, or None. availability: as in their row. expires_at: of the link that
    works longest, None: none was given out. is_opened: one was exchanged for a cookie, which opens the interview.
    """

    id: str
    application_id: str | None
    flow_id: str
    language: Language
    name: str
    email: str
    job_title: str | None
    time_zone: str | None
    availability: list[dict[str, Any]] | None
    status: str
    is_trial: bool
    expires_at: datetime | None
    is_opened: bool

    @property
    def has_begun(self) -> bool:
        """Whether anything has been asked."""
        return self.status not in NOT_BEGUN

    def waits(self, now: datetime) -> bool:
        """Whether a link that nobody has opened yet works."""
        return not self.is_opened and self.expires_at is not None and now < self.expires_at


async def read_invited(connection: AsyncConnection, interview_id: str) -> InvitedInterview:
    """As it stands in the caller's transaction. Raises UserError interview_unknown (404)."""
    interviews, links = schema.interviews.c, schema.invitations.c
    people, jobs = schema.candidates.c, schema.jobs.c
    query = (
        sa.select(
            interviews.application_id,
            interviews.flow_id,
            interviews.language,
            interviews.candidate_name,
            interviews.candidate_email,
            interviews.status,
            interviews.is_trial,
            jobs.title,
            people.time_zone,
            people.availability,
        )
        .select_from(
            schema.interviews.outerjoin(schema.jobs, jobs.id == interviews.job_id).outerjoin(
                schema.candidates, people.id == interviews.candidate_id
            )
        )
        .where(interviews.id == interview_id)
    )
    row = (await connection.execute(query)).one_or_none()
    if row is None:
        raise UserError("interview_unknown", status=404)
    expires_at = await connection.scalar(
        sa.select(sa.func.max(links.expires_at, type_=schema.UtcDateTime())).where(links.interview_id == interview_id)
    )
    opened = sa.select(schema.candidate_sessions.c.cookie_hash).where(
        schema.candidate_sessions.c.interview_id == interview_id
    )
    return InvitedInterview(
        interview_id,
        row.application_id,
        row.flow_id,
        Language(row.language),
        row.candidate_name,
        row.candidate_email,
        row.title,
        row.time_zone,
        row.availability,
        row.status,
        row.is_trial,
        expires_at,
        await connection.scalar(opened.limit(1)) is not None,
    )
