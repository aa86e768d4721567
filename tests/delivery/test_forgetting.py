"""Who is erased does not come back by what still waited: neither their own events nor a late retry of one."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from server.delivery.connections import Connections
from server.delivery.forgetting import forget_waiting
from server.delivery.kept_incoming import INCOMING, decode, encode
from server.records.incoming import (
    ApplicationSeen,
    ApplicationWithdrawn,
    CandidateSeen,
    FollowUpReturned,
    Incoming,
    JobSeen,
)
from server.storage.candidates import NewCandidate, ensure
from server.storage.database import Database
from server.storage.erasure import erase, whole
from server.storage.inbox import Inbox
from server.storage.record_tables import inbox as inbox_table
from server.storage.record_tables import remote_ids
from tests.delivery.conftest import TOKEN, Clock


async def test_what_waits_and_names_them_by_a_remote_id_alone_goes_and_nothing_else_does(
    database: Database, connections: Connections
) -> None:
    clock, inbox = Clock(), Inbox(database)
    made = await connections.add("plain", "HR", {"url": "https://hr.example.com"}, {"token": TOKEN}, clock())
    await connections.switch(made.id, False)
    async with database.begin() as connection:
        [id_] = await ensure(connection, [NewCandidate("Zuleika", "zuleika@example.org", "en")], clock())
        for system in (made.id, "gone"):
            row = {"system": system, "kind": "candidate", "remote_id": "7", "local_id": id_, "created_at": clock()}
            await connection.execute(remote_ids.insert().values(row))

    async def tell(source: str, event_id: str, *told: Incoming) -> None:
        clock.pass_by(timedelta(seconds=1))
        await inbox.put(source, event_id, INCOMING, encode(told), clock())

    await tell(made.id, "withdrawn", ApplicationWithdrawn("a9", "Zuleika has moved to Rome"))
    await tell(made.id, "seen", CandidateSeen("7", "Z. Quarkenbush"))
    await tell(made.id, "applied", ApplicationSeen("a9", "7", "j1"))
    await tell(made.id, "two", CandidateSeen("7", "Z. Quarkenbush"), CandidateSeen("17", "Ada"))
    await tell(made.id, "job", JobSeen("7", "Customer adviser"))
    await tell(made.id, "check", FollowUpReturned(None, "7", "completed"))
    await tell("other", "another's", CandidateSeen("7", "Mei"))
    await inbox.put(made.id, "raw", "candidate", {"id": "7", "name": "Z. Quarkenbush"}, clock())
    await inbox.put(made.id, "raw of another", "candidate", {"id": "8", "name": "Seven of 7"}, clock())
    await inbox.put("gone", "nobody reads it", "candidate", {"person": 7, "name": "Z. Quarkenbush"}, clock())
    await inbox.put("gone", "nobody reads it either", "x", {"at": "2026-11-07", "total": 7.5, "id": "a-7"}, clock())
    [unreadable] = [one for one in await inbox.claim(clock()) if one.event_id == "raw"]
    await inbox.failed(unreadable, "unreadable: name", None, clock())

    async with database.begin() as connection:
        them = await whole(connection, id_)
        assert await forget_waiting(connection, them, await connections.readers(), clock()) == 6
        await erase(connection, them)
    async with database.read() as connection:
        rows: dict[str, Any] = {row.event_id: row for row in (await connection.execute(sa.select(inbox_table))).all()}
    emptied = {name for name, row in rows.items() if row.body == {}}
    assert emptied == {"withdrawn", "seen", "applied", "raw", "nobody reads it"}
    assert all(rows[name].processed_at is not None and not rows[name].dead for name in emptied)
    assert decode(rows["two"].body) == [CandidateSeen("17", "Ada")]
    assert "quarkenbush" not in str(rows).lower()
    assert decode(rows["job"].body) == [JobSeen("7", "Customer adviser")]
    assert decode(rows["another's"].body) == [CandidateSeen("7", "Mei")]
    # The system tells it once more, or a person tries all again.
    assert not await inbox.put(made.id, "seen", INCOMING, encode([CandidateSeen("7", "Z. Quarkenbush")]), clock())
    assert await inbox.replay(inbox_table.c.event_id.in_(emptied), clock()) == 0
