"""Takes one candidate out of every table: all words, names, addresses and files; ids in the audit trail stay."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from server.storage import record_tables as tables
from server.storage import schema
from server.storage.identities import SAID
from server.storage.outbox import BUILTIN

T = TypeVar("T")

MOST_AT_ONCE = 300
"""Texts looked for by one statement: SQLite takes no condition of a thousand parts."""

_BY = ("candidate_id", "application_id", "interview_id", "outbox_id")
"""A column of this name says whose a row is: a new table with one of them is emptied without a word here."""


@dataclass(frozen=True, slots=True)
class Whole:
    """Everything that belongs to one candidate. addresses: e-mail and numbers. names: theirs, as JSON has them.

    called: (system, what it calls one of these, as JSON has it).
    """

    candidates: Sequence[str]
    applications: Sequence[str]
    interviews: Sequence[str]
    messages: Sequence[str]
    follow_ups: Sequence[str]
    addresses: Sequence[str]
    names: Sequence[str]
    called: Sequence[tuple[str, str]]

    @property
    def ids(self) -> list[str]:
        """All of them."""
        return [*self.candidates, *self.applications, *self.interviews, *self.messages, *self.follow_ups]

    def is_told_by(self, text: str) -> bool:
        """Whether a text, such as another system's id, holds an address, a number or a name of theirs."""
        said = text.casefold()
        words = [*self.addresses, *(json.loads(name) for name in self.names)]
        return any(word and word.casefold() in said for word in words)


@dataclass(frozen=True, slots=True)
class Gone:
    """What was delivered of the candidate: (destination, type) → how many messages. rows: table → how many."""

    delivered: Mapping[tuple[str, str], int]
    rows: Mapping[str, int]


async def whole(connection: AsyncConnection, candidate_id: str) -> Whole:
    """What belongs to the candidate and to everybody who was merged into them; empty for an unknown one."""
    people, interviews, outbox = schema.candidates, schema.interviews, schema.outbox
    is_theirs = sa.or_(people.c.id == candidate_id, people.c.merged_into == candidate_id)
    rows = (await connection.execute(sa.select(people).where(is_theirs))).all()
    candidates = [row.id for row in rows]
    applications = await _ids(connection, tables.applications, tables.applications.c.candidate_id.in_(candidates))
    of_them = sa.or_(interviews.c.candidate_id.in_(candidates), interviews.c.application_id.in_(applications))
    held = await _ids(connection, interviews, of_them)
    known = tables.candidate_identities
    # What only others say of them may be somebody else's, whose messages stay.
    own = known.c.candidate_id.in_(candidates), known.c.kind.in_(SAID.keys())
    named = await connection.scalars(sa.select(known.c.value).where(*own))
    written = (await connection.execute(sa.select(interviews).where(interviews.c.id.in_(held)))).all()
    words = {*named, *(row.email for row in rows), *(row.phone for row in rows)}
    words |= {row.candidate_email for row in written}
    names = {*(row.name for row in rows), *(row.candidate_name for row in written)}
    every_id = [*candidates, *applications, *held]
    ordered = await _ids(connection, tables.follow_ups, tables.follow_ups.c.application_id.in_(applications))
    remote = tables.remote_ids
    ours = remote.c.local_id.in_([*every_id, *ordered])
    called = (await connection.execute(sa.select(remote.c.system, remote.c.remote_id).where(ours))).all()
    messages = {
        id_ for some in parts(every_id) for id_ in await _ids(connection, outbox, _speaks_of(outbox.c.body, some))
    }
    # A name is looked for as a whole value: Li is in many words.
    quoted = [json.dumps(one, ensure_ascii=False) for one in sorted(names)]
    theirs = sorted((row.system, json.dumps(row.remote_id, ensure_ascii=False)) for row in called)
    said = sorted(filter(None, words))
    return Whole(candidates, applications, held, sorted(messages), ordered, said, quoted, theirs)


async def erase(connection: AsyncConnection, them: Whole) -> Gone:
    """Takes it all out, within the caller's transaction."""
    if connection.dialect.name == "sqlite":
        # What is deleted is overwritten, and does not stay readable in the file.
        await connection.exec_driver_sql("PRAGMA secure_delete = ON")
    delivered = await _delivered(connection, them)
    rows: dict[str, int] = {}
    await _blank_inboxes(connection, them)
    await _refuse_what_is_on_its_way(connection, them)
    kept = tables.idempotency_keys
    for some in parts(them.ids):
        await connection.execute(kept.delete().where(_speaks_of(kept.c.body, some)))
    await connection.execute(tables.remote_ids.delete().where(tables.remote_ids.c.local_id.in_(them.ids)))
    owned = dict(zip(_BY, (them.candidates, them.applications, them.interviews, them.messages), strict=True))
    for table in reversed(schema.metadata.sorted_tables):
        own = [table.c[name].in_(ids) for name, ids in owned.items() if name in table.c]
        if table is schema.candidates:
            # Who was merged first: they point to the other.
            own = [table.c.id.in_(them.candidates)]
        elif table is schema.outbox:
            own.append(table.c.id.in_(them.messages))
        if own:
            rows[table.name] = (await connection.execute(table.delete().where(sa.or_(*own)))).rowcount
    return Gone(delivered, rows)


async def _blank_inboxes(connection: AsyncConnection, them: Whole) -> None:
    """The rows stay, so that the same message is not taken in again."""
    known_by, inbox, received = [*them.ids, *them.addresses], tables.inbox, schema.ehr_inbox
    # Somebody else may have the same name, and a short id be another thing's too: what is still to be read is somebody
    # else's unless it says more.
    is_over = sa.or_(inbox.c.processed_at.is_not(None), inbox.c.dead)
    called = [sa.and_(inbox.c.source == system, _speaks_of(inbox.c.body, [id_])) for system, id_ in them.called]
    theirs = [_speaks_of(inbox.c.body, some) for some in parts(known_by)]
    theirs += [sa.and_(is_over, _speaks_of(inbox.c.body, some)) for some in parts(them.names)]
    theirs += [sa.and_(is_over, sa.or_(*some)) for some in parts(called)]
    read_at = sa.func.coalesce(inbox.c.processed_at, inbox.c.received_at)
    for condition in theirs:
        # Not dead any more: there is nothing left to try again.
        nothing: dict[str, Any] = {"body": {}, "last_error": None, "dead": False, "processed_at": read_at}
        await connection.execute(inbox.update().where(condition).values(nothing))
    for some in parts(known_by):
        await connection.execute(received.update().where(_speaks_of(received.c.body, some)).values(body={}))


async def _refuse_what_is_on_its_way(connection: AsyncConnection, them: Whole) -> None:
    """A report may be on its way to the built-in inbox this very moment: there it counts as taken in already."""
    outbox, received = schema.outbox, schema.ehr_inbox
    ours = sa.and_(outbox.c.id.in_(them.messages), outbox.c.destination == BUILTIN)
    query = sa.select(outbox.c.id, outbox.c.type, outbox.c.created_at).where(ours)
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    for row in (await connection.execute(query)).all():
        taken = {"webhook_id": row.id, "type": row.type, "received_at": row.created_at, "body": {}}
        statement = insert(received).values(**taken)
        # What arrives in another transaction meanwhile is waited for, and emptied.
        await connection.execute(
            statement.on_conflict_do_update(index_elements=["webhook_id"], set_={"body": statement.excluded.body})
        )


async def _delivered(connection: AsyncConnection, them: Whole) -> dict[tuple[str, str], int]:
    outbox = schema.outbox
    query = (
        sa.select(outbox.c.destination, outbox.c.type, sa.func.count())
        .where(outbox.c.id.in_(them.messages), outbox.c.delivered_at.is_not(None))
        .group_by(outbox.c.destination, outbox.c.type)
        .order_by(outbox.c.destination, outbox.c.type)
    )
    return {(row[0], row[1]): row[2] for row in (await connection.execute(query)).all()}


async def _ids(connection: AsyncConnection, table: sa.Table, condition: sa.ColumnElement[bool]) -> list[str]:
    return list((await connection.scalars(sa.select(table.c.id).where(condition).order_by(table.c.id))).all())


def parts(items: Sequence[T], size: int = MOST_AT_ONCE) -> Iterator[Sequence[T]]:
    """The items in pieces that one statement takes."""
    return (items[start : start + size] for start in range(0, len(items), size))


def _speaks_of(column: sa.Column[Any], texts: Collection[str]) -> sa.ColumnElement[bool]:
    """Whether a JSON column holds one of the texts; upper and lower case are one."""
    text = sa.func.lower(sa.cast(column, sa.Text))
    return sa.or_(sa.false(), *(text.contains(one.lower(), autoescape=True) for one in texts))
