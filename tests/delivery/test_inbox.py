"""What has come in: kept once, handed over in its order, tried again, given up, and looked for by polling."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from server.delivery.connections import Connections
from server.delivery.inbox import DELAYS, JITTER, OFF_WAIT, InboxWorker
from server.delivery.kept_incoming import INCOMING, decode, encode
from server.delivery.polling import EVERY, LONGEST, SOON, Poller, poll_soon
from server.errors import UserError
from server.records.incoming import ApplicationSeen, CandidateSeen, FollowUpReturned, Incoming
from server.storage.database import Database
from server.storage.inbox import INTERVIEWS, Inbox
from server.storage.record_tables import connections as table
from server.storage.record_tables import inbox as inbox_table
from tests.delivery.conftest import TOKEN, Clock, Receiver


class Notebook:
    """Records that note what they are told, and refuse what a test wants refused."""

    def __init__(self) -> None:
        self.told: list[tuple[str, str, object]] = []
        self.refuses = ""

    async def take(self, source: str, event_id: str, incoming: Sequence[Incoming], now: datetime) -> None:
        if event_id == self.refuses:
            raise LookupError("Ada is not known yet")
        if event_id == "refused":
            raise IntegrityError("INSERT", {}, ValueError("a value that the database does not take"))
        if event_id == "never":
            raise UserError("email_invalid", field="email")
        self.told.append((source, event_id, list(incoming)))

    async def interview_told(self, event_id: str, type_: str, body: Mapping[str, Any], now: datetime) -> None:
        self.told.append((INTERVIEWS, event_id, type_))


async def item(database: Database, event_id: str) -> sa.Row[tuple[object, ...]]:
    async with database.read() as connection:
        query = sa.select(inbox_table).where(inbox_table.c.event_id == event_id)
        return (await connection.execute(query)).one()


async def test_an_event_is_kept_once_and_handed_over_once_in_the_order_it_came(
    database: Database, connections: Connections
) -> None:
    clock, inbox, notebook = Clock(), Inbox(database), Notebook()
    made = await connections.add("plain", "HR", {"url": "https://hr.example.com"}, {"token": TOKEN}, clock())
    assert await inbox.put(made.id, "z", "candidate", {"id": "7", "name": "Ada"}, clock())
    assert not await inbox.put(made.id, "z", "candidate", {"id": "7", "name": "another"}, clock())
    assert await inbox.put("other", "z", INCOMING, encode([CandidateSeen("8", "李明")]), clock())
    clock.pass_by(timedelta(seconds=1))
    assert await inbox.put(INTERVIEWS, "a", "interview.started", {}, clock())
    worker = InboxWorker(inbox, connections, notebook, clock)
    assert await worker.work_off() == 3
    assert await worker.work_off() == 0
    assert sorted(notebook.told[:2], key=str) == sorted(
        [(made.id, "z", [CandidateSeen("7", "Ada")]), ("other", "z", [CandidateSeen("8", "李明")])], key=str
    )
    assert notebook.told[2] == (INTERVIEWS, "a", "interview.started")
    assert await inbox.waiting() == 0


async def test_what_cannot_be_taken_yet_is_tried_again_and_holds_up_nothing(
    database: Database, connections: Connections
) -> None:
    clock, inbox, notebook = Clock(), Inbox(database), Notebook()
    notebook.refuses = "early"
    for event_id in ("early", "fine"):
        await inbox.put("hr", event_id, INCOMING, encode([CandidateSeen("1", "Ada")]), clock())
    worker = InboxWorker(inbox, connections, notebook, clock)
    await worker.work_off()
    assert [one[1] for one in notebook.told] == ["fine"]
    row = await item(database, "early")
    # The class alone: what it says may be of a candidate.
    assert (row.last_error, row.dead) == ("LookupError", False)
    for delay in DELAYS:
        clock.pass_by(delay * (1 + JITTER))
        assert await worker.work_off() == 1
    assert (await item(database, "early")).dead
    clock.pass_by(timedelta(days=30))
    assert await worker.work_off() == 0
    notebook.refuses = ""
    assert await inbox.replay(inbox_table.c.event_id == "early", clock()) == 1
    assert await worker.work_off() == 1
    assert await inbox.dead() == 0


async def test_what_the_database_refuses_holds_up_nothing_and_is_given_up_at_last(
    database: Database, connections: Connections
) -> None:
    clock, inbox, notebook = Clock(), Inbox(database), Notebook()
    for event_id in ("refused", "behind"):
        await inbox.put("hr", event_id, INCOMING, encode([CandidateSeen("1", "Ada")]), clock())
        clock.pass_by(timedelta(seconds=1))
    worker = InboxWorker(inbox, connections, notebook, clock)
    assert await worker.work_off() == 2
    assert [one[1] for one in notebook.told] == ["behind"]
    assert ((row := await item(database, "refused")).last_error, row.dead) == ("IntegrityError", False)
    for delay in DELAYS:
        clock.pass_by(delay * (1 + JITTER))
        await worker.work_off()
    assert (await item(database, "refused")).dead


async def test_what_no_connector_can_read_is_given_up_at_once_and_an_off_connections_waits(
    database: Database, connections: Connections
) -> None:
    clock, inbox, notebook = Clock(), Inbox(database), Notebook()
    made = await connections.add("plain", "HR", {"url": "https://hr.example.com"}, {"token": TOKEN}, clock())
    await inbox.put(made.id, "odd", "candidate", {"id": "7"}, clock())
    worker = InboxWorker(inbox, connections, notebook, clock)
    await worker.work_off()
    assert ((row := await item(database, "odd")).last_error, row.dead) == ("unreadable: name", True)
    await inbox.put("hr", "never", INCOMING, encode([CandidateSeen("1", "Ada", "no address")]), clock())
    await worker.work_off()
    assert ((row := await item(database, "never")).last_error, row.dead) == ("email_invalid", True)
    await connections.switch(made.id, False)
    await inbox.put(made.id, "later", "candidate", {"id": "7", "name": "Ada"}, clock())
    await worker.work_off()
    assert ((row := await item(database, "later")).last_error, row.dead) == ("ConnectionOff", False)
    for _ in range(len(DELAYS) + 1):
        clock.pass_by(OFF_WAIT)
        assert await worker.work_off() == 1
    assert not (await item(database, "later")).dead
    await connections.switch(made.id, True)
    clock.pass_by(OFF_WAIT)
    await worker.work_off()
    assert [one[1] for one in notebook.told] == ["later"]


def test_what_is_kept_of_polling_reads_back_as_it_was() -> None:
    noon = datetime(2026, 11, 27, 12, 0, tzinfo=UTC)
    incoming: list[Incoming] = [
        CandidateSeen("1", "李明", "li@example.org", availability=((noon, noon + timedelta(hours=2)),)),
        ApplicationSeen("a", "1", "j"),
        FollowUpReturned(None, "r", "completed", 80, 100, "clear"),
    ]
    back = decode(encode(incoming))
    assert [type(one) for one in back] == [type(one) for one in incoming]
    assert encode(back) == encode(incoming)
    assert isinstance(back[0], CandidateSeen)
    assert back[0].availability is not None
    assert tuple(back[0].availability[0]) == (noon, noon + timedelta(hours=2))


async def test_polling_goes_on_from_what_was_seen_and_a_hint_brings_it_forward(
    database: Database, connections: Connections, receiver: Receiver
) -> None:
    clock, inbox = Clock(), Inbox(database)
    made = await connections.add("plain", "HR", {"url": receiver.address("/hr")}, {"token": TOKEN}, clock())
    away = await connections.add("plain", "Away", {"url": "http://127.0.0.1:9/hr"}, {"token": TOKEN}, clock())
    receiver.news = ["Ada", "李明", "Mei"]
    pollers = [Poller(database, connections, clock) for _ in range(2)]
    assert await pollers[0].ask_due() == 2
    assert await pollers[1].ask_due() == 0, "another process has just asked"
    items = await inbox.claim(clock() + timedelta(seconds=1))
    assert [decode(one.body) for one in items] == [[CandidateSeen(name, name)] for name in receiver.news]
    assert {one.source for one in items} == {made.id}
    async with database.read() as connection:
        seen = dict((await connection.execute(sa.select(table.c.id, table.c.seen))).tuples().all())
    assert seen == {made.id: {"since": 3}, away.id: None}

    receiver.news.append("Zoë")
    await poll_soon(database, made.id, clock())
    clock.pass_by(SOON)
    assert await pollers[1].ask_due() == 1
    assert await inbox.waiting() == 4
    clock.pass_by(EVERY)
    assert await pollers[0].ask_due() == 2
    assert await inbox.waiting() == 4

    # A process that dies while it asks leaves its turn to another.
    async with database.begin() as connection:
        await connection.execute(table.update().values(polled_at=clock() + LONGEST))
    assert await pollers[0].ask_due() == 0
    clock.pass_by(LONGEST + EVERY)
    assert await pollers[0].ask_due() == 2


async def test_what_a_system_says_again_after_it_said_otherwise_is_news_also_when_the_clock_was_set_back(
    database: Database, connections: Connections, receiver: Receiver
) -> None:
    clock, inbox = Clock(), Inbox(database)
    made = await connections.add("plain", "HR", {"url": receiver.address("/hr")}, {"token": TOKEN}, clock())
    receiver.news = ["Ada"]
    poller = Poller(database, connections, clock)
    for told in range(1, 4):
        # What was seen goes there and back, as a job's digest does.
        async with database.begin() as connection:
            await connection.execute(table.update().where(table.c.id == made.id).values(seen={"since": 0}))
        assert await poller.ask_due() == 1
        assert await inbox.waiting() == told
        clock.pass_by(EVERY)
    clock.pass_by(-timedelta(days=1))
    assert await poller.ask_due() == 1
