"""How often a sign-in may fail before it must wait: pure, with time passed in."""

from __future__ import annotations

from collections import OrderedDict, deque
from datetime import datetime, timedelta

WINDOW = timedelta(minutes=15)
MOST_KEYS = 10_000
"""Keys remembered at once; the one that failed longest ago is forgotten first."""


class FailureLimit:
    """Counts failures by key (an address, an account) within the last 15 minutes."""

    def __init__(self) -> None:
        self._failures: OrderedDict[str, deque[datetime]] = OrderedDict()

    def wait(self, key: str, most: int, now: datetime) -> timedelta:
        """How long this key must wait because it failed `most` times within the window; 0 when it need not."""
        failures = self._failures.get(key)
        if failures is None:
            return timedelta()
        while failures and failures[0] + WINDOW <= now:
            failures.popleft()
        if not failures:
            del self._failures[key]
        return failures[-most] + WINDOW - now if len(failures) >= most else timedelta()

    def failed(self, key: str, now: datetime) -> None:
        """Notes a failure."""
        self._failures.setdefault(key, deque(maxlen=100)).append(now)
        self._failures.move_to_end(key)
        if len(self._failures) > MOST_KEYS:
            self._failures.popitem(last=False)

    def succeeded(self, key: str) -> None:
        """Forgets the key's failures."""
        self._failures.pop(key, None)
