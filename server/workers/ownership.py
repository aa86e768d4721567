"""Each interview has one owner among the workers of a machine: claimed, kept and released through Redis."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Iterable
from contextlib import suppress
from dataclasses import asdict, replace
from typing import cast

from redis.asyncio import Redis
from redis.exceptions import RedisError

from server.cancellation import heed_cancellation
from server.workers.directory import Directory, Heartbeat
from server.workers.place import Place

log = logging.getLogger(__name__)

BEAT_SECONDS = 1.0
LEASE_SECONDS = 3.0
"""A heartbeat's life in Redis. One that hangs is given up this much and three beats later; a dead one at once."""
ANSWER_SECONDS = 1.0
UNUSED_BEATS = 10
"""Beats before a claim nobody made use of is given back."""
KEPT_SECONDS = 3600
"""How long a run's table outlives its last worker."""

# Redis runs a script as one step: two workers never both claim.
CLAIM = """
local owner = redis.call('HGET', KEYS[1], ARGV[1])
if owner and owner ~= ARGV[3] then return owner end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
return ARGV[2]
"""
RELEASE = """
if redis.call('HGET', KEYS[1], ARGV[1]) == ARGV[2] then redis.call('HDEL', KEYS[1], ARGV[1]) end
"""

# Of what is counted for all workers, and of all machines on the same Redis: each entry is a moment in milliseconds.
TAKE = """
local now = redis.call('TIME')
local at, most, window = now[1] * 1000 + now[2] / 1000, tonumber(ARGV[1]), tonumber(ARGV[2])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', at - window)
local taken = redis.call('ZCARD', KEYS[1])
if taken >= most then
  local oldest = redis.call('ZRANGE', KEYS[1], taken - most, taken - most, 'WITHSCORES')
  return math.max(1, math.ceil(oldest[2] + window - at))
end
redis.call('ZADD', KEYS[1], at, now[1] .. ':' .. now[2] .. ':' .. taken)
redis.call('PEXPIRE', KEYS[1], window)
return 0
"""

AWAY = (RedisError, OSError, TimeoutError)


class OwnedElsewhere(Exception):
    """Another worker of this machine owns the interview: the request is its to answer."""

    def __init__(self, interview_id: str, worker: str) -> None:
        super().__init__(f"interview {interview_id} belongs to worker {worker}")
        self.interview_id = interview_id
        self.worker = worker


class Ownership:
    """One worker's view. While Redis is away the last known owners count; the log keeps even two owners consistent.

    The keys hold the supervisor's run: workers of other machines, and of a run before, have tables of their own.
    """

    def __init__(self, place: Place, redis_url: str) -> None:
        self.place = place
        self.private = place.listen_privately()
        """Listens from the start, so that no sibling ever takes this worker for dead; served once the app runs."""
        self.directory = Directory(place.worker)
        self._redis = Redis.from_url(
            redis_url,
            decode_responses=True,
            socket_connect_timeout=ANSWER_SECONDS,
            socket_timeout=ANSWER_SECONDS,
        )
        self._owners = f"interviews:run:{place.run}:owners"
        self._heartbeats = [f"interviews:run:{place.run}:worker:{number}" for number in range(place.count)]
        self._reachable = True
        self._duties: set[str] = set()
        self._unused: Counter[str] = Counter()
        self._cpu = 0.0
        self._measured = (time.monotonic(), time.process_time())

    @property
    def own(self) -> str:
        """This worker's id."""
        return self.place.worker

    async def claim(self, interview_id: str, *, for_own: bool = False) -> None:
        """Returns when this worker owns the interview. Raises OwnedElsewhere.

        One that nobody owns goes to the worker with the least load, or to this one with for_own.
        """
        owner = await self._owner(interview_id, self.own if for_own else self.directory.least_loaded())
        self.directory.claimed(interview_id, owner)
        if owner != self.own:
            raise OwnedElsewhere(interview_id, owner)

    async def claim_duty(self, name: str) -> None:
        """Returns when this worker is the one that does this for all of them. Raises OwnedElsewhere.

        What is counted in memory, such as failed sign-ins, must be counted in one place.
        """
        await self.claim(name, for_own=True)
        self._duties.add(name)

    async def take(self, name: str, most: int, window_s: float) -> float | None:
        """As `RateLimit.take`, counted for all workers; None while Redis is away: each counts for itself then."""
        if not self._reachable:
            return None
        try:
            script = self._redis.eval(TAKE, 1, f"interviews:taken:{name}", str(most), str(int(window_s * 1000)))
            return float(await cast(Awaitable[int], script)) / 1000
        except AWAY:
            return None

    async def look_up(self, interview_id: str) -> None:
        """Claims nothing. Raises OwnedElsewhere when another living worker owns the interview."""
        owner = self.directory.owner_of(interview_id)
        if self._reachable:
            with suppress(*AWAY):
                owner = await cast(Awaitable[str | None], self._redis.hget(self._owners, interview_id))
        if owner is not None and owner != self.own and not self.directory.gone(owner):
            raise OwnedElsewhere(interview_id, owner)

    async def seize(self, interview_id: str) -> None:
        """Owns it from now on, whoever did: two workers each believed that the other does."""
        self.directory.claimed(interview_id, self.own)
        with suppress(*AWAY):
            await self._redis.hset(self._owners, interview_id, self.own)

    async def release(self, interview_ids: Iterable[str]) -> None:
        """Gives back what this worker owns of these."""
        for interview_id in interview_ids:
            if self.directory.owner_of(interview_id) == self.own:
                self.directory.released(interview_id)
            self._unused.pop(interview_id, None)
            await self._give_back(interview_id, self.own)

    async def keep(
        self,
        held: Callable[[], Collection[str]],
        load: Callable[[], Heartbeat],
        drop: Callable[[list[str]], Awaitable[None]],
    ) -> None:
        """Runs until cancelled: tells the siblings that this worker lives, what it holds, and how loaded it is.

        held: the interviews with a session here. load: the heartbeat, but for the CPU. drop: ends sessions of
        interviews that another worker has taken over, as when this one was frozen.
        """
        while True:
            try:
                await self._beat({*held(), *self._duties}, load())
                if not self._reachable:
                    self._reachable = True
                    log.warning("Redis is back: interviews find their owners there again")
            except AWAY as error:
                if self._reachable:
                    self._reachable = False
                    log.warning("Redis is out of reach (%s): the last known owners count", type(error).__name__)
            heed_cancellation()
            self._duties = {name for name in self._duties if not self._is_lost(name)}
            lost = [interview_id for interview_id in held() if self._is_lost(interview_id)]
            if lost:
                log.warning("%d interviews were taken over by other workers", len(lost))
                await drop(lost)
            await asyncio.sleep(BEAT_SECONDS)

    async def close(self) -> None:
        """Gives everything back and says good-bye."""
        await self.release(self.directory.owned_by(self.own))
        with suppress(*AWAY):
            await self._redis.delete(self._heartbeats[self.place.number])
        await self._redis.aclose()

    def _is_lost(self, interview_id: str) -> bool:
        return self.directory.owner_of(interview_id) not in (self.own, None)

    async def _owner(self, interview_id: str, wanted: str) -> str:
        known = self.directory.owner_of(interview_id)
        if not self._reachable:
            return known or self.directory.by_hash(interview_id)
        try:
            # Redis may have restarted empty: then whoever was known to own it still does.
            owner = await self._claim_for(known or wanted, interview_id, instead_of="")
            while self.directory.gone(owner):
                # Word that the wanted one has died may come while Redis answers.
                heir = self.own if self.directory.gone(wanted) else wanted
                owner = await self._claim_for(heir, interview_id, instead_of=owner)
        except AWAY:
            return known or self.directory.by_hash(interview_id)
        return owner

    async def _claim_for(self, worker: str, interview_id: str, *, instead_of: str) -> str:
        script = self._redis.eval(CLAIM, 1, self._owners, interview_id, worker, instead_of)
        return await cast(Awaitable[str], script)

    async def _give_back(self, interview_id: str, worker: str) -> None:
        with suppress(*AWAY):
            await cast(Awaitable[None], self._redis.eval(RELEASE, 1, self._owners, interview_id, worker))

    async def _beat(self, held: Collection[str], beat: Heartbeat) -> None:
        beat = replace(beat, cpu=self._cpu_share())
        async with self._redis.pipeline(transaction=False) as pipe:
            own = self._heartbeats[self.place.number]
            pipe.set(own, json.dumps(asdict(beat)), px=int(LEASE_SECONDS * 1000))
            for interview_id in held:
                pipe.hsetnx(self._owners, interview_id, self.own)
            pipe.expire(self._owners, KEPT_SECONDS)
            pipe.mget(self._heartbeats)
            pipe.hgetall(self._owners)
            *_, heartbeats, owners = await pipe.execute()
        self.directory.refresh((Heartbeat(**json.loads(text)) for text in heartbeats if text), owners)
        await self._tidy(held, owners)

    async def _tidy(self, held: Collection[str], owners: dict[str, str]) -> None:
        mine = {interview_id for interview_id, owner in owners.items() if owner == self.own} - set(held)
        self._unused = Counter({interview_id: self._unused[interview_id] + 1 for interview_id in mine})
        await self.release([i for i, beats in self._unused.items() if beats >= UNUSED_BEATS])
        for interview_id, owner in owners.items():
            number, generation = owner.split(".")
            if int(number) == self.place.number and int(generation) < self.place.generation:
                # What a process of this number owned before it died; its next request takes it up anew.
                self.directory.released(interview_id)
                await self._give_back(interview_id, owner)

    def _cpu_share(self) -> float:
        """Smoothed over about five seconds."""
        now, used = time.monotonic(), time.process_time()
        before, used_before = self._measured
        self._measured = (now, used)
        if now > before:
            self._cpu += 0.2 * ((used - used_before) / (now - before) - self._cpu)
        return round(self._cpu, 3)
