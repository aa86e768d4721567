"""A finished file in the store: chunks of 64 KiB, each sealed, so that any range is read without the rest.

Header (plain, and bound to every chunk): kind, key id, salt, chunk size (4 bytes), content size (8 bytes).
A chunk that was changed, moved or taken from another file does not open, and a file that was cut has not the
size that its header says.
"""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from server.recordings.keys import (
    TAG_BYTES,
    KeyRing,
    Seal,
    SealBroken,
    header_bytes,
    one_time_cipher,
)

MAGIC = b"LIFILE01"
CHUNK_BYTES = 64 << 10
HEADER_BYTES = header_bytes(MAGIC) + 12
NONCE_BYTES = 12


def seal_file(content: BinaryIO, size: int, keys: KeyRing, name: str) -> Iterator[bytes]:
    """The sealed file, piece by piece. content: `size` bytes from its present position. Raises EOFError."""
    begin, seal = keys.new_seal(MAGIC, name)
    sizes = CHUNK_BYTES.to_bytes(4, "big") + size.to_bytes(8, "big")
    yield begin + sizes
    for number in range(-(-size // CHUNK_BYTES)):
        wanted = min(CHUNK_BYTES, size - number * CHUNK_BYTES)
        chunk = content.read(wanted)
        if len(chunk) != wanted:
            raise EOFError(f"chunk {number} ends early")
        yield seal.close(number, chunk, sizes)


@dataclass(frozen=True, slots=True)
class Sealed:
    """How to read one sealed file."""

    seal: Seal
    size: int
    """Of the content, bytes."""
    sizes: bytes

    @classmethod
    def of(cls, header: bytes, stored_bytes: int, keys: KeyRing, name: str) -> Sealed:
        """From the file's first HEADER_BYTES bytes and its size. Raises SealBroken; KeyMissing."""
        begin, sizes = header[: header_bytes(MAGIC)], header[header_bytes(MAGIC) :]
        seal = keys.seal_of(begin, MAGIC, name)
        if len(sizes) != 12 or int.from_bytes(sizes[:4], "big") != CHUNK_BYTES:
            raise SealBroken("chunks of another size")
        size = int.from_bytes(sizes[4:], "big")
        if stored_bytes != HEADER_BYTES + size + -(-size // CHUNK_BYTES) * TAG_BYTES:
            raise SealBroken("the file was cut or added to")
        return cls(seal, size, sizes)

    def place(self, start: int, end: int) -> tuple[int, int]:
        """Where in the stored file the chunks of content[start:end] are: (first byte, behind the last)."""
        first, last = start // CHUNK_BYTES, (end - 1) // CHUNK_BYTES
        whole = CHUNK_BYTES + TAG_BYTES
        stored = HEADER_BYTES + self.size + -(-self.size // CHUNK_BYTES) * TAG_BYTES
        return HEADER_BYTES + first * whole, min(HEADER_BYTES + (last + 1) * whole, stored)

    def opener(self, start: int, end: int) -> Opener:
        """Opens the bytes of `place(start, end)` as they arrive."""
        return Opener(self, start, end)


class Opener:
    """Takes stored bytes in pieces of any size, gives content[start:end]."""

    def __init__(self, sealed: Sealed, start: int, end: int) -> None:
        self._sealed = sealed
        self._number = start // CHUNK_BYTES
        self._last = (end - 1) // CHUNK_BYTES
        self._range = (start, end)
        self._waiting = bytearray()

    def feed(self, data: bytes | memoryview) -> Iterator[bytes]:
        """The content that is complete now. Raises SealBroken."""
        self._waiting += data
        while self._number <= self._last:
            begin = self._number * CHUNK_BYTES
            length = min(CHUNK_BYTES, self._sealed.size - begin) + TAG_BYTES
            if len(self._waiting) < length:
                return
            chunk = self._sealed.seal.open(self._number, bytes(self._waiting[:length]), self._sealed.sizes)
            del self._waiting[:length]
            self._number += 1
            yield chunk[max(0, self._range[0] - begin) : self._range[1] - begin]

    def end(self) -> None:
        """All stored bytes were fed. Raises SealBroken when some are missing."""
        if self._number <= self._last:
            raise SealBroken(f"chunk {self._number} is missing")


class Scratch(io.RawIOBase):
    """A file for this process only, written and read anywhere in it, whose content never reaches the disk in clear.

    Each chunk is encrypted anew with a fresh random nonce whenever it is written, under a key that is never stored.
    """

    def __init__(self, file: BinaryIO) -> None:
        """file: empty, opened for reading and writing; is closed with this one."""
        self._file = file
        self._cipher = one_time_cipher()
        self._size = 0
        self._position = 0
        self._number = -1
        self._chunk = bytearray()
        self._changed = False

    def readable(self) -> bool:
        """Yes."""
        return True

    def writable(self) -> bool:
        """Yes."""
        return True

    def seekable(self) -> bool:
        """Yes."""
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        """Go to a position, also behind the end."""
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self._size}[whence]
        self._position = max(0, base + offset)
        return self._position

    def tell(self) -> int:
        """Position in the content."""
        return self._position

    def write(self, data: bytes | memoryview, /) -> int:  # type: ignore[override]
        """All of it."""
        rest = memoryview(data)
        total = rest.nbytes
        while rest:
            at = self._go_to(self._position // CHUNK_BYTES)
            piece = rest[: CHUNK_BYTES - at]
            self._chunk.extend(bytes(max(0, at - len(self._chunk))))
            self._chunk[at : at + len(piece)] = piece
            self._changed = True
            self._position += len(piece)
            self._size = max(self._size, self._position)
            rest = rest[len(piece) :]
        return total

    def readinto(self, buffer: bytearray | memoryview, /) -> int:  # type: ignore[override]
        """At most one chunk; 0 at the end."""
        if self._position >= self._size:
            return 0
        at = self._go_to(self._position // CHUNK_BYTES)
        # A chunk that was jumped over, or whose end was: zeros, as in any file.
        chunk_end = min(CHUNK_BYTES, self._size - self._number * CHUNK_BYTES)
        content = bytes(self._chunk[at:chunk_end]).ljust(chunk_end - at, b"\0")[: len(buffer)]
        buffer[: len(content)] = content
        self._position += len(content)
        return len(content)

    def close(self) -> None:
        """Close the file; its content is gone."""
        self._file.close()
        super().close()

    def _go_to(self, number: int) -> int:
        """Holds this chunk; where in it the position is."""
        if number != self._number:
            self._put_back()
            self._number, self._chunk = number, self._load(number)
        return self._position % CHUNK_BYTES

    def _slot(self, number: int) -> int:
        return number * (4 + NONCE_BYTES + CHUNK_BYTES + TAG_BYTES)

    def _load(self, number: int) -> bytearray:
        self._file.seek(self._slot(number))
        length = int.from_bytes(self._file.read(4), "big")
        if length == 0:
            return bytearray()
        nonce, sealed = self._file.read(NONCE_BYTES), self._file.read(length)
        return bytearray(self._cipher.decrypt(nonce, sealed, number.to_bytes(8, "big")))

    def _put_back(self) -> None:
        if not self._changed:
            return
        nonce = os.urandom(NONCE_BYTES)
        sealed = self._cipher.encrypt(nonce, bytes(self._chunk), self._number.to_bytes(8, "big"))
        self._file.seek(self._slot(self._number))
        self._file.write(len(sealed).to_bytes(4, "big") + nonce + sealed)
        self._changed = False
