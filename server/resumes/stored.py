"""Résumés as stored: each file of a candidate once, with what was found in it; fills what is missing of a candidate."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from server.errors import UserError
from server.resumes.codec import decode, encode
from server.resumes.kinds import Unreadable, kind_of
from server.resumes.reader import ERRORS, Reader
from server.resumes.resume import Resume
from server.storage import schema
from server.storage.database import Database
from server.storage.identities import EMAIL, claim, forget_said, note_said, owners
from server.storage.record_tables import resumes
from server.storage.search_key import search_key

LONGEST_FILE_NAME = 200
UNKNOWN_TYPE = "application/octet-stream"


@dataclass(frozen=True, slots=True)
class StoredResume:
    """A candidate's file. resume: what was found; None when it could not be read, then failed is the error's code."""

    id: str
    candidate_id: str
    file_name: str
    media_type: str
    created_at: datetime
    resume: Resume | None
    failed: str | None


@dataclass(frozen=True, slots=True)
class Filled:
    """fields: what the candidate got of the résumé: "email", "phone". others: ids of candidates who have the address or
    number already and may be the same person; a person merges them."""

    fields: tuple[str, ...]
    others: tuple[str, ...]


class Resumes:
    """Adds, reads, and gives to candidates; a candidate's files go with the candidate."""

    def __init__(self, database: Database, reader: Reader | None = None) -> None:
        self._database = database
        self._reader = reader or Reader()

    async def add(
        self, candidate_id: str, file_name: str, content: bytes, now: datetime, *, keep_unreadable: bool = False
    ) -> StoredResume:
        """Reads the file and stores it; the same content of the same candidate is the same résumé, read once.

        keep_unreadable: stores with its error's code what cannot be read, for a person to open, as a connected system's
        file. Else raises UserError with one of reader.ERRORS and stores nothing; too large and empty files always do.
        """
        digest = hashlib.sha256(content).hexdigest()
        known = await self._find(resumes.c.candidate_id == candidate_id, resumes.c.sha256 == digest)
        if known and (known[0].failed is None or keep_unreadable):
            return known[0]
        parsed, failed = None, None
        try:
            parsed = await self._reader.read(content)
        except UserError as error:
            if not keep_unreadable or error.code not in ERRORS - {"resume_too_large", "resume_empty"}:
                raise
            failed = error.code
        id_ = resume_id(candidate_id, digest)
        values = {
            "id": id_,
            "candidate_id": candidate_id,
            "file_name": _file_name(file_name),
            "media_type": parsed.kind.media_type if parsed else _media_type(content),
            "sha256": digest,
            "content": content,
            "parsed": encode(parsed) if parsed else None,
            "failed": failed,
            "created_at": now,
        }
        async with self._database.begin() as connection:
            insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
            # Sent twice at once, it is one; what could not be read before may be read by a newer server.
            query = insert(resumes).values(**values)
            changes = {name: values[name] for name in ("parsed", "failed", "media_type")}
            await connection.execute(query.on_conflict_do_update(index_elements=["id"], set_=changes))
        return await self.get(id_)

    async def get(self, id_: str) -> StoredResume:
        """Raises UserError resume_unknown (404)."""
        found = await self._find(resumes.c.id == _id(id_))
        if not found:
            raise UserError("resume_unknown", status=404)
        return found[0]

    async def of_candidate(self, candidate_id: str) -> Sequence[StoredResume]:
        """The newest first."""
        return await self._find(resumes.c.candidate_id == _id(candidate_id))

    async def content(self, id_: str) -> bytes:
        """The file as it was sent. Raises UserError resume_unknown (404)."""
        query = sa.select(resumes.c.content).where(resumes.c.id == _id(id_))
        async with self._database.read() as connection:
            found = (await connection.execute(query)).one_or_none()
        if found is None:
            raise UserError("resume_unknown", status=404)
        content: bytes = found.content
        return content

    async def fill(self, stored: StoredResume, *, may_address: bool = True) -> Filled:
        """Gives the candidate the address and the number of the résumé where none is known and both were read surely.

        What a person or a system has said is never changed, and what another candidate has is not taken from them: it
        is noted for a person, as is the address if who sent the file has no say over where letters go (may_address).
        """
        if stored.resume is None:
            return Filled((), ())
        contact = stored.resume.contact
        given = {
            name: found.normal
            for name, found in (("email", contact.email), ("phone", contact.phone))
            if found is not None and found.certain and found.normal
        }
        async with self._database.begin() as connection:
            return await _fill(connection, stored.candidate_id, given, may_address=may_address)

    async def _find(self, *conditions: sa.ColumnElement[bool]) -> list[StoredResume]:
        columns = [column for column in resumes.c if column is not resumes.c.content]
        query = sa.select(*columns).where(*conditions).order_by(resumes.c.created_at.desc(), resumes.c.id)
        async with self._database.read() as connection:
            return [_stored(row) for row in (await connection.execute(query)).all()]


def resume_id(candidate_id: str, digest: str) -> str:
    """The same for the same content of the same candidate. digest: SHA-256 in hexadecimal."""
    return uuid.uuid5(uuid.NAMESPACE_OID, f"{candidate_id}:{digest}").hex


async def _fill(connection: AsyncConnection, candidate_id: str, given: dict[str, str], *, may_address: bool) -> Filled:
    table = schema.candidates
    query = sa.select(table).where(table.c.id == candidate_id, table.c.merged_into.is_(None)).with_for_update()
    candidate = (await connection.execute(query)).one_or_none()
    filled: dict[str, str] = {}
    others: list[str] = []
    for kind, value in given.items() if candidate is not None else ():
        # A file says whatever its writer likes: beside the candidate's own address it makes none theirs. Else somebody
        # else's later application, and the letters about it, would be this candidate's. A person sees what it says.
        is_missing = getattr(candidate, kind) is None
        if is_missing and (may_address or kind != EMAIL):
            await claim(connection, kind, {value: candidate_id})
        owner = (await owners(connection, kind, [value])).get(value)
        if owner != candidate_id:
            others += [owner] if owner is not None else []
            await note_said(connection, kind, value, candidate_id)
        elif is_missing:
            filled[kind] = value
    if filled and candidate is not None:
        await forget_said(connection, candidate_id)
        # Found by a new address as by one that was there from the first.
        key = search_key(candidate.name, filled.get("email") or candidate.email or "")
        await connection.execute(table.update().where(table.c.id == candidate_id).values(**filled, search_key=key))
    return Filled(tuple(filled), tuple(dict.fromkeys(others)))


def _file_name(given: str) -> str:
    """What it is called where it comes from, without folders and signs that a header or a page could trip over."""
    name = "".join(one for one in given.replace("\\", "/").rpartition("/")[2] if one.isprintable() and one not in '"<>')
    return name.strip()[-LONGEST_FILE_NAME:] or "resume"


def _media_type(content: bytes) -> str:
    try:
        return kind_of(content).media_type
    except Unreadable:
        return UNKNOWN_TYPE


def _id(text: str) -> str:
    """PostgreSQL refuses to look for a NUL."""
    return text if text.isalnum() else ""


def _stored(row: sa.Row[Any]) -> StoredResume:
    resume = decode(row.parsed) if row.parsed else None
    return StoredResume(row.id, row.candidate_id, row.file_name, row.media_type, row.created_at, resume, row.failed)
