"""Candidates over the API: taken in from any channel, looked up."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from pydantic import Field

from question_flows.model import Language
from server.ehr.api.declaring import Call, operation
from server.ehr.api.fields import PageQuery, cursor_in
from server.ehr.api.record_models import Candidate, CandidateIn, CandidatePage
from server.ehr.api.remote import remote_ids_of
from server.errors import UserError
from server.keys import DATABASE, SETTINGS
from server.mail.availability import zone_of
from server.mail.stated_times import stated_times
from server.records.identities import address_of, phone_of, region_of
from server.records.incoming import CandidateSeen
from server.records.people import People
from server.records.remote_ids import CANDIDATE, RemoteIds
from server.storage import schema
from server.storage.api_keys import Scope
from server.storage.paging import Order, read_page


class CandidatesQuery(PageQuery):
    """Which candidates."""

    remote_id: str | None = Field(None, max_length=200, description="Only the one whom your system calls so.")


@operation("POST", "/candidates", scope=Scope.CANDIDATES_WRITE)
async def upsert_candidate(call: Call, body: CandidateIn) -> Candidate:
    """Takes a candidate in, or corrects what is known of them.

    Who has this remote_id, e-mail address or phone number already is the same candidate.
    """
    settings = call.app[SETTINGS]
    region = region_of(settings.jurisdiction)
    if body.email is not None and address_of(body.email) is None:
        raise UserError("email_invalid", field="email")
    if body.phone is not None and phone_of(body.phone, region) is None:
        raise UserError("field_wrong", field="phone", params={"field": "phone"})
    if body.time_zone is not None:
        zone_of(body.time_zone)
    zone, availability = body.time_zone, None
    if body.availability is not None and body.availability_text is not None:
        raise UserError("field_wrong", field="availability_text", params={"field": "availability_text"})
    if body.availability is not None:
        availability = [(one.start, one.end) for one in body.availability]
    if body.availability_text is not None:
        stated = stated_times(body.availability_text, zone, call.now)
        availability = [(one.begins, one.ends) for one in stated.windows]
        zone = zone or stated.zone.key
    seen = CandidateSeen(body.remote_id, body.name, body.email, body.phone, body.language, zone, availability)
    people = People(call.app[DATABASE], language=settings.language, region=region)
    return await _candidate(call, await people.take_in(call.key.system, seen, call.now))


@operation("GET", "/candidates", scope=Scope.CANDIDATES_READ, audited="candidate_read")
async def list_candidates(call: Call, query: CandidatesQuery) -> CandidatePage:
    """Lists candidates, the newest first."""
    table = schema.candidates
    wanted = sa.select(table).where(table.c.merged_into.is_(None))
    if query.remote_id is not None:
        known = None
        if query.remote_id and "\0" not in query.remote_id:
            known = await RemoteIds(call.app[DATABASE]).local(call.key.system, CANDIDATE, query.remote_id)
        wanted = wanted.where(table.c.id == (known or ""))
    order = Order(table.c.created_at, table.c.id, descending=True)
    page = await read_page(call.app[DATABASE], wanted, order, cursor_in(query), lambda row: row, query.limit)
    return CandidatePage(items=await _candidates(call, page.rows), next=page.after)


@operation("GET", "/candidates/{candidate_id}", scope=Scope.CANDIDATES_READ, audited="candidate_read")
async def get_candidate(call: Call, candidate_id: str) -> Candidate:
    """Reads one candidate; an id that was merged into another leads there."""
    return await _candidate(call, candidate_id)


async def _candidate(call: Call, candidate_id: str) -> Candidate:
    person = await People(call.app[DATABASE], language=call.app[SETTINGS].language).get(candidate_id)
    query = sa.select(schema.candidates).where(schema.candidates.c.id == person.id)
    async with call.app[DATABASE].read() as connection:
        rows = (await connection.execute(query)).all()
    [found] = await _candidates(call, rows)
    return found


async def _candidates(call: Call, rows: Sequence[sa.Row[Any]]) -> list[Candidate]:
    theirs = await remote_ids_of(call, CANDIDATE, [row.id for row in rows])
    return [
        Candidate(
            id=row.id,
            remote_id=theirs.get(row.id),
            name=row.name,
            email=row.email,
            phone=row.phone,
            language=Language(row.language),
            time_zone=row.time_zone,
            created_at=row.created_at,
        )
        for row in rows
    ]
