"""Several destinations: each gets what it wants, in its own order and time, and none waits for another."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
import sqlalchemy as sa
from aiohttp import web
from pydantic import BaseModel

from server.delivery.connections import Connection, Connections
from server.delivery.connector import Sent
from server.delivery.kept_incoming import decode
from server.delivery.outcome import record
from server.delivery.safe_client import SafeClient
from server.delivery.worker import AT_ONCE, DELAYS, JITTER
from server.records.incoming import FollowUpReturned
from server.storage import schema
from server.storage.database import Database
from server.storage.inbox import Inbox
from server.storage.leasing import LEASE_SECONDS
from server.storage.outbox import Attempt, Outbox, OutboxMessage, enqueue
from server.storage.record_tables import deliveries, remote_ids
from tests.delivery.conftest import TOKEN, Clock, MakeWorker, Post, Receiver, invite, put_out
from tests.delivery.plain_connector import Plain


async def connect(connections: Connections, receiver: Receiver, clock: Clock, path: str) -> Connection:
    return await connections.add("plain", path, {"url": receiver.address(path)}, {"token": TOKEN}, clock())


async def rows_of(database: Database, destination: str) -> list[sa.Row[tuple[object, ...]]]:
    query = sa.select(schema.outbox).where(schema.outbox.c.destination == destination)
    async with database.read() as connection:
        return list((await connection.execute(query.order_by(schema.outbox.c.created_at))).all())


async def test_a_report_goes_to_every_connection_that_wants_it_each_under_its_own_id(
    database: Database, receiver: Receiver, connections: Connections, make_worker: MakeWorker
) -> None:
    clock = Clock()
    for path in ("/one", "/two"):
        await connect(connections, receiver, clock, path)
    message_id = await put_out(database, await invite(database, clock()), clock())
    assert await make_worker(receiver.url, clock).deliver_due() == 3
    assert receiver.at("/reports") == [message_id]
    assert len({*receiver.at("/one"), *receiver.at("/two"), message_id}) == 3
    assert {post.headers.get("token") for post in receiver.posts if post.path != "/reports"} == {TOKEN}


async def test_a_slow_system_delays_neither_another_nor_the_next_look(
    database: Database, receiver: Receiver, connections: Connections, make_worker: MakeWorker
) -> None:
    clock, go_on = Clock(), asyncio.Event()
    slow = await connect(connections, receiver, clock, "/slow")
    await connect(connections, receiver, clock, "/fast")
    waiting = most = 0

    async def answer(post: Post) -> web.Response:
        nonlocal waiting, most
        if post.path == "/slow":
            waiting += 1
            most = max(most, waiting)
            try:
                await go_on.wait()
            finally:
                # Also when the worker has given up waiting.
                waiting -= 1
        return web.Response(status=200)

    receiver.answer = answer
    for _ in range(AT_ONCE + 3):
        await put_out(database, await invite(database, clock()), clock())
    running = asyncio.create_task(make_worker(receiver.url, clock).run())
    async with asyncio.timeout(120):
        while len(receiver.at("/fast")) < AT_ONCE + 3:
            await asyncio.sleep(0.01)
    # The slow one has its own places, and no more. A moment is left for an attempt that was given up to be noticed.
    assert len(await rows_of(database, slow.id)) == AT_ONCE + 3
    assert 0 < most <= AT_ONCE + 1
    go_on.set()
    running.cancel()
    await asyncio.wait([running])


async def test_410_switches_a_connection_off_and_what_waits_goes_out_once_it_is_on_again(
    database: Database, receiver: Receiver, connections: Connections, make_worker: MakeWorker
) -> None:
    clock, status = Clock(), 410

    async def answer(post: Post) -> web.Response:
        return web.Response(status=status if post.path == "/hr" else 200)

    receiver.answer = answer
    made = await connect(connections, receiver, clock, "/hr")
    interview_id = await invite(database, clock())
    for _ in range(2):
        await put_out(database, interview_id, clock())
    worker = make_worker(receiver.url, clock)
    await worker.deliver_due()
    found = await connections.get(made.id)
    assert found is not None
    assert (found.is_on, found.off_because) == (False, "gone")
    clock.pass_by(timedelta(days=30))
    await worker.deliver_due()
    assert len(receiver.at("/hr")) == 1
    # Nobody has switched it off, so that what happens meanwhile waits for it.
    await put_out(database, interview_id, clock())
    assert [row.dead for row in await rows_of(database, made.id)] == [True, False, False]
    status = 200
    found = await connections.switch(made.id, True)
    assert (found.is_on, found.off_because) == (True, None)
    await worker.deliver_due()
    await worker.deliver_due()
    first, second, third = await rows_of(database, made.id)
    assert receiver.at("/hr") == [first.id, second.id, third.id]
    assert await Outbox(database).replay(schema.outbox.c.id == first.id, clock()) == 1
    await worker.deliver_due()
    assert receiver.at("/hr") == [first.id, second.id, third.id, first.id]
    assert not any(row.dead for row in await rows_of(database, made.id))
    # A person has: nothing is written for it.
    await connections.switch(made.id, False)
    await put_out(database, interview_id, clock())
    assert len(await rows_of(database, made.id)) == 3


async def test_what_waits_for_its_next_attempt_need_not_wait_once_the_system_is_mended(
    database: Database, receiver: Receiver, connections: Connections, make_worker: MakeWorker
) -> None:
    clock, statuses = Clock(), [503, 503, 200]

    async def answer(post: Post) -> web.Response:
        return web.Response(status=statuses.pop(0) if post.path == "/hr" else 200)

    receiver.answer = answer
    made = await connect(connections, receiver, clock, "/hr")
    await put_out(database, await invite(database, clock()), clock())
    worker, theirs = make_worker(receiver.url, clock), schema.outbox.c.destination == made.id
    await worker.deliver_due()
    clock.pass_by(timedelta(seconds=6))
    await worker.deliver_due()
    assert await Outbox(database).replay(theirs, clock()) == 1
    await worker.deliver_due()
    [row] = await rows_of(database, made.id)
    assert receiver.at("/hr") == [row.id] * 3
    # Sent by a person, it begins anew with its attempts.
    assert (statuses, row.attempts, row.delivered_at is not None) == ([], 1, True)


async def test_a_system_that_is_down_for_a_day_gets_everything_in_order_when_it_is_back(
    database: Database, receiver: Receiver, connections: Connections, make_worker: MakeWorker
) -> None:
    clock, is_up = Clock(), False

    async def answer(post: Post) -> web.Response:
        return web.Response(status=200 if is_up or post.path == "/reports" else 503)

    receiver.answer = answer
    made = await connect(connections, receiver, clock, "/hr")
    worker = make_worker(receiver.url, clock)
    interviews = [await invite(database, clock()) for _ in range(3)]
    for hour in range(24):
        clock.pass_by(timedelta(hours=1))
        if hour % 8 == 0:
            for interview_id in interviews:
                await put_out(database, interview_id, clock(), note=str(hour))
        await worker.deliver_due()
    is_up = True
    before = len(receiver.posts)
    for _ in range(8):
        clock.pass_by(timedelta(hours=6))
        await worker.deliver_due()
    rows = await rows_of(database, made.id)
    assert all(row.delivered_at for row in rows)
    after = [post.headers["webhook-id"] for post in receiver.posts[before:] if post.path == "/hr"]
    assert sorted(after) == sorted(row.id for row in rows), "each once, now that it is up"
    for interview_id in interviews:
        ours = [row.id for row in rows if row.interview_id == interview_id]
        assert [one for one in after if one in ours] == ours
    # The built-in records had everything at once.
    assert len(receiver.at("/reports")) == 9


async def test_what_a_system_took_although_it_said_nothing_comes_again_under_the_same_id(
    database: Database, receiver: Receiver, connections: Connections, make_worker: MakeWorker
) -> None:
    clock, applied = Clock(), set[str]()

    async def answer(post: Post) -> web.Response:
        is_new = post.headers["webhook-id"] not in applied
        applied.add(post.headers["webhook-id"])
        if is_new and post.path == "/hr":
            await asyncio.sleep(1)
        return web.Response(status=200)

    receiver.answer = answer
    made = await connect(connections, receiver, clock, "/hr")
    await put_out(database, await invite(database, clock()), clock())
    worker = make_worker(receiver.url, clock)
    await worker.deliver_due()
    [row] = await rows_of(database, made.id)
    assert (row.last_error, row.delivered_at) == ("timeout", None)
    clock.pass_by(DELAYS[0] * (1 + JITTER))
    await worker.deliver_due()
    assert receiver.at("/hr") == [row.id] * 2
    assert len(applied) == 2, "the report, here and at the built-in records"


async def test_every_attempt_is_in_the_log_with_its_time_and_its_answer(
    database: Database, receiver: Receiver, connections: Connections, make_worker: MakeWorker
) -> None:
    clock, statuses = Clock(), [500, 302, 204]

    async def answer(post: Post) -> web.Response:
        return web.Response(status=statuses.pop(0) if post.path == "/hr" else 200, headers={"Location": "/away"})

    receiver.answer = answer
    made = await connect(connections, receiver, clock, "/hr")
    await put_out(database, await invite(database, clock()), clock())
    worker = make_worker(receiver.url, clock)
    for _ in range(3):
        await worker.deliver_due()
        clock.pass_by(timedelta(minutes=6))
    async with database.read() as connection:
        query = sa.select(deliveries).where(deliveries.c.destination == made.id).order_by(deliveries.c.id)
        log = (await connection.execute(query)).all()
    [row] = await rows_of(database, made.id)
    assert [(one.status, one.error) for one in log] == [(500, "HTTP 500"), (302, "HTTP 302"), (204, "")]
    assert {one.outbox_id for one in log} == {row.id}
    assert [one.at for one in log] == sorted(one.at for one in log)
    assert all(one.duration_ms >= 0 for one in log)
    assert receiver.at("/away") == []


@pytest.mark.parametrize("status", [200, 503])
async def test_what_a_system_calls_ours_is_kept_and_comes_with_the_next_message(
    database: Database, receiver: Receiver, connections: Connections, make_worker: MakeWorker, status: int
) -> None:
    """503: the first of the attempt's calls made something there, and another failed."""
    clock = Clock()

    async def answer(post: Post) -> web.Response:
        return web.json_response({"learned": {"interview": "theirs-7", "nonsense": "x"}}, status=status)

    receiver.answer = answer
    made = await connect(connections, receiver, clock, "/hr")
    interview_id = await invite(database, clock())
    worker = make_worker(receiver.url, clock)
    await put_out(database, interview_id, clock())
    for _ in range(2):
        await worker.deliver_due()
        status = 200
        await put_out(database, interview_id, clock())
        clock.pass_by(timedelta(minutes=1))
    first, second = (post for post in receiver.posts if post.path == "/hr")
    assert "id-interview" not in first.headers
    assert second.headers["id-interview"] == "theirs-7"
    async with database.read() as connection:
        rows = (await connection.execute(sa.select(remote_ids))).all()
    assert [(row.system, row.kind, row.local_id) for row in rows] == [(made.id, "interview", interview_id)]


@pytest.mark.parametrize(("status", "told"), [(200, "sent"), (410, "failed")])
async def test_the_records_hear_whether_what_they_ordered_has_got_there(
    database: Database, receiver: Receiver, connections: Connections, make_worker: MakeWorker, status: int, told: str
) -> None:
    clock = Clock()

    async def answer(post: Post) -> web.Response:
        return web.Response(status=status)

    receiver.answer = answer
    made = await connect(connections, receiver, clock, "/hr")
    body = {"type": "follow_up.ordered", "timestamp": clock().isoformat(), "data": {"follow_up_id": "f1"}}
    order = OutboxMessage("msg_1", None, "follow_up.ordered", body, "a1", destination=made.id)
    async with database.begin() as connection:
        await enqueue(connection, [order], clock())
    await make_worker(receiver.url, clock).deliver_due()
    [item] = await Inbox(database).claim(clock())
    [returned] = decode(item.body)
    assert isinstance(returned, FollowUpReturned)
    assert (item.source, returned.follow_up_id, returned.status) == (made.id, "f1", told)


async def test_a_connector_with_a_fault_of_its_own_fails_alone(
    database: Database,
    receiver: Receiver,
    connections: Connections,
    make_worker: MakeWorker,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock = Clock()
    made = await connect(connections, receiver, clock, "/hr")
    broken = await connections.connector(made.id)
    monkeypatch.setattr(broken, "url", None)
    await put_out(database, await invite(database, clock()), clock())
    assert await make_worker(receiver.url, clock).deliver_due() == 2
    [row] = await rows_of(database, made.id)
    assert (row.last_error, row.dead) == ("TypeError", False)
    assert len(receiver.at("/reports")) == 1


async def test_a_message_whose_lease_ran_out_is_another_workers_and_the_late_failure_counts_for_nothing(
    database: Database, receiver: Receiver, connections: Connections, make_worker: MakeWorker
) -> None:
    clock, go_on = Clock(), asyncio.Event()

    async def answer(post: Post) -> web.Response:
        if len(receiver.posts) == 1:
            await go_on.wait()
            return web.Response(status=500)
        return web.Response(status=200)

    receiver.answer = answer
    message_id = await put_out(database, await invite(database, clock()), clock())
    late = asyncio.create_task(make_worker(receiver.url, clock).deliver_due())
    while not receiver.posts:
        await asyncio.sleep(0.01)
    clock.pass_by(timedelta(seconds=LEASE_SECONDS + 1))
    assert await make_worker(receiver.url, clock).deliver_due() == 1
    go_on.set()
    await late
    async with database.read() as connection:
        row = (await connection.execute(sa.select(schema.outbox))).one()
    assert (row.id, row.last_error, row.dead) == (message_id, None, False)
    assert row.delivered_at is not None


async def test_the_records_do_not_hear_of_a_late_failure_of_what_another_worker_has_delivered(
    database: Database, receiver: Receiver, connections: Connections, make_worker: MakeWorker
) -> None:
    clock = Clock()
    made = await connect(connections, receiver, clock, "/hr")
    body = {"type": "follow_up.ordered", "timestamp": clock().isoformat(), "data": {"follow_up_id": "f1"}}
    order = OutboxMessage("msg_1", None, "follow_up.ordered", body, "a1", destination=made.id)
    async with database.begin() as connection:
        await enqueue(connection, [order], clock())
    [late] = await Outbox(database).claim(clock(), destination=made.id)
    clock.pass_by(timedelta(seconds=LEASE_SECONDS + 1))
    assert await make_worker(receiver.url, clock).deliver_due() == 1
    failed = Sent("HTTP 400", status=400, final=True)
    await record(database, late, failed, Attempt(clock(), 1, 400, failed.error), None, clock())
    returned = [decode(item.body)[0] for item in await Inbox(database).claim(clock())]
    assert [one.status for one in returned if isinstance(one, FollowUpReturned)] == ["sent"]


async def test_a_connector_that_cannot_be_made_stops_no_other_destination(
    database: Database,
    receiver: Receiver,
    connections: Connections,
    make_worker: MakeWorker,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Broken(Plain):
        def __init__(self, settings: BaseModel, secrets: BaseModel, client: SafeClient) -> None:
            raise KeyError("url")

    clock = Clock()
    made = await connect(connections, receiver, clock, "/hr")
    monkeypatch.setattr(connections, "kinds", {"plain": Broken})
    await put_out(database, await invite(database, clock()), clock())
    assert await make_worker(receiver.url, clock).deliver_due() == 1
    assert len(receiver.at("/reports")) == 1
    [row] = await rows_of(database, made.id)
    assert (row.attempts, row.dead) == (0, False)
