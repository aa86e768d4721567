"""A link works once, until it expires, and its token is nowhere in the database."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
import sqlalchemy as sa

from server.errors import UserError
from server.storage import schema
from server.storage.database import Database
from server.storage.invitations import Invitations
from tests.storage.conftest import NOW

LATER = NOW + timedelta(days=14)


@pytest.fixture
def invitations(database: Database) -> Invitations:
    return Invitations(database)


@pytest.fixture
async def token(database: Database, invitations: Invitations, interview_id: str) -> str:
    async with database.begin() as connection:
        return await invitations.issue(connection, interview_id, LATER)


async def test_looking_at_a_link_does_not_use_it_up(invitations: Invitations, token: str, interview_id: str) -> None:
    for _ in range(2):
        found = await invitations.find(token, NOW)
        assert (found.interview_id, found.redeemed_at) == (interview_id, None)


async def test_a_link_is_exchanged_for_a_cookie_once(invitations: Invitations, token: str, interview_id: str) -> None:
    cookie = await invitations.redeem(token, NOW)
    assert await invitations.interview_of(cookie) == interview_id
    with pytest.raises(UserError) as refused:
        await invitations.redeem(token, NOW)
    assert (refused.value.code, refused.value.status) == ("link_used", 410)
    assert (await invitations.find(token, LATER)).redeemed_at == NOW


async def test_of_many_at_once_one_gets_in(invitations: Invitations, token: str) -> None:
    results = await asyncio.gather(*(invitations.redeem(token, NOW) for _ in range(5)), return_exceptions=True)
    assert sum(isinstance(result, str) for result in results) == 1


async def test_an_expired_link_is_refused(invitations: Invitations, token: str) -> None:
    for refuse in (invitations.find, invitations.redeem):
        with pytest.raises(UserError) as refused:
            await refuse(token, LATER)
        assert (refused.value.code, refused.value.status) == ("link_expired", 410)


async def test_an_unknown_link_and_an_unknown_cookie_are_refused(invitations: Invitations, token: str) -> None:
    for wrong in ("", "nonsense", token[:-1], "\ud800"):
        with pytest.raises(UserError) as refused:
            await invitations.redeem(wrong, NOW)
        assert (refused.value.code, refused.value.status) == ("link_unknown", 404)
        assert await invitations.interview_of(wrong) is None


async def test_tokens_are_kept_as_hashes_only(database: Database, invitations: Invitations, token: str) -> None:
    cookie = await invitations.redeem(token, NOW)
    async with database.read() as connection:
        rows = [
            str(row)
            for table in (schema.invitations, schema.candidate_sessions)
            for row in (await connection.execute(sa.select(table))).all()
        ]
    assert len(rows) == 2
    assert not any(token in row or cookie in row for row in rows)
    assert len(token) >= 43
