"""A real S3 server (nanio: signatures checked, files in a folder), and interviews whose segments lie in the spool."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import obstore
import pytest
from obstore.store import S3Store

from media.frames import Codec
from media.segments import Segment
from question_flows.model import Language
from server.interview import events as happened
from server.interview.events import EventBody, InterviewEvent, Purpose
from server.interview.fold import fold
from server.interview.state import InterviewState
from server.live.hub import Hub
from server.live.memory import MemoryBroker
from server.recordings.finisher import Finisher
from server.recordings.keys import KeyRing
from server.recordings.library import Library
from server.recordings.spool import Spool, sink_opener
from server.recordings.store import StoreAddress
from server.storage.database import Database
from server.storage.event_log import EventLog
from tests.empty_database import put_empty
from tests.media.encoded import Sender
from tests.recordings.keys import NONE

ACCESS, SECRET, BUCKET = "AKIATESTTESTTESTTEST", "a secret of forty characters for the test", "recordings"
INTERVIEW = "a" * 32
BEGIN = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


@dataclass
class S3Server:
    """A running server with one bucket."""

    process: subprocess.Popen[bytes]
    endpoint: str
    folder: Path

    def address(self, folder: Path, *, secret: str = SECRET, bucket: str = BUCKET) -> StoreAddress:
        """How our server finds it."""
        return StoreAddress(folder, f"s3://{bucket}/kept", self.endpoint, "us-east-1", ACCESS, secret)

    def keys(self) -> list[str]:
        """What is in the bucket, asked by S3."""
        pages = obstore.list(self._client())
        return sorted(item["path"] for page in pages for item in page)

    def content(self, key: str) -> bytes:
        """One object, whole."""
        return bytes(obstore.get(self._client(), key).bytes())

    def stop(self) -> None:
        """It answers nobody, and keeps its connections."""
        self.process.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        """It answers again."""
        self.process.send_signal(signal.SIGCONT)

    def _client(self) -> S3Store:
        return S3Store(
            BUCKET,
            config={
                "endpoint": self.endpoint,
                "region": "us-east-1",
                "access_key_id": ACCESS,
                "secret_access_key": SECRET,
            },
            client_options={"allow_http": True},
        )


@contextmanager
def s3_server(folder: Path) -> Iterator[S3Server]:
    """The server on a free port of loopback, with its bucket; killed at the end."""
    (folder / BUCKET).mkdir(parents=True)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {**os.environ, "NANIO_ACCESS_KEY": ACCESS, "NANIO_SECRET_KEY": SECRET}
    command = [sys.executable, "-m", "nanio", "serve", "--host", "127.0.0.1", "--port", str(port)]
    command += ["--data-dir", str(folder), "--log-level", "error", "--no-access-log"]
    with (folder.parent / "s3.log").open("wb") as output:
        process = subprocess.Popen(command, env=environment, stdout=output, stderr=output)
    try:
        _await_port(process, port)
        yield S3Server(process, f"http://127.0.0.1:{port}", folder)
    finally:
        process.kill()
        process.wait()


def _await_port(process: subprocess.Popen[bytes], port: int) -> None:
    for _ in range(600):
        assert process.poll() is None, "nanio ended"
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise TimeoutError("nanio does not listen")


@pytest.fixture
def s3(tmp_path: Path) -> Iterator[S3Server]:
    """A real S3 server of this test's own."""
    with s3_server(tmp_path / "s3") as server:
        yield server


def write_segments(spool: Spool, interview_id: str, *, keys: KeyRing = NONE, seconds: Sequence[float] = (4, 4)) -> None:
    """Segments as the recorder leaves them: sound and VP8, one behind the other on the interview's clock."""
    folder = spool.of_interview(interview_id)
    folder.mkdir(exist_ok=True)
    begin = 0.0
    first = len(list(folder.glob("*.segment")))
    for number, length in enumerate(seconds, start=first + 1):
        frames = list(Sender(begin).frames(length))
        picture = next(frame for frame in frames if frame.key and frame.codec is Codec.VP8)
        segment = Segment(sink_opener(keys)(folder / f"{number:04}.segment"), picture)
        for frame in frames:
            segment.write(frame, round(frame.arrived_s * 1000))
        segment.close()
        begin += length


@dataclass
class House:
    """What the finisher works with."""

    database: Database
    log: EventLog
    hub: Hub
    spool: Spool
    address: StoreAddress
    keys: KeyRing = NONE

    def finisher(self, *, later: timedelta = timedelta(seconds=30)) -> Finisher:
        """One whose clock is ahead by so much: the segments were written then."""
        return Finisher(self.spool, self.address, self.keys, self.log, self.hub, now=lambda: datetime.now(UTC) + later)

    async def interview(self, *more: EventBody, interview_id: str = INTERVIEW, completed: bool = True) -> None:
        """An interview of one question in the log."""
        invited = happened.InterviewInvited("customer_service", 1, Language.ENGLISH, "EU", "Ada")
        async with self.database.begin() as connection:
            await self.log.create(connection, interview_id, invited, candidate_email="", now=BEGIN)
        bodies: list[EventBody] = [
            happened.ConsentRecorded({Purpose.VOICE: True, Purpose.RECORDING: True}),
            happened.InterviewStarted(),
            happened.QuestionAsked("q1", 0),
            happened.RecordingStarted(),
            *more,
            *([happened.InterviewCompleted()] if completed else []),
        ]
        await self.log.append(interview_id, 1, [(place * 1000, body) for place, body in enumerate(bodies)], at=BEGIN)

    async def state(self, interview_id: str = INTERVIEW) -> InterviewState:
        """Where it stands."""
        return fold(await self.log.read(interview_id))

    async def recorded(self, interview_id: str = INTERVIEW) -> list[InterviewEvent]:
        """What was said about storing it."""
        events = await self.log.read(interview_id)
        return [e for e in events if isinstance(e.body, happened.RecordingStored | happened.RecordingFailed)]

    async def content(self, stored: happened.RecordingStored) -> bytes:
        """The recording as it is played."""
        pieces = await Library(self.address, self.keys).read(stored.key, 0, stored.size_bytes)
        return b"".join([bytes(piece) async for piece in pieces])


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    """A database, a spool and a folder as the store."""
    async with house_in(tmp_path, StoreAddress(tmp_path / "recordings")) as home:
        yield home


@asynccontextmanager
async def house_in(folder: Path, place: StoreAddress, keys: KeyRing = NONE) -> AsyncIterator[House]:
    """A house whose folder outlives it."""
    put_empty(folder / "interviews.sqlite")
    database = Database(f"sqlite+aiosqlite:///{folder / 'interviews.sqlite'}")
    log = EventLog(database)
    hub = Hub(MemoryBroker(), log)
    await database.open()
    await hub.open()
    try:
        yield House(database, log, hub, Spool.of(folder / "recordings"), place, keys)
    finally:
        await hub.close()
        await database.close()
