"""Which encoded pictures decoding can begin with, and when to ask a browser for one."""

from __future__ import annotations

from media.frames import Codec

ASK_GAP_S = 0.5
"""Requests are at least so far apart, whoever asks."""

_VP8_START = b"\x9d\x01\x2a"
_SLICE, _IDR, _SPS = 1, 5, 7


def is_key(codec: Codec, frame: bytes) -> bool:
    """Whether decoding can begin with this whole frame; in H.264 it carries its parameter sets, as browsers send it."""
    return begins_key(codec, frame) and (codec is not Codec.H264 or _IDR in _nal_types(frame))


def begins_key(codec: Codec, data: bytes) -> bool:
    """Whether a key frame begins with this packet's data: VP8's start code (RFC 6386, 9.1), or H.264's SPS."""
    if codec is Codec.VP8:
        return data[3:6] == _VP8_START and not data[0] & 1
    return codec is Codec.OPUS or _SPS in _nal_types(data)


def _nal_types(data: bytes) -> list[int]:
    """Types of the NAL units in Annex B data, up to the first slice, whose kind the others share."""
    types: list[int] = []
    at = data.find(b"\x00\x00\x01")
    while 0 <= at < len(data) - 3:
        types.append(data[at + 3] & 0x1F)
        if types[-1] in (_SLICE, _IDR):
            break
        at = data.find(b"\x00\x00\x01", at + 3)
    return types


class KeyFrameRequests:
    """Says when to send a picture loss indication; time (any monotonic seconds) is passed in.

    One is due when somebody asked or pictures are broken and no key frame has come since, or when the last key frame
    is older than `every_s`. An answer may be lost: it is asked again until there is one, every half second at most.
    """

    def __init__(self) -> None:
        self.every_s: float | None = None
        self._is_asked = False
        self._asked_s = float("-inf")
        self._key_s = float("-inf")

    def ask(self) -> None:
        """Somebody needs a key frame."""
        self._is_asked = True

    def got(self, now_s: float) -> None:
        """A key frame has come."""
        self._is_asked = False
        self._key_s = now_s

    def due(self, now_s: float, *, broken: bool = False) -> bool:
        """Whether to ask the browser now; counts as asked when it is."""
        is_old = self.every_s is not None and now_s - self._key_s >= self.every_s
        if not (self._is_asked or broken or is_old) or now_s - self._asked_s < ASK_GAP_S:
            return False
        self._asked_s = now_s
        return True
