"""The time of one RTP stream: 32-bit timestamps counted on without wrapping, and mapped to the sender's clock."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

AHEAD_S = 10.0
"""A timestamp further ahead of its arrival than this belongs to a stream that was started anew."""
MOST_REPORTS = 8
KEPT_REPORTS = 8
"""Of one stream. A sender that is busy says too late a time, never too early a one: of these the earliest counts."""
STEPPED_S = 0.5
"""A report that differs by more tells that the sender's clock was set; the ones before it are worthless."""
NTP_TO_UNIX_S = 2_208_988_800


class RtpClock:
    """Counts a stream's ticks and, from RTCP sender reports (RFC 3550, 6.4.1), tells when its frames were captured.

    A stream that starts anew (another SSRC, time that runs backwards, a leap ahead) is counted on by the time that
    has passed between arrivals; when its frames were captured is unknown until its next report.
    """

    def __init__(self, clock_rate: int) -> None:
        self.clock_rate = clock_rate
        self._ssrc = -1
        self._timestamp = 0
        self._ticks = 0
        self._arrived_s = 0.0
        self._began: tuple[int, float] | None = None
        self._reports: dict[int, deque[tuple[float, int]]] = {}

    def ticks(self, ssrc: int, timestamp: int, arrived_s: float) -> int:
        """The ticks of the next frame, which never run backwards. arrived_s: seconds of a clock that never does."""
        step = _nearest(timestamp - self._timestamp)
        if self._began is None or ssrc != self._ssrc or step < 0 or self._is_ahead(step, arrived_s):
            if self._began is not None:
                self._ticks += round(max(0.0, arrived_s - self._arrived_s) * self.clock_rate)
                self._forget(ssrc)
            self._began = self._ticks, arrived_s
        else:
            self._ticks += step
        self._ssrc, self._timestamp = ssrc, timestamp
        self._arrived_s = max(self._arrived_s, arrived_s)
        return self._ticks

    def report(self, ssrc: int, ntp_timestamp: int, timestamp: int) -> None:
        """Take a sender report: at `ntp_timestamp` (64 bits, 0 for unknown) the stream's time was `timestamp`."""
        if ntp_timestamp:
            if len(self._reports) >= MOST_REPORTS and ssrc not in self._reports:
                self._reports.clear()
            kept = self._reports.setdefault(ssrc, deque(maxlen=KEPT_REPORTS))
            sent_s = ntp_timestamp / 2**32 - NTP_TO_UNIX_S
            if kept and abs(self._captured_s(kept, timestamp) - sent_s) > STEPPED_S:
                kept.clear()
            kept.append((sent_s, timestamp))

    @property
    def captured_s(self) -> float | None:
        """When the frame that was counted last was captured: the sender's clock, Unix seconds; None until a report.

        It may step by some milliseconds with each report: senders measure, and their clocks drift.
        """
        if (reports := self._reports.get(self._ssrc)) is None:
            return None
        return self._captured_s(reports, self._timestamp)

    def _captured_s(self, reports: Iterable[tuple[float, int]], timestamp: int) -> float:
        return min(sent_s + _nearest(timestamp - reported) / self.clock_rate for sent_s, reported in reports)

    def _is_ahead(self, step: int, arrived_s: float) -> bool:
        assert self._began is not None
        ticks, began_s = self._began
        return self._ticks + step - ticks > (arrived_s - began_s + AHEAD_S) * self.clock_rate

    def _forget(self, ssrc: int) -> None:
        """Keep the report of a new SSRC, which may come before its first frame; one on the old time is worthless."""
        if ssrc == self._ssrc:
            self._reports.pop(ssrc, None)


def _nearest(difference: int) -> int:
    """A difference of 32-bit timestamps as the nearest signed one."""
    return (difference + 0x8000_0000) % 0x1_0000_0000 - 0x8000_0000
