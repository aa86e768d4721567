"""Invitation links and the cookie a candidate gets for one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from server.errors import UserError
from server.storage import schema
from server.storage.database import Database
from server.storage.tokens import hash_of, new_token


@dataclass(frozen=True, slots=True)
class Invitation:
    """A link that was given out. redeemed_at: when it was exchanged for a cookie, or None."""

    interview_id: str
    expires_at: datetime
    redeemed_at: datetime | None


class Invitations:
    """A link works once: it is exchanged for a cookie that belongs to one browser."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def issue(self, connection: AsyncConnection, interview_id: str, expires_at: datetime) -> str:
        """Makes a link's token within the caller's transaction. Only its hash is kept."""
        return (await self.issue_all(connection, [interview_id], expires_at))[0]

    async def issue_all(
        self, connection: AsyncConnection, interview_ids: Sequence[str], expires_at: datetime
    ) -> list[str]:
        """A token for each, in order; as `issue`."""
        tokens = [new_token() for _ in interview_ids]
        rows = [
            {"token_hash": hash_of(token), "interview_id": interview_id, "expires_at": expires_at}
            for token, interview_id in zip(tokens, interview_ids, strict=True)
        ]
        await connection.execute(schema.invitations.insert(), rows)
        return tokens

    async def find(self, token: str, now: datetime) -> Invitation:
        """The invitation, redeemed or not. Raises UserError link_unknown (404) or link_expired (410)."""
        async with self._database.read() as connection:
            return await _find(connection, token, now)

    async def behind(self, token: str) -> str | None:
        """The interview that the link is for, whether or not it still opens it; None for an unknown one."""
        table = schema.invitations
        query = sa.select(table.c.interview_id).where(table.c.token_hash == hash_of(token))
        async with self._database.read() as connection:
            found: str | None = await connection.scalar(query)
        return found

    async def redeem(self, token: str, now: datetime) -> str:
        """Exchanges the link for a cookie's value. Raises UserError link_unknown, link_expired or link_used."""
        cookie = new_token()
        table = schema.invitations
        async with self._database.begin() as connection:
            invitation = await _find(connection, token, now)
            taken = await connection.execute(
                table.update()
                .where(table.c.token_hash == hash_of(token), table.c.redeemed_at.is_(None))
                .values(redeemed_at=now)
            )
            if taken.rowcount != 1:
                raise UserError("link_used", status=410)
            await connection.execute(
                schema.candidate_sessions.insert().values(
                    cookie_hash=hash_of(cookie), interview_id=invitation.interview_id, created_at=now
                )
            )
        return cookie

    async def interview_of(self, cookie: str) -> str | None:
        """The interview this cookie opens, or None."""
        table = schema.candidate_sessions
        query = sa.select(table.c.interview_id).where(table.c.cookie_hash == hash_of(cookie))
        async with self._database.read() as connection:
            found: str | None = await connection.scalar(query)
        return found


async def _find(connection: AsyncConnection, token: str, now: datetime) -> Invitation:
    table = schema.invitations
    row = (await connection.execute(sa.select(table).where(table.c.token_hash == hash_of(token)))).one_or_none()
    if row is None:
        raise UserError("link_unknown", status=404)
    # A used link stays readable: its own browser is sent on to the interview.
    if row.redeemed_at is None and row.expires_at <= now:
        raise UserError("link_expired", status=410)
    return Invitation(row.interview_id, row.expires_at, row.redeemed_at)
