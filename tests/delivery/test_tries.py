"""What counts as a try: not a worker that was killed, nor a clock that was set back; and what one is bounded by."""

from __future__ import annotations

import json
import threading
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from aiohttp import web

from server.delivery.connections import Connections
from server.delivery.inbox import DELAYS, WORKER_LOST, InboxWorker
from server.delivery.kept_incoming import INCOMING, encode
from server.delivery.worker import LONGEST_PAUSE
from server.records.incoming import CandidateSeen
from server.storage import leasing, schema
from server.storage.database import Database
from server.storage.inbox import Inbox
from server.storage.leasing import LEASE_SECONDS, MOST_LOST
from server.storage.outbox import Outbox
from server.storage.record_tables import inbox as inbox_table
from tests.delivery.conftest import Clock, MakeWorker, Post, Receiver, invite, put_out
from tests.delivery.test_inbox import Notebook, item

A_LEASE = timedelta(seconds=LEASE_SECONDS * (1 + MOST_LOST) + 1)
"""Longer than any."""


async def sent_row(database: Database, message_id: str) -> sa.Row[Any]:
    async with database.read() as connection:
        return (await connection.execute(sa.select(schema.outbox).where(schema.outbox.c.id == message_id))).one()


async def test_deploys_bring_no_message_nearer_to_its_end_but_one_that_kills_workers_is_given_up(
    database: Database, receiver: Receiver, make_worker: MakeWorker
) -> None:
    clock, outbox = Clock(), Outbox(database)
    message_id = await put_out(database, await invite(database, clock()), clock())
    for _ in range(MOST_LOST - 1):
        assert len(await outbox.claim(clock())) == 1
        clock.pass_by(A_LEASE)

    async def answer(post: Post) -> web.Response:
        return web.Response(status=500)

    receiver.answer = answer
    worker = make_worker(receiver.url, clock)
    assert await worker.deliver_due() == 1
    row = await sent_row(database, message_id)
    assert (row.attempts, row.lost, row.dead) == (1, 0, False)
    assert row.next_attempt_at - clock() < timedelta(minutes=1), "the wait is a first try's"

    clock.pass_by(A_LEASE)
    for _ in range(MOST_LOST):
        assert len(await outbox.claim(clock())) == 1
        clock.pass_by(A_LEASE)
    assert await worker.deliver_due() == 1
    row = await sent_row(database, message_id)
    assert (row.last_error, row.dead, len(receiver.posts)) == ("worker_lost", True, 1)
    assert await outbox.replay(schema.outbox.c.id == message_id, clock()) == 1
    assert await worker.deliver_due() == 1
    assert len(receiver.posts) == 2


def test_what_was_claimed_together_when_its_worker_was_killed_comes_back_apart() -> None:
    now = Clock()()
    first = {leasing.lease_until(now, LEASE_SECONDS, f"msg_{number}", 0) for number in range(8)}
    assert first == {now + timedelta(seconds=LEASE_SECONDS)}
    after = sorted(leasing.lease_until(now, LEASE_SECONDS, f"msg_{number}", 2) for number in range(8))
    assert len(set(after)) == 8
    assert after[-1] - now < A_LEASE


async def test_an_event_that_kills_the_worker_takes_no_other_with_it(
    database: Database, connections: Connections
) -> None:
    clock, inbox, notebook = Clock(), Inbox(database), Notebook()
    for event_id in ("kills", "behind"):
        await inbox.put("hr", event_id, INCOMING, encode([CandidateSeen("1", "Ada")]), clock())
        clock.pass_by(timedelta(seconds=1))

    class Killed(BaseException):
        """As a process that ends here."""

    class Killing(Notebook):
        async def take(self, source: str, event_id: str, *told: Any) -> None:
            if event_id == "kills":
                raise Killed
            await super().take(source, event_id, *told)

    for _ in range(MOST_LOST):
        with pytest.raises(Killed):
            await InboxWorker(inbox, connections, Killing(), clock).work_off()
        assert (await item(database, "behind")).lost == 0
        clock.pass_by(A_LEASE)
    assert await InboxWorker(inbox, connections, notebook, clock).work_off() == 2
    row = await item(database, "kills")
    assert (row.last_error, row.dead, row.attempts) == (WORKER_LOST, True, 1)
    assert [one[1] for one in notebook.told] == ["behind"]


async def test_waiting_for_a_connection_is_no_try(database: Database, connections: Connections) -> None:
    clock, inbox = Clock(), Inbox(database)
    await inbox.put("off", "later", "candidate", {"id": "7", "name": "Ada"}, clock())
    worker = InboxWorker(inbox, connections, Notebook(), clock)
    for _ in range(len(DELAYS) + 1):
        assert await worker.work_off() == 1
        clock.pass_by(timedelta(minutes=6))
    assert ((row := await item(database, "later")).attempts, row.dead) == (0, False)


async def test_a_clock_that_is_set_back_lets_nothing_wait_for_its_former_time(
    database: Database, connections: Connections, receiver: Receiver, make_worker: MakeWorker
) -> None:
    clock, inbox, notebook = Clock(), Inbox(database), Notebook()
    worker, inbox_worker = make_worker(receiver.url, clock), InboxWorker(inbox, connections, notebook, clock)
    claimed = await put_out(database, await invite(database, clock()), clock())
    await inbox.put("hr", "e", INCOMING, encode([CandidateSeen("1", "Ada")]), clock())
    assert [row.id for row in await Outbox(database).claim(clock())] == [claimed]
    new = await put_out(database, await invite(database, clock()), clock())
    clock.pass_by(-timedelta(hours=3))
    assert (await worker.deliver_due(), await inbox_worker.work_off()) == (0, 0)
    clock.pass_by(timedelta(seconds=LEASE_SECONDS))
    assert (await worker.deliver_due(), await inbox_worker.work_off()) == (2, 1)
    assert sorted(receiver.at("/reports")) == sorted([claimed, new])

    # An ordinary wait is none of that, also by a node whose clock is a little behind.
    notebook.refuses = "f"
    await inbox.put("hr", "f", INCOMING, encode([CandidateSeen("1", "Ada")]), clock())
    assert await inbox_worker.work_off() == 1
    assert await inbox.mend_set_back(clock() - timedelta(minutes=4)) == 0


async def test_a_system_that_asks_for_time_is_not_sent_all_that_waits_one_after_the_other(
    database: Database, receiver: Receiver, make_worker: MakeWorker
) -> None:
    clock = Clock()
    for _ in range(12):
        await put_out(database, await invite(database, clock()), clock())

    async def answer(post: Post) -> web.Response:
        return web.Response(status=429, headers={"Retry-After": "86400"})

    receiver.answer = answer
    worker = make_worker(receiver.url, clock)
    assert [await worker.deliver_due() for _ in range(3)] == [8, 0, 0]
    clock.pass_by(LONGEST_PAUSE)
    assert await worker.deliver_due() == 4, "what it has not seen yet waits for no whole day"
    # A person need not wait for the schedule either.
    clock.pass_by(LONGEST_PAUSE)
    assert await worker.deliver_due() == 0
    assert await Outbox(database).replay(sa.true(), clock()) == 12
    assert await worker.deliver_due() == 8


async def test_what_is_under_way_is_not_sent_twice_by_a_replay(database: Database) -> None:
    clock, outbox = Clock(), Outbox(database)
    message_id = await put_out(database, await invite(database, clock()), clock())
    await outbox.claim(clock())
    await outbox.failed(message_id, "HTTP 500", clock())
    await outbox.claim(clock())
    assert await outbox.replay(sa.true(), clock()) == 0


async def test_what_was_given_up_is_tried_again_or_set_aside_by_a_person(database: Database) -> None:
    clock, inbox = Clock(), Inbox(database)
    await inbox.put("hr", "e", INCOMING, {}, clock())
    [claimed] = await inbox.claim(clock())
    assert await inbox.set_aside(sa.true(), clock()) == 0, "it is under way"
    await inbox.failed(claimed, "unreadable: name", None, clock())
    assert await inbox.set_aside(inbox_table.c.event_id == "e", clock()) == 1
    assert (await inbox.dead(), await inbox.waiting()) == (0, 0)
    clock.pass_by(timedelta(seconds=1))
    assert await inbox.replay(inbox_table.c.event_id == "e", clock()) == 1
    assert len(await inbox.claim(clock())) == 1
    # The first worker is late: another has it now.
    await inbox.failed(claimed, "late", None, clock())
    assert not (await item(database, "e")).dead


async def test_long_bodies_are_read_beside_the_event_loop(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    clock, threads = Clock(), set()
    await put_out(database, await invite(database, clock()), clock())
    await Inbox(database).put("hr", "e", INCOMING, {"答": 1}, clock())
    real = json.loads

    def loads(text: str, **options: Any) -> Any:
        threads.add(threading.get_ident())
        return real(text, **options)

    monkeypatch.setattr(json, "loads", loads)
    [row] = await Outbox(database).claim(clock())
    [one] = await Inbox(database).claim(clock())
    assert (row.body["data"], one.body) == ({"note": "哈"}, {"答": 1})
    assert threads
    assert threading.get_ident() not in threads
