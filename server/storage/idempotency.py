"""What was answered to a request that may come again: the same key gets the same answer, and nothing is done twice."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from server.errors import UserError
from server.storage.database import Database
from server.storage.record_tables import idempotency_keys

KEPT_FOR = timedelta(hours=24)
DIED_AFTER = timedelta(minutes=5)
"""A request without an answer for so long was cut off with its server; the next one under its key does it anew."""
RETRY_AFTER_S = 2


@dataclass(frozen=True, slots=True)
class Answered:
    """What the first request was answered. body: as `answered` was given it."""

    status: int
    body: Mapping[str, Any]


class Idempotency:
    """Of one database. Keys belong to the API key they came with."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def begin(self, api_key_id: str, key: str, request_hash: str, now: datetime) -> Answered | None:
        """None: go on, then call `answered` or `forget`. Else what was answered to this very request.

        Raises UserError idempotency_reused (422) for another request under the same key, and idempotency_under_way
        (409) while the first one is.
        """
        table = idempotency_keys
        mine = _one(api_key_id, key)
        row = {"api_key_id": api_key_id, "idempotency_key": key, "request_hash": request_hash, "created_at": now}
        over = sa.or_(
            table.c.created_at <= now - KEPT_FOR,
            sa.and_(table.c.status.is_(None), table.c.created_at <= now - DIED_AFTER),
        )
        try:
            async with self._database.begin() as connection:
                await connection.execute(table.delete().where(over))
                await connection.execute(table.insert().values(**row))
        except IntegrityError:
            async with self._database.read() as connection:
                found = (await connection.execute(sa.select(table).where(mine))).one_or_none()
        else:
            return None
        if found is not None and found.request_hash != request_hash:
            raise UserError("idempotency_reused", status=422, field="Idempotency-Key")
        # Gone in between: it failed, and may be tried again.
        if found is None or found.status is None:
            raise UserError("idempotency_under_way", status=409, field="Idempotency-Key", retry_after_s=RETRY_AFTER_S)
        return Answered(found.status, found.body)

    async def answered(self, api_key_id: str, key: str, answer: Answered) -> None:
        """Keeps the answer for 24 h from the request's beginning on."""
        values = {"status": answer.status, "body": dict(answer.body)}
        async with self._database.begin() as connection:
            await connection.execute(idempotency_keys.update().where(_one(api_key_id, key)).values(**values))

    async def forget(self, api_key_id: str, key: str) -> None:
        """The request changed nothing: the next one under its key is the first."""
        async with self._database.begin() as connection:
            await connection.execute(idempotency_keys.delete().where(_one(api_key_id, key)))


def _one(api_key_id: str, key: str) -> sa.ColumnElement[bool]:
    return sa.and_(idempotency_keys.c.api_key_id == api_key_id, idempotency_keys.c.idempotency_key == key)
