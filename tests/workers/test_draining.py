"""SIGTERM: nothing new begins, a running interview goes on to its end or to the limit, and then the process stops."""

from __future__ import annotations

import asyncio
import signal
import time
from pathlib import Path

import pytest

from tests.live.conftest import RedisServer
from tests.workers.conftest import Candidate, Cluster, answering, serving

pytestmark = pytest.mark.timeout(180)

ENDED_SECONDS = 12.0
"""An orderly stop takes less, on a busy machine too."""


async def complete(candidate: Candidate) -> None:
    """Types every answer that is left."""
    async with asyncio.timeout(60):
        while not (now := await candidate.call("GET", ""))["completed"]:
            question = now["question"]
            if question is None or question["submitted"]:
                await asyncio.sleep(0.1)
                continue
            path = f"/questions/{question['id']}"
            await candidate.call("POST", path + "/start-answer")
            await candidate.call("POST", path + "/answer", {"mode": "typed", "text": "I listen and then I ask."})


def terminate(cluster: Cluster, number: signal.Signals = signal.SIGTERM) -> None:
    assert cluster.server.process is not None
    cluster.server.process.send_signal(number)


async def ended(cluster: Cluster) -> int:
    """The status it ends with, soon."""
    assert cluster.server.process is not None
    async with asyncio.timeout(ENDED_SECONDS):
        return await cluster.server.process.wait()


@pytest.mark.parametrize("workers", ["1", "2"])
async def test_a_running_interview_goes_on_to_its_end(
    workers: str, redis_server: RedisServer, short_folder: Path, tmp_path: Path
) -> None:
    async with serving(redis_server, short_folder, tmp_path, workers=workers, drain_seconds="90") as cluster:
        running, waiting = await cluster.candidate(), await cluster.candidate()
        async with running.watching() as stream:
            await answering(running)
            terminate(cluster)
            await asyncio.sleep(1)
            async with waiting.request("POST", "/start") as response:
                assert response.status == 503
                assert (await response.json())["error"]["code"] == "server_draining"
                assert int(response.headers["Retry-After"]) > 0
            await complete(running)
            assert await ended(cluster) == 0
        assert "InterviewCompleted" in stream.names
        types = cluster.events(running.interview_id)
        assert types.count("AnswerSubmitted") == 6
        assert types[-1] == "ReportWritten"
        assert "ServerRestarted" not in types
        assert "InterviewStarted" not in cluster.events(waiting.interview_id)
        # The place is kept: the next start lets them begin.
        await cluster.server.start()
        await answering(waiting)


@pytest.mark.parametrize("second", [signal.SIGTERM, signal.SIGINT])
async def test_a_second_signal_stops_at_once(
    second: signal.Signals, redis_server: RedisServer, short_folder: Path, tmp_path: Path
) -> None:
    workers = "2" if second is signal.SIGTERM else "1"
    async with serving(redis_server, short_folder, tmp_path, workers=workers, drain_seconds="90") as cluster:
        candidate = await cluster.candidate()
        async with candidate.watching():
            path = await answering(candidate)
            terminate(cluster)
            await asyncio.sleep(2)
            await candidate.call("PUT", path + "/draft", {"text": "still here"})
            terminate(cluster, second)
            assert await ended(cluster) == 0
        assert cluster.events(candidate.interview_id)[-1] == "AnswerDrafted"


async def test_the_limit_ends_it(redis_server: RedisServer, short_folder: Path, tmp_path: Path) -> None:
    async with serving(redis_server, short_folder, tmp_path, workers="1", drain_seconds="4") as cluster:
        candidate = await cluster.candidate()
        async with candidate.watching():
            await answering(candidate)
            began = time.monotonic()
            terminate(cluster)
            assert await ended(cluster) == 0
            assert time.monotonic() - began >= 4
