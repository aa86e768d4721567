"""Recording processes that are killed at random moments, and what that cost them."""

from __future__ import annotations

import random
import struct
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path

from media.joining import RecordingBroken, RecordingFacts, check, join

ROOT = Path(__file__).parents[2]


def joined(folder: Path, out: Path) -> RecordingFacts:
    """Join what is in the spool folder; checks it."""
    with ExitStack() as stack:
        segments = [stack.enter_context(path.open("rb")) for path in sorted(folder.glob("*.segment"))]
        facts = join(segments, stack.enter_context(out.open("w+b")))
    with out.open("rb") as reader:
        assert check(reader) == facts
    return facts


def missing_after_kill_ms(folder: Path, runs: int, seed: int) -> list[float]:
    """Record in so many processes at once, kill each within 4 s; what of the taken is missing, milliseconds."""
    dice = random.Random(seed)
    with ExitStack() as stack:
        children: list[tuple[float, subprocess.Popen[str]]] = []
        for number in range(runs):
            command = [sys.executable, "-m", "tests.media.recording_child", str(folder / str(number))]
            child = stack.enter_context(subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True))
            stack.callback(child.kill)
            children.append((dice.uniform(0.0, 4.0), child))
        for _, child in children:
            assert child.stdout is not None
            assert child.stdout.readline()
        # On a busy machine some begin late: none is killed before it has recorded for a second.
        while min(_taken_ms(folder / str(number)) for number in range(runs)) < 1000:
            time.sleep(0.1)
        began_s = time.monotonic()
        for after_s, child in sorted(children, key=lambda pair: pair[0]):
            time.sleep(max(0.0, began_s + after_s - time.monotonic()))
            child.kill()
    missing_ms: list[float] = []
    for number in range(runs):
        missing_ms.append(_taken_ms(folder / str(number)) - _kept_ms(folder / str(number), folder / "out.webm"))
    return missing_ms


def _kept_ms(folder: Path, out: Path) -> int:
    """How much can be played; 0 when the process was killed before its first cluster was on the disk."""
    try:
        facts = joined(folder, out)
    except RecordingBroken:
        return 0
    assert facts.has_video
    return facts.duration_ms


def _taken_ms(folder: Path) -> float:
    taken = folder / "taken"
    data = taken.read_bytes() if taken.exists() else b""
    return float(struct.unpack("d", data)[0]) if len(data) == 8 else 0.0
