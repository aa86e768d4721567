"""Opus packets without decoding them (RFC 6716, section 3): how long they last, and what fills a hole."""

from __future__ import annotations

TICKS_PER_MS = 48
"""Opus counts time in 48,000 ticks a second, whatever it was made from."""

LONGEST_CONCEALED_TICKS = 100 * TICKS_PER_MS

_SILK_TICKS = (480, 960, 1920, 2880)
_HYBRID_TICKS = (480, 960)
_CELT_TICKS = (120, 240, 480, 960)
_SILENCE = ((960, b"\xfc\xff\xfe"), (480, b"\xf4\xff\xfe"), (240, b"\xec\xff\xfe"), (120, b"\xe4\xff\xfe"))
"""(ticks, packet): full-band CELT whose first bit says "silence"."""


def duration_ticks(packet: bytes) -> int:
    """How long a packet sounds, in ticks of 1/48,000 s; 0 for one that is malformed."""
    if not packet:
        return 0
    config, count = packet[0] >> 3, packet[0] & 3
    if config < 12:
        frame = _SILK_TICKS[config % 4]
    elif config < 16:
        frame = _HYBRID_TICKS[config % 2]
    else:
        frame = _CELT_TICKS[config % 4]
    if count < 3:
        return frame * (1, 2, 2)[count]
    return frame * (packet[1] & 0x3F) if len(packet) > 1 else 0


def filling(ticks: int, before: bytes | None) -> list[bytes]:
    """Packets that last `ticks` (what is short of 2.5 ms is left over), to be played after the packet `before`.

    A short hole is filled with packets that say "lost", which decoders conceal; a longer one with silence.
    """
    packets: list[bytes] = []
    if before and ticks <= LONGEST_CONCEALED_TICKS:
        lost = bytes([before[0] & 0xFC])
        while duration_ticks(lost) <= ticks:
            packets.append(lost)
            ticks -= duration_ticks(lost)
    for length, silence in _SILENCE:
        packets += [silence] * (ticks // length)
        ticks %= length
    return packets
