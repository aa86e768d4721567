"""HR's accounts: one-time links that make them, passwords, sessions."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from server.errors import UserError
from server.storage import schema
from server.storage.database import Database
from server.storage.hr_user import HrUser, Role, email_of, name_of
from server.storage.sessions import IDLE, SESSION_HOURS, Sessions, end_sessions, new_session
from server.storage.tokens import hash_of, new_token

__all__ = ["SESSION_HOURS", "HrUser", "Link", "Role", "Users", "email_of"]

SHORTEST_PASSWORD = 12
LONGEST_PASSWORD = 1024


@dataclass(frozen=True, slots=True)
class Link:
    """What a one-time link gives: an account with this role, or (user_id) a new password for an account.

    email: the only address it may have; empty: any.
    """

    role: Role
    name: str
    department: str
    email: str
    user_id: str | None


class Users(Sessions):
    """Accounts, and how one gets in. Hashing (argon2id) takes tens of milliseconds and runs in a thread."""

    def __init__(self, database: Database, idle: timedelta = IDLE) -> None:
        super().__init__(database, idle)
        self._hasher = PasswordHasher()

    async def exists(self) -> bool:
        """Whether there is any account."""
        async with self._database.read() as connection:
            return await connection.scalar(sa.select(schema.hr_users.c.id).limit(1)) is not None

    async def issue_link(
        self,
        now: datetime,
        hours: float = 24,
        *,
        role: Role = Role.ADMIN,
        name: str = "",
        department: str = "",
        email: str = "",
        user_id: str | None = None,
    ) -> str:
        """The token of a link that makes one account with this role, or gives an account (user_id) a new password.

        email: the only address the account may have; empty: any. Raises UserError email_invalid, email_taken (409).
        """
        token, email = new_token(), email_of(email) if email else ""
        async with self._database.begin() as connection:
            if email and await connection.scalar(_with_email(email)) is not None:
                raise UserError("email_taken", status=409, field="email")
            await connection.execute(
                schema.sign_in_links.insert().values(
                    token_hash=hash_of(token),
                    expires_at=now + timedelta(hours=hours),
                    role=role.value,
                    name=name,
                    department=department,
                    email=email,
                    user_id=user_id,
                )
            )
        return token

    async def link(self, token: str, now: datetime) -> Link | None:
        """What the link gives; None when it no longer works."""
        async with self._database.read() as connection:
            try:
                found = await _check_link(connection, token, now)
            except UserError:
                return None
        return Link(Role(found.role), found.name, found.department, found.email, found.user_id)

    async def link_is_open(self, token: str, now: datetime) -> bool:
        """Whether the link still works."""
        return await self.link(token, now) is not None

    async def create_account(self, token: str, email: str, password: str, now: datetime, name: str = "") -> str:
        """Uses the link up, makes the account and signs it in; gives the cookie's value.

        The first account is an admin's, and other links for an admin are over then. Of a link for an address, that
        address counts; name: unless the link gives one. Raises UserError: email_invalid, password_short, password_long,
        name_long (400), link_unknown (404), link_used, link_expired (410), email_taken (409). Nothing is changed then,
        and the link stays open.
        """
        # Before the slow part: a stranger with a made-up link must not keep the processor busy.
        async with self._database.read() as connection:
            link = await _check_link(connection, token, now)
        email = email_of(link.email or email)
        name = name_of(link.name or name)
        password_hash = await self.hashed(password)
        try:
            async with self._database.begin() as connection:
                made = await _use_up(connection, token, now)
                if made.user_id is not None:
                    raise UserError("link_unknown", status=404)
                is_first = await connection.scalar(sa.select(schema.hr_users.c.id).limit(1)) is None
                user_id = uuid.uuid4().hex
                await connection.execute(
                    schema.hr_users.insert().values(
                        id=user_id,
                        email=email,
                        password_hash=password_hash,
                        created_at=now,
                        name=name,
                        role=Role.ADMIN.value if is_first else made.role,
                        department=made.department,
                    )
                )
                if is_first:
                    # Each start without an account printed a link that makes an admin: those must not lie about.
                    links = schema.sign_in_links
                    left = sa.and_(links.c.used_at.is_(None), links.c.role == Role.ADMIN.value)
                    await connection.execute(links.delete().where(left))
                return await new_session(connection, user_id, now)
        except IntegrityError as error:
            raise UserError("email_taken", status=409, field="email") from error

    async def reset_password(self, token: str, password: str, now: datetime) -> str:
        """Uses a link for a new password up, ends the account's sessions and begins one; gives the cookie's value.

        Raises UserError as `create_account`, and account_disabled (403).
        """
        async with self._database.read() as connection:
            await _check_link(connection, token, now)
        password_hash, users = await self.hashed(password), schema.hr_users
        async with self._database.begin() as connection:
            link = await _use_up(connection, token, now)
            changed = await connection.execute(
                users.update()
                .where(users.c.id == link.user_id, users.c.disabled_at.is_(None))
                .values(password_hash=password_hash)
            )
            if changed.rowcount != 1:
                raise UserError("account_disabled", status=403)
            await end_sessions(connection, link.user_id)
            await end_links(connection, link.user_id)
            return await new_session(connection, link.user_id, now)

    async def change_password(self, user_id: str, old: str, new: str, cookie: str) -> None:
        """Changes one's own password and ends one's other sessions.

        Raises UserError password_wrong (field old), password_short, password_long (field password).
        """
        users = schema.hr_users
        async with self._database.read() as connection:
            stored = await connection.scalar(sa.select(users.c.password_hash).where(users.c.id == user_id))
        if not await asyncio.to_thread(self._verify, stored or None, old[: LONGEST_PASSWORD + 1]):
            raise UserError("password_wrong", field="old")
        password_hash = await self.hashed(new)
        async with self._database.begin() as connection:
            await connection.execute(users.update().where(users.c.id == user_id).values(password_hash=password_hash))
            await end_sessions(connection, user_id, except_cookie=cookie)

    async def hashed(self, password: str) -> str:
        """What is kept of a password. Raises UserError password_short, password_long (400)."""
        if len(password) < SHORTEST_PASSWORD:
            raise UserError("password_short", field="password", params={"length": str(SHORTEST_PASSWORD)})
        if len(password) > LONGEST_PASSWORD:
            raise UserError("password_long", field="password", params={"length": str(LONGEST_PASSWORD)})
        return await asyncio.to_thread(self._hasher.hash, password.encode("utf-8", "surrogatepass"))

    async def sign_in(self, email: str, password: str, now: datetime) -> str | None:
        """A new session's cookie value, or None when address or password is wrong (both take equally long).

        Raises UserError account_disabled (403) for the right password of an account that is switched off.
        """
        table = schema.hr_users
        query = sa.select(table.c.id, table.c.password_hash, table.c.disabled_at).where(
            table.c.email == email.strip().lower()
        )
        found = None
        # What is not printable is nobody's address, and PostgreSQL refuses to look for a NUL.
        if email.isprintable():
            async with self._database.read() as connection:
                found = (await connection.execute(query)).one_or_none()
        # Somebody who signs in elsewhere has no password here.
        stored = found.password_hash or None if found is not None else None
        if not await asyncio.to_thread(self._verify, stored, password[: LONGEST_PASSWORD + 1]):
            return None
        assert found is not None
        if found.disabled_at is not None:
            raise UserError("account_disabled", status=403)
        async with self._database.begin() as connection:
            return await new_session(connection, found.id, now)

    async def shown(self, emails: Iterable[str]) -> dict[str, str]:
        """How these people are shown, by e-mail address; an address that has no account stands for itself."""
        found = {email: email for email in emails}
        if not found:
            return found
        table = schema.hr_users
        asked = sa.select(table.c.email, table.c.name).where(table.c.email.in_(list(found)))
        async with self._database.read() as connection:
            rows = (await connection.execute(asked)).all()
        return found | {row.email: row.name for row in rows if row.name}

    async def id_of(self, email: str) -> str:
        """The id of the account with this address; empty when there is none."""
        if not email.isprintable():
            return ""
        async with self._database.read() as connection:
            return await connection.scalar(_with_email(email.strip().lower())) or ""

    async def is_assigned(self, user_id: str, interview_id: str) -> bool:
        """Whether this interview is assigned to this person."""
        table = schema.assignments
        query = sa.select(table.c.user_id).where(table.c.user_id == user_id, table.c.interview_id == interview_id)
        async with self._database.read() as connection:
            return await connection.scalar(query) is not None

    async def may_see(self, user: HrUser, interview_id: str) -> bool:
        """Whether this person's role, or an assignment, lets them see the interview."""
        return not user.only_assigned or await self.is_assigned(user.id, interview_id)

    async def assigned_to(self, user_id: str) -> frozenset[str]:
        """The ids of the interviews that are assigned to this person."""
        table = schema.assignments
        query = sa.select(table.c.interview_id).where(table.c.user_id == user_id)
        async with self._database.read() as connection:
            return frozenset((await connection.scalars(query)).all())

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


def _with_email(email: str) -> sa.Select[tuple[str]]:
    return sa.select(schema.hr_users.c.id).where(schema.hr_users.c.email == email)


async def end_links(connection: AsyncConnection, user_id: str) -> None:
    """Closes what would give this account a new password."""
    table = schema.sign_in_links
    await connection.execute(table.delete().where(table.c.user_id == user_id, table.c.used_at.is_(None)))


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
