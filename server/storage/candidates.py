"""Candidates: one for each e-mail address, however often it is invited; made with the first invitation."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from server.errors import UserError
from server.storage import schema
from server.storage.database import Database
from server.storage.identities import EMAIL, claim, owners
from server.storage.interview_list import visible
from server.storage.paging import Cursor, Order, Page, read_page
from server.storage.search_key import holds_words, search_key


@dataclass(frozen=True, slots=True)
class Candidate:
    """Somebody who was invited, applied, or was told of by a system. name: as of the first time.

    email: None when not known.
    """

    id: str
    name: str
    email: str | None
    language: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Suits:
    """When an interview suits a candidate. time_zone: an IANA name. availability: `[{"from", "to"}]` in ISO 8601."""

    time_zone: str | None
    availability: Sequence[Mapping[str, Any]] | None


@dataclass(frozen=True, slots=True)
class NewCandidate:
    """Whom an invitation names. email: in lower case, or empty."""

    name: str
    email: str
    language: str


class Candidates:
    """Reads candidates; `ensure` makes them."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, candidate_id: str, reviewer_id: str | None = None) -> Candidate:
        """reviewer_id: who sees only those with an interview of theirs. Raises UserError candidate_not_listed (404)."""
        table, old = schema.candidates, schema.candidates.alias("old")
        wanted = candidate_id if candidate_id.isalnum() else ""
        # An address of a page about somebody who was merged into another leads there.
        lead = sa.select(sa.func.coalesce(old.c.merged_into, old.c.id)).where(old.c.id == wanted).scalar_subquery()
        query = _query(reviewer_id).where(table.c.id == lead)
        async with self._database.read() as connection:
            found = (await connection.execute(query)).one_or_none()
        if found is None:
            raise UserError("candidate_not_listed", status=404)
        return _row(found)

    async def suits(self, candidate_id: str) -> Suits:
        """What is known of it."""
        table = schema.candidates
        query = sa.select(table.c.time_zone, table.c.availability).where(table.c.id == candidate_id)
        async with self._database.read() as connection:
            row = (await connection.execute(query)).one()
        return Suits(row.time_zone, row.availability)

    async def state_times(self, candidate_id: str, time_zone: str, times: Sequence[tuple[datetime, datetime]]) -> None:
        """Puts these in the place of what was known. times: aware, from and to."""
        stated = [{"from": begins.isoformat(), "to": ends.isoformat()} for begins, ends in times]
        table = schema.candidates
        async with self._database.begin() as connection:
            await connection.execute(
                table.update().where(table.c.id == candidate_id).values(time_zone=time_zone, availability=stated)
            )

    async def page(
        self, text: str, cursor: Cursor | None, *, by_name: bool, reviewer_id: str | None, by_id: bool = False
    ) -> Page[Candidate]:
        """The last invited for the first time come first, or by name. by_id: text is looked for in ids only."""
        table, query = schema.candidates, _query(reviewer_id)
        if text and by_id:
            query = query.where(table.c.id.startswith(text.split()[-1].lower(), autoescape=True))
        elif text:
            query = query.where(holds_words(table.c.search_key, text))
        order = Order(table.c.search_key if by_name else table.c.created_at, table.c.id, descending=not by_name)
        return await read_page(self._database, query, order, cursor, _row)


async def ensure(connection: AsyncConnection, wanted: Sequence[NewCandidate], now: datetime) -> list[str]:
    """The id of each, in order, within the caller's transaction: that of who has the address, else of somebody new."""
    table = schema.candidates
    addresses = {one.email for one in wanted if one.email}
    known = dict(await owners(connection, EMAIL, addresses))
    new = [(uuid.uuid4().hex, one) for one in wanted if one.email not in known]
    rows = [
        {
            "id": id_,
            "name": one.name,
            "email": one.email or None,
            "language": one.language,
            "created_at": now,
            "search_key": search_key(one.name, one.email),
        }
        for id_, one in new
    ]
    if rows:
        insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
        # Two who invite the same address at once, and an address that a list names twice, end with one candidate.
        await connection.execute(insert(table).on_conflict_do_nothing(index_elements=["email"]), rows)
        query = sa.select(table.c.email, table.c.id).where(table.c.email.in_(addresses - known.keys()))
        made = {row.email: row.id for row in (await connection.execute(query)).all()}
        await claim(connection, EMAIL, made)
        known |= made
    ids = iter([id_ for id_, one in new if not one.email])
    return [known[one.email] if one.email else next(ids) for one in wanted]


def _query(reviewer_id: str | None) -> sa.Select[Any]:
    table, interviews = schema.candidates, schema.interviews
    columns = (table.c.id, table.c.name, table.c.email, table.c.language, table.c.created_at)
    query = sa.select(*columns).where(table.c.merged_into.is_(None))
    if reviewer_id is not None:
        query = query.where(table.c.id.in_(sa.select(interviews.c.candidate_id).where(visible(reviewer_id))))
    return query


def _row(row: sa.Row[Any]) -> Candidate:
    return Candidate(row.id, row.name, row.email, row.language, row.created_at)
