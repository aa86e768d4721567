"""One interview's segments become one stored file: a process of its own, at low priority, that a crash may take.

`python -m server.recordings.making` reads a job as one line of JSON, answers with one line, and keeps the interview's
lock until its input ends. So the lock outlives neither side: whoever asked has recorded the outcome and removed the
segments by then, or is gone, and the next one finds everything as it was.
"""

from __future__ import annotations

import fcntl
import hashlib
import io
import json
import os
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, BinaryIO, Self

from media.joining import RecordingFacts, check, join
from server.recordings.chunks import CHUNK_BYTES, Scratch, seal_file
from server.recordings.keys import KeyRing
from server.recordings.library import SEALED
from server.recordings.sealed import open_source
from server.recordings.spool import LOCK, segments_of
from server.recordings.store import Store, StoreAddress

LOWEST_PRIORITY = 19


@dataclass(frozen=True, slots=True)
class Job:
    """What to make and where to put it. folder: of the interview's segments; its name is the interview's id."""

    folder: Path
    address: StoreAddress
    keys: KeyRing

    def to_json(self) -> str:
        """One line; holds secrets."""
        address = {**asdict(self.address), "folder": str(self.address.folder)}
        return json.dumps(
            {"folder": str(self.folder), "address": address, "keys": [key.hex() for key in self.keys.keys]}
        )

    @classmethod
    def from_json(cls, line: str) -> Self:
        """The job in a line."""
        data = json.loads(line)
        address = StoreAddress(**{**data["address"], "folder": Path(data["address"]["folder"])})
        return cls(Path(data["folder"]), address, KeyRing(tuple(bytes.fromhex(key) for key in data["keys"])))


@dataclass(frozen=True, slots=True)
class Made:
    """The stored file. key: in the store; sha256, size_bytes: of the file as it is played."""

    key: str
    media_type: str
    size_bytes: int
    sha256: str
    duration_ms: int
    has_video: bool


def make(job: Job) -> Made:
    """Joins, checks, hashes, encrypts and stores. It can be done again: that makes another file under another key.

    Raises media.joining.RecordingBroken, SealBroken, KeyMissing, StoreUnavailable, OSError.
    """
    with ExitStack() as stack:
        sources = [stack.enter_context(open_source(path, job.keys)) for path in segments_of(job.folder)]
        joined = stack.enter_context(_scratch(job))
        join(sources, joined)
        joined.seek(0)
        facts = check(joined)
        size, digest = _hash(joined)
        key = f"{job.folder.name}/{digest[:32]}.{_extension(facts)}{SEALED if job.keys else ''}"
        joined.seek(0)
        content = io.BufferedReader(joined, CHUNK_BYTES) if isinstance(joined, io.RawIOBase) else joined
        pieces = seal_file(content, size, job.keys, key) if job.keys else _plain(content)
        Store(job.address).put(key, pieces)
    return Made(key, facts.media_type, size, digest, facts.duration_ms, facts.has_video)


def _scratch(job: Job) -> Any:
    """A file without a name, gone with the process, whose content never reaches the disk in clear if there is a key."""
    path = job.folder / "joined"
    file = path.open("w+b")
    path.unlink()
    return Scratch(file) if job.keys else file


def _hash(file: BinaryIO) -> tuple[int, str]:
    file.seek(0)
    digest, size = hashlib.sha256(), 0
    while piece := file.read(CHUNK_BYTES):
        digest.update(piece)
        size += len(piece)
    return size, digest.hexdigest()


def _plain(file: BinaryIO) -> Iterator[bytes]:
    while piece := file.read(CHUNK_BYTES):
        yield piece


def _extension(facts: RecordingFacts) -> str:
    return "webm" if facts.media_type.endswith("/webm") else "mkv"


def answer(job: Job) -> Mapping[str, Any]:
    """{"made": …}, {"failed": class name} or {"taken": true}, as the process says it. The lock is kept."""
    try:
        lock = os.open(job.folder / LOCK, os.O_RDWR | os.O_CREAT, 0o600)
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return {"made": asdict(make(job))}
    except BlockingIOError:
        return {"taken": True}
    except Exception as error:  # noqa: BLE001
        # Whatever it was, it is this interview's alone, and the one who asked tries again.
        return {"failed": type(error).__name__}


def main() -> None:
    """The process."""
    os.nice(LOWEST_PRIORITY)
    job = Job.from_json(sys.stdin.readline())
    over = threading.Thread(target=_end_with_input, daemon=True)
    over.start()
    sys.stdout.write(json.dumps(answer(job)) + "\n")
    sys.stdout.flush()
    over.join()


def _end_with_input() -> None:
    sys.stdin.read()
    # Also in the middle of the work: whoever asked is gone or has what it wanted.
    os._exit(0)


if __name__ == "__main__":
    main()
