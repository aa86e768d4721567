"""The built-in HR records: keeps each received message once."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from server.storage import schema
from server.storage.database import Database


class Records:
    """What has arrived, by its webhook id."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def keep(self, webhook_id: str, type_: str, body: Mapping[str, Any], now: datetime) -> bool:
        """Stores the message; False when this id is known already, and then nothing changes."""
        row = {"webhook_id": webhook_id, "received_at": now, "type": type_, "body": dict(body)}
        try:
            async with self._database.begin() as connection:
                await connection.execute(schema.ehr_inbox.insert().values(**row))
        except IntegrityError:
            return False
        return True

    async def received(self, webhook_id: str) -> Mapping[str, Any] | None:
        """The body kept under this id, or None."""
        query = sa.select(schema.ehr_inbox.c.body).where(schema.ehr_inbox.c.webhook_id == webhook_id)
        async with self._database.read() as connection:
            found: Mapping[str, Any] | None = await connection.scalar(query)
        return found
