"""Recording as a whole: half an hour of a life that goes wrong, kill -9, and disks that are full or slow."""

from __future__ import annotations

import asyncio
import random
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from media.frames import Codec, EncodedFrame
from media.recorder import MOST_PENDING_BYTES, GapReason, LineRecording, Recorder
from media.recording_timeline import RecordingTimeline
from media.segments import SegmentFile
from tests.media.encoded import MARK_EVERY_MS, OTHER_SIZE, SIZE, Sender, marks
from tests.media.killing import joined, missing_after_kill_ms
from tests.media.test_joining import complaints, probed

ROOT = Path(__file__).parents[2]


@dataclass(slots=True)
class Gaps:
    """What a recording said that it lost."""

    told: list[tuple[int, int, GapReason]] = field(default_factory=list)

    def __call__(self, start_ms: int, end_ms: int, reason: GapReason) -> None:
        self.told.append((start_ms, end_ms, reason))


async def caught_up(line: LineRecording, most: int = 1 << 20) -> None:
    """Returns once the disk has nearly everything: time runs faster than it does in life."""
    while line.pending_bytes > most:
        await asyncio.sleep(0.01)


def delayed(sender: Sender, seconds: float, seed: int) -> Iterator[EncodedFrame]:
    """Frames as a network delivers them: 30-90 ms later, in their order."""
    dice = random.Random(seed)
    last = 0.0
    for frame in sender.frames(seconds):
        last = max(last, frame.arrived_s + 0.03 + dice.random() * 0.06)
        yield EncodedFrame(frame.codec, frame.data, frame.ticks, frame.clock_rate, last, frame.captured_s, frame.key)


async def test_half_an_hour_with_pauses_reconnects_and_a_change_of_resolution(tmp_path: Path) -> None:
    gaps = Gaps()
    # Three lines: (from, to), seconds of wall clock, and the pauses within; without a line the clock stands still.
    lines = [(0.0, 700.0), (704.0, 1300.0), (1302.5, 1871.5)]
    pauses = [(200.0, 231.0), (900.0, 917.5), (1500.0, 1516.5)]
    stands = sorted([*pauses, (700.0, 704.0), (1300.0, 1302.5)])

    def clock_ms(now_s: float) -> int:
        return int((now_s - sum(max(0.0, min(now_s, end) - start) for start, end in stands)) * 1000)

    async with Recorder() as recorder:
        for number, (start, end) in enumerate(lines):
            line = recorder.record(tmp_path / "spool", gaps)
            timeline = RecordingTimeline()
            # The sender's loop begins anew at each multiple of 4 s since it began, and so does its key frame.
            sender = Sender(start, sizes=((0.0, SIZE), (360.0, OTHER_SIZE)) if number == 1 else ((0.0, SIZE),))
            was_paused = False
            for count, frame in enumerate(delayed(sender, end - start, seed=number)):
                is_paused = any(begin <= frame.arrived_s < stop for begin, stop in pauses)
                if is_paused and not was_paused:
                    line.split()
                    timeline.restart()
                was_paused = is_paused
                if not is_paused:
                    line.write(frame, timeline.place(frame, clock_ms(frame.arrived_s)))
                if count % 2000 == 0:
                    await caught_up(line)
            line.end()
            await line.ended()
    facts = joined(tmp_path / "spool", tmp_path / "out.webm")
    assert gaps.told == []
    assert facts.media_type == "video/webm"

    interview_s = 1871.5 - sum(end - start for start, end in stands)
    assert interview_s == 1800
    assert float(probed(tmp_path / "out.webm", "format=duration")) == pytest.approx(interview_s, rel=0.001)
    assert facts.longest_seek_gap_ms <= 5000
    assert complaints(tmp_path / "out.webm") == ""

    found = marks(tmp_path / "out.webm")
    skews = found.skews_ms()
    assert len(skews) > 0.98 * interview_s * 1000 / MARK_EVERY_MS
    assert max(map(abs, skews)) <= 40


def test_kill_9_at_a_random_moment_costs_two_seconds_at_most(tmp_path: Path) -> None:
    missing_ms = missing_after_kill_ms(tmp_path, runs=20, seed=20)
    assert -20 <= min(missing_ms) <= max(missing_ms) <= 2000
    assert complaints(tmp_path / "out.webm") == ""


async def record_live(line: LineRecording, seconds: float, began_s: float | None = None) -> None:
    """Frames in real time from now on."""
    sender = Sender(time.monotonic())
    timeline = RecordingTimeline()
    began_s = began_s if began_s is not None else sender.began_s
    for frame in sender.frames(seconds):
        await asyncio.sleep(max(0.0, frame.arrived_s - time.monotonic()))
        line.write(frame, timeline.place(frame, int((time.monotonic() - began_s) * 1000)))


class Device(SegmentFile):
    """A file on a disk of a few bytes: the rest goes to /dev/full, which refuses as the kernel does."""

    left = 3000

    def write(self, data: bytes, /) -> int:  # type: ignore[override]
        Device.left -= len(data)
        if Device.left < 0:
            with open("/dev/full", "wb", buffering=0) as full:
                return full.write(data)
        return super().write(data)


async def test_a_full_disk_costs_what_does_not_fit_and_recording_goes_on_when_there_is_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("media.recorder.RETRY_S", 0.5)
    monkeypatch.setattr(Device, "left", 20_000)
    gaps = Gaps()
    async with Recorder(Device) as recorder:
        line = recorder.record(tmp_path / "spool", gaps)
        began = time.monotonic()
        recording = asyncio.create_task(record_live(line, 14, began))
        while recorder.failed_segments < 2:
            await asyncio.sleep(0.05)
        Device.left = 10_000_000
        await recording
        line.end()
        await line.ended()
        await asyncio.sleep(0)
    assert "ENOSPC" in caplog.text
    assert str(tmp_path) not in caplog.text
    (gap,) = gaps.told
    start_ms, end_ms, reason = gap
    assert reason is GapReason.DISK_FAILED
    facts = joined(tmp_path / "spool", tmp_path / "out.webm")
    assert complaints(tmp_path / "out.webm") == ""
    assert facts.duration_ms == pytest.approx(14_000, abs=300)
    # All marks are there but those in the gap; half a second around it was never complete.
    seen = marks(tmp_path / "out.webm").seen_ms
    expected = [at for at in range(1000, 14_000, MARK_EVERY_MS) if not start_ms - 600 < at < end_ms + 4100]
    assert expected
    assert all(min(abs(at - mark) for mark in seen) < 150 for at in expected)
    assert not [mark for mark in seen if start_ms + 600 < mark < end_ms]
    assert all(path.stat().st_size for path in (tmp_path / "spool").iterdir())


async def test_a_disk_that_is_always_full_disturbs_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("media.recorder.RETRY_S", 0.2)
    gaps, fine_gaps = Gaps(), Gaps()
    monkeypatch.setattr(Device, "left", 0)

    def open_sink(path: Path) -> SegmentFile:
        return Device(path) if path.parent.name == "full" else SegmentFile(path)

    async with Recorder(open_sink) as recorder:
        full, fine = recorder.record(tmp_path / "full", gaps), recorder.record(tmp_path / "fine", fine_gaps)
        await asyncio.gather(record_live(full, 2), record_live(fine, 2))
        for line in (full, fine):
            line.end()
            await line.ended()
        await asyncio.sleep(0)
    assert list((tmp_path / "full").iterdir()) == []
    ((start_ms, end_ms, reason),) = gaps.told
    assert start_ms < 100
    assert end_ms > 1900
    assert reason is GapReason.DISK_FAILED
    assert fine_gaps.told == []
    assert joined(tmp_path / "fine", tmp_path / "out.webm").duration_ms > 1900


class Slow(SegmentFile):
    """A disk that does not answer for a while."""

    answers = threading.Event()

    def write(self, data: bytes, /) -> int:  # type: ignore[override]
        assert self.answers.wait(60)
        return super().write(data)


async def test_a_slow_disk_never_holds_up_the_event_loop_and_its_gap_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Slow, "answers", threading.Event())
    gaps = Gaps()
    async with Recorder(Slow) as recorder:
        line = recorder.record(tmp_path / "spool", gaps)
        timeline = RecordingTimeline()
        longest_s = 0.0
        dropped_from_ms = recorded_again_ms = 0
        big = bytes(20_000)
        # 40 s of a camera at 2.4 Mbit/s: more than may wait.
        for frame in Sender(0.0).frames(60):
            before = time.monotonic()
            if frame.codec is Codec.VP8:
                frame = EncodedFrame(
                    frame.codec, frame.data + big, frame.ticks, frame.clock_rate, frame.arrived_s, None, frame.key
                )
            at_ms = timeline.place(frame, int(frame.arrived_s * 1000))
            had_dropped = recorder.dropped_frames
            line.write(frame, at_ms)
            longest_s = max(longest_s, time.monotonic() - before)
            assert line.pending_bytes <= MOST_PENDING_BYTES + 100_000
            if recorder.dropped_frames > had_dropped and not dropped_from_ms:
                dropped_from_ms = at_ms
            if at_ms > 45_000 and not Slow.answers.is_set():
                Slow.answers.set()
                await caught_up(line)
                recorded_again_ms = at_ms
        line.end()
        await line.ended()
    assert longest_s < 0.1
    assert recorder.dropped_frames > 0
    ((start_ms, end_ms, reason),) = gaps.told
    assert reason is GapReason.DISK_SLOW
    assert start_ms == dropped_from_ms
    assert recorded_again_ms <= end_ms <= recorded_again_ms + 100
    facts = joined(tmp_path / "spool", tmp_path / "out.webm")
    assert facts.duration_ms == pytest.approx(60_000, abs=100)
    assert complaints(tmp_path / "out.webm") == ""


async def test_the_end_of_the_recorder_is_the_end_of_every_line(tmp_path: Path) -> None:
    async with Recorder() as recorder:
        line = recorder.record(tmp_path / "spool", Gaps())
        await record_live(line, 1.5)
    assert joined(tmp_path / "spool", tmp_path / "out.webm").duration_ms == pytest.approx(1500, abs=100)
    assert not [thread for thread in threading.enumerate() if thread.name == "recorder"]


@pytest.mark.parametrize(
    "make",
    [
        pytest.param(lambda data: b"", id="empty"),
        pytest.param(lambda data: b"\xff" * 50, id="noise"),
        pytest.param(lambda data: data[:6] + bytes(4) + data[10:], id="no size"),
    ],
)
async def test_a_browser_that_sends_nonsense_harms_only_its_own_recording(
    tmp_path: Path, make: Callable[[bytes], bytes]
) -> None:
    async with Recorder() as recorder:
        bad, good = recorder.record(tmp_path / "bad", Gaps()), recorder.record(tmp_path / "good", Gaps())
        for codec in (Codec.VP8, Codec.H264):
            for frame in Sender(0.0, codec=codec).frames(2):
                at_ms = round(frame.arrived_s * 1000)
                spoilt = EncodedFrame(frame.codec, make(frame.data), frame.ticks, frame.clock_rate, 0.0, None, True)
                bad.write(spoilt, at_ms)
                if codec is Codec.VP8:
                    good.write(frame, at_ms)
        good.end()
        await good.ended()
    assert joined(tmp_path / "good", tmp_path / "out.webm").pictures == 30


async def test_only_the_owner_may_read_a_segment(tmp_path: Path) -> None:
    async with Recorder() as recorder:
        line = recorder.record(tmp_path / "spool", Gaps())
        await record_live(line, 0.5)
    modes = {path.name: path.stat().st_mode & 0o777 for path in (tmp_path / "spool").iterdir()}
    assert modes
    assert set(modes.values()) == {0o600}
    assert (tmp_path / "spool").stat().st_mode & 0o777 == 0o700
