"""HR's sessions: a browser that is signed in, until it signs out, is not used for a while, or its time is up."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from server.storage import schema
from server.storage.database import Database
from server.storage.hr_user import HrUser, Role
from server.storage.tokens import hash_of, new_token

SESSION_HOURS = 12
IDLE = timedelta(hours=2)
"""How long a session lasts that nobody uses, unless said otherwise."""
SEEN_EVERY = timedelta(minutes=1)
"""How exactly it is kept when a session was last used."""
ID_LENGTH = 16
"""Of a session's hash, shown and sent by its person's own page."""


@dataclass(frozen=True, slots=True)
class Session:
    """A browser that is signed in. id: names it among its person's, and opens nothing."""

    id: str
    created_at: datetime
    last_seen_at: datetime
    is_this: bool


class Sessions:
    """Who is signed in where. idle: how long a session lasts that nobody uses."""

    def __init__(self, database: Database, idle: timedelta = IDLE) -> None:
        self._database = database
        self._idle = idle

    async def user_of(self, cookie: str, now: datetime) -> HrUser | None:
        """Whose session this is; None when unknown or over. The session counts as used."""
        users, sessions = schema.hr_users, schema.hr_sessions
        seen_at = sa.func.coalesce(sessions.c.last_seen_at, sessions.c.created_at)
        query = (
            sa.select(
                users.c.id, users.c.email, users.c.name, users.c.role, users.c.department, seen_at <= now - SEEN_EVERY
            )
            .join(sessions, sessions.c.user_id == users.c.id)
            .where(
                sessions.c.cookie_hash == hash_of(cookie),
                sessions.c.expires_at > now,
                seen_at > now - self._idle,
                users.c.disabled_at.is_(None),
            )
        )
        async with self._database.read() as connection:
            found = (await connection.execute(query)).one_or_none()
        if found is None:
            return None
        if found[-1]:
            async with self._database.begin() as connection:
                await connection.execute(
                    sessions.update().where(sessions.c.cookie_hash == hash_of(cookie)).values(last_seen_at=now)
                )
        return HrUser(found.id, found.email, found.name, Role(found.role), found.department)

    async def sessions_of(self, user_id: str, cookie: str, now: datetime) -> list[Session]:
        """Where this person is signed in, the newest first; cookie: this browser's."""
        table = schema.hr_sessions
        query = sa.select(table).where(table.c.user_id == user_id, table.c.expires_at > now)
        async with self._database.read() as connection:
            rows = (await connection.execute(query.order_by(table.c.created_at.desc()))).all()
        return [
            Session(row.cookie_hash[:ID_LENGTH], row.created_at, seen_at, row.cookie_hash == hash_of(cookie))
            for row in rows
            if (seen_at := row.last_seen_at or row.created_at) > now - self._idle
        ]

    async def end_session(self, user_id: str, session_id: str) -> None:
        """Ends one of this person's sessions, if it is there."""
        table = schema.hr_sessions
        async with self._database.begin() as connection:
            await connection.execute(
                table.delete().where(
                    table.c.user_id == user_id, sa.func.substr(table.c.cookie_hash, 1, ID_LENGTH) == session_id
                )
            )

    async def sign_out(self, cookie: str) -> None:
        """Ends the session."""
        table = schema.hr_sessions
        async with self._database.begin() as connection:
            await connection.execute(table.delete().where(table.c.cookie_hash == hash_of(cookie)))


async def new_session(connection: AsyncConnection, user_id: str, now: datetime) -> str:
    """Begins a session; the cookie's value."""
    cookie = new_token()
    await connection.execute(schema.hr_sessions.delete().where(schema.hr_sessions.c.expires_at <= now))
    await connection.execute(
        schema.hr_sessions.insert().values(
            cookie_hash=hash_of(cookie),
            user_id=user_id,
            created_at=now,
            expires_at=now + timedelta(hours=SESSION_HOURS),
            last_seen_at=now,
        )
    )
    return cookie


async def end_sessions(connection: AsyncConnection, user_id: str, except_cookie: str = "") -> None:
    """Ends this person's sessions; except_cookie: but this browser's."""
    table = schema.hr_sessions
    ended = table.delete().where(table.c.user_id == user_id, table.c.cookie_hash != hash_of(except_cookie))
    await connection.execute(ended)
