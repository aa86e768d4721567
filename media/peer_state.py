"""The state of a peer's line, and a feed of its changes that any number may follow."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Literal

PeerState = Literal["connecting", "connected", "lost", "closed"]


@dataclass(slots=True, eq=False)
class _Node:
    """A state and, once there is one, the next: every follower sees every state, and none holds up another."""

    state: PeerState
    next: _Node | None = None
    followed: asyncio.Event = field(default_factory=asyncio.Event)


class StateFeed:
    """Begins "connecting", ends "closed"."""

    def __init__(self) -> None:
        self._node = _Node("connecting")

    @property
    def now(self) -> PeerState:
        """The present state."""
        return self._node.state

    def enter(self, state: PeerState) -> None:
        """Change to `state`; nothing happens when it is the present one, or after "closed"."""
        if self.now not in (state, "closed"):
            before, self._node = self._node, _Node(state)
            before.next = self._node
            before.followed.set()

    async def follow(self) -> AsyncIterator[PeerState]:
        """The present state and every later one; ends after "closed"."""
        node = self._node
        yield node.state
        while node.state != "closed":
            await node.followed.wait()
            assert node.next is not None
            node = node.next
            yield node.state
