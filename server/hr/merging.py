"""Two candidates who are one: who may be meant, and making them one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import sqlalchemy as sa
from aiohttp import web

from server.errors import UserError
from server.hr.access import USER
from server.hr.audited import NOTE
from server.hr.forms import form_fields
from server.hr.identities import identities_of
from server.keys import DATABASE, RECORDS
from server.resumes.stored import Resumes
from server.storage import schema
from server.storage.candidates import Candidate, Candidates
from server.storage.database import Database
from server.storage.record_tables import candidate_identities
from server.storage.search_key import plain

MOST = 10


async def merge(request: web.Request) -> web.StreamResponse:
    """Makes the other candidate this one; everything of both stays. Raises UserError candidate_not_listed (404)."""
    sent, kept_id = await form_fields(request), request.match_info["candidate_id"]
    if sent.get("confirm") != "yes":
        raise UserError("not_confirmed", field="confirm")
    people = request.app[RECORDS].people
    merged = await people.merge(kept_id, sent.get("other", ""), request[USER].id, datetime.now(UTC))
    request[NOTE].detail["other"] = sent.get("other", "")[:32]
    raise web.HTTPSeeOther(f"/hr/candidates/{merged}")


async def possible_duplicates(request: web.Request, candidate: Candidate) -> Sequence[Candidate]:
    """Who may be the same person: by a number, an address or a name that both have, or that is said of them."""
    table = schema.candidates
    sharing = await request.app[RECORDS].people.possible_duplicates()
    ids = {id_ for one in sharing if candidate.id in one.candidate_ids for id_ in one.candidate_ids}
    stated = await _stated(request.app[DATABASE], candidate.id)
    whose = sa.select(candidate_identities.c.candidate_id).where(candidate_identities.c.value.in_(stated))
    # The name as it is searched for stands first in the key.
    named = table.c.search_key.startswith(f"{' '.join(plain(candidate.name).split())}\n", autoescape=True)
    query = (
        sa.select(table.c.id)
        .where(
            sa.or_(table.c.id.in_(ids), table.c.id.in_(whose), named),
            table.c.id != candidate.id,
            table.c.merged_into.is_(None),
        )
        .order_by(table.c.created_at, table.c.id)
        .limit(MOST)
    )
    async with request.app[DATABASE].read() as connection:
        found = (await connection.scalars(query)).all()
    candidates = Candidates(request.app[DATABASE])
    return [await candidates.get(id_) for id_ in found]


async def _stated(database: Database, candidate_id: str) -> Sequence[str]:
    """Addresses and numbers of the candidate, and those that résumés or systems name, whosever they are."""
    contacts = [one.resume.contact for one in await Resumes(database).of_candidate(candidate_id) if one.resume]
    found = [one for contact in contacts for one in (contact.email, contact.phone) if one is not None]
    held = {one.value for one in await identities_of(database, candidate_id)}
    return sorted(held | {one.normal for one in found if one.certain and one.normal})
