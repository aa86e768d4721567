"""Packets of pictures put together into whole frames, each of which can be decoded after the ones before it."""

from __future__ import annotations

from dataclasses import dataclass

from media.frames import Codec
from media.key_frames import begins_key, is_key
from media.packet_order import unwrapped

MOST_HELD = 1024
"""Packets kept behind a missing one: 8 s at 1.2 Mbit/s. What it is by then, nobody sends again."""
PATIENCE_S = 0.3
"""How long a packet may be missing before a key frame is wanted instead: two round trips of a slow line."""
MOST_PIECES = 2048
"""Packets of one frame; a browser's largest key frame has some hundreds."""
OLDEST, NEWEST = -1000, 8000
"""Packets whose numbers are further from the next one's come from a sender that started anew."""


@dataclass(frozen=True, slots=True)
class Piece:
    """One packet. timestamp: its RTP time, 32 bits. is_last: the marker bit. arrived_s: monotonic seconds."""

    codec: Codec
    ssrc: int
    timestamp: int
    is_last: bool
    data: bytes
    arrived_s: float


@dataclass(frozen=True, slots=True)
class Assembled:
    """A whole frame. arrived_s: when its last packet came."""

    codec: Codec
    ssrc: int
    timestamp: int
    data: bytes
    arrived_s: float
    key: bool


class FrameAssembly:
    """Gives frames in order, at once when their last packet is there, beginning with a key frame.

    A missing packet is waited for: it is asked for again by NACK. What comes behind it is held, until it comes, or
    until a whole key frame is there, with which decoding goes on. No frame is given whose references are
    lost: a decoder would make smeared pictures of it, in a recording for good. aiortc's own buffer waits in such
    a case for 512 packets, which is seconds.
    """

    def __init__(self) -> None:
        self.undecodable = 0
        """Frames that were not given because a packet of them, or of one they refer to, is lost."""
        self._held: dict[int, Piece] = {}
        self._next: int | None = None
        self._ssrc = -1
        self._parts: list[Piece] = []
        self._awaits_key = True
        self._missing_since: float | None = None
        self._key_starts: dict[int, int] = {}

    def push(self, sequence_number: int, piece: Piece) -> list[Assembled]:
        """Take a packet; the frames that are whole with it, in order. A packet without data is padding."""
        number = sequence_number if self._next is None else unwrapped(sequence_number, self._next)
        if self._next is None or piece.ssrc != self._ssrc or not OLDEST < number - self._next < NEWEST:
            self._start_at(number, piece.ssrc)
        assert self._next is not None
        if number < self._next or number in self._held:
            return []
        before = self._next
        self._held[number] = piece
        frames = self._walk()
        if self._next != before or not self._held:
            self._missing_since = None
        if not self._held:
            self._key_starts.clear()
        if number in self._held:
            frames += self._leap(number, piece)
        if self._held and self._missing_since is None:
            self._missing_since = piece.arrived_s
        return frames

    def needs_key(self, now_s: float) -> bool:
        """Whether only a key frame, or a packet that is long overdue, can bring the picture back."""
        is_missing = self._missing_since is not None and now_s - self._missing_since > PATIENCE_S
        return self._awaits_key or is_missing

    def _start_at(self, number: int, ssrc: int) -> None:
        self._held.clear()
        self._key_starts.clear()
        self._parts.clear()
        self._next, self._ssrc = number, ssrc
        self._awaits_key = True
        self._missing_since = None

    def _walk(self) -> list[Assembled]:
        """Take what follows without a gap."""
        frames: list[Assembled] = []
        assert self._next is not None
        while (piece := self._held.pop(self._next, None)) is not None:
            self._next += 1
            if self._parts and self._parts[0].timestamp != piece.timestamp:
                frames += self._finish()
            if len(self._parts) >= MOST_PIECES:
                self._parts.clear()
                self._awaits_key = True
            if piece.data:
                self._parts.append(piece)
            if piece.is_last:
                frames += self._finish()
        return frames

    def _finish(self) -> list[Assembled]:
        parts, self._parts = self._parts, []
        if not parts:
            return []
        first = parts[0]
        data = first.data if len(parts) == 1 else b"".join(part.data for part in parts)
        key = is_key(first.codec, data)
        if self._awaits_key and not key:
            self.undecodable += 1
            return []
        self._awaits_key = False
        arrived_s = max(part.arrived_s for part in parts)
        return [Assembled(first.codec, first.ssrc, first.timestamp, data, arrived_s, key)]

    def _leap(self, number: int, piece: Piece) -> list[Assembled]:
        """Over what is missing, to a key frame that is whole with this packet; or give up when too much is held."""
        if begins_key(piece.codec, piece.data):
            self._key_starts.setdefault(piece.timestamp, number)
        start = self._key_starts.get(piece.timestamp)
        if start in self._held and self._is_whole(start):
            self._leave_behind(start)
            return self._walk()
        if len(self._held) > MOST_HELD:
            self._leave_behind(max(self._held) + 1)
        return []

    def _is_whole(self, number: int) -> bool:
        timestamp = self._held[number].timestamp
        while (piece := self._held.get(number)) is not None and piece.timestamp == timestamp:
            if piece.is_last:
                return True
            number += 1
        return False

    def _leave_behind(self, number: int) -> None:
        """Go on with this packet, which begins a key frame or is yet to come."""
        self.undecodable += sum(piece.is_last for at, piece in self._held.items() if at < number)
        held = {at: piece for at, piece in self._held.items() if at >= number}
        starts = {timestamp: at for timestamp, at in self._key_starts.items() if at > number}
        self._start_at(number, self._ssrc)
        self._held, self._key_starts = held, starts
