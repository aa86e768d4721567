"""One outgoing RTP stream of encoded frames: numbers, timestamps, retransmissions. Pure: bytes in, bytes out."""

from __future__ import annotations

import re
import struct
from collections.abc import Sequence

from media.frames import Codec, EncodedFrame

LARGEST_PAYLOAD = 1200
"""Bytes of one packet's payload: what browsers themselves send, small enough for a VPN."""

HISTORY = 256
"""Packets kept to be sent again: about three seconds of video."""

START_CODE = re.compile(rb"\x00{2,}\x01")
FU_A = 28

_HEADER = struct.Struct("!BBHLL")
_EXTENDED = 0x90
_PLAIN = 0x80
_MARKER = 0x80


class RtpStream:
    """Makes the packets of one stream. Timestamps and numbers only grow, whichever source the frames come from.

    ssrc, rtx_ssrc: of the stream and of its retransmissions. payload_types: by codec; a frame of another codec cannot
    be sent. rtx_payload_types: by payload type, what its retransmissions have. mid: (extension id, section name) that
    every packet carries, if it was agreed. number, ticks: where to begin, random ones outside tests.
    """

    def __init__(
        self,
        ssrc: int,
        rtx_ssrc: int,
        payload_types: dict[Codec, int],
        rtx_payload_types: dict[int, int],
        mid: tuple[int, str] | None,
        *,
        number: int,
        ticks: int,
    ) -> None:
        self.payload_types = payload_types
        self.packets = 0
        self.octets = 0
        self.timestamp = ticks & 0xFFFFFFFF
        self._ssrc = ssrc
        self._rtx_ssrc = rtx_ssrc
        self._rtx_payload_types = rtx_payload_types
        self._extension = _extension(mid)
        self._number = self._rtx_number = number & 0xFFFF
        self._picture = number & 0x7FFF
        self._ticks, self._offset = ticks, 0
        self._arrived_s: float | None = None
        self._is_new_source = True
        self._history: list[tuple[int, bytes] | None] = [None] * HISTORY

    def new_source(self) -> None:
        """The next frame's ticks have nothing to do with those before it: time goes on by when it arrived."""
        self._is_new_source = True

    def pack(self, frame: EncodedFrame) -> list[bytes]:
        """The frame's packets, in order. Raises KeyError when its codec was not agreed."""
        payload_type = self.payload_types[frame.codec]
        self._advance(frame)
        payloads = self._payloads(frame)
        last = len(payloads) - 1 if frame.codec is not Codec.OPUS else -1
        return [
            self._packet(payload_type | (_MARKER if at == last else 0), payload) for at, payload in enumerate(payloads)
        ]

    def again(self, number: int) -> bytes | None:
        """Packet `number` (16 bits) once more, or None when it is gone."""
        kept = self._history[number % HISTORY]
        if kept is None or kept[0] != number:
            return None
        packet = kept[1]
        rtx = self._rtx_payload_types.get(packet[1] & 0x7F)
        if rtx is None:
            return packet
        begin = _HEADER.size + len(self._extension)
        timestamp = struct.unpack_from("!L", packet, 4)[0]
        header = _HEADER.pack(packet[0], packet[1] & _MARKER | rtx, self._rtx_number, timestamp, self._rtx_ssrc)
        self._rtx_number = self._rtx_number + 1 & 0xFFFF
        return header + self._extension + number.to_bytes(2) + packet[begin:]

    def _advance(self, frame: EncodedFrame) -> None:
        if self._is_new_source:
            self._is_new_source = False
            if self._arrived_s is not None:
                self._ticks += max(1, round((frame.arrived_s - self._arrived_s) * frame.clock_rate))
            self._offset = self._ticks - frame.ticks
        self._ticks = frame.ticks + self._offset
        self._arrived_s = frame.arrived_s
        self.timestamp = self._ticks & 0xFFFFFFFF

    def _packet(self, marker_and_type: int, payload: bytes) -> bytes:
        number = self._number
        head = _EXTENDED if self._extension else _PLAIN
        header = _HEADER.pack(head, marker_and_type, number, self.timestamp, self._ssrc)
        packet = header + self._extension + payload
        self._number = number + 1 & 0xFFFF
        self._history[number % HISTORY] = (number, packet)
        self.packets += 1
        self.octets += len(payload)
        return packet

    def _payloads(self, frame: EncodedFrame) -> Sequence[bytes]:
        if frame.codec is Codec.OPUS:
            return [frame.data]
        if frame.codec is Codec.H264:
            return h264_payloads(frame.data)
        self._picture = self._picture + 1 & 0x7FFF
        return vp8_payloads(frame.data, self._picture)


def vp8_payloads(data: bytes, picture: int) -> list[bytes]:
    """One VP8 frame in payloads with descriptors (RFC 7741): X, S on the first, and the picture's 15-bit number."""
    identity = b"\x80" + (0x8000 | picture).to_bytes(2)
    size = LARGEST_PAYLOAD - 1 - len(identity)
    starts = range(0, len(data), size)
    return [(b"\x80" if at else b"\x90") + identity + data[at : at + size] for at in starts]


def h264_payloads(data: bytes) -> list[bytes]:
    """One Annex B access unit in payloads (RFC 6184): a packet for each unit, fragments (FU-A) where it is larger."""
    payloads: list[bytes] = []
    for unit in START_CODE.split(data):
        if 0 < len(unit) <= LARGEST_PAYLOAD:
            payloads.append(unit)
        elif unit:
            payloads += _fragments(unit)
    return payloads


def _fragments(unit: bytes) -> list[bytes]:
    size = LARGEST_PAYLOAD - 2
    indicator, kind = unit[0] & 0xE0 | FU_A, unit[0] & 0x1F
    starts = range(1, len(unit), size)
    return [
        bytes([indicator, kind | (0x80 if at == 1 else 0) | (0x40 if at == starts[-1] else 0)]) + unit[at : at + size]
        for at in starts
    ]


def _extension(mid: tuple[int, str] | None) -> bytes:
    """The header extension block (RFC 8285, one byte) that names the section; empty without one."""
    if mid is None:
        return b""
    number, name = mid
    value = name.encode()
    element = bytes([number << 4 | len(value) - 1]) + value
    padded = element + b"\x00" * (-len(element) % 4)
    return struct.pack("!HH", 0xBEDE, len(padded) // 4) + padded
