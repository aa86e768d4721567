"""Packets of sound in their order: waits a little for the late ones, and skips only what is missing (aiortc#543)."""

from __future__ import annotations

from typing import Generic, TypeVar

Item = TypeVar("Item")

MOST_MISORDER = 100
"""A packet that is older than this by its number comes from a sender that started anew."""


def unwrapped(sequence_number: int, near: int) -> int:
    """The 16-bit number counted on without wrapping: the nearest one to `near`."""
    return near + (sequence_number - near + 0x8000) % 0x1_0000 - 0x8000


class PacketOrder(Generic[Item]):
    """Holds `prefetch` packets and gives one for each that comes in, whichever is oldest.

    A packet is missing only when its turn came before it did. aiortc's own buffer waits at a lost packet until it is
    full, then throws away good ones: 1/2/5 % loss on the wire became 6/11/25 %, and 81 ms of delay 281 ms for good.
    """

    def __init__(self, prefetch: int = 4) -> None:
        self._prefetch = prefetch
        self._held: dict[int, Item] = {}
        self._due: int | None = None

    def push(self, sequence_number: int, item: Item) -> list[Item]:
        """Take a packet; what is to be played now, oldest first: usually one."""
        out: list[Item] = []
        number = sequence_number if self._due is None else unwrapped(sequence_number, self._due)
        if self._due is None or number <= self._due - MOST_MISORDER:
            out = self.flush()
            self._due = number
        if number < self._due or number in self._held:
            return out
        self._held[number] = item
        if len(self._held) > self._prefetch:
            oldest = min(self._held)
            self._due = oldest + 1
            out.append(self._held.pop(oldest))
        return out

    def flush(self) -> list[Item]:
        """What is still held, oldest first: nothing more will come."""
        held = [self._held[number] for number in sorted(self._held)]
        self._held.clear()
        self._due = None
        return held
