"""Tracks of packets that were encoded before. aiortc's sender packs what is a packet and encodes what is a frame."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import av
from aiortc.mediastreams import MediaStreamError, MediaStreamTrack

from media.replay import FRAME_SAMPLES, SPEECH_RATE, VIDEO_CLOCK, Spoken

_AUDIO_TIME, _VIDEO_TIME = Fraction(1, SPEECH_RATE), Fraction(1, VIDEO_CLOCK)


class Lateness:
    """How late packets left, by whole milliseconds: whether the sender itself was what was slow."""

    LONGEST_MS = 2_000

    def __init__(self) -> None:
        self._counts = [0] * (self.LONGEST_MS + 1)

    def note(self, seconds: float) -> None:
        """One packet."""
        self._counts[max(0, min(self.LONGEST_MS, int(seconds * 1000)))] += 1

    def percentile(self, share: float) -> int:
        """Milliseconds that this share (0-1) of the packets was at most late, rounded down; 0 without packets."""
        left = share * sum(self._counts)
        for late_ms, count in enumerate(self._counts):
            left -= count
            if left <= 0:
                return late_ms
        return self.LONGEST_MS

    def clear(self) -> None:
        """Begin anew."""
        self._counts = [0] * (self.LONGEST_MS + 1)


class _PacketTrack(MediaStreamTrack):
    """Packets at a steady rate from the moment the line first asks for one."""

    def __init__(self, per_second: int, lateness: Lateness) -> None:
        super().__init__()
        self.sent = 0
        """Packets so far."""
        self._per_second = per_second
        self._lateness = lateness
        self._began: float | None = None

    async def _turn(self) -> None:
        """Waits until the next packet is due. Raises MediaStreamError when the track has ended."""
        if self.readyState != "live":
            raise MediaStreamError
        now = time.monotonic()
        if self._began is None:
            self._began = now
        due = self._began + self.sent / self._per_second
        if due > now:
            await asyncio.sleep(due - now)
            now = time.monotonic()
        self._lateness.note(now - due)


@dataclass(slots=True, eq=False)
class _Saying:
    packets: Sequence[bytes]
    done: asyncio.Future[Spoken]
    at: int = 0
    first_sent: float = 0.0


class Microphone:
    """What a candidate says, as long as a line takes it: it outlives the line, and goes on where that was lost."""

    def __init__(self, room: Sequence[bytes]) -> None:
        """room: Opus packets of a quiet room, sent while nothing is said."""
        self._room = room
        self._quiet = 0
        self._sayings: deque[_Saying] = deque()

    async def say(self, packets: Sequence[bytes]) -> Spoken:
        """Speak these packets, one at least, after what is already being said; returns when the last has left."""
        saying = _Saying(packets, asyncio.get_running_loop().create_future())
        self._sayings.append(saying)
        try:
            return await saying.done
        finally:
            if saying in self._sayings:
                self._sayings.remove(saying)

    def next(self) -> bytes:
        """The next 20 ms."""
        if not self._sayings:
            self._quiet = (self._quiet + 1) % len(self._room)
            return self._room[self._quiet]
        saying = self._sayings[0]
        now = time.monotonic()
        if saying.at == 0:
            saying.first_sent = now
        packet = saying.packets[saying.at]
        saying.at += 1
        if saying.at == len(saying.packets):
            self._sayings.popleft()
            if not saying.done.done():
                saying.done.set_result(Spoken(saying.first_sent, now))
        return packet


class EncodedSpeechTrack(_PacketTrack):
    """A microphone's sound on one line: an Opus packet every 20 ms."""

    kind = "audio"

    def __init__(self, microphone: Microphone, lateness: Lateness) -> None:
        super().__init__(SPEECH_RATE // FRAME_SAMPLES, lateness)
        self._microphone = microphone

    async def recv(self) -> av.Packet[Any]:
        """The next 20 ms, at its time."""
        await self._turn()
        packet = av.Packet(self._microphone.next())
        packet.pts = self.sent * FRAME_SAMPLES
        packet.time_base = _AUDIO_TIME
        self.sent += 1
        return packet


class EncodedFaceTrack(_PacketTrack):
    """A camera: the frames of a loop. The line's first packet is the loop's first: a key frame."""

    kind = "video"

    def __init__(self, frames: Sequence[bytes], fps: int, lateness: Lateness) -> None:
        super().__init__(fps, lateness)
        self._frames = frames

    async def recv(self) -> av.Packet[Any]:
        """The next frame, at its time."""
        await self._turn()
        packet = av.Packet(self._frames[self.sent % len(self._frames)])
        packet.pts = self.sent * VIDEO_CLOCK // self._per_second
        packet.time_base = _VIDEO_TIME
        self.sent += 1
        return packet
