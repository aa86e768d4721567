"""The broker of several processes: Redis carries live messages between them, and loses nothing that matters."""

from __future__ import annotations

import asyncio
import json
import logging
import uuid
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractContextManager
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import RedisError

from server.cancellation import heed_cancellation
from server.live.fanout import Fanout, Subscription
from server.live.messages import LiveMessage, Signal, from_text, signal_json, to_text

log = logging.getLogger(__name__)

CHANNEL = "interviews:live"
SIGNALS_KEY = "interviews:signals:"
SIGNALS_SECONDS = 3600
UNSENT = 1000
"""Messages kept while Redis is slow; beyond that the oldest go, and viewers elsewhere fill the gap from the log."""
CONNECT_SECONDS = 2.0
ANSWER_SECONDS = 1.0
RETRY_SECONDS = 0.5
LISTEN_SECONDS = 1.0
CHECK_SECONDS = 5
LOOK_SECONDS = 3.0
"""How often viewers look into the log for what other processes have written, while Redis is away."""


class RedisBroker:
    """Delivers to viewers here at once and to those of other processes through Redis.

    Publishing never waits: a task sends what is queued. While Redis is down interviews and their viewers here go on,
    and every viewer's stream gets a Gap now and then, and one when it is back, upon which the hub reads the log.
    """

    def __init__(self, url: str) -> None:
        self._redis = Redis.from_url(
            url,
            decode_responses=True,
            socket_connect_timeout=CONNECT_SECONDS,
            socket_timeout=CHECK_SECONDS,
            health_check_interval=CHECK_SECONDS,
        )
        self._sender = uuid.uuid4().hex
        self._fanout = Fanout()
        self._unsent: deque[LiveMessage] = deque(maxlen=UNSENT)
        self._wake = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self.reachable = True
        """Whether Redis answered when it was last spoken to, by sending and by listening."""
        self._lost: set[str] = set()
        self.dropped = 0
        """Messages that never left this process."""
        self._told_dropped = 0

    async def open(self) -> None:
        """Starts sending and listening; Redis may come later."""
        self._tasks = [
            asyncio.create_task(self._keep(self._send), name="redis-send"),
            asyncio.create_task(self._keep(self._listen), name="redis-listen"),
            asyncio.create_task(self._look(), name="redis-away"),
        ]

    async def close(self) -> None:
        """Ends every stream and the connection."""
        self._fanout.end()
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)
        await self._redis.aclose()

    def end_streams(self) -> None:
        """Ends every stream; publishing goes on."""
        self._fanout.end()

    def publish(self, message: LiveMessage) -> None:
        """Delivers here at once, elsewhere soon."""
        self._fanout.deliver(message)
        if len(self._unsent) == UNSENT:
            self.dropped += 1
        self._unsent.append(message)
        self._wake.set()

    def subscribe(self, interview_id: str | None) -> AbstractContextManager[Subscription]:
        """A stream of one interview, or of all with None."""
        return self._fanout.subscribe(interview_id)

    async def last_signals(self, interview_id: str) -> list[Signal]:
        """The last signal of each type, from whichever process; from this one alone while Redis is away."""
        kept: Mapping[Any, Any] | None = None
        if not self.reachable:
            return self._fanout.last_signals(interview_id)  # A page may ask for hundreds, one after the other.
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                kept = await self._redis.hgetall(SIGNALS_KEY + interview_id)
        except (RedisError, OSError, TimeoutError):
            pass
        heed_cancellation()
        if kept is None:
            return self._fanout.last_signals(interview_id)
        return [Signal(**json.loads(text)) for text in kept.values()]

    def forget(self, interview_id: str) -> None:
        """Drops the interview's last signals here; Redis lets them expire."""
        self._fanout.forget(interview_id)

    async def _keep(self, work: Callable[[], Awaitable[None]]) -> None:
        """Runs a task's work again whenever Redis goes away; says so once."""
        while True:
            try:
                await work()
            except (RedisError, OSError, TimeoutError) as error:
                self._fails(work.__name__, error)
                heed_cancellation()
            await asyncio.sleep(RETRY_SECONDS)

    def _fails(self, work: str, error: Exception) -> None:
        self._lost.add(work)
        if self.reachable:
            self.reachable = False
            log.warning("Redis is out of reach (%s): viewers of other processes lag", type(error).__name__)
            self._fanout.gap()

    def _works(self, work: str) -> None:
        self._lost.discard(work)
        if not self.reachable and not self._lost:
            self.reachable = True
            log.warning("Redis is back")
            self._fanout.gap()

    async def _look(self) -> None:
        """While Redis is away the log is the only way to what other processes do."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            if not self.reachable:
                self._fanout.gap()

    async def _send(self) -> None:
        while True:
            # What could not be sent is told of at once: nothing else may happen for long.
            while self._unsent or self._told_dropped != self.dropped:
                if self._told_dropped != self.dropped:
                    dropped = self.dropped
                    await self._redis.publish(CHANNEL, json.dumps({"sender": self._sender, "gap": True}))
                    self._told_dropped = dropped
                    continue
                message = self._unsent.popleft()
                try:
                    await self._send_one(message)
                except (RedisError, OSError, TimeoutError):
                    self.dropped += 1
                    raise
                self._works(self._send.__name__)
            self._wake.clear()
            await self._wake.wait()

    async def _send_one(self, message: LiveMessage) -> None:
        async with self._redis.pipeline(transaction=False) as pipe:
            pipe.publish(CHANNEL, to_text(message, self._sender))
            if isinstance(message, Signal):
                key = SIGNALS_KEY + message.interview_id
                pipe.hset(key, message.type, json.dumps(signal_json(message), ensure_ascii=False))
                pipe.expire(key, SIGNALS_SECONDS)
            await pipe.execute()

    async def _listen(self) -> None:
        async with self._redis.pubsub() as pubsub:
            await pubsub.subscribe(CHANNEL)
            self._lost.clear()  # Whether sending works too is seen with the next message.
            self._works(self._listen.__name__)
            # Whatever was said while nobody listened is missing here.
            self._fanout.gap()
            while True:
                received = await pubsub.get_message(ignore_subscribe_messages=True, timeout=LISTEN_SECONDS)
                if received is not None:
                    self._take(received["data"])

    def _take(self, text: str) -> None:
        try:
            if json.loads(text).get("gap"):
                self._fanout.gap()
                return
            sender, message = from_text(text)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            log.warning("a live message could not be read (%s)", type(error).__name__)
            return
        if sender != self._sender:
            self._fanout.deliver(message)
