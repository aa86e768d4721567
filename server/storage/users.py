"""HR's accounts: one-time links that make them, passwords, sessions."""

from __future__ import annotations

import asyncio
import re
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from server.errors import UserError
from server.storage import schema
from server.storage.database import Database
from server.storage.tokens import hash_of, new_token

SHORTEST_PASSWORD = 12
LONGEST_PASSWORD = 1024
SESSION_HOURS = 12
_EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s]{1,255}")


class Role(StrEnum):
    """What somebody of HR is; `server.hr.rights` says what that allows."""

    ADMIN = "admin"
    RECRUITER = "recruiter"
    REVIEWER = "reviewer"
    """Sees only the interviews assigned to them."""
    AUDITOR = "auditor"
    """Sees no names and no media."""


@dataclass(frozen=True, slots=True)
class HrUser:
    """Somebody who may see interviews. name and department may be empty."""

    id: str
    email: str
    name: str
    role: Role
    department: str

    @property
    def shown(self) -> str:
        """How others see them."""
        return self.name or self.email

    @property
    def only_assigned(self) -> bool:
        """Whether every list holds only what is assigned to them."""
        return self.role is Role.REVIEWER


def email_of(text: str) -> str:
    """The address, trimmed and in lower case. Raises UserError email_invalid."""
    email = text.strip().lower()
    if not _EMAIL.fullmatch(email) or not email.isprintable():
        raise UserError("email_invalid", field="email")
    return email


class Users:
    """Accounts and their sessions. Hashing (argon2id) takes tens of milliseconds and runs in a thread."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._hasher = PasswordHasher()

    async def exists(self) -> bool:
        """Whether there is any account."""
        async with self._database.read() as connection:
            return await connection.scalar(sa.select(schema.hr_users.c.id).limit(1)) is not None

    async def issue_link(
        self, now: datetime, hours: float = 24, *, role: Role = Role.ADMIN, name: str = "", department: str = ""
    ) -> str:
        """The token of a link that makes one account with this role."""
        token = new_token()
        async with self._database.begin() as connection:
            await connection.execute(
                schema.sign_in_links.insert().values(
                    token_hash=hash_of(token),
                    expires_at=now + timedelta(hours=hours),
                    role=role.value,
                    name=name,
                    department=department,
                )
            )
        return token

    async def link_is_open(self, token: str, now: datetime) -> bool:
        """Whether the link still makes an account."""
        table = schema.sign_in_links
        query = sa.select(table.c.token_hash).where(
            table.c.token_hash == hash_of(token), table.c.used_at.is_(None), table.c.expires_at > now
        )
        async with self._database.read() as connection:
            return await connection.scalar(query) is not None

    async def create_account(self, token: str, email: str, password: str, now: datetime) -> str:
        """Uses the link up, makes the account and signs it in; gives the cookie's value.

        Raises UserError: email_invalid, password_short, password_long (400), link_unknown (404), link_used,
        link_expired (410), email_taken (409). Nothing is changed then, and the link stays open.
        """
        email = email_of(email)
        if len(password) < SHORTEST_PASSWORD:
            raise UserError("password_short", field="password", params={"length": str(SHORTEST_PASSWORD)})
        if len(password) > LONGEST_PASSWORD:
            raise UserError("password_long", field="password", params={"length": str(LONGEST_PASSWORD)})
        # Before the slow part: a stranger with a made-up link must not keep the processor busy.
        async with self._database.read() as connection:
            await _check_link(connection, token, now)
        password_hash = await asyncio.to_thread(self._hasher.hash, password.encode("utf-8", "surrogatepass"))
        user_id = uuid.uuid4().hex
        try:
            async with self._database.begin() as connection:
                made = await _use_up(connection, token, now)
                await connection.execute(
                    schema.hr_users.insert().values(
                        id=user_id,
                        email=email,
                        password_hash=password_hash,
                        created_at=now,
                        name=made.name,
                        role=made.role,
                        department=made.department,
                    )
                )
                return await _new_session(connection, user_id, now)
        except IntegrityError as error:
            raise UserError("email_taken", status=409, field="email") from error

    async def sign_in(self, email: str, password: str, now: datetime) -> str | None:
        """A new session's cookie value, or None when address or password is wrong (both take equally long)."""
        table = schema.hr_users
        query = sa.select(table.c.id, table.c.password_hash).where(table.c.email == email.strip().lower())
        found = None
        # What is not printable is nobody's address, and PostgreSQL refuses to look for a NUL.
        if email.isprintable():
            async with self._database.read() as connection:
                found = (await connection.execute(query)).one_or_none()
        stored = found.password_hash if found is not None else None
        if not await asyncio.to_thread(self._verify, stored, password[: LONGEST_PASSWORD + 1]):
            return None
        assert found is not None
        async with self._database.begin() as connection:
            return await _new_session(connection, found.id, now)

    async def user_of(self, cookie: str, now: datetime) -> HrUser | None:
        """Whose session this is; None when unknown or over."""
        users, sessions = schema.hr_users, schema.hr_sessions
        query = (
            sa.select(users.c.id, users.c.email, users.c.name, users.c.role, users.c.department)
            .join(sessions, sessions.c.user_id == users.c.id)
            .where(
                sessions.c.cookie_hash == hash_of(cookie), sessions.c.expires_at > now, users.c.disabled_at.is_(None)
            )
        )
        async with self._database.read() as connection:
            found = (await connection.execute(query)).one_or_none()
        if found is None:
            return None
        return HrUser(found.id, found.email, found.name, Role(found.role), found.department)

    async def is_assigned(self, user_id: str, interview_id: str) -> bool:
        """Whether this interview is assigned to this person."""
        table = schema.assignments
        query = sa.select(table.c.user_id).where(table.c.user_id == user_id, table.c.interview_id == interview_id)
        async with self._database.read() as connection:
            return await connection.scalar(query) is not None

    async def sign_out(self, cookie: str) -> None:
        """Ends the session."""
        table = schema.hr_sessions
        async with self._database.begin() as connection:
            await connection.execute(table.delete().where(table.c.cookie_hash == hash_of(cookie)))

    def _verify(self, stored: str | None, password: str) -> bool:
        given = password.encode("utf-8", "surrogatepass")
        if stored is None:
            # As slow as a comparison: the answer's time must not tell who has an account.
            self._hasher.hash(given)
            return False
        try:
            return self._hasher.verify(stored, given)
        except (VerificationError, InvalidHashError):
            return False


async def _check_link(connection: AsyncConnection, token: str, now: datetime) -> sa.Row[Any]:
    table = schema.sign_in_links
    link = (await connection.execute(sa.select(table).where(table.c.token_hash == hash_of(token)))).one_or_none()
    if link is None:
        raise UserError("link_unknown", status=404)
    if link.expires_at <= now:
        raise UserError("link_expired", status=410)
    if link.used_at is not None:
        raise UserError("link_used", status=410)
    return link


async def _use_up(connection: AsyncConnection, token: str, now: datetime) -> sa.Row[Any]:
    link = await _check_link(connection, token, now)
    table = schema.sign_in_links
    taken = await connection.execute(
        table.update().where(table.c.token_hash == hash_of(token), table.c.used_at.is_(None)).values(used_at=now)
    )
    if taken.rowcount != 1:
        raise UserError("link_used", status=410)
    return link


async def _new_session(connection: AsyncConnection, user_id: str, now: datetime) -> str:
    cookie = new_token()
    await connection.execute(schema.hr_sessions.delete().where(schema.hr_sessions.c.expires_at <= now))
    await connection.execute(
        schema.hr_sessions.insert().values(
            cookie_hash=hash_of(cookie),
            user_id=user_id,
            created_at=now,
            expires_at=now + timedelta(hours=SESSION_HOURS),
        )
    )
    return cookie
