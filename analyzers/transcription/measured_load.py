"""How busy the engine is, as measured: how often partials are worth asking for, and who may still begin. Pure.

Under load live text comes slower first, then not at all, then no new interview begins; whole utterances are never
dropped. Decided on measured times and not on a number of interviews, since machines and models differ by a hundred.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

CADENCE_FACTOR = 2.0
FASTEST_CADENCE_MS = 500
SLOWEST_CADENCE_MS = 3000
_SMOOTHING = 0.2
_REMEMBERED_S = 20.0


@dataclass(slots=True)
class Load:
    """What the engine has done since the start. sound_s ÷ compute_s is how many times real time it runs.

    superseded: partials made needless by newer ones. shed: partials given up because the engine was too busy.
    """

    decodes: int = 0
    batches: int = 0
    superseded: int = 0
    shed: int = 0
    sound_s: float = 0.0
    compute_s: float = 0.0


class MeasuredLoad:
    """Times in seconds of a monotonic clock. most_wait_s: admission ends when whole utterances wait longer.

    The wait that counts is the 95th percentile of the last 20 s, or that of the one still waiting if it is longer;
    admission begins again at half of it, so that it does not flap.
    """

    def __init__(self, most_wait_s: float) -> None:
        self.load = Load()
        self._most_wait_s = most_wait_s
        self._turnaround_s = 0.0
        self._waits: deque[tuple[float, float]] = deque()
        self._admits = True
        self._listeners: list[Callable[[float], None]] = []

    def on_wait(self, listener: Callable[[float], None]) -> None:
        """Calls listener with the seconds that each whole utterance waited before it was decoded."""
        self._listeners.append(listener)

    def cadence_ms(self, oldest_at: float | None, now: float) -> int:
        """How often a partial is worth asking for: the smoothed time that one takes, twice, within bounds.

        oldest_at: since when the partial that has waited longest is in line.
        """
        waiting_s = now - oldest_at if oldest_at is not None else 0.0
        wished_ms = CADENCE_FACTOR * 1000 * max(self._turnaround_s, waiting_s)
        return int(min(max(wished_ms, FASTEST_CADENCE_MS), SLOWEST_CADENCE_MS))

    def decoded(self, waits_s: list[float], compute_s: float, sound_s: float, *, whole: bool, now: float) -> None:
        """Takes the figures of a batch."""
        self.load.decodes += len(waits_s)
        self.load.batches += 1
        self.load.sound_s += sound_s
        self.load.compute_s += compute_s
        if whole:
            self._waits.extend((now, wait_s) for wait_s in waits_s)
            for listener in self._listeners:
                for wait_s in waits_s:
                    listener(wait_s)
        self._turnaround_s += _SMOOTHING * (max(waits_s) + compute_s - self._turnaround_s)

    def wait_s(self, oldest_at: float | None, now: float) -> float:
        """How long a whole utterance waits before it is decoded. oldest_at: since when the first in line waits."""
        while self._waits and self._waits[0][0] < now - _REMEMBERED_S:
            self._waits.popleft()
        waits = sorted(wait for _, wait in self._waits)
        usual = waits[int(0.95 * (len(waits) - 1))] if waits else 0.0
        return max(usual, now - oldest_at if oldest_at is not None else 0.0)

    def admits(self, oldest_at: float | None, now: float) -> bool:
        """Whether one more interview may begin."""
        wait_s = self.wait_s(oldest_at, now)
        self._admits = wait_s <= (self._most_wait_s if self._admits else self._most_wait_s / 2)
        return self._admits

    def sheds_partials(self, oldest_at: float | None, now: float) -> bool:
        """Whether partials are not decoded at all for now: whole utterances alone fill the engine."""
        return self.wait_s(oldest_at, now) > 2 * self._most_wait_s
