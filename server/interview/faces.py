"""Whether a second face stays in the picture for longer than a moment: told to HR as what is seen, and never judged.

Somebody walking past, a poster or a mistake of the detector is no second face: it has to be there in several pictures.
"""

from __future__ import annotations

from collections import deque
from datetime import datetime

SEEN_IN, OF_LAST = 3, 5
"""Pictures, one a second. It is gone again once none of the last five shows it."""


class SecondFace:
    """Of one answer. since: when it came, None while there is none."""

    def __init__(self) -> None:
        self.since: datetime | None = None
        self._first: datetime | None = None
        self._last: deque[bool] = deque(maxlen=OF_LAST)

    def take(self, seen: bool | None, at: datetime) -> bool:
        """One more picture, None where it cannot be told; whether anything is to be told anew."""
        if seen is None:
            return False
        self._last.append(seen)
        if not any(self._last):
            self._first = None
        elif self._first is None:
            self._first = at
        before = self.since
        if self.since is None and sum(self._last) >= SEEN_IN:
            self.since = self._first
        elif self.since is not None and len(self._last) == OF_LAST and not any(self._last):
            self.since = None
        return self.since != before
