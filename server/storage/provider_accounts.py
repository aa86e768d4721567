"""Accounts of people who sign in at the company's own provider, and their sign-ins that have begun."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from server.errors import UserError
from server.storage import schema
from server.storage.database import Database
from server.storage.hr_user import LONGEST_NAME, Role, email_of
from server.storage.people import keep_an_admin
from server.storage.sessions import end_sessions, new_session
from server.storage.tokens import hash_of

ATTEMPT = timedelta(minutes=10)
"""How long somebody may take at the provider."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """A sign-in that has begun: its secrets, and the page to go to afterwards."""

    nonce: str
    code_verifier: str
    behind: str


@dataclass(frozen=True, slots=True)
class Newcomer:
    """Who the provider says it is. role: None: nobody who is let in; decides: it counts for known people too."""

    issuer: str
    subject: str
    email: str
    email_verified: bool
    name: str
    role: Role | None
    decides: bool


class ProviderAccounts:
    """Who comes from the provider becomes an account, or the one they had."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def begin(self, state: str, browser: str, attempt: Attempt, now: datetime) -> None:
        """Keeps what an answer must fit to. browser: the value of the cookie that this browser was given."""
        table = schema.oidc_attempts
        async with self._database.begin() as connection:
            await connection.execute(table.delete().where(table.c.expires_at <= now))
            await connection.execute(
                table.insert().values(
                    state_hash=hash_of(state),
                    browser_hash=hash_of(browser),
                    nonce=attempt.nonce,
                    code_verifier=attempt.code_verifier,
                    behind=attempt.behind,
                    expires_at=now + ATTEMPT,
                )
            )

    async def take(self, state: str, browser: str, now: datetime) -> Attempt:
        """The sign-in that this answer belongs to, which it uses up. Raises UserError oidc_state (400)."""
        table = schema.oidc_attempts
        fits = sa.and_(
            table.c.state_hash == hash_of(state), table.c.browser_hash == hash_of(browser), table.c.expires_at > now
        )
        async with self._database.begin() as connection:
            found = (await connection.execute(sa.select(table).where(fits))).one_or_none()
            taken = await connection.execute(table.delete().where(fits))
        if found is None or taken.rowcount != 1:
            raise UserError("oidc_state", status=400)
        return Attempt(found.nonce, found.code_verifier, found.behind)

    async def enter(self, who: Newcomer, now: datetime) -> str:
        """Signs them in; gives the cookie's value. An account with their confirmed address becomes theirs.

        Raises UserError oidc_unknown_person, account_disabled, oidc_no_email (403), oidc_email_taken (409).
        """
        refused: UserError | None = None
        try:
            async with self._database.begin() as connection:
                user = await _known(connection, who) or await _made(connection, who, now)
                if user.disabled_at is not None:
                    raise UserError("account_disabled", status=403)
                if who.decides and who.role is None:
                    # The provider has taken the role away: what is open here ends as well.
                    await end_sessions(connection, user.id)
                    refused = UserError("oidc_unknown_person", status=403)
                else:
                    await _update(connection, user, who)
                    return await new_session(connection, user.id, now)
        except IntegrityError as error:
            raise UserError("oidc_email_taken", status=409) from error
        raise refused


async def _known(connection: AsyncConnection, who: Newcomer) -> sa.Row[Any] | None:
    table = schema.hr_users
    same = sa.and_(table.c.oidc_issuer == who.issuer, table.c.oidc_subject == who.subject)
    found = (await connection.execute(sa.select(table).where(same))).one_or_none()
    if found is not None or not who.email:
        return found
    by_email = (await connection.execute(sa.select(table).where(table.c.email == email_of(who.email)))).one_or_none()
    if by_email is None:
        return None
    if not who.email_verified or by_email.oidc_subject is not None:
        raise UserError("oidc_email_taken", status=409)
    values = {"oidc_issuer": who.issuer, "oidc_subject": who.subject}
    await connection.execute(table.update().where(table.c.id == by_email.id).values(values))
    return by_email


async def _made(connection: AsyncConnection, who: Newcomer, now: datetime) -> sa.Row[Any]:
    table, user_id = schema.hr_users, uuid.uuid4().hex
    if who.role is None:
        raise UserError("oidc_unknown_person", status=403)
    if not who.email:
        raise UserError("oidc_no_email", status=403)
    await connection.execute(
        table.insert().values(
            id=user_id,
            email=email_of(who.email),
            password_hash="",
            created_at=now,
            name=_name(who),
            role=who.role.value,
            department="",
            oidc_issuer=who.issuer,
            oidc_subject=who.subject,
        )
    )
    return (await connection.execute(sa.select(table).where(table.c.id == user_id))).one()


async def _update(connection: AsyncConnection, user: sa.Row[Any], who: Newcomer) -> None:
    """Takes over the role, where the provider decides it, and a name where there is none."""
    values = {"name": user.name or _name(who)}
    if who.decides and who.role is not None and user.role != who.role.value:
        try:
            await keep_an_admin(connection, user.id)
            values["role"] = who.role.value
        except UserError:
            pass  # Somebody must be left who can give roles here; the provider's counts once there is another.
    await connection.execute(schema.hr_users.update().where(schema.hr_users.c.id == user.id).values(values))


def _name(who: Newcomer) -> str:
    name = " ".join(who.name.split())[:LONGEST_NAME]
    return name if name.isprintable() else ""
