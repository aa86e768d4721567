"""Packets of one receiver become encoded frames, counted and with their times; pure, time comes with the packets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from media.frame_assembly import FrameAssembly, Piece
from media.frames import Codec, EncodedFrame
from media.line_stats import PacketCounts, PictureCounts
from media.packet_order import PacketOrder
from media.rtp_clock import RtpClock

SOUND_RATE, PICTURE_RATE = 48_000, 90_000


@dataclass(frozen=True, slots=True)
class Packet:
    """A received RTP packet. payload_type: what the answer names a codec by. data: without codec headers.

    arrived_s: time.monotonic() seconds.
    """

    ssrc: int
    sequence_number: int
    timestamp: int
    payload_type: int
    marker: bool
    data: bytes
    arrived_s: float


class IncomingSound:
    """Opus packets in order."""

    def __init__(self, payload_types: Mapping[int, Codec]) -> None:
        self.counts = PacketCounts(SOUND_RATE)
        self.clock = RtpClock(SOUND_RATE)
        self.frames = 0
        self._payload_types = payload_types
        self._order: PacketOrder[Packet] = PacketOrder()
        self._ssrc = -1

    def push(self, packet: Packet) -> list[EncodedFrame]:
        """Take a packet; the frames that are due with it."""
        if packet.payload_type not in self._payload_types:
            return []
        self.counts.add(packet.ssrc, packet.sequence_number, packet.timestamp, len(packet.data), packet.arrived_s)
        due = self.flush() if packet.ssrc != self._ssrc else []
        self._ssrc = packet.ssrc
        return due + self._encoded(self._order.push(packet.sequence_number, packet))

    def flush(self) -> list[EncodedFrame]:
        """What is still held: nothing more comes."""
        return self._encoded(self._order.flush())

    def _encoded(self, packets: list[Packet]) -> list[EncodedFrame]:
        frames = []
        for packet in packets:
            ticks = self.clock.ticks(packet.ssrc, packet.timestamp, packet.arrived_s)
            if not packet.data:
                # Padding. To FFmpeg's decoder an empty packet says that the stream has ended.
                continue
            codec = self._payload_types[packet.payload_type]
            captured_s = self.clock.captured_s
            frames.append(EncodedFrame(codec, packet.data, ticks, SOUND_RATE, packet.arrived_s, captured_s, key=True))
        self.frames += len(frames)
        return frames


class IncomingPictures:
    """VP8 frames or H.264 access units in order, each decodable after the ones before it."""

    def __init__(self, payload_types: Mapping[int, Codec]) -> None:
        self.counts = PacketCounts(PICTURE_RATE)
        self.clock = RtpClock(PICTURE_RATE)
        self.pictures = PictureCounts()
        self.assembly = FrameAssembly()
        self._payload_types = payload_types

    def push(self, packet: Packet) -> list[EncodedFrame]:
        """Take a packet; the frames that are whole with it."""
        codec = self._payload_types.get(packet.payload_type)
        if codec is None:
            return []
        self.counts.add(packet.ssrc, packet.sequence_number, packet.timestamp, len(packet.data), packet.arrived_s)
        piece = Piece(codec, packet.ssrc, packet.timestamp, packet.marker, packet.data, packet.arrived_s)
        frames = []
        for whole in self.assembly.push(packet.sequence_number, piece):
            ticks = self.clock.ticks(whole.ssrc, whole.timestamp, whole.arrived_s)
            captured_s = self.clock.captured_s
            self.pictures.add(packet.arrived_s, key=whole.key)
            frames.append(
                EncodedFrame(whole.codec, whole.data, ticks, PICTURE_RATE, whole.arrived_s, captured_s, whole.key)
            )
        return frames
