"""Following: everything once, in order, whoever is late, slow or cut off. With both brokers."""

from __future__ import annotations

import asyncio

import pytest

from server.live.fanout import QUEUE_LENGTH, Fanout, Gap, Subscription
from server.live.hub import Hub
from server.live.memory import MemoryBroker
from server.live.messages import LiveEvent, Signal, from_text, to_text
from server.live.wire import to_sse
from server.storage.event_log import EventLog
from tests.live.conftest import INTERVIEW, Node
from tests.live.viewers import signal, watching


async def test_a_viewer_sees_the_log_and_then_what_happens(node: Node) -> None:
    await node.write(2)
    async with watching(node.hub.follow(INTERVIEW)) as viewer:
        await viewer.until(lambda: viewer.seqs == [1, 2, 3])
        await node.write(2)
        await node.hub.publish_signal(signal(1))
        await viewer.until(lambda: viewer.seqs == [1, 2, 3, 4, 5] and viewer.signals == [("level", 1)])


async def test_a_viewer_who_comes_back_sees_only_what_is_new(node: Node) -> None:
    await node.write(3)
    async with watching(node.hub.follow(INTERVIEW, after_seq=3)) as viewer:
        await viewer.until(lambda: viewer.seqs == [4])


async def test_a_viewer_who_names_an_event_that_never_was_sees_everything(node: Node) -> None:
    async with watching(node.hub.follow(INTERVIEW, after_seq=999_999_999)) as viewer:
        await viewer.until(lambda: viewer.seqs == [1])
        await node.write(1)
        await viewer.until(lambda: viewer.seqs == [1, 2])


async def test_late_joiners_get_the_last_signal_of_each_type(node: Node) -> None:
    for n, type_name in enumerate(["level", "scores", "level"]):
        await node.hub.publish_signal(signal(n, type_name))
    await node.hub.publish_signal(signal(9, "level", "b" * 32))
    if not isinstance(node.broker, MemoryBroker):
        await asyncio.sleep(0.3)
    async with watching(node.hub.follow(INTERVIEW)) as viewer:
        await viewer.until(lambda: sorted(viewer.signals) == [("level", 2), ("scores", 1)])


async def test_what_was_not_published_is_filled_in_from_the_log(node: Node) -> None:
    async with watching(node.hub.follow(INTERVIEW)) as viewer:
        await viewer.until(lambda: viewer.seqs == [1])
        await node.write(3, publish=False)
        await node.write(1)
        await viewer.until(lambda: viewer.seqs == [1, 2, 3, 4, 5])


async def test_what_is_published_twice_is_seen_once(node: Node) -> None:
    async with watching(node.hub.follow(INTERVIEW)) as viewer:
        await viewer.until(lambda: viewer.seqs == [1])
        events = await node.write(2)
        await node.hub.publish_events(INTERVIEW, events)
        await node.write(1)
        await viewer.until(lambda: viewer.seqs[-1:] == [4])
        assert viewer.seqs == [1, 2, 3, 4]


async def test_joining_while_much_happens_loses_and_repeats_nothing(node: Node) -> None:
    async def write_much() -> None:
        for _ in range(60):
            await node.write()

    writer = asyncio.create_task(write_much())
    viewers = []
    async with asyncio.timeout(60):
        for _ in range(5):
            await asyncio.sleep(0.02)
            context = watching(node.hub.follow(INTERVIEW))
            viewers.append((context, await context.__aenter__()))
        await writer
        for context, viewer in viewers:
            await viewer.until(lambda viewer=viewer: viewer.seqs[-1:] == [61])  # type: ignore[misc]
            assert viewer.seqs == list(range(1, 62))
            await context.__aexit__(None, None, None)


async def test_the_wall_sees_every_interview_from_now_on(node: Node) -> None:
    await node.write(1)
    async with watching(node.hub.follow_all()) as wall:
        # Subscribed from some moment on, which nothing else tells.
        async with asyncio.timeout(30):
            while not wall.signals:
                await node.hub.publish_signal(signal(7, "level", "b" * 32))
                await asyncio.sleep(0.02)
        await node.write(1)
        await node.hub.publish_signal(signal(8, "level", "b" * 32))
        await wall.until(lambda: wall.seqs == [3] and ("level", 8) in wall.signals)
        assert wall.signals.count(("level", 8)) == 1
        assert set(wall.signals) == {("level", 7), ("level", 8)}


async def test_one_interviews_viewer_sees_nothing_of_another(node: Node) -> None:
    async with watching(node.hub.follow(INTERVIEW)) as viewer:
        await viewer.until(lambda: viewer.seqs == [1])
        await node.hub.publish_signal(signal(1, "level", "b" * 32))
        await node.hub.publish_signal(signal(2))
        await viewer.until(lambda: viewer.signals != [])
        assert viewer.signals == [("level", 2)]


async def test_closing_ends_every_stream(node: Node) -> None:
    async with watching(node.hub.follow(INTERVIEW)) as viewer, watching(node.hub.follow_all()) as wall:
        await viewer.until(lambda: viewer.seqs == [1])
        await node.hub.close()
        await viewer.until(lambda: viewer.ended and wall.ended)


async def test_a_viewer_who_is_too_slow_is_sent_away_and_others_are_not(log: EventLog) -> None:
    hub = Hub(MemoryBroker(), log)
    slow = hub.follow(INTERVIEW)
    assert isinstance(await anext(slow), LiveEvent)
    async with watching(hub.follow(INTERVIEW)) as quick:
        await quick.until(lambda: quick.seqs == [1])
        for n in range(QUEUE_LENGTH + 10):
            await hub.publish_signal(signal(n))
            if n % 100 == 0:
                await asyncio.sleep(0)
        await quick.until(lambda: quick.signals[-1:] == [("level", QUEUE_LENGTH + 9)])
        assert not quick.ended
    # Late joiners' last signal is still given; then the stream is over.
    assert len([message async for message in slow]) <= 1


async def test_a_gap_makes_a_viewer_read_the_log_and_the_wall_come_back() -> None:
    fanout = Fanout()
    with fanout.subscribe(None) as wall, fanout.subscribe(INTERVIEW) as viewer:
        fanout.gap()
        fanout.end()
        assert [item async for item in wall] == [item async for item in viewer] == [Gap.GAP]


async def test_a_stream_that_overflowed_gives_nothing_more() -> None:
    subscription = Subscription(length=2)
    for n in range(4):
        subscription.offer(signal(n))
    assert [item async for item in subscription] == []


def test_forgotten_interviews_have_no_last_signals() -> None:
    fanout = Fanout()
    fanout.deliver(signal(1))
    assert fanout.last_signals(INTERVIEW) == [signal(1)]
    fanout.forget(INTERVIEW)
    assert fanout.last_signals(INTERVIEW) == []


async def test_messages_cross_processes_unchanged(node: Node) -> None:
    [event] = await node.write(1)
    for message in (LiveEvent(INTERVIEW, event), Signal(INTERVIEW, "transcript", 3, {"words": ["对"], "n": None})):
        assert from_text(to_text(message, "me")) == ("me", message)


@pytest.mark.parametrize("text", ["", "[]", "1", "{}", '{"sender": "x"}', '{"sender": "x", "event": {}}'])
def test_nonsense_is_not_a_message(text: str) -> None:
    with pytest.raises((ValueError, KeyError, TypeError)):
        from_text(text)


async def test_pages_get_a_seq_with_stored_events_only(node: Node) -> None:
    [event] = await node.write(1)
    stored, perishable = to_sse(LiveEvent(INTERVIEW, event)), to_sse(signal(4))
    assert (stored.id, stored.event, stored.data["data"]) == (2, "AnswerDrafted", {"question_id": "q", "text": "2"})
    assert (perishable.id, perishable.event) == (None, "level")
    assert perishable.data == {"interview_id": INTERVIEW, "after_seq": 1, "n": 4}
