"""Several real worker processes behind one port, with a redis-server of their own."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import socket
import sqlite3
import struct
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientResponse, ClientSession, CookieJar, UnixConnector
from redis.asyncio import Redis

from scripts.local_server import LocalServer, on_loopback
from server.workers.directory import SHOWS_AFTER
from server.workers.ownership import BEAT_SECONDS
from tests.fixed_flows import fixed_flow_file
from tests.live.conftest import RedisServer, redis_server
from tests.warm_server import WarmServer

__all__ = ["redis_server"]

WORKERS = 3


@dataclass(frozen=True, slots=True)
class Worker:
    """One process. id: number and generation; path: of its private socket."""

    id: str
    path: str
    pid: int


@dataclass
class Cluster:
    """A supervisor with its workers, seen from outside."""

    server: LocalServer
    redis_server: RedisServer
    folder: Path
    sessions: list[ClientSession] = field(default_factory=list)

    @property
    def pid(self) -> int:
        assert self.server.process is not None
        return self.server.process.pid

    def workers(self) -> dict[str, Worker]:
        """Those that listen now, by their ids."""
        found = {}
        for path in self.folder.glob("interviews-*/*.sock"):
            with socket.socket(socket.AF_UNIX) as probe, suppress(OSError):
                probe.connect(str(path))
                pid, _, _ = struct.unpack("3i", probe.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
                found[path.stem] = Worker(path.stem, str(path), pid)
        return found

    async def owners(self) -> dict[str, str]:
        """Who owns which interview, as Redis has it."""
        redis = Redis.from_url(self.redis_server.url, decode_responses=True)
        owners: dict[str, str] = {}
        async for key in redis.scan_iter("interviews:run:*:owners"):
            owners |= {str(interview_id): str(owner) for interview_id, owner in (await redis.hgetall(key)).items()}
        await redis.aclose()
        return owners

    async def until_told(self, *, interviews: int) -> None:
        """Until the heartbeats show so many interviews with somebody there, and every worker has read them."""
        redis = Redis.from_url(self.redis_server.url, decode_responses=True)
        async with asyncio.timeout(20):
            while True:
                beats = [json.loads(await redis.get(key) or "{}") async for key in redis.scan_iter("*:worker:*")]
                if sum(beat.get("interviews", 0) for beat in beats) == interviews:
                    break
                await asyncio.sleep(0.1)
        await redis.aclose()
        await asyncio.sleep((SHOWS_AFTER + 0.5) * BEAT_SECONDS)

    def leftovers(self) -> list[Path]:
        """Folders of private sockets."""
        return list(self.folder.glob("interviews-*"))

    async def owner(self, interview_id: str) -> Worker:
        return self.workers()[(await self.owners())[interview_id]]

    def events(self, interview_id: str) -> list[str]:
        """The types in the log, whose numbers have no gap."""
        with sqlite3.connect(self.server.data_dir / "interviews.sqlite") as database:
            rows = database.execute(
                "select seq, type from events where interview_id = ? order by seq", (interview_id,)
            ).fetchall()
        assert [seq for seq, _ in rows] == list(range(1, len(rows) + 1))
        return [kind for _, kind in rows]

    async def invite(self) -> tuple[str, str]:
        """(interview id, token)."""
        interview_id, link = await self.server.invite("customer_service", "en", "Ada", "EU")
        return interview_id, link.rsplit("/", 1)[1]

    async def candidate(self, owner: str = "") -> Candidate:
        """One who has consented, at the shared port. owner: the id of the worker that takes them."""
        interview_id, token = await self.invite()
        if owner:
            redis = Redis.from_url(self.redis_server.url, decode_responses=True)
            beat = await anext(redis.scan_iter("interviews:run:*:worker:*"))
            await redis.hset(beat.split(":worker:")[0] + ":owners", interview_id, owner)
            await redis.aclose()
        jar = CookieJar(unsafe=True)
        candidate = Candidate(self, interview_id, ClientSession(cookie_jar=jar))
        self.sessions.append(candidate.http)
        async with candidate.http.post(f"{self.server.url}/i/{token}", allow_redirects=False) as response:
            assert response.status == 303
        purposes = (await candidate.call("GET", ""))["policy"]["purposes"]
        await candidate.call("POST", "/consent", {"granted": dict.fromkeys(purposes, True)})
        return candidate

    async def close(self) -> None:
        for session in self.sessions:
            await session.close()
        await self.server.stop()


@dataclass
class Candidate:
    """A candidate's browser. `call` asks at the shared port, or with `at` at a certain worker's own socket."""

    cluster: Cluster
    interview_id: str
    http: ClientSession

    @property
    def cookies(self) -> dict[str, str]:
        return {cookie.key: cookie.value for cookie in self.http.cookie_jar}

    @asynccontextmanager
    async def request(
        self, method: str, path: str, *, at: Worker | None = None, **options: Any
    ) -> AsyncIterator[ClientResponse]:
        address = f"/api/interview{path}"
        if at is None:
            async with self.http.request(method, self.cluster.server.url + address, **options) as response:
                yield response
            return
        async with (
            ClientSession(connector=UnixConnector(at.path), cookies=self.cookies) as http,
            http.request(method, f"http://127.0.0.1{address}", **options) as response,
        ):
            yield response

    async def call(self, method: str, path: str, body: Any = None, *, at: Worker | None = None) -> dict[str, Any]:
        """What the server answers, which must be no refusal."""
        async with self.request(method, path, json=body, at=at) as response:
            assert response.status == 200, f"{path}: {response.status} {await response.text()}"
            found: dict[str, Any] = await response.json()
            return found

    @asynccontextmanager
    async def watching(self, at: Worker | None = None) -> AsyncIterator[Stream]:
        """The page is open: its event stream."""
        async with self.request("GET", "/events", at=at, timeout=None) as response:
            assert (response.status, response.content_type) == (200, "text/event-stream")
            stream = Stream()
            reading = asyncio.create_task(stream.read(response))
            try:
                yield stream
            finally:
                reading.cancel()
                await asyncio.wait((reading,))


@dataclass
class Stream:
    """The names and data of the events that have come."""

    messages: list[tuple[str, Any]] = field(default_factory=list)
    ended: bool = False

    @property
    def names(self) -> list[str]:
        return [name for name, _ in self.messages]

    async def read(self, response: ClientResponse) -> None:
        name = ""
        try:
            async for line in response.content:
                text = line.decode().rstrip("\n")
                if text.startswith("event: "):
                    name = text.removeprefix("event: ")
                elif text.startswith("data: "):
                    self.messages.append((name, json.loads(text.removeprefix("data: "))))
        except OSError:
            pass
        finally:
            self.ended = True

    async def until(self, name: str, seconds: float = 20) -> None:
        await eventually(lambda: name in self.names, seconds)


async def answering(candidate: Candidate, at: Worker | None = None) -> str:
    """Starts the interview; the path of its first question, which is being answered."""
    question = (await candidate.call("POST", "/start", at=at))["question"]
    path = f"/questions/{question['id']}"
    await candidate.call("POST", path + "/start-answer", at=at)
    return path


async def eventually(condition: Callable[[], bool], seconds: float = 20) -> None:
    """Returns once the condition holds; raises TimeoutError."""
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.05)


def alive(pid: int) -> bool:
    """Whether this process runs."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@contextmanager
def short_path() -> Iterator[Path]:
    """A folder for private sockets, whose paths may have 107 bytes."""
    folder = Path(tempfile.mkdtemp(prefix="workers-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


@pytest.fixture
def short_folder() -> Iterator[Path]:
    with short_path() as folder:
        yield folder


@asynccontextmanager
async def serving(
    redis_server: RedisServer,
    short_folder: Path,
    folder: Path,
    on_line: Callable[[str], None] = lambda line: None,
    **settings: str,
) -> AsyncIterator[Cluster]:
    """A cluster without a speech model, ready. on_line: gets what the server prints."""
    own = {
        "workers": str(WORKERS),
        "redis_url": redis_server.url,
        "whisper_model": str(folder / "no-model"),
        "flows_dir": str(fixed_flow_file(folder / "flows", "customer_service")),
        **settings,
    }
    server = WarmServer(folder / "data", settings=own, log=folder / "server.log")
    server.environment["TMPDIR"] = str(short_folder)

    def read(line: str) -> None:
        on_line(line)
        if line.startswith("HR's page: "):
            server.url = on_loopback(line.removeprefix("HR's page: ").removesuffix("/hr"))

    await server.start(read)
    running = Cluster(server, redis_server, short_folder)
    try:
        yield running
    finally:
        await running.close()


def kill(pid: int) -> None:
    """As a power cut would."""
    os.kill(pid, signal.SIGKILL)
