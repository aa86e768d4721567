"""A folder and a real S3 server behave alike: whole files or none, ranges, clear refusals."""

from __future__ import annotations

import asyncio
import io
import os
import stat
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from server.recordings.chunks import CHUNK_BYTES, seal_file
from server.recordings.keys import KeyMissing, SealBroken
from server.recordings.library import Library
from server.recordings.store import NotStored, Store, StoreAddress, StoreUnavailable
from tests.recordings.conftest import S3Server
from tests.recordings.keys import NONE, ONE, OTHER, ROTATED

KEY = "ada/recording.webm"
CONTENT = os.urandom(11 * 1024 * 1024 + 123)
"""More than one part of a multipart upload."""


def pieces(content: bytes = CONTENT) -> Iterator[bytes]:
    for start in range(0, len(content), CHUNK_BYTES):
        yield content[start : start + CHUNK_BYTES]


@pytest.fixture(params=["folder", "s3"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> StoreAddress:
    if request.param == "folder":
        return StoreAddress(tmp_path / "recordings")
    server: S3Server = request.getfixturevalue("s3")
    return server.address(tmp_path / "recordings")


async def read(store: Store, key: str, start: int, end: int) -> bytes:
    _, found = await store.read(key, start, end)
    return b"".join([bytes(piece) async for piece in found])


async def test_ranges_of_what_was_put_until_it_is_deleted(place: StoreAddress) -> None:
    store = Store(place)
    await asyncio.to_thread(store.put, KEY, pieces())
    size, found = await store.read(KEY, 0, len(CONTENT))
    assert size == len(CONTENT)
    assert b"".join([bytes(piece) async for piece in found]) == CONTENT
    for start, end in ((0, 1), (5_000_000, 6_500_001), (len(CONTENT) - 7, len(CONTENT))):
        assert await read(store, KEY, start, end) == CONTENT[start:end]
    await asyncio.to_thread(store.put, KEY, pieces(b"another"))
    assert await read(store, KEY, 0, 7) == b"another"
    await store.delete(KEY)
    await store.delete(KEY)
    with pytest.raises(NotStored):
        await store.read(KEY, 0, 1)


async def test_a_file_that_breaks_off_is_not_there(place: StoreAddress) -> None:
    def broken() -> Iterator[bytes]:
        yield from pieces(CONTENT[: 7 << 20])
        raise OSError("the disk it is read from")

    store = Store(place)
    with pytest.raises(Exception, match="disk it is read from"):
        await asyncio.to_thread(store.put, KEY, broken())
    with pytest.raises(NotStored):
        await store.read(KEY, 0, 1)


async def test_what_a_killed_process_left_in_the_folder_is_removed(tmp_path: Path) -> None:
    folder = tmp_path / "recordings"
    store = Store(StoreAddress(folder))
    (folder / "ada").mkdir(parents=True)
    (folder / f"{KEY}#1").write_bytes(b"half")
    await asyncio.to_thread(store.put, KEY, pieces(b"whole"))
    assert [path.name for path in (folder / "ada").iterdir()] == ["recording.webm"]
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


async def test_a_wrong_secret_and_a_bucket_that_is_not_there_are_refused(s3: S3Server, tmp_path: Path) -> None:
    for wrong in (s3.address(tmp_path, secret="wrong" * 8), s3.address(tmp_path, bucket="another")):
        with pytest.raises(StoreUnavailable):
            await asyncio.to_thread(Store(wrong).put, KEY, pieces(b"words"))
    assert s3.keys() == []


async def test_a_store_that_is_away_is_given_up_within_seconds(s3: S3Server, tmp_path: Path) -> None:
    place = s3.address(tmp_path)
    s3.process.kill()
    s3.process.wait()
    began = time.monotonic()
    with pytest.raises(StoreUnavailable):
        await Store(place).read(KEY, 0, 1)
    assert time.monotonic() - began < 15
    assert place.secret_key not in repr(place)


async def test_an_encrypted_file_gives_any_range_and_nothing_to_the_store(s3: S3Server, tmp_path: Path) -> None:
    place, key = s3.address(tmp_path), KEY + ".sealed"
    content = CONTENT[: 5 * CHUNK_BYTES + 99]
    sealed = seal_file(io.BytesIO(content), len(content), ONE, key)
    await asyncio.to_thread(Store(place).put, key, sealed)
    assert content[:64] not in s3.content(f"kept/{key}")
    library = Library(place, ROTATED)
    for start, end in ((0, len(content)), (CHUNK_BYTES - 1, CHUNK_BYTES + 1), (len(content) - 3, len(content))):
        found = await library.read(key, start, end)
        assert b"".join([bytes(piece) async for piece in found]) == content[start:end]
    for keys in (OTHER, NONE):
        with pytest.raises(KeyMissing):
            await Library(place, keys).read(key, 0, 1)
    with pytest.raises(SealBroken):
        await library.read(key, 0, len(content) + 1)
