"""A segment on disk while it is written: whole up to its last record at any time, encrypted when there is a key.

A sealed file is a header and records, each its length (4 bytes, big endian) and its sealed content; they are numbered
from 0, and an empty one says that the file was closed. A file that ends within a record, or in zeros, was cut off by
a crash or a power cut: it counts up to there. Records that were changed, left out, moved or taken from another file
do not open.
"""

from __future__ import annotations

import io
import os
from bisect import bisect_right
from pathlib import Path
from typing import BinaryIO, Protocol

from server.recordings.keys import TAG_BYTES, KeyRing, SealBroken, header_bytes

MAGIC = b"LISPOOL1"
LENGTH_BYTES = 4


class Sink(Protocol):
    """Where a segment goes, from beginning to end: what media.segments.SegmentSink asks for."""

    def write(self, data: bytes, /) -> int:
        """Take all of `data`; OSError when the disk does not."""

    def flush(self) -> object:
        """Hand on to the operating system whatever is still held."""

    def close(self) -> None:
        """Make it last: a power cut must not undo it."""


class SealedSink:
    """Encrypts what is written into a sink, a record a write."""

    def __init__(self, sink: Sink, keys: KeyRing, name: str) -> None:
        """name: of the file within the spool, which its content is bound to."""
        begin, self._seal = keys.new_seal(MAGIC, name)
        self._sink = sink
        self._number = 0
        self._closed = False
        sink.write(begin)

    def write(self, data: bytes, /) -> int:
        """Seal and append it."""
        if data:
            self._append(bytes(data))
        return len(data)

    def flush(self) -> object:
        """Hand on what is held; nothing is held here."""
        return self._sink.flush()

    def close(self) -> None:
        """Say that this is all, and close the sink whatever happens."""
        if self._closed:
            return
        self._closed = True
        try:
            self._append(b"")
        finally:
            self._sink.close()

    def _append(self, content: bytes) -> None:
        length = (len(content) + TAG_BYTES).to_bytes(LENGTH_BYTES, "big")
        sealed = self._seal.close(self._number, content)
        # The number is spent even when the disk refuses: no other content may ever be sealed with it.
        self._number += 1
        self._sink.write(length + sealed)


class SealedSource(io.RawIOBase):
    """Reads a sealed file like a plain one, from any position. Raises SealBroken; KeyMissing.

    closed_well: whether its writer came to its end.
    """

    def __init__(self, file: BinaryIO, keys: KeyRing, name: str) -> None:
        """file: is closed with this one."""
        self._file = file
        self._seal = keys.seal_of(file.read(header_bytes(MAGIC)), MAGIC, name)
        self._places: list[tuple[int, int]] = []
        """Of each record: where it begins in the file and how long it is, sealed."""
        self._starts = [0]
        """Of each record, and behind the last: its position in the content."""
        self.closed_well = False
        self._index()
        self._position = 0
        self._held: tuple[int, bytes] = (-1, b"")

    def readable(self) -> bool:
        """Yes."""
        return True

    def seekable(self) -> bool:
        """Yes."""
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        """Go to a position of the content."""
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self._starts[-1]}[whence]
        self._position = max(0, base + offset)
        return self._position

    def tell(self) -> int:
        """Position in the content."""
        return self._position

    def readinto(self, buffer: bytearray | memoryview, /) -> int:  # type: ignore[override]
        """At most one record; 0 at the end."""
        if self._position >= self._starts[-1]:
            return 0
        record = bisect_right(self._starts, self._position) - 1
        content = self._open(record)
        at = self._position - self._starts[record]
        taken = content[at : at + len(buffer)]
        buffer[: len(taken)] = taken
        self._position += len(taken)
        return len(taken)

    def close(self) -> None:
        """Close the file."""
        self._file.close()
        super().close()

    def _index(self) -> None:
        size = os.fstat(self._file.fileno()).st_size
        place = header_bytes(MAGIC)
        while place + LENGTH_BYTES <= size:
            self._file.seek(place)
            length = int.from_bytes(self._file.read(LENGTH_BYTES), "big")
            place += LENGTH_BYTES
            if length == 0 and not self._file.read(size - place).strip(b"\0"):
                return
            if length < TAG_BYTES:
                raise SealBroken("a record that cannot be one")
            if place + length > size:
                return
            if length == TAG_BYTES:
                self._seal.open(len(self._places), self._file.read(length))
                if place + length != size:
                    raise SealBroken("something stands behind the end")
                self.closed_well = True
                return
            self._places.append((place, length))
            self._starts.append(self._starts[-1] + length - TAG_BYTES)
            place += length

    def _open(self, record: int) -> bytes:
        if self._held[0] != record:
            place, length = self._places[record]
            self._file.seek(place)
            self._held = (record, self._seal.open(record, self._file.read(length)))
        return self._held[1]


def name_in_spool(path: Path) -> str:
    """What a segment's content is bound to: its interview and its own name."""
    return f"{path.parent.name}/{path.name}"


def open_source(path: Path, keys: KeyRing) -> BinaryIO:
    """Reads a segment, sealed or written while there was no key. Raises OSError; SealBroken; KeyMissing."""
    file = path.open("rb")
    if file.peek(len(MAGIC))[: len(MAGIC)] != MAGIC:
        return file
    try:
        return io.BufferedReader(SealedSource(file, keys, name_in_spool(path)))
    except BaseException:
        file.close()
        raise
