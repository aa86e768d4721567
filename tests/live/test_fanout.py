"""Who is behind gets what still counts: newer words instead of older ones, every event, an end when it is too much."""

from __future__ import annotations

from server.interview.events import AnswerDrafted, InterviewEvent
from server.live.fanout import Gap, Subscription
from server.live.messages import LiveEvent, LiveMessage, Signal
from tests.live.conftest import INTERVIEW, NOW


def words(number: int, interview_id: str = INTERVIEW) -> Signal:
    return Signal(interview_id, "transcript", 1, {"number": number})


def event(seq: int) -> LiveEvent:
    return LiveEvent(INTERVIEW, InterviewEvent(seq, NOW, 0, AnswerDrafted("story", "")))


async def read(subscription: Subscription) -> list[LiveMessage | Gap]:
    subscription.end()
    return [item async for item in subscription]


async def test_of_words_that_wait_only_the_newest_are_read_and_in_their_place() -> None:
    subscription = Subscription()
    other = words(9, "b" * 32)
    sent: list[LiveMessage] = [words(1), other, event(2), words(2), event(3), words(3)]
    for item in sent:
        subscription.offer(item)
    assert await read(subscription) == [other, event(2), event(3), words(3)]


async def test_words_that_were_read_make_no_room_for_nothing() -> None:
    subscription = Subscription()
    reading = aiter(subscription)
    for number in range(3):
        subscription.offer(words(number))
        assert await anext(reading) == words(number)
    subscription.offer(words(4))
    subscription.end()
    assert [item async for item in reading] == [words(4)]


async def test_scores_and_events_are_never_left_out() -> None:
    subscription = Subscription()
    scores = [Signal(INTERVIEW, "scores", 1, {"answers": [number]}) for number in range(3)]
    sent: list[LiveMessage] = [*scores, event(2), event(3)]
    for item in sent:
        subscription.offer(item)
    assert await read(subscription) == sent


async def test_a_long_speech_never_ends_a_stalled_stream_but_events_do() -> None:
    subscription = Subscription(length=10)
    for number in range(1000):
        subscription.offer(words(number))
    assert await read(subscription) == [words(999)]
    full = Subscription(length=10)
    for seq in range(1, 12):
        full.offer(event(seq))
    assert await read(full) == []
