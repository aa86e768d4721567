"""The worker against a real receiver: retries, order, dead letters, and a death between sending and noting it."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from aiohttp import web
from standardwebhooks import Webhook

from server.delivery.connector import Sent
from server.delivery.worker import DELAYS, JITTER, next_attempt
from server.storage import schema
from server.storage.database import Database
from server.storage.outbox import LEASE_SECONDS, Outbox
from tests.delivery.conftest import SECRET, Clock, MakeWorker, Post, Receiver, invite, put_out


async def stored(database: Database, message_id: str) -> sa.Row[tuple[object, ...]]:
    """The row as it stands."""
    async with database.read() as connection:
        return (await connection.execute(sa.select(schema.outbox).where(schema.outbox.c.id == message_id))).one()


def answering(*statuses: int, headers: dict[str, str] | None = None):  # type: ignore[no-untyped-def]
    """Answers with these statuses, one after the other, the last one for ever."""
    left = list(statuses)

    async def answer(post: Post) -> web.Response:
        status = left.pop(0) if len(left) > 1 else left[0]
        return web.Response(status=status, headers=headers if status >= 300 else None)

    return answer


async def test_a_report_arrives_signed_and_is_not_sent_again(
    database: Database, receiver: Receiver, make_worker: MakeWorker
) -> None:
    clock = Clock()
    message_id = await put_out(database, await invite(database, clock()), clock())
    worker = make_worker(receiver.url, clock)
    assert await worker.deliver_due() == 1
    assert await worker.deliver_due() == 0
    [post] = receiver.posts
    body = Webhook(SECRET).verify(post.body, dict(post.headers))
    assert body == {"type": "report.ready", "timestamp": clock().isoformat(), "data": {"note": "哈"}}
    assert post.headers["webhook-id"] == message_id
    assert (await stored(database, message_id)).delivered_at == clock()


async def test_after_a_500_the_same_message_comes_again_five_seconds_later(
    database: Database, receiver: Receiver, make_worker: MakeWorker
) -> None:
    clock = Clock()
    receiver.answer = answering(500, 200)
    message_id = await put_out(database, await invite(database, clock()), clock())
    worker = make_worker(receiver.url, clock)
    await worker.deliver_due()
    row = await stored(database, message_id)
    assert (row.last_error, row.delivered_at, row.dead) == ("HTTP 500", None, False)
    clock.pass_by(timedelta(seconds=4.9))
    assert await worker.deliver_due() == 0
    clock.pass_by(DELAYS[0] * JITTER + timedelta(seconds=0.2))
    assert await worker.deliver_due() == 1
    first, second = receiver.posts
    assert first.headers["webhook-id"] == second.headers["webhook-id"] == message_id
    assert first.body == second.body
    assert (await stored(database, message_id)).delivered_at == clock()


async def test_an_hr_system_that_is_down_for_days_gets_ten_attempts_and_then_a_dead_letter(
    database: Database, receiver: Receiver, make_worker: MakeWorker
) -> None:
    clock = Clock()
    receiver.answer = answering(503)
    message_id = await put_out(database, await invite(database, clock()), clock())
    worker = make_worker(receiver.url, clock)
    for delay in (timedelta(), *DELAYS):
        clock.pass_by(delay * (1 + JITTER))
        assert await worker.deliver_due() == 1
    clock.pass_by(timedelta(days=30))
    assert await worker.deliver_due() == 0
    assert len(receiver.posts) == 10
    assert (await stored(database, message_id)).dead


async def test_410_makes_a_dead_letter_at_once(database: Database, receiver: Receiver, make_worker: MakeWorker) -> None:
    clock = Clock()
    receiver.answer = answering(410)
    message_id = await put_out(database, await invite(database, clock()), clock())
    worker = make_worker(receiver.url, clock)
    await worker.deliver_due()
    clock.pass_by(timedelta(days=30))
    assert await worker.deliver_due() == 0
    row = await stored(database, message_id)
    assert (row.dead, row.last_error) == (True, "HTTP 410")


async def test_429_waits_as_long_as_it_asks(database: Database, receiver: Receiver, make_worker: MakeWorker) -> None:
    clock = Clock()
    receiver.answer = answering(429, 200, headers={"Retry-After": "90"})
    message_id = await put_out(database, await invite(database, clock()), clock())
    worker = make_worker(receiver.url, clock)
    await worker.deliver_due()
    clock.pass_by(timedelta(seconds=89))
    assert await worker.deliver_due() == 0
    clock.pass_by(timedelta(seconds=2))
    assert await worker.deliver_due() == 1
    assert (await stored(database, message_id)).delivered_at is not None


async def test_a_redirect_is_neither_followed_nor_believed(
    database: Database, receiver: Receiver, make_worker: MakeWorker
) -> None:
    clock = Clock()
    receiver.answer = answering(302, headers={"Location": "/elsewhere"})
    message_id = await put_out(database, await invite(database, clock()), clock())
    await make_worker(receiver.url, clock).deliver_due()
    assert [post.path for post in receiver.posts] == ["/reports"]
    assert (await stored(database, message_id)).last_error == "HTTP 302"


async def test_a_receiver_that_is_not_there_or_says_nothing_is_tried_again(
    database: Database, receiver: Receiver, make_worker: MakeWorker
) -> None:
    clock = Clock()
    done = asyncio.Event()

    async def silent(post: Post) -> web.Response:
        await done.wait()
        return web.Response(status=204)

    receiver.answer = silent
    message_id = await put_out(database, await invite(database, clock()), clock())
    await make_worker(receiver.url, clock, timeout_s=0.1).deliver_due()
    done.set()
    assert (await stored(database, message_id)).last_error == "timeout"
    clock.pass_by(timedelta(seconds=6))
    await make_worker("http://127.0.0.1:9/reports", clock).deliver_due()
    row = await stored(database, message_id)
    assert (row.last_error, row.attempts, row.dead) == ("ClientConnectorError", 2, False)


async def test_order_is_kept_within_an_interview_and_another_one_is_not_held_up(
    database: Database, receiver: Receiver, make_worker: MakeWorker
) -> None:
    clock = Clock()
    ours, other = await invite(database, clock()), await invite(database, clock())
    first, second = [await put_out(database, ours, clock()) for _ in range(2)]
    theirs = await put_out(database, other, clock())

    async def first_fails(post: Post) -> web.Response:
        return web.Response(status=500 if len(receiver.posts) <= 2 and post.headers["webhook-id"] == first else 200)

    receiver.answer = first_fails
    worker = make_worker(receiver.url, clock)
    await worker.deliver_due()
    assert {post.headers["webhook-id"] for post in receiver.posts} == {first, theirs}
    clock.pass_by(timedelta(seconds=6))
    await worker.deliver_due()
    await worker.deliver_due()
    assert [post.headers["webhook-id"] for post in receiver.posts[2:]] == [first, second]


async def test_one_slow_answer_does_not_hold_up_the_other_interviews(
    database: Database, receiver: Receiver, make_worker: MakeWorker
) -> None:
    clock = Clock()
    slow = await put_out(database, await invite(database, clock()), clock())
    answered, go_on = asyncio.Event(), asyncio.Event()

    async def answer(post: Post) -> web.Response:
        if post.headers["webhook-id"] == slow:
            await go_on.wait()
        else:
            answered.set()
        return web.Response(status=200)

    receiver.answer = answer
    running = asyncio.create_task(make_worker(receiver.url, clock).run())
    await put_out(database, await invite(database, clock()), clock())
    async with asyncio.timeout(5):
        await answered.wait()
    go_on.set()
    running.cancel()
    await asyncio.wait([running])


async def test_killed_between_sending_and_noting_it_the_same_id_is_sent_again(
    database: Database, receiver: Receiver, make_worker: MakeWorker
) -> None:
    clock = Clock()
    taken = asyncio.Event()

    async def take_and_hang(post: Post) -> web.Response:
        taken.set()
        await asyncio.Event().wait()
        raise AssertionError("unreachable")

    receiver.answer = take_and_hang
    message_id = await put_out(database, await invite(database, clock()), clock())
    dying = asyncio.create_task(make_worker(receiver.url, clock).run())
    async with asyncio.timeout(5):
        await taken.wait()
    dying.cancel()
    await asyncio.wait([dying])

    receiver.answer = answering(204)
    successor = make_worker(receiver.url, clock)
    assert await successor.deliver_due() == 0, "the lease of the dead worker holds"
    clock.pass_by(timedelta(seconds=LEASE_SECONDS + 1))
    assert await successor.deliver_due() == 1
    assert [post.headers["webhook-id"] for post in receiver.posts] == [message_id] * 2
    assert await Outbox(database).waiting() == 0


@pytest.mark.parametrize("attempt", range(len(DELAYS)))
def test_the_waits_are_those_of_the_standard_with_a_little_jitter(attempt: int) -> None:
    now = datetime(2026, 3, 1, tzinfo=UTC)
    failed = Sent("HTTP 500", 500)
    assert next_attempt(attempt, failed, now, 0) == now + DELAYS[attempt]
    assert next_attempt(attempt, failed, now, 1) == now + DELAYS[attempt] * (1 + JITTER)


def test_a_retry_after_shorter_than_the_schedule_does_not_shorten_it() -> None:
    now = datetime(2026, 3, 1, tzinfo=UTC)
    assert next_attempt(1, Sent("HTTP 429", 429, timedelta(seconds=1)), now, 0) == now + DELAYS[1]
