"""What a line carries and loses: pure counters that are told of each packet and frame, with its time."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from media.packet_order import unwrapped

WINDOW = 1024
"""A packet that comes again is known as such within so many newer ones: browsers probe with old packets."""
RECENT_PICTURES = 30
FREEZE_FACTOR, FREEZE_EXTRA_S = 3.0, 0.15


@dataclass(frozen=True, slots=True)
class LineStats:
    """Counted since the line began; sound and pictures together where it does not say which.

    packets_lost: those that have not come (so far: it falls when one is sent again). jitter_ms: of sound, as in
    RFC 3550. bytes: payload of the packets. audio_frames, video_frames, key_frames: whole encoded ones, as tapped.
    undecodable: pictures that were left out because they, or one before them, came incomplete. freezes: gaps between
    pictures, as in webrtc-stats. dropped_audio, dropped_pictures: what slow readers did not get.
    """

    packets_received: int
    packets_lost: int
    jitter_ms: float
    bytes: int
    audio_frames: int
    video_frames: int
    key_frames: int
    undecodable: int
    freezes: int
    dropped_audio: int
    dropped_pictures: int


class PacketCounts:
    """Packets of one stream. A stream that starts anew, under another SSRC, is counted on."""

    def __init__(self, clock_rate: int) -> None:
        self.received = 0
        self.bytes = 0
        self.jitter_s = 0.0
        self._clock_rate = clock_rate
        self._ssrc = -1
        self._newest = -1
        self._expected = 0
        self._seen = 0
        self._last: tuple[int, float] | None = None

    def add(self, ssrc: int, sequence_number: int, timestamp: int, size: int, arrived_s: float) -> None:
        """A packet has come, for the first time or again. size: bytes; arrived_s: monotonic seconds."""
        self.bytes += size
        if ssrc != self._ssrc:
            self._ssrc, self._newest, self._seen, self._last = ssrc, sequence_number - 1, 0, None
        ahead = unwrapped(sequence_number, self._newest) - self._newest
        if ahead > 0:
            self._newest += ahead
            self._expected += ahead
            self._seen = ((self._seen << ahead) | 1) & ((1 << WINDOW) - 1) if ahead < WINDOW else 1
            self._note_jitter(timestamp, arrived_s)
        elif -ahead >= WINDOW or self._seen >> -ahead & 1:
            return
        else:
            self._seen |= 1 << -ahead
        self.received += 1

    @property
    def lost(self) -> int:
        """How many have not come, of those before the newest."""
        return max(0, self._expected - self.received)

    def _note_jitter(self, timestamp: int, arrived_s: float) -> None:
        if self._last is not None:
            ticks = (timestamp - self._last[0] + 0x8000_0000) % 0x1_0000_0000 - 0x8000_0000
            difference = abs(arrived_s - self._last[1] - ticks / self._clock_rate)
            self.jitter_s += (difference - self.jitter_s) / 16
        self._last = timestamp, arrived_s


class PictureCounts:
    """Whole pictures of one stream, and the freezes between them.

    A freeze is an interval longer than three times the mean of the last 30, and 150 ms longer than it
    (https://w3c.github.io/webrtc-stats/#dom-rtcinboundrtpstreamstats-freezecount).
    """

    def __init__(self) -> None:
        self.frames = 0
        self.key_frames = 0
        self.freezes = 0
        self._intervals: deque[float] = deque(maxlen=RECENT_PICTURES)
        self._last_s: float | None = None

    def add(self, arrived_s: float, *, key: bool) -> None:
        """A picture is whole. arrived_s: monotonic seconds."""
        self.frames += 1
        self.key_frames += key
        if self._last_s is not None:
            interval = max(0.0, arrived_s - self._last_s)
            if self._intervals:
                mean = sum(self._intervals) / len(self._intervals)
                self.freezes += interval > max(FREEZE_FACTOR * mean, mean + FREEZE_EXTRA_S)
            self._intervals.append(interval)
        self._last_s = max(arrived_s, self._last_s or arrived_s)
