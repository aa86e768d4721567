"""The supervisor: one port, one announcement, and nothing left behind however it ends."""

from __future__ import annotations

import asyncio
import socket
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest

from scripts.local_server import LocalServer
from tests.live.conftest import RedisServer
from tests.workers.conftest import WORKERS, alive, answering, eventually, kill, serving

pytestmark = pytest.mark.timeout(240)


async def test_workers_end_with_their_supervisor_and_serve_again(
    redis_server: RedisServer, short_folder: Path, tmp_path: Path
) -> None:
    """kill -9 of the supervisor: its workers are gone at once and the port is free. An orderly stop leaves nothing."""
    lines: list[str] = []
    async with serving(redis_server, short_folder, tmp_path, lines.append) as cluster:
        assert len([line for line in lines if "/hr/welcome/" in line]) == 1
        assert [line for line in lines if line.startswith("Ready")] == lines[-1:]
        candidate = await cluster.candidate()
        async with candidate.watching():
            await answering(candidate)
            pids = [worker.pid for worker in cluster.workers().values()]
            assert len(pids) == WORKERS
            began = time.monotonic()
            await cluster.server.kill()
            await eventually(lambda: not any(alive(pid) for pid in pids), 5)
            assert time.monotonic() - began < 2
        assert cluster.leftovers() == []
        await cluster.server.start()
        assert (await candidate.call("GET", ""))["question"]["index"] == 0
        assert cluster.events(candidate.interview_id).count("ServerRestarted") == 1
        async with candidate.watching() as stream:
            pids = [worker.pid for worker in cluster.workers().values()]
            assert candidate.interview_id in await cluster.owners()
            await cluster.server.stop()
            await eventually(lambda: stream.ended)
        assert cluster.server.process is not None
        assert cluster.server.process.returncode == 0
        assert not any(alive(pid) for pid in pids)
        assert cluster.leftovers() == []
        # Whoever was killed could give nothing back: those keys expire, and no later run looks at them.
        assert list((await cluster.owners()).values()).count("0.0") <= 1


async def test_a_taken_port_is_named(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        settings = {"workers": "2", "redis_url": "redis://127.0.0.1:1/0", "port": str(taken.getsockname()[1])}
        server = LocalServer(tmp_path, settings=settings)
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "server", cwd=tmp_path, env=server.environment, stderr=asyncio.subprocess.PIPE
        )
        _, said = await process.communicate()
    assert process.returncode == 1
    assert "is in use. Stop what uses it" in said.decode()


async def test_a_path_too_long_for_sockets_is_named(short_folder: Path, tmp_path: Path) -> None:
    folder = short_folder / ("x" * 100)
    folder.mkdir()
    server = LocalServer(tmp_path, settings={"workers": "2", "redis_url": "redis://127.0.0.1:1/0"})
    server.environment["TMPDIR"] = str(folder)
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "server", cwd=tmp_path, env=server.environment, stderr=asyncio.subprocess.PIPE
    )
    _, said = await process.communicate()
    assert process.returncode == 1
    assert "Set TMPDIR to a shorter one" in said.decode()


async def test_a_worker_that_never_served_ends_the_server(tmp_path: Path) -> None:
    """No endless restarts of what never worked: the service manager is told."""
    async with starting(tmp_path) as process:
        await eventually(lambda: bool(forked(process.pid)))
        [zygote] = forked(process.pid)
        await eventually(lambda: bool(forked(zygote)))
        kill(forked(zygote)[0])
        _, said = await process.communicate()
    assert process.returncode == 1
    assert "The server cannot start: worker 0 ended with status -9" in said.decode()


async def test_without_the_process_that_forks_workers_the_server_ends(tmp_path: Path) -> None:
    """It could replace none of them."""
    async with starting(tmp_path) as process:
        await eventually(lambda: bool(forked(process.pid)))
        [zygote] = forked(process.pid)
        # Nothing that belongs to the server had begun when it was forked.
        assert threads(zygote) == 1
        await eventually(lambda: bool(forked(zygote)))
        workers = forked(zygote)
        kill(zygote)
        _, said = await process.communicate()
        assert process.returncode == 1
        assert "The server cannot start: the process that forks the workers has ended" in said.decode()
        await eventually(lambda: not any(alive(worker) for worker in workers))


@asynccontextmanager
async def starting(folder: Path) -> AsyncIterator[asyncio.subprocess.Process]:
    """A server of two workers by the real command; killed, with its workers, when the test ends before it does."""
    server = LocalServer(folder, settings={"workers": "2", "redis_url": "redis://127.0.0.1:1/0"})
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "server", cwd=folder, env=server.environment, stderr=asyncio.subprocess.PIPE
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


def threads(pid: int) -> int:
    """How many this process has."""
    return len(list(Path(f"/proc/{pid}/task").iterdir()))


def forked(pid: int) -> list[int]:
    """The processes that this one has forked: its children that run what it runs, unlike the tools it may ask."""
    children = []
    for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
        with suppress(OSError):
            if Path(f"/proc/{child}/cmdline").read_bytes() == Path(f"/proc/{pid}/cmdline").read_bytes():
                children.append(int(child))
    return children
