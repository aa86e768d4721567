"""What a peer sees: packets of pictures, tapped, become encoded frames for all and sampled pictures for analysis."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

from media.dropping_queue import DroppingQueue
from media.frames import Codec, EncodedFrame, VideoFrame
from media.incoming import IncomingPictures, Packet
from media.key_frames import KeyFrameRequests
from media.pictures import EVERY_S, KeyPictures

STILL_S = 1.0
"""Without a packet for so long, a key frame is asked for: what was lost meanwhile is not sent again."""


class Seeing:
    """A tap (see media.aiortc_fixes) on the pictures.

    clock: the interview clock, milliseconds. give: gets every encoded frame. now_s: time.monotonic() seconds.
    `key_wanted` is set, with `ssrc`, when the browser is to be asked for a key frame.
    """

    def __init__(
        self,
        payload_types: Mapping[int, Codec],
        clock: Callable[[], int],
        give: Callable[[EncodedFrame], None],
        now_s: float,
    ) -> None:
        self.incoming = IncomingPictures(payload_types)
        self.frames: DroppingQueue[VideoFrame] = DroppingQueue(1)
        self.pictures = KeyPictures(self.frames.push)
        self.pictures_wanted = False
        self.key_frame_every_s: float | None = None
        self.key_wanted = asyncio.Event()
        self.ssrc: int | None = None
        self._requests = KeyFrameRequests()
        self._clock = clock
        self._give = give
        self._arrived_s = now_s

    @property
    def dropped(self) -> int:
        """Pictures that nobody got: one was being decoded, or the reader was slow."""
        return self.pictures.dropped + self.frames.dropped

    def packet(self, packet: Packet) -> None:
        """Take the next one; nothing is decoded here."""
        self._arrived_s, self.ssrc = packet.arrived_s, packet.ssrc
        for frame in self.incoming.push(packet):
            if frame.key:
                self._requests.got(packet.arrived_s)
            if self.pictures_wanted:
                self.pictures.push(frame, self._clock())
            self._give(frame)
        self._look(packet.arrived_s)

    def report(self, ssrc: int, ntp_timestamp: int, timestamp: int) -> None:
        """Take a sender report."""
        self.incoming.clock.report(ssrc, ntp_timestamp, timestamp)

    def ended(self) -> None:
        """Nothing more comes; the peer ends by its sound."""

    def ask(self, now_s: float) -> None:
        """Somebody needs a key frame."""
        self._requests.ask()
        self._look(now_s)

    def watch(self, now_s: float) -> None:
        """To be called a few times a second, for what no packet reminds of."""
        if now_s - self._arrived_s > STILL_S:
            self._requests.ask()
        self._look(now_s)

    def _look(self, now_s: float) -> None:
        intervals = [self.key_frame_every_s, EVERY_S if self.pictures_wanted else None]
        self._requests.every_s = min((each for each in intervals if each is not None), default=None)
        if self._requests.due(now_s, broken=self.incoming.assembly.needs_key(now_s)):
            self.key_wanted.set()
