"""Where finished recordings are kept: a folder or an S3-compatible store. The only user of obstore."""

from __future__ import annotations

import glob
import os
from collections.abc import AsyncGenerator, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import obstore
from obstore.exceptions import BaseError, NotFoundError
from obstore.store import LocalStore, S3Store

if TYPE_CHECKING:
    from obstore.store import S3Config

PIECE_BYTES = 64 << 10
CONNECT_S, TRANSFER_S, RETRY_S = 5, 60, 10
"""How long a connection, one request and the retries of one may take: a person waits for a range."""


class StoreUnavailable(Exception):
    """The store does not answer or refuses; what is in it is not lost."""


class NotStored(Exception):
    """There is nothing under this key."""


@dataclass(frozen=True, slots=True)
class StoreAddress:
    """Where a store is. folder: used unless bucket_url (s3://BUCKET/PREFIX) is set; secret_key never shows."""

    folder: Path
    bucket_url: str = ""
    endpoint: str = ""
    region: str = ""
    access_key: str = ""
    secret_key: str = ""

    def __repr__(self) -> str:
        return f"StoreAddress({self.bucket_url or self.folder})"


class Store:
    """Puts and reads files under keys such as `INTERVIEW/NAME.webm`. Every method raises StoreUnavailable."""

    def __init__(self, address: StoreAddress) -> None:
        """Nothing is opened before it is used, but for the folder, which is made for its owner only."""
        self._folder = None if address.bucket_url else address.folder
        self._store = _s3(address) if address.bucket_url else _local(address.folder)

    def put(self, key: str, pieces: Iterator[bytes]) -> None:
        """Stores a file, whole or not at all; it is on disk when this returns. Blocks: for a thread or process."""
        if self._folder is not None:
            _remove_unfinished(self._folder / key)
        try:
            obstore.put(self._store, key, pieces)
        except (BaseError, FileNotFoundError) as error:  # The latter: there is no such bucket.
            raise _unavailable(error) from error
        if self._folder is not None:
            _sync(self._folder / key)

    async def read(self, key: str, start: int, end: int) -> tuple[int, AsyncGenerator[memoryview, None]]:
        """(size of the whole file, its bytes from start to before end as they arrive). Raises NotStored."""
        try:
            found = await obstore.get_async(self._store, key, options={"range": (start, end)})
        except (NotFoundError, FileNotFoundError):
            raise NotStored(key) from None
        except BaseError as error:
            raise _unavailable(error) from error
        return found.meta["size"], _pieces(found.stream(min_chunk_size=PIECE_BYTES))

    async def keys(self, prefix: str) -> list[str]:
        """The keys that begin with this folder, such as `INTERVIEW/`."""
        try:
            return [item["path"] async for page in obstore.list(self._store, prefix) for item in page]
        except (BaseError, FileNotFoundError) as error:
            raise _unavailable(error) from error

    async def delete(self, key: str) -> None:
        """Removes a file; one that is not there is no error."""
        try:
            await obstore.delete_async(self._store, key)
        except (NotFoundError, FileNotFoundError):
            return
        except BaseError as error:
            raise _unavailable(error) from error


async def _pieces(stream: obstore.BytesStream) -> AsyncGenerator[memoryview, None]:
    try:
        async for piece in stream:
            yield memoryview(piece)
    except BaseError as error:
        raise _unavailable(error) from error


def _unavailable(error: Exception) -> StoreUnavailable:
    # Its message can hold the request's address, whose signature is nobody's business.
    return StoreUnavailable(type(error).__name__)


def _local(folder: Path) -> LocalStore:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return LocalStore(folder, mkdir=True, automatic_cleanup=True)


def _s3(address: StoreAddress) -> S3Store:
    bucket, _, prefix = address.bucket_url.removeprefix("s3://").partition("/")
    config: S3Config = {"region": address.region}
    if address.endpoint:
        config["endpoint"] = address.endpoint.rstrip("/")
    if address.access_key:
        config["access_key_id"], config["secret_access_key"] = address.access_key, address.secret_key
    return S3Store(
        bucket,
        prefix=prefix.strip("/") or None,
        config=config,
        client_options={
            "allow_http": address.endpoint.startswith("http://"),
            "connect_timeout": f"{CONNECT_S}s",
            "timeout": f"{TRANSFER_S}s",
        },
        retry_config={"max_retries": 3, "retry_timeout": timedelta(seconds=RETRY_S)},
    )


def _remove_unfinished(path: Path) -> None:
    """What a killed process was writing: obstore names it like the file, with # and a number."""
    for unfinished in path.parent.glob(f"{glob.escape(path.name)}#*"):
        unfinished.unlink(missing_ok=True)


def _sync(path: Path) -> None:
    for one in (path, path.parent, path.parent.parent):
        handle = os.open(one, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
