"""Who is decoded next when many interviews share one engine. Pure: no clock, no thread."""

from __future__ import annotations

from collections import deque
from typing import Generic, TypeVar

Item = TypeVar("Item")

FINALS_IN_A_ROW = 4
"""After so many finals one waiting partial has its turn, so that live text does not stop under load."""


class DecodeQueue(Generic[Item]):
    """Finals in the order they came, before partials; of each owner only the latest partial.

    A newer partial takes the place in the line of the one it replaces: who speaks on is not sent to its end. A final
    is never replaced, and makes the same owner's waiting partial needless.
    """

    def __init__(self) -> None:
        self._finals: deque[Item] = deque()
        self._partials: dict[str, Item] = {}
        self._finals_in_a_row = 0

    def __len__(self) -> int:
        return len(self._finals) + len(self._partials)

    def push(self, owner_id: str, item: Item, *, final: bool) -> Item | None:
        """Put in line. Returns the owner's partial that is needless now, if one was waiting."""
        if final:
            self._finals.append(item)
            return self._partials.pop(owner_id, None)
        replaced = self._partials.get(owner_id)
        self._partials[owner_id] = item
        return replaced

    def pop(self) -> Item | None:
        """The next to be decoded, or None."""
        if self._finals and not (self._partials and self._finals_in_a_row >= FINALS_IN_A_ROW):
            self._finals_in_a_row += 1
            return self._finals.popleft()
        self._finals_in_a_row = 0
        if self._partials:
            return self._partials.pop(next(iter(self._partials)))
        return None
