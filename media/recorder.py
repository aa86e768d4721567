"""Pass-through recording: encoded frames into segments on disk, by one thread for all lines; nothing is decoded."""

from __future__ import annotations

import asyncio
import errno
import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from enum import Enum, StrEnum
from pathlib import Path
from types import TracebackType
from typing import Self

from media.frames import Codec, EncodedFrame
from media.segments import Segment, SegmentFile, SegmentSink

log = logging.getLogger(__name__)

BATCH_S = 0.25
"""Frames are written so often: few wake-ups, and little is lost with the process."""
MOST_PENDING_BYTES = 8 << 20
"""Of one line: about a minute of sound and pictures."""
RETRY_S = 5.0
STOP_S = 10.0

OpenSink = Callable[[Path], SegmentSink]


class GapReason(StrEnum):
    """Why a stretch of a recording is missing."""

    DISK_SLOW = "disk_slow"
    """The disk did not keep up with what came."""
    DISK_FAILED = "disk_failed"
    """The disk is full or broken."""


Gap = Callable[[int, int, GapReason], None]
"""Is told (start_ms, end_ms, reason), interview clock, once the gap has ended."""


class _Mark(Enum):
    """What stands between the frames of a line."""

    HOLE = "hole"
    """Frames were dropped here: pictures go on with a key frame."""
    SPLIT = "split"
    """The segment ends here."""
    END = "end"
    """The line ends here."""


class Recorder:
    """Owns the thread that writes for every line of this process. An async context manager: at its end all is on disk.

    open_sink: makes the file of a segment, in the thread.
    """

    def __init__(self, open_sink: OpenSink = SegmentFile) -> None:
        self.dropped_frames = 0
        """Frames that the disk was too slow for."""
        self.failed_segments = 0
        """Segments that ended because the disk was full or broken."""
        self.written_bytes = 0
        """Payload of the frames written so far."""
        self._open_sink = open_sink
        self._loop: asyncio.AbstractEventLoop | None = None
        self._lines: list[_Line] = []
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="recorder", daemon=True)

    async def __aenter__(self) -> Self:
        self._loop = asyncio.get_running_loop()
        self._thread.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._wake.set()
        await asyncio.to_thread(self._thread.join, STOP_S)
        if self._thread.is_alive():
            log.error("the disk does not answer: recordings end without their last seconds")

    def record(self, folder: Path, on_gap: Gap) -> LineRecording:
        """Begin to record a line: its segments become the next numbers in `folder`. on_gap: called on the loop."""
        assert self._loop is not None
        line = _Line(self, folder, on_gap, self._loop)
        with self._lock:
            self._lines.append(line)
        return LineRecording(self, line, on_gap)

    def wake(self) -> None:
        """There is something to write."""
        if not self._wake.is_set():
            self._wake.set()

    def open_sink(self, path: Path) -> SegmentSink:
        """A segment's file. For the thread."""
        return self._open_sink(path)

    def _run(self) -> None:
        while not self._stop.is_set():
            self._wake.wait()
            self._stop.wait(BATCH_S)
            self._wake.clear()
            self._write_pending()
        with self._lock:
            for line in self._lines:
                line.pending.append(_Mark.END)
        self._write_pending()

    def _write_pending(self) -> None:
        with self._lock:
            lines = list(self._lines)
        for line in lines:
            line.write_pending()
        with self._lock:
            self._lines = [line for line in self._lines if not line.ended]


class LineRecording:
    """One line's recording, on the event loop: takes frames without ever waiting. Made by `Recorder.record`."""

    def __init__(self, recorder: Recorder, line: _Line, on_gap: Gap) -> None:
        self._recorder = recorder
        self._line = line
        self._on_gap = on_gap
        self._taken_bytes = 0
        self._gap_from: int | None = None
        self._last_ms = 0

    def write(self, frame: EncodedFrame, at_ms: int) -> None:
        """Record a frame at its place. When 8 MiB wait for the disk, frames are dropped until half of it is written."""
        self._last_ms = at_ms
        if self.pending_bytes > (MOST_PENDING_BYTES if self._gap_from is None else MOST_PENDING_BYTES // 2):
            self._recorder.dropped_frames += 1
            if self._gap_from is None:
                self._gap_from = at_ms
            return
        if self._gap_from is not None:
            self._line.pending.append(_Mark.HOLE)
            self._end_gap(at_ms)
        self._taken_bytes += len(frame.data)
        self._line.pending.append((frame, at_ms))
        self._recorder.wake()

    def split(self) -> None:
        """End the segment: nothing comes for a while, or what comes does not continue it."""
        self._line.pending.append(_Mark.SPLIT)
        self._recorder.wake()

    def end(self) -> None:
        """End the recording of this line; what was taken is still written. May be called again."""
        if self._gap_from is not None:
            self._end_gap(self._last_ms)
        self._line.pending.append(_Mark.END)
        self._recorder.wake()

    @property
    def is_written(self) -> bool:
        """Whether it has ended and all is on disk, or lost."""
        return self._line.all_written.done()

    @property
    def pending_bytes(self) -> int:
        """What waits for the disk."""
        return self._taken_bytes - self._line.done_bytes

    async def ended(self) -> None:
        """Returns when all is on disk, or will never be. After `end`."""
        await asyncio.wrap_future(self._line.all_written)

    def _end_gap(self, end_ms: int) -> None:
        assert self._gap_from is not None
        start_ms, self._gap_from = self._gap_from, None
        self._on_gap(start_ms, end_ms, GapReason.DISK_SLOW)


class _Line:
    """One line's side in the thread. Only `pending` is filled, and `done_bytes` read, from the loop."""

    def __init__(self, recorder: Recorder, folder: Path, on_gap: Gap, loop: asyncio.AbstractEventLoop) -> None:
        self.pending: deque[tuple[EncodedFrame, int] | _Mark] = deque()
        self.done_bytes = 0
        self.ended = False
        self.all_written: Future[None] = Future()
        self._recorder = recorder
        self._folder = folder
        self._on_gap = on_gap
        self._loop = loop
        self._segment: Segment | None = None
        self._sink: SegmentSink | None = None
        self._path = folder
        self._began_ms = 0
        self._last_ms = 0
        self._awaits_key = True
        self._lost_from: int | None = None
        self._retry_at = 0.0

    def write_pending(self) -> None:
        """Write what waits. The one place that catches everything: no line's failure touches another."""
        while self.pending and not self.ended:
            item = self.pending.popleft()
            if isinstance(item, _Mark):
                self._obey(item)
                continue
            frame, at_ms = item
            if time.monotonic() >= self._retry_at:
                try:
                    self._write(frame, at_ms)
                except Exception as error:  # noqa: BLE001
                    self._fail(error, at_ms)
            self._last_ms = at_ms
            self.done_bytes += len(frame.data)
        if self._segment is not None:
            try:
                self._segment.flush()
            except Exception as error:  # noqa: BLE001
                self._fail(error, self._last_ms)

    def _obey(self, mark: _Mark) -> None:
        self._awaits_key = True
        if mark is _Mark.HOLE:
            return
        self._close()
        if mark is _Mark.END:
            self._found_again(self._last_ms)
            self.ended = True
            self.all_written.set_result(None)

    def _write(self, frame: EncodedFrame, at_ms: int) -> None:
        is_sound = frame.codec is Codec.OPUS
        if not is_sound and self._awaits_key and not frame.key:
            return
        if self._segment is None or (not is_sound and frame.key and frame.codec is not self._segment.codec):
            self._close()
            if time.monotonic() < self._retry_at:
                return
            self._open(None if is_sound else frame, at_ms)
        assert self._segment is not None
        if not is_sound:
            if frame.codec is not self._segment.codec:
                return
            self._awaits_key = False
        self._segment.write(frame, at_ms)
        self._recorder.written_bytes += len(frame.data)
        if self._segment.safe_ms is not None:
            self._found_again(self._began_ms)

    def _open(self, picture: EncodedFrame | None, at_ms: int) -> None:
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        numbers = [int(path.stem) for path in self._folder.glob("*.segment") if path.stem.isdecimal()]
        self._path = self._folder / f"{max(numbers, default=0) + 1:04d}.segment"
        self._began_ms = at_ms
        self._sink = self._recorder.open_sink(self._path)
        self._segment = Segment(self._sink, picture)

    def _close(self) -> None:
        if self._segment is None:
            return
        try:
            self._segment.close()
        except Exception as error:  # noqa: BLE001
            self._fail(error, self._last_ms)
        else:
            self._segment = self._sink = None
            self._found_again(self._began_ms)

    def _fail(self, error: Exception, at_ms: int) -> None:
        """What the segment did not get to the disk is lost; another is tried in a while."""
        segment, sink, self._segment, self._sink = self._segment, self._sink, None, None
        if sink is not None:
            with suppress(Exception):
                sink.close()
        log.error("a recording's segment cannot be written (%s); trying again in %d s", _reason(error), RETRY_S)
        safe_ms = segment.safe_ms if segment else None
        if self._lost_from is None:
            self._lost_from = safe_ms if safe_ms is not None else self._began_ms if segment else at_ms
        self._recorder.failed_segments += 1
        self._retry_at = time.monotonic() + RETRY_S
        self._awaits_key = True
        if sink is not None and safe_ms is None:
            with suppress(OSError):
                self._path.unlink()  # Nothing is in it; a full disk would collect one each time.

    def _found_again(self, at_ms: int) -> None:
        """What was lost ends here: from here on it is on the disk again, or nothing more comes."""
        if self._lost_from is None:
            return
        start_ms, self._lost_from = self._lost_from, None
        with suppress(RuntimeError):  # The loop has been closed: there is nobody to tell.
            self._loop.call_soon_threadsafe(self._on_gap, start_ms, at_ms, GapReason.DISK_FAILED)


def _reason(error: Exception) -> str:
    """An error without paths or words: its class, and what the operating system calls it."""
    code = errno.errorcode.get(error.errno or 0, "") if isinstance(error, OSError) else ""
    return f"{type(error).__name__} {code}".strip()
