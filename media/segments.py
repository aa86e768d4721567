"""One segment of a recording: a live Matroska file that is whole up to its last half second at any time."""

from __future__ import annotations

import io
import os
from fractions import Fraction
from pathlib import Path
from typing import Protocol

import av
from av.stream import Stream

from media.frames import Codec, EncodedFrame

CLUSTER_MS = 500
"""What is written at once, and lost at most when the process is killed."""
INTERLEAVE_US = 100_000
"""Sound does not wait longer than this for pictures that may never come."""
MILLISECOND = Fraction(1, 1000)


class SegmentSink(Protocol):
    """Where a segment goes: written from beginning to end, never sought."""

    def write(self, data: bytes, /) -> int:
        """Take all of `data`; OSError when the disk does not."""

    def flush(self) -> object:
        """Hand on to the operating system whatever is still held."""

    def close(self) -> None:
        """Nothing more comes."""


class SegmentFile(io.FileIO):
    """A new file that only its owner may read. Raises FileExistsError.

    It is left to the operating system when the disk gets it, within half a minute as a rule, which a power cut may
    cost; the end of a process costs nothing. The one thread that writes for all lines never waits for the disk (fsync).
    """

    def __init__(self, path: Path) -> None:
        super().__init__(path, "xb", opener=lambda name, flags: os.open(name, flags, 0o600))

    def write(self, data: bytes, /) -> int:  # type: ignore[override]
        """All of it: the operating system may take less at a time."""
        rest = memoryview(data)
        while rest:
            rest = rest[super().write(rest) or 0 :]
        return len(data)


class Segment:
    """Writes frames into `sink`. picture: the key frame that its pictures begin with; None: sound only.

    Every method may raise what the sink raises, and av.FFmpegError for what is no picture of its codec. Whoever
    wants pictures of another codec begins another segment; their size may change within one.
    """

    def __init__(self, sink: SegmentSink, picture: EncodedFrame | None) -> None:
        self.codec = picture.codec if picture else None
        self.safe_ms: int | None = None
        """Up to where the sink has it; None: nothing yet."""
        self._written_ms: int | None = None
        self._counted = _Counted(sink)
        options = {
            "live": "1",
            "cluster_time_limit": str(CLUSTER_MS),
            "flush_packets": "1",
            "max_interleave_delta": str(INTERLEAVE_US),
        }
        self._container = av.open(self._counted, "w", format="matroska", options=options)
        # Always two channels (RFC 7587): a decoder makes both of a packet that has one.
        self._sound: Stream = self._container.add_stream("libopus", rate=48_000, layout="stereo")
        self._pictures = self._add_pictures(picture) if picture else None

    def write(self, frame: EncodedFrame, at_ms: int) -> None:
        """Append a frame at its place."""
        packet = av.Packet(frame.data)
        packet.stream = self._sound if frame.codec is Codec.OPUS else self._pictures  # type: ignore[assignment]
        packet.pts = packet.dts = at_ms
        packet.time_base = MILLISECOND
        packet.is_keyframe = frame.key
        before = self._counted.clusters
        self._container.mux_one(packet)
        if self._counted.clusters > before:
            self.safe_ms = self._written_ms
        self._written_ms = at_ms

    def flush(self) -> None:
        """Hand on to the operating system what is complete."""
        self._counted.sink.flush()

    def close(self) -> None:
        """Write the rest; the sink is closed whatever happens."""
        try:
            self._container.close()
            self._counted.sink.flush()
            self.safe_ms = self._written_ms
        finally:
            self._counted.sink.close()

    def _add_pictures(self, picture: EncodedFrame) -> Stream:
        if picture.codec is Codec.VP8:
            width, height = _vp8_size(picture.data)
            return self._container.add_mux_stream("vp8", width=width, height=height)
        # Size and parameter sets stand in the frame; FFmpeg reads them better than we would.
        with av.open(io.BytesIO(picture.data), format="h264") as frame:
            return self._container.add_stream_from_template(frame.streams.video[0], opaque=True)


class _Counted:
    """A sink that counts what went into it after the header; without `seek`, which tells FFmpeg to append only."""

    def __init__(self, sink: SegmentSink) -> None:
        self.sink = sink
        self._writes = 0
        self._is_broken = False

    @property
    def clusters(self) -> int:
        """How often something was written after the header."""
        return max(0, self._writes - 1)

    def write(self, data: bytes) -> int:
        """Pass it on; nothing after a write that failed, since nobody could read on behind it."""
        if self._is_broken:
            raise OSError("a write before this one has failed")
        self._is_broken = True
        self.sink.write(data)
        self._is_broken = False
        self._writes += 1
        return len(data)


def _vp8_size(key_frame: bytes) -> tuple[int, int]:
    """Width and height (RFC 6386, 9.1)."""
    return (
        int.from_bytes(key_frame[6:8], "little") & 0x3FFF,
        int.from_bytes(key_frame[8:10], "little") & 0x3FFF,
    )
