"""Several processes: they see each other through Redis, and nothing breaks when it goes."""

from __future__ import annotations

import asyncio
import logging
import time

import pytest

from server.live.hub import REACH, Hub, Signal
from server.live.redis import UNSENT, RedisBroker
from server.storage.event_log import EventLog
from tests.live.conftest import INTERVIEW, Node, RedisServer
from tests.live.viewers import Viewer, signal, watching


async def test_a_viewer_of_another_process_sees_what_happens(two_nodes: tuple[Node, Node]) -> None:
    here, there = two_nodes
    async with watching(there.hub.follow(INTERVIEW)) as viewer:
        await viewer.until(lambda: viewer.seqs == [1])
        await asyncio.sleep(0.2)
        await here.write(3)
        await here.hub.publish_signal(signal(5))
        await viewer.until(lambda: viewer.seqs == [1, 2, 3, 4] and ("level", 5) in viewer.signals)


async def test_a_late_joiner_elsewhere_gets_the_last_signals(two_nodes: tuple[Node, Node], log: EventLog) -> None:
    here, there = two_nodes
    await here.hub.publish_signal(signal(1, "scores"))
    await asyncio.sleep(0.3)
    async with watching(there.hub.follow(INTERVIEW)) as viewer:
        await viewer.until(lambda: viewer.signals == [("scores", 1)])


async def test_a_restart_of_redis_loses_no_event(two_nodes: tuple[Node, Node], redis_server: RedisServer) -> None:
    here, there = two_nodes
    async with watching(there.hub.follow(INTERVIEW)) as viewer:
        await viewer.until(lambda: viewer.seqs == [1])
        await asyncio.sleep(0.2)
        redis_server.stop()
        await here.write(3)
        await asyncio.sleep(1.0)
        redis_server.start()
        # Nothing further happens: that something is missing must be noticed without a next event.
        await viewer.until(lambda: viewer.seqs == [1, 2, 3, 4], seconds=20)
        await here.write(1)
        await viewer.until(lambda: viewer.seqs == [1, 2, 3, 4, 5])


async def test_while_redis_is_away_nothing_fails_or_waits_and_it_is_said_once(
    log: EventLog, caplog: pytest.LogCaptureFixture
) -> None:
    broker = RedisBroker("redis://127.0.0.1:1/0")
    node = Node(Hub(broker, log), log, broker)
    caplog.set_level(logging.WARNING, "server.live.redis")
    await node.hub.open()
    async with asyncio.timeout(10):
        while broker.reachable:
            await asyncio.sleep(0.01)
    async with watching(node.hub.follow(INTERVIEW)) as viewer:
        await viewer.until(lambda: viewer.seqs == [1])
        began = time.monotonic()
        for n in range(UNSENT + 5):
            await node.hub.publish_signal(signal(n))
            if n % 100 == 0:
                await asyncio.sleep(0)
        assert time.monotonic() - began < 1
        await node.write(1)
        await viewer.until(lambda: viewer.seqs == [1, 2])
    await asyncio.sleep(1.5)
    await node.hub.close()
    assert broker.dropped > 0
    assert [record.message for record in caplog.records] == [
        "Redis is out of reach (ConnectionError): viewers of other processes lag"
    ]


async def test_a_frozen_redis_holds_nobody_up(two_nodes: tuple[Node, Node], redis_server: RedisServer) -> None:
    here, there = two_nodes
    await asyncio.sleep(0.3)
    redis_server.freeze()
    try:
        began = time.monotonic()
        await here.write(2)
        async with watching(here.hub.follow(INTERVIEW)) as viewer:
            await viewer.until(lambda: viewer.seqs == [1, 2, 3], seconds=3)
        assert time.monotonic() - began < 3
    finally:
        redis_server.thaw()
    async with watching(there.hub.follow(INTERVIEW)) as viewer:
        await viewer.until(lambda: viewer.seqs == [1, 2, 3])


async def test_foreign_messages_on_the_channel_are_passed_over(
    two_nodes: tuple[Node, Node], redis_server: RedisServer
) -> None:
    here, there = two_nodes
    assert isinstance(here.broker, RedisBroker)
    async with watching(there.hub.follow(INTERVIEW)) as viewer:
        await viewer.until(lambda: viewer.seqs == [1])
        await asyncio.sleep(0.2)
        for nonsense in ("", "nonsense", "[]", '{"signal": {}}'):
            await here.broker._redis.publish("interviews:live", nonsense)
        await here.write(1)
        await viewer.until(lambda: viewer.seqs == [1, 2])


async def test_work_that_swallows_its_cancellation_is_not_begun_again() -> None:
    broker, began = RedisBroker("redis://127.0.0.1:1/0"), asyncio.Event()

    async def work() -> None:
        began.set()
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            raise ConnectionError from None  # As redis-py does while it connects.

    task = asyncio.create_task(broker._keep(work))
    await began.wait()
    task.cancel()
    _, unended = await asyncio.wait([task], timeout=5)
    assert not unended
    await broker.close()


async def test_while_redis_is_away_viewers_are_told_and_read_what_others_write_from_the_log(
    two_nodes: tuple[Node, Node], redis_server: RedisServer
) -> None:
    here, there = two_nodes
    async with watching(there.hub.follow(INTERVIEW)) as viewer, watching(there.hub.follow_all()) as wall:
        await viewer.until(lambda: viewer.seqs == [1])
        await asyncio.sleep(0.2)
        redis_server.stop()
        await viewer.until(lambda: reaches(viewer) == [True] and reaches(wall)[-1:] == [True])
        await here.write(2)
        await viewer.until(lambda: viewer.seqs == [1, 2, 3])
        # The wall reads everything anew at each of these.
        before = len(reaches(wall))
        await wall.until(lambda: len(reaches(wall)) > before)
        async with watching(there.hub.follow(INTERVIEW, 3)) as late:
            await late.until(lambda: reaches(late) == [True])
        redis_server.start()
        await viewer.until(lambda: reaches(viewer) == [True, False] and reaches(wall)[-1] is False)
        await here.write(1)
        await viewer.until(lambda: viewer.seqs == [1, 2, 3, 4] and wall.seqs[-1:] == [4])


def reaches(viewer: Viewer) -> list[object]:
    """Whether news were limited, as the viewer has been told."""
    return [one.data["limited"] for one in viewer.seen if isinstance(one, Signal) and one.type == REACH]
