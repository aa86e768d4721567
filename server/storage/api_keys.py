"""Keys of HR systems that call the API: each shown once and kept as a hash, with what it may do."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from server.errors import UserError
from server.storage.database import Database
from server.storage.record_tables import api_keys
from server.storage.tokens import hash_of, new_token

PREFIX = "ivk_"
"""How a key begins, so that one that leaked is recognised."""
LONGEST_NAME = 100
LONGEST_SYSTEM = 60
TO_THE_MINUTE = timedelta(minutes=1)


class Scope(StrEnum):
    """What a key may do."""

    CANDIDATES_READ = "candidates:read"
    CANDIDATES_WRITE = "candidates:write"
    JOBS_READ = "jobs:read"
    JOBS_WRITE = "jobs:write"
    APPLICATIONS_READ = "applications:read"
    APPLICATIONS_WRITE = "applications:write"
    INTERVIEWS_READ = "interviews:read"
    INTERVIEWS_WRITE = "interviews:write"
    REPORTS_READ = "reports:read"
    """Transcripts, scores and reports."""
    MEDIA_READ = "media:read"
    """Links to recordings."""
    RATINGS_WRITE = "ratings:write"
    FOLLOW_UPS_WRITE = "follow_ups:write"
    """Results of assessments and background checks."""
    ERASE = "erase"


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key without its secret. system: whose ids it speaks of. Times: aware UTC; last_used_at: to the minute."""

    id: str
    name: str
    system: str
    scopes: frozenset[Scope]
    created_at: datetime
    created_by: str
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None

    def opens(self, now: datetime) -> bool:
        """Whether it is neither revoked nor expired."""
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)


class ApiKeys:
    """Made, listed, revoked and looked up."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def create(
        self,
        *,
        name: str,
        system: str,
        scopes: Collection[str],
        by: str,
        now: datetime,
        expires_at: datetime | None = None,
    ) -> tuple[ApiKey, str]:
        """(the key, `ivk_…`, which can never be read again). by: an account's id, or "command".

        Raises UserError, each with its field: api_key_name, api_key_system, api_key_scopes,
        api_key_scope_unknown, api_key_expiry.
        """
        name, system = " ".join(name.split()), system.strip()
        if not 0 < len(name) <= LONGEST_NAME or not name.isprintable():
            raise UserError("api_key_name", field="name", params={"length": str(LONGEST_NAME)})
        if not 0 < len(system) <= LONGEST_SYSTEM or not system.isprintable() or " " in system:
            raise UserError("api_key_system", field="system", params={"length": str(LONGEST_SYSTEM)})
        if not scopes:
            raise UserError("api_key_scopes", field="scopes")
        if unknown := sorted(set(scopes) - set(Scope)):
            raise UserError("api_key_scope_unknown", field="scopes", params={"scope": unknown[0][:LONGEST_SYSTEM]})
        if expires_at is not None and expires_at <= now:
            raise UserError("api_key_expiry", field="expires_at")
        secret = PREFIX + new_token()
        row = {
            "id": uuid.uuid4().hex,
            "name": name,
            "system": system,
            "scopes": sorted(set(scopes)),
            "created_at": now,
            "created_by": by,
            "expires_at": expires_at,
        }
        async with self._database.begin() as connection:
            await connection.execute(api_keys.insert().values(**row, key_hash=hash_of(secret)))
        return await self.get(str(row["id"])), secret

    async def get(self, key_id: str) -> ApiKey:
        """Raises UserError api_key_unknown (404)."""
        query = sa.select(api_keys).where(api_keys.c.id == (key_id if key_id.isalnum() else ""))
        async with self._database.read() as connection:
            found = (await connection.execute(query)).one_or_none()
        if found is None:
            raise UserError("api_key_unknown", status=404)
        return _row(found)

    async def all(self) -> Sequence[ApiKey]:
        """The newest first, revoked and expired ones too."""
        query = sa.select(api_keys).order_by(api_keys.c.created_at.desc(), api_keys.c.id)
        async with self._database.read() as connection:
            return [_row(row) for row in (await connection.execute(query)).all()]

    async def revoke(self, key_id: str, now: datetime) -> None:
        """It opens nothing any more; revoked again, the first time stands. Raises UserError api_key_unknown (404)."""
        await self.get(key_id)
        async with self._database.begin() as connection:
            await connection.execute(
                api_keys.update().where(api_keys.c.id == key_id, api_keys.c.revoked_at.is_(None)).values(revoked_at=now)
            )

    async def of_secret(self, secret: str, now: datetime) -> ApiKey | None:
        """The key that is this secret and opens something now; None else. Notes when it was used."""
        query = sa.select(api_keys).where(api_keys.c.key_hash == hash_of(secret))
        async with self._database.read() as connection:
            found = (await connection.execute(query)).one_or_none()
        if found is None or not (key := _row(found)).opens(now):
            return None
        if key.last_used_at is None or now - key.last_used_at >= TO_THE_MINUTE:
            async with self._database.begin() as connection:
                await connection.execute(api_keys.update().where(api_keys.c.id == key.id).values(last_used_at=now))
        return key


def _row(row: sa.Row[Any]) -> ApiKey:
    return ApiKey(
        row.id,
        row.name,
        row.system,
        frozenset(Scope(one) for one in row.scopes),
        row.created_at,
        row.created_by,
        row.expires_at,
        row.revoked_at,
        row.last_used_at,
    )
