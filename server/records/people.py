"""Candidates, each once however many channels they come by: taken in, recognised, merged."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from question_flows.model import Language
from server.errors import UserError
from server.interview.typed import clean
from server.records.application_log import Conflict
from server.records.identities import address_of, phone_of
from server.records.incoming import CandidateSeen
from server.records.merging import doubled, join
from server.records.remote_ids import BROUGHT, CANDIDATE, brought_by, forget_who_brought, keep, local_id
from server.storage import schema
from server.storage.database import Database
from server.storage.identities import EMAIL, PHONE, SAID, addresses_of, claim, forget_said, note_said, owners
from server.storage.record_tables import candidate_identities
from server.storage.search_key import search_key

LONGEST_NAME = 200
LONGEST_ZONE = 60
UNNAMED = "?"
ATTEMPTS = 5


@dataclass(frozen=True, slots=True)
class Person:
    """A candidate as other systems are told of them. email: lower case; phone: E.164; None: not known."""

    id: str
    name: str
    email: str | None
    phone: str | None
    language: Language
    time_zone: str | None


@dataclass(frozen=True, slots=True)
class PossibleDuplicate:
    """Candidates who share a phone number and have different addresses; a person says whether they are one."""

    phone: str
    candidate_ids: Sequence[str]


class People:
    """language: of candidates of whom no system says it. region: where numbers without a country's code are."""

    def __init__(self, database: Database, *, language: Language, region: str | None = None) -> None:
        self._database = database
        self._language = language
        self._region = region

    async def get(self, candidate_id: str) -> Person:
        """The candidate, by this id or by one that was merged into it. Raises UserError candidate_not_listed (404)."""
        async with self._database.read() as connection:
            return await read_person(connection, candidate_id)

    async def take_in(self, system: str, seen: CandidateSeen, now: datetime) -> str:
        """The id of the candidate whom the system calls so, of who has the address or the number, or of somebody new.

        Who brought a candidate corrects what it said of them; others only add what nobody has said. Another address or
        number that they name is noted for a person, and no letter goes there till then. Where a system shows that two
        whom it brought are one, and nothing speaks against it, they are merged. An empty remote_id: the system has none
        for them. Raises UserError remote_id_unfit.
        """
        for attempt in range(ATTEMPTS):
            try:
                async with self._database.begin() as connection:
                    return await self._take_in(connection, system, seen, now)
            except (IntegrityError, _TakenIn):
                if attempt == ATTEMPTS - 1:
                    raise
        raise AssertionError

    async def merge(self, kept_id: str, other_id: str, by: str, now: datetime) -> str:
        """Makes two one, as a person has decided; the id that holds from now on. The same again changes nothing.

        Raises UserError candidate_not_listed (404), candidate_same (409: it is one candidate).
        """
        for attempt in range(ATTEMPTS):
            try:
                async with self._database.begin() as connection:
                    kept, gone = await read_person(connection, kept_id), await read_person(connection, other_id)
                    if kept_id == other_id:
                        raise UserError("candidate_same", status=409)
                    if kept.id != gone.id:
                        await join(connection, kept.id, gone.id, by, now)
                    return kept.id
            except (IntegrityError, Conflict):
                # One of their applications went on this moment.
                if attempt == ATTEMPTS - 1:
                    raise
        raise AssertionError

    async def settle(self, candidate_id: str, kind: str, value: str) -> None:
        """Makes this address or number the one the candidate is reached by, as a person has decided.

        kind: "email" or "phone"; value: one that they are recognised by, or that somebody says is theirs. No system
        changes it from then on. Raises UserError candidate_not_listed (404), identity_unknown (404), identity_taken
        (409: it is another candidate's; merge them).
        """
        table = candidate_identities
        async with self._database.begin() as connection:
            person = await read_person(connection, candidate_id)
            if kind not in SAID:
                raise UserError("identity_unknown", status=404, field="value")
            named = table.c.candidate_id == person.id, table.c.kind.in_((kind, SAID[kind]))
            if value not in (await connection.scalars(sa.select(table.c.value).where(*named))).all():
                raise UserError("identity_unknown", status=404, field="value")
            if not await _claim(connection, kind, value, person.id):
                raise UserError("identity_taken", status=409, field="value")
            await forget_said(connection, person.id)
            await forget_who_brought(connection, person.id)
            address = value if kind == EMAIL else person.email or ""
            changes = {kind: value, "search_key": search_key(person.name, address)}
            await connection.execute(schema.candidates.update().where(_is(person.id)).values(**changes))

    async def possible_duplicates(self) -> Sequence[PossibleDuplicate]:
        """Who may be one person, for HR to look at."""
        people = schema.candidates
        shared = (
            sa.select(people.c.phone)
            .where(people.c.merged_into.is_(None), people.c.phone.is_not(None))
            .group_by(people.c.phone)
            .having(sa.func.count() > 1)
        )
        query = (
            sa.select(people.c.phone, people.c.id)
            .where(people.c.merged_into.is_(None), people.c.phone.in_(shared))
            .order_by(people.c.phone, people.c.created_at, people.c.id)
        )
        found: dict[str, list[str]] = {}
        async with self._database.read() as connection:
            for row in (await connection.execute(query)).all():
                found.setdefault(row.phone, []).append(row.id)
        return [PossibleDuplicate(phone, ids) for phone, ids in found.items()]

    async def _take_in(self, connection: AsyncConnection, system: str, seen: CandidateSeen, now: datetime) -> str:
        email, phone = address_of(seen.email), phone_of(seen.phone, self._region)
        known = await local_id(connection, system, CANDIDATE, seen.remote_id) if seen.remote_id else None
        by_email = (await owners(connection, EMAIL, [email])).get(email) if email else None
        whose_phone = by_phone = (await owners(connection, PHONE, [phone])).get(phone) if phone else None
        if by_phone and by_phone not in (known, by_email) and email and await addresses_of(connection, by_phone):
            # Two addresses and one number: a family's, perhaps. A person decides.
            by_phone = None
        found = list(dict.fromkeys(one for one in (known, by_email, by_phone) if one))
        await _lock(connection, found)
        own = await brought_by(connection, system, found)
        if not found:
            candidate_id = await self._make(connection, system, seen, now)
            own = {candidate_id}
        else:
            candidate_id = found[0]
            for other in found[1:]:
                # Two that others brought are made one by a person: else whoever names the address of the one and the
                # number of the other would get the letters of both.
                if {candidate_id, other} <= set(own):
                    candidate_id = await _one_of(connection, candidate_id, other, system, now)
        if seen.remote_id:
            is_theirs = await keep(connection, system, CANDIDATE, seen.remote_id, candidate_id, now) != candidate_id
            _retry_if(is_theirs)
        row = (await connection.execute(sa.select(schema.candidates).where(_is(candidate_id)))).one()
        is_own, is_known_by_address = candidate_id in own, by_email == candidate_id
        may_say = {
            EMAIL: is_own,
            # Who knows the address may add the number that nobody has told yet.
            PHONE: is_own or (row.phone is None and (known == candidate_id or is_known_by_address)),
        }
        said = {EMAIL: (email, by_email), PHONE: (phone, whose_phone)}
        taken: dict[str, str | None] = {}
        for kind, (value, whose) in said.items():
            if not value or (whose == candidate_id and not may_say[kind]):
                continue
            has_it = may_say[kind] and await _claim(connection, kind, value, candidate_id)
            _retry_if(may_say[kind] and whose is None and not has_it)
            # A number may be a family's; an address is one candidate's.
            if has_it or (may_say[kind] and kind == PHONE):
                taken[kind] = value
            else:
                await note_said(connection, kind, value, candidate_id)
        await forget_said(connection, candidate_id)
        await _fill(connection, row, seen, taken, is_own=is_own)
        return candidate_id

    async def _make(self, connection: AsyncConnection, system: str, seen: CandidateSeen, now: datetime) -> str:
        candidate_id = uuid.uuid4().hex
        values = {"name": _name(seen.name), "language": (seen.language or self._language).value, "created_at": now}
        await connection.execute(schema.candidates.insert().values(id=candidate_id, search_key="", **values))
        await keep(connection, system, BROUGHT, candidate_id, candidate_id, now)
        return candidate_id


class _TakenIn(Exception):
    """Another process has taken in the same person this moment: look again."""


async def _lock(connection: AsyncConnection, candidate_ids: Sequence[str]) -> None:
    """Nobody merges or changes them until the transaction ends. Raises _TakenIn if somebody just has."""
    people = schema.candidates
    still = sa.select(people.c.id).where(people.c.id.in_(candidate_ids), people.c.merged_into.is_(None))
    locked = (await connection.scalars(still.order_by(people.c.id).with_for_update())).all()
    _retry_if(set(locked) != set(candidate_ids))


def _retry_if(was_taken: bool) -> None:
    if was_taken:
        raise _TakenIn


async def _claim(connection: AsyncConnection, kind: str, value: str, candidate_id: str) -> bool:
    """Whether the address or number is the candidate's now."""
    await claim(connection, kind, {value: candidate_id})
    return (await owners(connection, kind, [value])).get(value) == candidate_id


async def read_person(connection: AsyncConnection, candidate_id: str) -> Person:
    """As `People.get`, on the caller's connection."""
    people, old = schema.candidates, schema.candidates.alias("old")
    wanted = candidate_id if candidate_id.isalnum() else ""
    lead = sa.select(sa.func.coalesce(old.c.merged_into, old.c.id)).where(old.c.id == wanted).scalar_subquery()
    row = (await connection.execute(sa.select(people).where(people.c.id == lead))).one_or_none()
    if row is None:
        raise UserError("candidate_not_listed", status=404)
    return Person(row.id, row.name, row.email, row.phone, Language(row.language), row.time_zone)


async def _one_of(connection: AsyncConnection, first: str, second: str, system: str, now: datetime) -> str:
    """The one id of two candidates whom a system shows to be one; the first, unmerged, if something speaks against."""
    both_written_to = await addresses_of(connection, first) and await addresses_of(connection, second)
    if both_written_to or await doubled(connection, first, second):
        return first
    people = schema.candidates
    query = sa.select(people.c.id).where(people.c.id.in_((first, second))).order_by(people.c.created_at, people.c.id)
    kept, gone = (await connection.scalars(query)).all()
    await join(connection, kept, gone, f"connection:{system}", now)
    return str(kept)


async def _fill(
    connection: AsyncConnection,
    row: sa.Row[Any],
    seen: CandidateSeen,
    taken: Mapping[str, str | None],
    *,
    is_own: bool,
) -> None:
    """Keeps what is said of the candidate; taken: address and number that hold from now on.

    is_own: by who brought the candidate, and may correct it. Else it only adds.
    """
    said: dict[str, Any] = {
        "time_zone": clean(seen.time_zone)[:LONGEST_ZONE] if seen.time_zone else None,
        "availability": _availability(seen),
    }
    values = {
        name: value for name, value in said.items() if value is not None and (is_own or row._mapping[name] is None)
    }
    values |= taken
    if is_own:
        values["name"] = _name(seen.name) if seen.name.strip() else row.name
        values |= {"language": seen.language.value} if seen.language else {}
    name, address = values.get("name", row.name), values.get("email", row.email)
    values["search_key"] = search_key(name, address or "")
    await connection.execute(schema.candidates.update().where(_is(row.id)).values(**values))


def _is(candidate_id: str) -> sa.ColumnElement[bool]:
    return schema.candidates.c.id == candidate_id


def _name(text: str) -> str:
    return " ".join(clean(text).split())[:LONGEST_NAME] or UNNAMED


def _availability(seen: CandidateSeen) -> Sequence[Mapping[str, str]] | None:
    if seen.availability is None:
        return None
    return [{"from": begin.isoformat(), "to": end.isoformat()} for begin, end in seen.availability]
