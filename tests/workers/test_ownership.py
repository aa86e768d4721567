"""Workers claim interviews through a real Redis, which may go, freeze and come back empty."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from server.workers.directory import Heartbeat
from server.workers.ownership import OwnedElsewhere, Ownership
from server.workers.place import Place
from tests.live.conftest import RedisServer
from tests.workers.conftest import eventually


@dataclass
class Node:
    """One worker, as far as Redis can tell. held: the interviews with a session here."""

    ownership: Ownership
    held: set[str] = field(default_factory=set)
    dropped: list[str] = field(default_factory=list)
    task: asyncio.Task[None] | None = None

    def begin(self) -> None:
        self.task = asyncio.create_task(self.ownership.keep(lambda: sorted(self.held), self._load, self._drop))

    async def end(self) -> None:
        if self.task is not None:
            self.task.cancel()
            await asyncio.wait((self.task,))

    async def takes(self, interview_id: str, *, for_own: bool = False) -> str:
        """Whose it is; kept when it is this one's."""
        try:
            await self.ownership.claim(interview_id, for_own=for_own)
        except OwnedElsewhere as elsewhere:
            return elsewhere.worker
        self.held.add(interview_id)
        return self.ownership.own

    def _load(self) -> Heartbeat:
        return Heartbeat(self.ownership.own, len(self.held))

    async def _drop(self, interview_ids: list[str]) -> None:
        self.dropped += interview_ids
        self.held -= set(interview_ids)
        await self.ownership.release(interview_ids)


@pytest.fixture
async def nodes(redis_server: RedisServer, short_folder: Path) -> AsyncIterator[list[Node]]:
    """Three workers that have heard of each other."""
    found = [
        Node(Ownership(Place("run", str(short_folder), number, 3, 0, (), -1), redis_server.url)) for number in range(3)
    ]
    for node in found:
        node.begin()
    await eventually(lambda: all(len(node.ownership.directory.living()) == 3 for node in found))
    yield found
    for node in found:
        await node.end()
        await node.ownership.close()
        node.ownership.private.close()


async def test_of_many_claims_at_once_one_holds(nodes: list[Node]) -> None:
    for number in range(20):
        owners = await asyncio.gather(*(node.takes(f"i{number}", for_own=True) for node in nodes * 3))
        assert len(set(owners)) == 1
        assert [f"i{number}" in node.held for node in nodes].count(True) == 1


async def test_new_interviews_go_to_the_least_loaded(nodes: list[Node]) -> None:
    nodes[0].held |= {"x", "y", "z"}
    nodes[1].held |= {"u"}
    await eventually(lambda: nodes[0].ownership.directory.least_loaded() == "2.0")
    assert await nodes[0].takes("new") == "2.0"
    assert await nodes[1].takes("new") == "2.0"


async def test_looking_up_claims_nothing(nodes: list[Node]) -> None:
    await nodes[0].ownership.look_up("a")
    await nodes[1].takes("a", for_own=True)
    await nodes[1].ownership.look_up("a")
    with pytest.raises(OwnedElsewhere):
        await nodes[0].ownership.look_up("a")


async def test_what_is_given_back_is_anybodys(nodes: list[Node]) -> None:
    assert await nodes[0].takes("a", for_own=True) == "0.0"
    nodes[0].held.clear()
    await nodes[0].ownership.release(["a"])
    assert await nodes[1].takes("a", for_own=True) == "1.0"
    # Nobody gives back what is another's.
    await nodes[0].ownership.release(["a"])
    assert await nodes[2].takes("a", for_own=True) == "1.0"


async def test_a_dead_owner_is_replaced_at_once(nodes: list[Node]) -> None:
    await nodes[0].takes("a", for_own=True)
    await nodes[0].end()
    assert await nodes[1].takes("a", for_own=True) == "0.0"
    nodes[1].ownership.directory.died("0.0")
    assert await nodes[1].takes("a", for_own=True) == "1.0"
    # Whoever believes in the dead one still hears of the new one.
    assert await nodes[2].takes("a") == "1.0"


async def test_one_that_dies_while_it_is_chosen_is_replaced(nodes: list[Node], monkeypatch: pytest.MonkeyPatch) -> None:
    chooser = nodes[0].ownership
    nodes[0].held |= {"x"}
    nodes[1].held |= {"y"}
    await eventually(lambda: chooser.directory.least_loaded() == "2.0")
    claim_for = chooser._claim_for

    async def word_comes_meanwhile(worker: str, interview_id: str, *, instead_of: str) -> str:
        chooser.directory.died("2.0")
        return await claim_for(worker, interview_id, instead_of=instead_of)

    monkeypatch.setattr(chooser, "_claim_for", word_comes_meanwhile)
    async with asyncio.timeout(3):
        assert await nodes[0].takes("new") == "0.0"


async def test_an_owner_that_hangs_is_given_up_and_lets_go_when_it_is_back(nodes: list[Node]) -> None:
    await nodes[0].takes("a", for_own=True)
    await nodes[0].end()  # Its socket still listens, as that of a frozen process does.
    began = time.monotonic()
    while await nodes[1].takes("a", for_own=True) == "0.0":
        await asyncio.sleep(0.1)
    assert time.monotonic() - began < 9
    nodes[0].begin()
    await eventually(lambda: nodes[0].dropped == ["a"])
    assert await nodes[2].takes("a") == "1.0"


async def test_without_redis_the_last_known_owners_count(nodes: list[Node], redis_server: RedisServer) -> None:
    await nodes[0].takes("a", for_own=True)
    await eventually(lambda: all(node.ownership.directory.owner_of("a") == "0.0" for node in nodes))
    redis_server.stop()
    for node in nodes:
        assert await node.takes("a", for_own=True) == "0.0"
    # One that nobody has goes to the same worker whoever is asked.
    assert len({await node.takes("new") for node in nodes}) == 1


async def test_a_frozen_redis_holds_nobody_up_for_long(nodes: list[Node], redis_server: RedisServer) -> None:
    await nodes[0].takes("a", for_own=True)
    await eventually(lambda: nodes[1].ownership.directory.owner_of("a") == "0.0")
    redis_server.freeze()
    try:
        began = time.monotonic()
        assert await nodes[1].takes("a") == "0.0"
        assert time.monotonic() - began < 3
        await eventually(lambda: not nodes[1].ownership._reachable)
        began = time.monotonic()
        assert await nodes[1].takes("a") == "0.0"
        assert time.monotonic() - began < 0.1
    finally:
        redis_server.thaw()


async def test_a_redis_that_comes_back_empty_is_told_again(nodes: list[Node], redis_server: RedisServer) -> None:
    await nodes[0].takes("a", for_own=True)
    await eventually(lambda: all(node.ownership.directory.owner_of("a") == "0.0" for node in nodes))
    redis_server.stop()
    redis_server.start()
    owners = set()
    for _ in range(40):
        owners |= {await node.takes("a", for_own=True) for node in nodes}
        await asyncio.sleep(0.1)
    assert owners == {"0.0"}
    assert [node.dropped for node in nodes] == [[], [], []]


async def test_a_duty_stays_with_one_until_it_ends(nodes: list[Node]) -> None:
    await nodes[1].ownership.claim_duty("sign-in")
    for _ in range(2):
        with pytest.raises(OwnedElsewhere, match=r"worker 1\.0"):
            await nodes[0].ownership.claim_duty("sign-in")
        await nodes[1].ownership.claim_duty("sign-in")
        await asyncio.sleep(1.5)
    await nodes[1].end()
    nodes[0].ownership.directory.died("1.0")
    await nodes[0].ownership.claim_duty("sign-in")
    nodes[1].begin()  # Back from wherever it was: it has heard that the duty is another's.
    await asyncio.sleep(2)
    with pytest.raises(OwnedElsewhere, match=r"worker 0\.0"):
        await nodes[1].ownership.claim_duty("sign-in")
    assert nodes[1].dropped == []


async def test_a_claim_nobody_uses_is_given_back(nodes: list[Node], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.workers.ownership.UNUSED_BEATS", 2)
    nodes[0].held |= {"x"}
    nodes[1].held |= {"y"}
    await eventually(lambda: nodes[0].ownership.directory.least_loaded() == "2.0")
    assert await nodes[0].takes("a") == "2.0"
    assert await nodes[0].ownership._redis.hexists(nodes[0].ownership._owners, "a")
    async with asyncio.timeout(15):
        while await nodes[0].ownership._redis.hexists(nodes[0].ownership._owners, "a"):
            await asyncio.sleep(0.1)


async def test_what_all_workers_count_is_counted_once_and_by_each_alone_without_redis(
    nodes: list[Node], redis_server: RedisServer
) -> None:
    asked = [await node.ownership.take("key", 4, 60) for _ in range(2) for node in nodes]
    assert asked[:4] == [0.0] * 4
    assert all(one is not None and 50 < one <= 60 for one in asked[4:])
    assert await nodes[0].ownership.take("other", 4, 60) == 0.0
    assert await nodes[0].ownership.take("short", 1, 0.05) == 0.0
    await asyncio.sleep(0.06)
    assert await nodes[1].ownership.take("short", 1, 0.05) == 0.0
    redis_server.stop()
    assert await nodes[0].ownership.take("key", 4, 60) is None
