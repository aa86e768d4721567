"""What is recorded of an interview over real WebRTC: what was agreed to, while it runs, in interview time."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path

import av
import numpy as np
import pytest

from media.frames import Codec, EncodedFrame
from media.joining import RecordingFacts, check, join
from media.recorder import Recorder
from media.replay import FaceTrack
from media.segments import SegmentFile
from server.interview.commands import GiveConsent, Pause, Resume, Start
from server.interview.events import PausedBy, Purpose, RecordingGap
from server.interview.session import InterviewSession
from tests.interview.houses import House, eventually, house
from tests.media.peers import Candidate, candidate


class FullDisk(SegmentFile):
    """Refuses as the kernel does."""

    def write(self, data: bytes, /) -> int:  # type: ignore[override]
        with open("/dev/full", "wb", buffering=0) as full:
            return full.write(data)


@asynccontextmanager
async def recording_house(folder: Path, sink: type[SegmentFile] = SegmentFile) -> AsyncIterator[House]:
    """Its recordings are in `folder`, by interview."""
    async with (
        Recorder(sink) as recorder,
        house(folder, record=lambda interview_id, lost: recorder.record(folder / interview_id, lost)) as home,
    ):
        yield home


@pytest.fixture
async def home(tmp_path: Path) -> AsyncIterator[House]:
    async with recording_house(tmp_path) as running:
        yield running


@asynccontextmanager
async def speaking(session: InterviewSession, *, video: bool = True) -> AsyncIterator[Candidate]:
    """The candidate's browser, connected, with a voice and a face of noise: no two of its packets are alike."""
    async with candidate(video=video) as browser:
        _, answer = await session.attach(await browser.offer())
        await browser.accept(answer)
        if video:
            pictures = np.random.default_rng(2).integers(0, 255, (150, 48, 64, 3), dtype=np.uint8)
            camera = next(one for one in browser.connection.getSenders() if one.kind == "video")
            camera.replaceTrack(FaceTrack(list(pictures)))
        noise = (np.random.default_rng(1).normal(size=60 * 48_000) * 6000).astype(np.int16)
        voice = asyncio.create_task(browser.speech.say(noise))
        await eventually(lambda: browser.connection.connectionState == "connected", seconds=20)
        try:
            yield browser
        finally:
            voice.cancel()
            await asyncio.wait([voice])


def joined(folder: Path, interview_id: str) -> tuple[RecordingFacts, Path]:
    out = folder / "joined.webm"
    with ExitStack() as stack:
        paths = sorted((folder / interview_id).glob("*.segment"))
        facts = join([stack.enter_context(path.open("rb")) for path in paths], stack.enter_context(out.open("w+b")))
    with out.open("rb") as reader:
        assert check(reader) == facts
    return facts, out


def packets(path: Path) -> dict[bytes, int]:
    """Where each packet is in the file, milliseconds."""
    with av.open(path) as container:
        return {bytes(packet): packet.pts for packet in container.demux() if packet.size and packet.pts is not None}


async def recorded(home: House, session: InterviewSession) -> None:
    """Returns once all of an interview that is over is on disk."""
    await session._line.close()
    await session._recording.finish()


class Arrivals:
    """What came over the line, and when: time.monotonic()."""

    def __init__(self, session: InterviewSession) -> None:
        self.frames: list[tuple[float, EncodedFrame]] = []
        peer = session._line._peer
        assert peer is not None
        peer.tap(lambda frame: self.frames.append((time.monotonic(), frame)))

    def of(self, file: dict[bytes, int], codec: Codec, start: float, end: float) -> list[float]:
        """When those of a codec came that are in the file, from `start` to `end`."""
        return [at for at, frame in self.frames if frame.codec is codec and start < at < end and frame.data in file]


async def test_a_pause_stops_recording_within_300_ms_and_it_goes_on_within_500_ms(home: House, tmp_path: Path) -> None:
    session = await home.started()
    async with speaking(session):
        await eventually(lambda: session.state.ticking and session.state.recording.started, seconds=20)
        arrivals = Arrivals(session)
        await asyncio.sleep(2)
        paused = time.monotonic()
        await session.execute(Pause(PausedBy.CANDIDATE))
        paused_clock = session._journal.clock_ms()
        await asyncio.sleep(2)
        resumed = time.monotonic()
        await session.execute(Resume(PausedBy.CANDIDATE))
        await asyncio.sleep(2)
        end = time.monotonic()
        end_clock = session._journal.clock_ms()
        await recorded(home, session)
    facts, path = joined(tmp_path, session.interview_id)
    file = packets(path)
    for codec in (Codec.OPUS, Codec.VP8):
        assert max(arrivals.of(file, codec, 0, resumed)) < paused + 0.3
        assert min(arrivals.of(file, codec, resumed, end)) < resumed + 0.5
        # It was not only begun: all that came from then on is there, but for the cluster being written.
        came = [at for at, frame in arrivals.frames if frame.codec is codec and resumed + 0.5 < at < end - 0.2]
        assert len(arrivals.of(file, codec, resumed + 0.5, end - 0.2)) == len(came) > 10
    assert facts.duration_ms == pytest.approx(end_clock, abs=150)
    before = [file[frame.data] for at, frame in arrivals.frames if at < resumed and frame.data in file]
    assert max(before) <= paused_clock + 100


async def test_where_something_is_in_the_file_is_interview_time(home: House, tmp_path: Path) -> None:
    session = await home.started()
    async with speaking(session):
        await eventually(lambda: session.state.ticking, seconds=20)
        clocks: list[tuple[EncodedFrame, int]] = []
        peer = session._line._peer
        assert peer is not None
        peer.tap(lambda frame: clocks.append((frame, session._journal.clock_ms())))
        await asyncio.sleep(3)
        await recorded(home, session)
    _, path = joined(tmp_path, session.interview_id)
    file = packets(path)
    off = [clock_ms - file[frame.data] for frame, clock_ms in clocks if frame.data in file]
    assert len(off) > 100
    assert abs(float(np.median(off))) < 60


async def test_a_new_line_goes_on_in_the_same_recording(home: House, tmp_path: Path) -> None:
    session = await home.started()
    files: list[Arrivals] = []
    for _ in range(2):
        async with speaking(session):
            await eventually(lambda: session._line._peer is not None and session._line._peer.state == "connected")
            files.append(Arrivals(session))
            await asyncio.sleep(2)
    await recorded(home, session)
    facts, path = joined(tmp_path, session.interview_id)
    file = packets(path)
    assert facts.media_type == "video/webm"
    for arrivals in files:
        for codec in (Codec.OPUS, Codec.VP8):
            assert len(arrivals.of(file, codec, 0, float("inf"))) > 15
    assert facts.duration_ms <= session._journal.clock_ms() + 100
    assert (await home.types(session)).count("RecordingStarted") == 1


async def test_what_was_not_agreed_to_is_not_recorded(home: House, tmp_path: Path) -> None:
    session = await home.interviews.get(await home.invite())
    await session.execute(GiveConsent({**dict.fromkeys(session.purposes, True), Purpose.RECORDING: False}))
    await session.execute(Start())
    async with speaking(session):
        await eventually(lambda: session.state.ticking, seconds=20)
        await asyncio.sleep(1)
        await recorded(home, session)
    assert not (tmp_path / session.interview_id).exists()
    assert "RecordingStarted" not in await home.types(session)


async def test_nothing_is_recorded_before_the_start(home: House, tmp_path: Path) -> None:
    session = await home.interviews.get(await home.invite())
    await session.execute(GiveConsent(dict.fromkeys(session.purposes, True)))
    async with speaking(session):
        await asyncio.sleep(1)
        await recorded(home, session)
    assert not (tmp_path / session.interview_id).exists()


async def test_consent_taken_back_before_the_start_holds_for_a_line_that_is_there(home: House, tmp_path: Path) -> None:
    session = await home.interviews.get(await home.invite())
    await session.execute(GiveConsent(dict.fromkeys(session.purposes, True)))
    async with speaking(session):
        await session.execute(GiveConsent({**dict.fromkeys(session.purposes, True), Purpose.RECORDING: False}))
        await session.execute(Start())
        await eventually(lambda: session.state.ticking, seconds=20)
        await asyncio.sleep(1)
        await recorded(home, session)
    assert not (tmp_path / session.interview_id).exists()
    assert "RecordingStarted" not in await home.types(session)


async def test_a_full_disk_is_in_the_log_and_the_interview_goes_on(tmp_path: Path) -> None:
    async with recording_house(tmp_path, FullDisk) as home:
        session = await home.started()
        async with speaking(session):
            await eventually(lambda: session.state.ticking, seconds=20)
            await asyncio.sleep(1.5)
            assert session.state.ticking
            await recorded(home, session)
        await asyncio.sleep(0)
        await session._recording.finish()
        (gap,) = [event.body for event in await home.events(session) if isinstance(event.body, RecordingGap)]
    assert gap.reason == "disk_failed"
    assert gap.end_ms - gap.start_ms > 1000
