"""What a peer hears: packets of sound, tapped, become encoded frames for all and AudioFrames for recognition."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping

import av

from media.audio import SILENCE_DBFS, Resampler, Timeline, level_dbfs
from media.dropping_queue import DroppingQueue
from media.frames import FRAME_MS, AudioFrame, Codec, EncodedFrame
from media.incoming import IncomingSound, Packet
from media.opus import OpusDecoder

BACKLOG_MS = 2_000
LOSS_WINDOW = 20
"""Packet loss is that between so many calls of `measure_loss`."""
LEVEL_FALL_DB = 0.6
"""Up at once, down 30 dB a second: what a level meter shows."""


class Hearing:
    """A tap (see media.aiortc_fixes) on the sound.

    clock: the interview clock, milliseconds. give: gets every encoded frame. on_change: called when sound comes back
    after `is_stalled` was set, and at the end. now_s: time.monotonic() seconds.
    """

    def __init__(
        self,
        payload_types: Mapping[int, Codec],
        clock: Callable[[], int],
        give: Callable[[EncodedFrame], None],
        on_change: Callable[[], None],
        now_s: float,
    ) -> None:
        self.incoming = IncomingSound(payload_types)
        self.frames: DroppingQueue[AudioFrame] = DroppingQueue(BACKLOG_MS // FRAME_MS)
        self.level_dbfs = SILENCE_DBFS
        self.packet_loss = 0.0
        self.arrived_s = now_s
        self.is_stalled = False
        self.has_ended = False
        self._give = give
        self._on_change = on_change
        self._decoder = OpusDecoder()
        self._resampler = Resampler(Timeline(clock))
        self._counts: deque[tuple[int, int]] = deque([(0, 0)], maxlen=LOSS_WINDOW)

    def packet(self, packet: Packet) -> None:
        """Take the next one; its sound is decoded here: 0.1 ms."""
        self.arrived_s = packet.arrived_s
        if self.is_stalled:
            self._on_change()
        self._take(self.incoming.push(packet))

    def report(self, ssrc: int, ntp_timestamp: int, timestamp: int) -> None:
        """Take a sender report."""
        self.incoming.clock.report(ssrc, ntp_timestamp, timestamp)

    def ended(self) -> None:
        """Nothing more comes."""
        self._take(self.incoming.flush())
        self.has_ended = True
        self._on_change()

    def stall(self, *, is_stalled: bool) -> None:
        """Whether the line has gone silent."""
        self.is_stalled = is_stalled
        if is_stalled:
            self.level_dbfs = SILENCE_DBFS

    def measure_loss(self) -> None:
        """Bring `packet_loss`, the share that was lost in the last `LOSS_WINDOW` calls, up to date."""
        received, lost = self.incoming.counts.received, self.incoming.counts.lost
        old_received, old_lost = self._counts[0]
        self._counts.append((received, lost))
        expected = received - old_received + lost - old_lost
        self.packet_loss = min(1.0, max(0.0, (lost - old_lost) / expected)) if expected > 0 else 0.0

    def _take(self, frames: list[EncodedFrame]) -> None:
        for frame in frames:
            self._give(frame)
            try:
                heard = [piece for sound in self._decoder.decode(frame) for piece in self._resampler.push(sound)]
            except av.FFmpegError:
                continue  # One unusable packet; the next may be good.
            for piece in heard:
                self.level_dbfs = max(level_dbfs(piece.samples), self.level_dbfs - LEVEL_FALL_DB)
                self.frames.push(piece)
