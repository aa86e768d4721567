"""By what a candidate is recognised and reached, and what others say of that, for a person to settle."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from aiohttp import web

from server.hr.audited import NOTE
from server.hr.forms import form_fields
from server.keys import RECORDS
from server.records.people import read_person
from server.storage.database import Database
from server.storage.identities import SAID
from server.storage.record_tables import candidate_identities


@dataclass(frozen=True, slots=True)
class Identity:
    """kind: "email" or "phone". is_said: only a résumé or another system says so; it recognises nobody.

    is_used: the candidate is written to or called there.
    """

    kind: str
    value: str
    is_said: bool
    is_used: bool


async def identities_of(database: Database, candidate_id: str) -> Sequence[Identity]:
    """Those in use first, what others only say last."""
    table, kinds = candidate_identities, {said: kind for kind, said in SAID.items()}
    query = sa.select(table.c.kind, table.c.value).where(table.c.candidate_id == candidate_id)
    async with database.read() as connection:
        person = await read_person(connection, candidate_id)
        rows = (await connection.execute(query.order_by(table.c.kind, table.c.value))).all()
    used = {person.email, person.phone}
    found = [
        Identity(kinds.get(row.kind, row.kind), row.value, row.kind in kinds, row.kind in SAID and row.value in used)
        for row in rows
    ]
    return sorted(found, key=lambda one: (one.is_said, not one.is_used))


async def settle(request: web.Request) -> web.StreamResponse:
    """Where the candidate is reached from now on. Raises as `People.settle`."""
    sent, candidate_id = await form_fields(request), request.match_info["candidate_id"]
    kind = sent.get("kind", "")
    await request.app[RECORDS].people.settle(candidate_id, kind, sent.get("value", ""))
    request[NOTE].detail["kind"] = kind[:10]
    raise web.HTTPSeeOther(f"/hr/candidates/{candidate_id}")
