"""A process that records a line in real time until it is killed: python -m tests.media.recording_child FOLDER."""

from __future__ import annotations

import asyncio
import sys
import time
from pathlib import Path

from media.recorder import Recorder
from media.recording_timeline import RecordingTimeline
from tests.media.encoded import Sender, pictures, sound


async def record(folder: Path) -> None:
    """Says time.monotonic() of its interview's beginning, and records from then on."""
    sound()
    sender = Sender(time.monotonic() + 0.2)
    assert sender.codec is not None
    pictures(sender.codec)
    async with Recorder() as recorder:
        line = recorder.record(folder, lambda *gap: None)
        timeline = RecordingTimeline()
        sys.stdout.write(f"{sender.began_s}\n")
        sys.stdout.flush()
        for frame in sender.frames(600):
            await asyncio.sleep(max(0.0, frame.arrived_s - time.monotonic()))
            line.write(frame, timeline.place(frame, int((frame.arrived_s - sender.began_s) * 1000)))


if __name__ == "__main__":
    asyncio.run(record(Path(sys.argv[1])))
