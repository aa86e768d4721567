"""HR's lists of interviews: searched, filtered, sorted, a page at a time; trials are in none of them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from server.storage import schema
from server.storage.database import Database
from server.storage.paging import Cursor, Order, Page, read_page
from server.storage.search_key import holds_words

_NEVER = datetime(1970, 1, 1, tzinfo=UTC)
UNDECIDED = "none"
"""As a filter: nobody has decided yet."""


class Sort(StrEnum):
    """Orders of the list."""

    NEWEST = "newest"
    FINISHED = "finished"
    NAME = "name"
    TOTAL = "total"


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which interviews; empty: all. since, until: days on which they were invited, in UTC, both included.

    reviewer_id: only what is assigned to this account. by_id: text is looked for in ids only, not in names.
    """

    text: str = ""
    status: str = ""
    job_id: str = ""
    flow_id: str = ""
    decision: str = ""
    since: date | None = None
    until: date | None = None
    candidate_ids: Collection[str] | None = None
    ids: Collection[str] | None = None
    reviewer_id: str | None = None
    by_id: bool = False


@dataclass(frozen=True, slots=True)
class ListedInterview:
    """One line. job: its title, None without one; total: the machine's, so far; decision: a person's."""

    id: str
    candidate_id: str | None
    candidate_name: str
    candidate_email: str
    flow_id: str
    flow_version: int
    job_id: str | None
    job: str | None
    language: str
    status: str
    total: float | None
    decision: str | None
    created_at: datetime
    completed_at: datetime | None

    @property
    def known_as(self) -> str:
        """What a pseudonym is made of."""
        return self.candidate_id or self.id


class InterviewList:
    """Reads lists; writes nothing."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def page(self, wanted: Wanted, sort: Sort, cursor: Cursor | None = None) -> Page[ListedInterview]:
        """One page."""
        return await read_page(self._database, _query(wanted), _order(sort), cursor, _row)

    async def all(self, wanted: Wanted, most: int = 500) -> list[ListedInterview]:
        """The newest first, at most so many."""
        table = schema.interviews
        query = _query(wanted).order_by(table.c.created_at.desc(), table.c.id).limit(most)
        async with self._database.read() as connection:
            return [_row(row) for row in (await connection.execute(query)).all()]

    async def states(self, wanted: Wanted) -> Mapping[str, int]:
        """Status → how many."""
        listed = _query(wanted).subquery()
        query = sa.select(listed.c.status, sa.func.count()).group_by(listed.c.status)
        async with self._database.read() as connection:
            return {row[0]: row[1] for row in (await connection.execute(query)).all()}

    async def of_candidates(
        self, candidate_ids: Sequence[str], reviewer_id: str | None
    ) -> Mapping[str, list[ListedInterview]]:
        """Candidate → their interviews, the newest first."""
        wanted = Wanted(candidate_ids=candidate_ids, reviewer_id=reviewer_id)
        found: dict[str, list[ListedInterview]] = {id_: [] for id_ in candidate_ids}
        for one in await self.all(wanted, most=20 * max(1, len(candidate_ids))):
            found[one.candidate_id or ""].append(one)
        return found


def visible(reviewer_id: str | None) -> sa.ColumnElement[bool]:
    """Interviews that count, and of them, for a reviewer, those that are assigned."""
    table, assigned = schema.interviews, schema.assignments
    counts = table.c.is_trial.is_(False)
    if reviewer_id is None:
        return counts
    return counts & table.c.id.in_(sa.select(assigned.c.interview_id).where(assigned.c.user_id == reviewer_id))


def _query(wanted: Wanted) -> sa.Select[Any]:
    table, jobs = schema.interviews, schema.jobs
    query = sa.select(
        table.c.id,
        table.c.candidate_id,
        table.c.candidate_name,
        table.c.candidate_email,
        table.c.flow_id,
        table.c.flow_version,
        table.c.job_id,
        jobs.c.title.label("job"),
        table.c.language,
        table.c.status,
        table.c.total,
        table.c.decision,
        table.c.created_at,
        table.c.completed_at,
    ).select_from(table.outerjoin(jobs, jobs.c.id == table.c.job_id))
    conditions = [visible(wanted.reviewer_id)]
    if wanted.text and wanted.by_id:
        known_as = wanted.text.split()[-1].lower()
        conditions.append(sa.func.coalesce(table.c.candidate_id, table.c.id).startswith(known_as, autoescape=True))
    elif wanted.text:
        conditions.append(holds_words(table.c.search_key, wanted.text))
    for column, value in ((table.c.status, wanted.status), (table.c.job_id, wanted.job_id)):
        if value:
            conditions.append(column == value)
    if wanted.flow_id:
        conditions.append(table.c.flow_id == wanted.flow_id)
    if wanted.decision:
        is_undecided = wanted.decision == UNDECIDED
        conditions.append(table.c.decision.is_(None) if is_undecided else table.c.decision == wanted.decision)
    if wanted.since is not None:
        conditions.append(table.c.created_at >= _midnight(wanted.since))
    if wanted.until is not None and wanted.until < date.max:
        conditions.append(table.c.created_at < _midnight(wanted.until + timedelta(days=1)))
    if wanted.ids is not None:
        conditions.append(table.c.id.in_(wanted.ids))
    if wanted.candidate_ids is not None:
        conditions.append(table.c.candidate_id.in_(wanted.candidate_ids))
    return query.where(*conditions)


def _order(sort: Sort) -> Order:
    table = schema.interviews
    match sort:
        case Sort.NAME:
            return Order(table.c.search_key, table.c.id, descending=False)
        case Sort.TOTAL:
            # Who has no total yet comes last.
            return Order(sa.func.coalesce(table.c.total, sa.literal(-1.0)), table.c.id, descending=True)
        case Sort.FINISHED:
            never = sa.literal(_NEVER, schema.UtcDateTime())
            return Order(sa.func.coalesce(table.c.completed_at, never), table.c.id, descending=True)
        case Sort.NEWEST:
            return Order(table.c.created_at, table.c.id, descending=True)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def _row(row: sa.Row[Any]) -> ListedInterview:
    return ListedInterview(*row[: len(ListedInterview.__dataclass_fields__)])
