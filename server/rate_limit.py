"""How often something may happen within a while: pure, with time passed in."""

from __future__ import annotations

from collections import OrderedDict, deque
from ipaddress import IPv6Address, ip_address, ip_network

MOST_KEYS = 10_000
"""Keys remembered at once; the one that was noted longest ago is forgotten first."""


class RateLimit:
    """Counts by key (an address, an account, an interview) within the last window_s. Times: monotonic seconds."""

    def __init__(self, window_s: float) -> None:
        self.window_s = window_s
        self._noted: OrderedDict[str, deque[float]] = OrderedDict()

    def wait_s(self, key: str, most: int, now: float) -> float:
        """How long this key must wait because it was noted `most` times within the window; 0 when it need not."""
        noted = self._noted.get(key)
        if noted is None:
            return 0.0
        while noted and noted[0] + self.window_s <= now:
            noted.popleft()
        if not noted:
            del self._noted[key]
        return min(self.window_s, noted[-most] + self.window_s - now) if len(noted) >= most else 0.0

    def note(self, key: str, now: float, most: int = 100) -> None:
        """It happened once more. most: how many are remembered, at least as many as `wait_s` is asked about."""
        self._noted.setdefault(key, deque(maxlen=most)).append(now)
        self._noted.move_to_end(key)
        if len(self._noted) > MOST_KEYS:
            self._noted.popitem(last=False)

    def take(self, key: str, most: int, now: float) -> float:
        """Notes it and returns 0, or the seconds to wait when it happened `most` times; then it did not happen."""
        wait_s = self.wait_s(key, most, now)
        if not wait_s:
            self.note(key, now, most)
        return wait_s

    def forget(self, key: str) -> None:
        """As if nothing had happened."""
        self._noted.pop(key, None)


def of_address(remote: str | None) -> str:
    """The key of a client: its IPv4 address, or the /64 of its IPv6 one, within which anybody has billions."""
    try:
        address = ip_address((remote or "").split("%")[0])
    except ValueError:
        return remote or ""
    if not isinstance(address, IPv6Address):
        return str(address)
    return str(address.ipv4_mapped or ip_network((address, 64), strict=False))
