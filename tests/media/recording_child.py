"""A process that records a line in real time until it is killed: python -m tests.media.recording_child FOLDER.

It keeps in FOLDER/taken, which outlives it, how many milliseconds the recorder has taken: a double.
"""

from __future__ import annotations

import asyncio
import mmap
import struct
import sys
import time
from pathlib import Path

from media.frames import Codec
from media.recorder import Recorder
from media.recording_timeline import RecordingTimeline
from tests.media.encoded import Sender, pictures, sound


async def record(folder: Path) -> None:
    """Says time.monotonic() of its interview's beginning, and records from then on."""
    sound()
    pictures(Codec.VP8)
    sender = Sender(time.monotonic() + 0.2)
    async with Recorder() as recorder:
        line = recorder.record(folder, lambda *gap: None)
        timeline = RecordingTimeline()
        sys.stdout.write(f"{sender.began_s}\n")
        sys.stdout.flush()
        folder.mkdir(parents=True)  # noqa: ASYNC240
        with (folder / "taken").open("w+b") as file:
            file.write(bytes(8))
            file.flush()
            taken = mmap.mmap(file.fileno(), 8)
        for frame in sender.frames(600):
            await asyncio.sleep(max(0.0, frame.arrived_s - time.monotonic()))
            at_ms = timeline.place(frame, int((frame.arrived_s - sender.began_s) * 1000))
            line.write(frame, at_ms)
            taken[:] = struct.pack("d", at_ms)


if __name__ == "__main__":
    asyncio.run(record(Path(sys.argv[1])))
