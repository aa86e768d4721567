"""What a candidate is recognised by across channels: e-mail addresses in lower case, phone numbers as E.164."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from server.storage.record_tables import candidate_identities

EMAIL = "email"
PHONE = "phone"
SAID: Mapping[str, str] = {EMAIL: "email_said", PHONE: "phone_said"}
"""What somebody says who may not decide it: it recognises nobody and no letter goes there until a person takes it."""


async def owners(connection: AsyncConnection, kind: str, values: Collection[str]) -> Mapping[str, str]:
    """Address or number → whose it is; those that are nobody's are not in it."""
    table = candidate_identities
    query = sa.select(table.c.value, table.c.candidate_id).where(table.c.kind == kind, table.c.value.in_(values))
    return {row.value: row.candidate_id for row in (await connection.execute(query)).all()} if values else {}


async def claim(connection: AsyncConnection, kind: str, whose: Mapping[str, str]) -> None:
    """Address or number → candidate; one that has an owner stays theirs."""
    if not whose:
        return
    insert = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
    rows = [{"kind": kind, "value": value, "candidate_id": candidate_id} for value, candidate_id in whose.items()]
    await connection.execute(insert(candidate_identities).on_conflict_do_nothing(), rows)


async def addresses_of(connection: AsyncConnection, candidate_id: str) -> Sequence[str]:
    """All e-mail addresses of the candidate."""
    table = candidate_identities
    query = sa.select(table.c.value).where(table.c.candidate_id == candidate_id, table.c.kind == EMAIL)
    return (await connection.scalars(query)).all()


async def note_said(connection: AsyncConnection, kind: str, value: str, candidate_id: str) -> None:
    """Keeps that somebody says the candidate has this address or number too; of several it is said of, the last."""
    insert = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
    query = insert(candidate_identities).values(kind=SAID[kind], value=value, candidate_id=candidate_id)
    await connection.execute(
        query.on_conflict_do_update(index_elements=["kind", "value"], set_={"candidate_id": candidate_id})
    )


async def forget_said(connection: AsyncConnection, candidate_id: str) -> None:
    """Drops what was said of the candidate and is theirs by now."""
    table, own = candidate_identities, candidate_identities.alias("own")
    for kind, said in SAID.items():
        theirs = sa.select(own.c.value).where(own.c.candidate_id == candidate_id, own.c.kind == kind)
        told = table.c.candidate_id == candidate_id, table.c.kind == said
        await connection.execute(table.delete().where(*told, table.c.value.in_(theirs)))
