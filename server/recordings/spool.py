"""Where recordings are while they are made: a folder an interview, and in it a file a stretch of the line."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from media.segments import SegmentFile
from server.recordings.keys import KeyRing
from server.recordings.sealed import SealedSink, Sink, name_in_spool

SEGMENTS = "*.segment"
LOCK = "lock"


@dataclass(frozen=True, slots=True)
class Spool:
    """The folder of all interviews whose recordings are not stored yet."""

    folder: Path

    @classmethod
    def of(cls, recordings_dir: Path) -> Spool:
        """The spool beside the finished recordings; made for its owner only."""
        recordings_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        (recordings_dir / "spool").mkdir(mode=0o700, exist_ok=True)
        return cls(recordings_dir / "spool")

    def of_interview(self, interview_id: str) -> Path:
        """Where its segments go."""
        return self.folder / interview_id

    def waiting(self) -> list[str]:
        """The interviews that have a folder."""
        return sorted(path.name for path in self.folder.iterdir() if path.is_dir())

    def last_written(self, interview_id: str) -> datetime | None:
        """When its last segment was last written to, UTC; None when it has none."""
        times = [path.stat().st_mtime for path in segments_of(self.of_interview(interview_id))]
        return datetime.fromtimestamp(max(times), UTC) if times else None

    def remove(self, interview_id: str) -> None:
        """Removes its segments, then its folder; begun once, it is done again after a crash."""
        shutil.rmtree(self.of_interview(interview_id), ignore_errors=True)


def segments_of(folder: Path) -> list[Path]:
    """The segments of an interview in the order they were begun."""
    return sorted(folder.glob(SEGMENTS))


def sink_opener(keys: KeyRing) -> Callable[[Path], Sink]:
    """Makes a segment's file, which is encrypted when there is a key; for the recorder's thread. Raises OSError."""

    def open_sink(path: Path) -> Sink:
        file = SegmentFile(path)
        if not keys:
            return file
        try:
            return SealedSink(file, keys, name_in_spool(path))
        except BaseException:
            file.close()
            path.unlink()  # Nothing is in it; a full disk would collect one with each attempt.
            raise

    return open_sink
