"""HR's people as an administrator sees them: everybody's role, and switching accounts off."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from server.errors import UserError
from server.storage import schema
from server.storage.database import Database
from server.storage.hr_user import HrUser, Role, email_of, name_of
from server.storage.sessions import end_sessions
from server.storage.users import end_links


@dataclass(frozen=True, slots=True)
class Person:
    """An account. last_seen_at: of the sessions that are left. by_provider: whether they sign in at the company's own
    provider; has_password: whether they can sign in here."""

    user: HrUser
    created_at: datetime
    disabled_at: datetime | None
    last_seen_at: datetime | None
    by_provider: bool
    has_password: bool


class People:
    """Accounts: listed, changed, switched off and on. One that may manage the others is always left."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def all(self) -> list[Person]:
        """Everybody, by name or address; who is switched off comes last."""
        found = await self._find(sa.true())
        return sorted(found, key=lambda one: (one.disabled_at is not None, one.user.shown.casefold()))

    async def get(self, user_id: str) -> Person:
        """Raises UserError person_unknown (404)."""
        found = await self._find(schema.hr_users.c.id == user_id)
        if not found:
            raise UserError("person_unknown", status=404)
        return found[0]

    async def with_email(self, email: str) -> Person:
        """Raises UserError email_invalid, person_unknown (404)."""
        found = await self._find(schema.hr_users.c.email == email_of(email))
        if not found:
            raise UserError("person_unknown", status=404)
        return found[0]

    async def add(
        self, email: str, password_hash: str, now: datetime, *, role: Role, name: str = "", department: str = ""
    ) -> str:
        """Makes an account; its id. The first is an admin's. Raises UserError email_invalid, name_long, email_taken."""
        user_id, table = uuid.uuid4().hex, schema.hr_users
        values = {"id": user_id, "email": email_of(email), "password_hash": password_hash, "created_at": now}
        values |= {"name": name_of(name), "department": name_of(department)}
        try:
            async with self._database.begin() as connection:
                is_first = await connection.scalar(sa.select(table.c.id).limit(1)) is None
                await connection.execute(table.insert().values(**values, role=Role.ADMIN if is_first else role))
        except IntegrityError as error:
            raise UserError("email_taken", status=409, field="email") from error
        return user_id

    async def change(self, user_id: str, *, role: Role, name: str, department: str) -> Role:
        """Gives the role that they had. Raises UserError person_unknown (404), last_admin (409), name_long."""
        table = schema.hr_users
        values = {"role": role.value, "name": name_of(name), "department": name_of(department)}
        async with self._database.begin() as connection:
            before = await _role_of(connection, user_id)
            if role is not Role.ADMIN:
                await keep_an_admin(connection, user_id)
            await connection.execute(table.update().where(table.c.id == user_id).values(values))
        return before

    async def disable(self, user_id: str, now: datetime) -> None:
        """Switches the account off and ends its sessions. Raises UserError person_unknown (404), last_admin (409)."""
        table = schema.hr_users
        async with self._database.begin() as connection:
            await _role_of(connection, user_id)
            await keep_an_admin(connection, user_id)
            left = sa.and_(table.c.id == user_id, table.c.disabled_at.is_(None))
            await connection.execute(table.update().where(left).values(disabled_at=now))
            await end_sessions(connection, user_id)
            await end_links(connection, user_id)

    async def enable(self, user_id: str) -> None:
        """Switches the account on again. Raises UserError person_unknown (404)."""
        table = schema.hr_users
        async with self._database.begin() as connection:
            await _role_of(connection, user_id)
            await connection.execute(table.update().where(table.c.id == user_id).values(disabled_at=None))

    async def end_sessions(self, user_id: str) -> None:
        """Signs them out everywhere. Raises UserError person_unknown (404)."""
        async with self._database.begin() as connection:
            await _role_of(connection, user_id)
            await end_sessions(connection, user_id)

    async def _find(self, condition: sa.ColumnElement[bool]) -> list[Person]:
        users, sessions = schema.hr_users, schema.hr_sessions
        seen = sa.select(sa.func.max(sessions.c.last_seen_at)).where(sessions.c.user_id == users.c.id)
        query = sa.select(users, seen.scalar_subquery().label("last_seen_at")).where(condition)
        async with self._database.read() as connection:
            rows = (await connection.execute(query)).all()
        return [
            Person(
                HrUser(row.id, row.email, row.name, Role(row.role), row.department),
                row.created_at,
                row.disabled_at,
                row.last_seen_at,
                row.oidc_subject is not None,
                bool(row.password_hash),
            )
            for row in rows
        ]


async def keep_an_admin(connection: AsyncConnection, user_id: str) -> None:
    """Raises UserError last_admin (409) when nobody but this person may manage people."""
    table = schema.hr_users
    # Locked, so that two admins who take each other's role away at once do not both succeed.
    admins = sa.select(table.c.id).where(table.c.role == Role.ADMIN.value, table.c.disabled_at.is_(None))
    left = set((await connection.scalars(admins.order_by(table.c.id).with_for_update())).all())
    if left == {user_id}:
        raise UserError("last_admin", status=409, field="role")


async def _role_of(connection: AsyncConnection, user_id: str) -> Role:
    role = await connection.scalar(sa.select(schema.hr_users.c.role).where(schema.hr_users.c.id == user_id))
    if role is None:
        raise UserError("person_unknown", status=404)
    return Role(role)
