"""HR's accounts: a one-time link makes one, a password opens it, a session ends."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from server.errors import UserError
from server.storage import schema
from server.storage.database import Database
from server.storage.users import SESSION_HOURS, Users
from tests.storage.conftest import NOW

PASSWORD = "correct horse 电池"


@pytest.fixture
def users(database: Database) -> Users:
    return Users(database)


async def test_a_link_makes_one_account_and_signs_it_in(users: Users) -> None:
    assert not await users.exists()
    token = await users.issue_link(NOW)
    assert await users.link_is_open(token, NOW)
    cookie = await users.create_account(token, " HR@Example.org ", PASSWORD, NOW)
    user = await users.user_of(cookie, NOW)
    assert user is not None
    assert user.email == "hr@example.org"
    assert await users.exists()
    assert not await users.link_is_open(token, NOW)
    with pytest.raises(UserError, match="link_used"):
        await users.create_account(token, "other@example.org", PASSWORD, NOW)


@pytest.mark.parametrize(
    ("email", "password", "code", "field"),
    [
        ("nobody", PASSWORD, "email_invalid", "email"),
        ("a@b c", PASSWORD, "email_invalid", "email"),
        ("hr@example.org", "elevenchars", "password_short", "password"),
        ("hr@example.org", "x" * 1025, "password_long", "password"),
    ],
)
async def test_bad_particulars_leave_the_link_open(
    users: Users, email: str, password: str, code: str, field: str
) -> None:
    token = await users.issue_link(NOW)
    with pytest.raises(UserError) as refused:
        await users.create_account(token, email, password, NOW)
    assert (refused.value.code, refused.value.field) == (code, field)
    assert await users.link_is_open(token, NOW)


async def test_unknown_and_expired_links_make_no_account(users: Users) -> None:
    token = await users.issue_link(NOW, hours=1)
    assert not await users.link_is_open(token, NOW + timedelta(hours=1))
    with pytest.raises(UserError, match="link_expired"):
        await users.create_account(token, "hr@example.org", PASSWORD, NOW + timedelta(hours=1))
    with pytest.raises(UserError, match="link_unknown"):
        await users.create_account("nonsense", "hr@example.org", PASSWORD, NOW)
    assert not await users.exists()


async def test_an_address_has_one_account_and_the_link_stays_open(users: Users) -> None:
    await users.create_account(await users.issue_link(NOW), "hr@example.org", PASSWORD, NOW)
    token = await users.issue_link(NOW)
    with pytest.raises(UserError, match="email_taken"):
        await users.create_account(token, "HR@example.org", PASSWORD, NOW)
    assert await users.link_is_open(token, NOW)


async def test_signing_in_and_out(users: Users) -> None:
    await users.create_account(await users.issue_link(NOW), "hr@example.org", PASSWORD, NOW)
    assert await users.sign_in("hr@example.org", "wrong password", NOW) is None
    assert await users.sign_in("nobody@example.org", PASSWORD, NOW) is None
    cookie = await users.sign_in("HR@example.org ", PASSWORD, NOW)
    assert cookie is not None
    assert await users.user_of(cookie, NOW) is not None
    assert await users.user_of(cookie, NOW + timedelta(hours=SESSION_HOURS)) is None
    await users.sign_out(cookie)
    assert await users.user_of(cookie, NOW) is None


async def test_passwords_are_kept_as_argon2_hashes(users: Users, database: Database) -> None:
    await users.create_account(await users.issue_link(NOW), "hr@example.org", PASSWORD, NOW)
    async with database.read() as connection:
        stored = await connection.scalar(sa.select(schema.hr_users.c.password_hash))
    assert stored is not None
    assert stored.startswith("$argon2id$")
    assert PASSWORD not in stored
