"""A bounded queue from one producer to one consumer that never waits: when full, the oldest item goes."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from typing import Generic, TypeVar

Item = TypeVar("Item")


class DroppingQueue(AsyncIterator[Item], Generic[Item]):
    """An async iterator over what `push` gave; it ends after `end`, once what is left has been taken.

    For live media: a consumer that is slow gets the newest, memory stays bounded, and `dropped` counts
    what was lost. One consumer at a time.
    """

    def __init__(self, capacity: int) -> None:
        self.dropped = 0
        self._items: deque[Item] = deque()
        self._capacity = capacity
        self._ended = False
        self._changed = asyncio.Event()

    def push(self, item: Item) -> None:
        """Add `item` without waiting; drops and counts the oldest one when full. After `end` it does nothing."""
        if self._ended:
            return
        if len(self._items) >= self._capacity:
            self._items.popleft()
            self.dropped += 1
        self._items.append(item)
        self._changed.set()

    def end(self) -> None:
        """End the iteration after the items still held."""
        self._ended = True
        self._changed.set()

    async def __anext__(self) -> Item:
        while not self._items:
            if self._ended:
                raise StopAsyncIteration
            self._changed.clear()
            await self._changed.wait()
        return self._items.popleft()
