"""Stored recordings, opened by their keys and read by ranges; what is encrypted is decrypted chunk by chunk."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import AsyncGenerator

from server.recordings.chunks import HEADER_BYTES, Sealed
from server.recordings.keys import KeyRing, SealBroken
from server.recordings.store import Store, StoreAddress

SEALED = ".sealed"
"""How the key of an encrypted file ends."""
MOST_KNOWN = 256


class Library:
    """Reads what the finisher has stored."""

    def __init__(self, address: StoreAddress, keys: KeyRing) -> None:
        """Nothing is opened before it is asked for."""
        self._store = Store(address)
        self._keys = keys
        self._known: OrderedDict[str, Sealed] = OrderedDict()

    async def read(self, key: str, start: int, end: int) -> AsyncGenerator[bytes | memoryview, None]:
        """The recording's bytes from start to before end; what can be known beforehand fails before the first.

        Raises NotStored, StoreUnavailable, KeyMissing, SealBroken; while bytes flow, the second and the last.
        """
        if not key.endswith(SEALED):
            _, pieces = await self._store.read(key, start, end)
            return pieces
        sealed = await self._sealed(key)
        if not 0 <= start < end <= sealed.size:
            raise SealBroken("the file has not the size that the log says")
        _, pieces = await self._store.read(key, *sealed.place(start, end))
        return _opened(sealed, start, end, pieces)

    async def _sealed(self, key: str) -> Sealed:
        if key in self._known:
            self._known.move_to_end(key)
            return self._known[key]
        size, pieces = await self._store.read(key, 0, HEADER_BYTES)
        header = b"".join([bytes(piece) async for piece in pieces])
        self._known[key] = Sealed.of(header, size, self._keys, key)
        if len(self._known) > MOST_KNOWN:
            self._known.popitem(last=False)
        return self._known[key]


async def _opened(
    sealed: Sealed, start: int, end: int, pieces: AsyncGenerator[memoryview, None]
) -> AsyncGenerator[bytes | memoryview, None]:
    opener = sealed.opener(start, end)
    async for piece in pieces:
        for content in opener.feed(piece):
            yield content
    opener.end()
