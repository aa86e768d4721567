"""A recording of many minutes over real WebRTC, with pauses, reconnects and a change of resolution: is it what it was?

A simulated browser on loopback shows a white picture and sounds a burst of tone at the same instant, every two seconds;
it encodes live, so that key frames come only when they are asked for. The interview is paused twice, its line breaks
off twice, and the camera's resolution changes. Then the segments are joined and the file is decoded: "skew_ms" is the
most that a picture and its burst are apart, "duration_error" the file's length against the interview clock as a share,
"longest_seek_gap_s" the longest way from a key frame to the next. "kill9" are 20 further recordings that were killed:
what of the taken is missing at the end.
"""

from __future__ import annotations

import argparse
import asyncio
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import MediaStreamError, MediaStreamTrack

from media.aiortc_fixes import host_addresses
from media.joining import RecordingBroken, check, join
from media.recorder import Recorder
from server.interview.commands import Pause, Resume
from server.interview.events import PausedBy, RecordingGap
from server.interview.session import InterviewSession
from tests.interview.houses import eventually, house
from tests.media.encoded import MARK_EVERY_MS, marks
from tests.media.killing import missing_after_kill_ms

SIZES = ((320, 240), (160, 120))
FPS = 15
PAUSE_SHARE = 1 / 60
KILLS = 20


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command line's options; they are run's arguments."""
    parser.add_argument("--minutes", type=float, default=30.0, help="how long, by the wall clock")


def run(minutes: float) -> dict[str, object]:
    """Record for so many minutes, then kill others, and judge the files."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        figures = asyncio.run(_record(folder, minutes * 60))
        missing_ms = missing_after_kill_ms(folder / "killed", runs=KILLS, seed=1)
    return {"minutes": minutes, **figures, "kill9": [{"missing_s": round(each / 1000, 3)} for each in missing_ms]}


class _Sound(MediaStreamTrack):
    """48 kHz mono: a burst of 100 ms at the beginning of each two seconds of time.monotonic()."""

    kind = "audio"

    def __init__(self) -> None:
        super().__init__()
        self._began = time.monotonic()
        self._sent = 0

    async def recv(self) -> av.AudioFrame:
        due = self._began + self._sent / 50
        await asyncio.sleep(max(0.0, due - time.monotonic()))
        if self.readyState != "live":
            raise MediaStreamError
        at_s = due + np.arange(960) / 48_000
        burst = at_s % (MARK_EVERY_MS / 1000) < 0.1
        samples = np.where(burst, np.sin(2 * np.pi * 1000 * at_s) * 20_000, 0).astype(np.int16)
        frame = av.AudioFrame.from_ndarray(samples[np.newaxis], format="s16", layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = 48_000, self._sent * 960, Fraction(1, 48_000)
        self._sent += 1
        return frame


class _Camera(MediaStreamTrack):
    """Dark pictures of noise, and a white one at the beginning of each two seconds; `size` may be changed."""

    kind = "video"

    def __init__(self, size: tuple[int, int]) -> None:
        super().__init__()
        self.size = size
        self._dice = np.random.default_rng(3)
        # A whole number of pictures before the next mark: each mark has a picture at its very instant.
        period_s = MARK_EVERY_MS / 1000
        self._began = (time.monotonic() // period_s + 1) * period_s - period_s
        self._sent = int((time.monotonic() - self._began) * FPS) + 1
        self._first = self._sent

    async def recv(self) -> av.VideoFrame:
        due = self._began + self._sent / FPS
        await asyncio.sleep(max(0.0, due - time.monotonic()))
        if self.readyState != "live":
            raise MediaStreamError
        width, height = self.size
        is_mark = self._sent % (MARK_EVERY_MS * FPS // 1000) == 0
        yuv = np.full((height * 3 // 2, width), 128, dtype=np.uint8)
        yuv[:height] = 235 if is_mark else self._dice.integers(16, 60, (height, width), dtype=np.uint8)
        frame = av.VideoFrame.from_ndarray(yuv, format="yuv420p")
        frame.pts, frame.time_base = (self._sent - self._first) * 90_000 // FPS, Fraction(1, 90_000)
        self._sent += 1
        return frame


@asynccontextmanager
async def _browser(session: InterviewSession, size: tuple[int, int]) -> AsyncIterator[_Camera]:
    """A browser on the line; at the end of the context it is gone without a word."""
    connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    camera = _Camera(size)
    connection.addTrack(_Sound())
    connection.addTrack(camera)
    try:
        with host_addresses(("127.0.0.1",)):
            await connection.setLocalDescription(await connection.createOffer())
        _, answer = await session.attach(connection.localDescription.sdp)
        await connection.setRemoteDescription(RTCSessionDescription(answer, "answer"))
        await eventually(lambda: connection.connectionState == "connected", seconds=30)
        yield camera
    finally:
        await connection.close()


async def _record(folder: Path, seconds: float) -> dict[str, object]:
    async with (
        Recorder() as recorder,
        house(folder, record=lambda interview_id, lost: recorder.record(folder / interview_id, lost)) as home,
    ):
        session = await home.started()
        clock_ms = await _interview(session, seconds)
        await session.close()
        gaps = [event.body for event in await home.events(session) if isinstance(event.body, RecordingGap)]
    figures = await asyncio.to_thread(_judge, folder / session.interview_id, clock_ms)
    return {**figures, "gaps": len(gaps), "segments": len(list((folder / session.interview_id).glob("*.segment")))}


async def _interview(session: InterviewSession, seconds: float) -> int:
    """Three lines: the first two are paused, the third changes its resolution. The interview clock at the end."""
    part_s, pause_s = seconds / 6, seconds * PAUSE_SHARE
    for number in range(3):
        async with _browser(session, SIZES[0]) as camera:
            await asyncio.sleep(part_s)
            if number < 2:
                await session.execute(Pause(PausedBy.CANDIDATE))
                await asyncio.sleep(pause_s)
                await session.execute(Resume(PausedBy.CANDIDATE))
                await asyncio.sleep(part_s - pause_s)
            else:
                camera.size = SIZES[1]
                await asyncio.sleep(part_s)
                return session.state.clock_at(session.now())
    raise AssertionError("unreachable")


def _judge(spool: Path, clock_ms: int) -> dict[str, object]:
    out = spool / "joined.webm"
    with ExitStack() as stack:
        segments = [stack.enter_context(path.open("rb")) for path in sorted(spool.glob("*.segment"))]
        facts = join(segments, stack.enter_context(out.open("w+b")))
    try:
        with out.open("rb") as reader:
            checked = check(reader) == facts
    except RecordingBroken:
        checked = False
    skews = marks(out).skews_ms()
    return {
        "skew_ms": round(max(map(abs, skews)), 1),
        "skew_p50_ms": round(float(np.percentile(np.abs(skews), 50)), 1),
        "skew_p99_ms": round(float(np.percentile(np.abs(skews), 99)), 1),
        "marks": len(skews),
        "marks_expected": clock_ms // MARK_EVERY_MS,
        "duration_s": facts.duration_ms / 1000,
        "interview_clock_s": clock_ms / 1000,
        "duration_error": round(abs(facts.duration_ms - clock_ms) / clock_ms, 6),
        "longest_seek_gap_s": facts.longest_seek_gap_ms / 1000,
        "checked": checked,
        "ffprobe_clean": _is_clean("ffprobe", "-v", "error", "-count_packets", "-show_streams", str(out)),
        "decode_clean": _is_clean("ffmpeg", "-v", "error", "-xerror", "-i", str(out), "-f", "null", "-"),
    }


def _is_clean(*command: str) -> bool:
    """Whether it succeeds and complains of nothing."""
    done = subprocess.run(command, capture_output=True, check=False)
    return done.returncode == 0 and not done.stderr
