"""Real worker processes: whichever gets a request, its interview's owner answers it, and deaths are made up for."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from io import BytesIO

import pytest
import pytest_asyncio
from aiohttp import ClientSession, UnixConnector
from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import AudioStreamTrack

from scripts.restarting import restart_ice
from server.storage.audit import Audit, Wanted
from server.storage.database import Database
from server.storage.hr_user import Role
from server.storage.people import People
from server.storage.sessions import new_session
from server.workers.forwarding import TIMEOUT
from tests.live.conftest import redis_at
from tests.workers.conftest import WORKERS, Cluster, Worker, answering, eventually, kill, serving, short_path

pytestmark = [pytest.mark.timeout(240), pytest.mark.asyncio(loop_scope="module")]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def cluster(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Cluster]:
    """Three workers for all tests of this module: one that dies or freezes in a test is whole again at its end."""
    folder = tmp_path_factory.mktemp("cluster")
    with redis_at(folder) as redis_server, short_path() as short:
        lines: list[str] = []
        async with serving(redis_server, short, folder, lines.append, port="0") as running:
            # Port 0 takes a free one, which all workers then share.
            assert not running.server.url.endswith(":0")
            yield running
        assert len([line for line in lines if line.startswith("Ready")]) == 1, "workers that are replaced say nothing"


async def test_every_worker_answers_for_the_owner(cluster: Cluster) -> None:
    candidate = await cluster.candidate()
    workers = cluster.workers()
    assert len(workers) == WORKERS
    async with candidate.watching() as stream:
        path = await answering(candidate)
        for number, worker in enumerate(workers.values()):
            body = {"text": f"draft {number}"}
            async with candidate.request("PUT", path + "/draft", json=body, at=worker) as response:
                assert response.status == 200
            snapshots = [await candidate.call("GET", "", at=other) for other in workers.values()]
            assert {snapshot["question"]["draft"] for snapshot in snapshots} == {f"draft {number}"}
        owner = await cluster.owner(candidate.interview_id)
        elsewhere = [worker for worker in workers.values() if worker != owner]
        await candidate.call("POST", path + "/answer", {"mode": "typed", "text": "I listen."}, at=elsewhere[0])
        await stream.until("AnswerSubmitted")
    # A second session beside the owner's would have written this down.
    assert "ServerRestarted" not in cluster.events(candidate.interview_id)


async def test_what_hr_does_is_noted_once_and_a_sign_out_anywhere_ends_the_pages_everywhere(cluster: Cluster) -> None:
    candidate = await cluster.candidate()
    await answering(candidate)
    owner = await cluster.owner(candidate.interview_id)
    elsewhere, other = [worker for worker in cluster.workers().values() if worker != owner][:2]
    database = Database(f"sqlite+aiosqlite:///{cluster.server.data_dir / 'interviews.sqlite'}")
    now = datetime.now(UTC)
    user_id = await People(database).add("hr@example.org", "", now, role=Role.ADMIN)
    async with database.begin() as connection:
        cookies = {"hr_session": await new_session(connection, user_id, now)}

    async def post(path: str, at: Worker) -> int:
        async with (
            ClientSession(connector=UnixConnector(at.path), cookies=cookies) as http,
            http.post(f"http://127.0.0.1{path}", json={"note": ""}, allow_redirects=False) as response,
        ):
            return response.status

    interview = f"/api/hr/interviews/{candidate.interview_id}"
    async with (
        ClientSession(connector=UnixConnector(elsewhere.path), cookies=cookies) as http,
        http.get(f"http://127.0.0.1{interview}/events", timeout=TIMEOUT) as response,
    ):
        assert response.status == 200
        for worker in (owner, elsewhere, other):
            assert await post(f"{interview}/mark", worker) == 200
        noted = await Audit(database).find(Wanted(action="moment_marked"))
        assert [(entry.user_id, entry.subject) for entry in noted] == [(user_id, candidate.interview_id)] * 3
        assert await post("/hr/sign-out", other) == 303
        async with asyncio.timeout(5):
            assert b'event: ended\ndata: {"reason": "signed_out"}' in await response.read()
    await database.close()


async def test_refusals_and_limits_are_the_owners_and_pass_unchanged(cluster: Cluster) -> None:
    candidate = await cluster.candidate()
    owner = await cluster.owner(candidate.interview_id)
    elsewhere = next(worker for worker in cluster.workers().values() if worker != owner)
    for body, status, code in (
        (b"{", 400, "malformed_json"),
        (b'{"rating": 9}', 400, "rating_invalid"),
        (b'{"rating": 5}', 409, None),
        (b"x" * ((1 << 20) + 1), 413, "too_large"),
    ):
        answers = []
        for worker in (owner, elsewhere):
            async with candidate.request("POST", "/feedback", data=BytesIO(body), at=worker) as response:
                answers.append((response.status, (await response.json())["error"]))
                assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert answers[0] == answers[1]
        assert answers[0][0] == status
        assert code in (None, answers[0][1]["code"])
    # Another site's page is refused at the first door, and believed headers come from no candidate.
    foreign = {"Origin": "https://evil.example", "X-Worker-Hops": "nonsense", "X-Forwarded-Host": "evil.example"}
    async with candidate.request("POST", "/pause", headers=foreign) as response:
        assert (response.status, (await response.json())["error"]["code"]) == (403, "foreign_origin")
    async with ClientSession() as stranger, stranger.get(cluster.server.url + "/api/interview") as response:
        assert response.status == 401


async def test_a_line_is_set_up_and_ended_by_way_of_other_workers(cluster: Cluster) -> None:
    candidate = await cluster.candidate()
    async with candidate.watching():
        await answering(candidate)
        owner = await cluster.owner(candidate.interview_id)
        one, other = (worker for worker in cluster.workers().values() if worker != owner)
        peer = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        peer.addTrack(AudioStreamTrack())
        await peer.setLocalDescription(await peer.createOffer())
        sdp = {"Content-Type": "application/sdp"}
        async with candidate.request("POST", "/whip", data=peer.localDescription.sdp, headers=sdp, at=one) as response:
            assert response.status == 201, await response.text()
            assert response.content_type == "application/sdp"
            location = response.headers["Location"].removeprefix("/api/interview")
            assert location.rsplit("/", 1)[1] in response.headers["ETag"]
            await peer.setRemoteDescription(RTCSessionDescription(await response.text(), "answer"))
        async with asyncio.timeout(20):
            while peer.connectionState != "connected":
                await asyncio.sleep(0.05)

        async def exchange(fragment: str) -> str:
            headers = {"Content-Type": "application/trickle-ice-sdpfrag", "If-Match": '"*"'}
            async with candidate.request("PATCH", location, data=fragment, headers=headers, at=other) as response:
                assert response.status == 200, await response.text()
                return await response.text()

        await restart_ice(peer, exchange)
        async with candidate.request("DELETE", location, at=other) as response:
            assert response.status == 204
        async with candidate.request("DELETE", "/whip/unknown", at=other) as response:
            assert (response.status, (await response.json())["error"]["code"]) == (404, "peer_unknown")
        await peer.close()


async def test_a_forwarded_stream_is_prompt_and_ends_when_its_reader_leaves(cluster: Cluster) -> None:
    candidate = await cluster.candidate()
    owner = await cluster.owner(candidate.interview_id)
    elsewhere = next(worker for worker in cluster.workers().values() if worker != owner)
    async with candidate.watching(at=elsewhere) as stream:
        path = await answering(candidate)
        await stream.until("AnswerStarted")
        delays = []
        for number in range(10):
            count = len(stream.messages)
            began = time.monotonic()
            await candidate.call("POST", "/pause" if number % 2 == 0 else "/resume")
            await eventually(lambda count=count: len(stream.messages) > count)  # type: ignore[misc]
            delays.append(time.monotonic() - began)
        assert sorted(delays)[5] < 0.5
        await candidate.call("POST", path + "/hints/0")
    # Nobody reads any more: the owner hears of it through the worker in between.
    await eventually(lambda: "ConnectionLost" in cluster.events(candidate.interview_id))


async def test_failed_sign_ins_are_counted_once_for_all_workers(cluster: Cluster) -> None:
    workers = [*cluster.workers().values()] * 3
    statuses = []
    for worker in workers:
        async with (
            ClientSession(connector=UnixConnector(worker.path)) as http,
            http.post(
                "http://127.0.0.1/hr/sign-in",
                data={"email": "eve@example.org", "password": "a guess"},
                headers={"X-Forwarded-For": "203.0.113.7"},
            ) as response,
        ):
            statuses.append(response.status)
    assert statuses == [401] * 5 + [429] * 4


async def test_interviews_are_spread_over_the_workers(cluster: Cluster) -> None:
    await cluster.until_told(interviews=0)
    async with AsyncExitStack() as open_pages:
        candidates = []
        for number in range(2 * WORKERS):
            candidate = await cluster.candidate()
            await open_pages.enter_async_context(candidate.watching())
            candidates.append(candidate)
            await cluster.until_told(interviews=number + 1)
        owners = await cluster.owners()
        held = [owners[candidate.interview_id] for candidate in candidates]
    assert sorted(held.count(worker) for worker in cluster.workers()) == [2] * WORKERS


async def test_an_interview_outlives_its_worker(cluster: Cluster) -> None:
    """kill -9 of the owner: another takes the interview up, and the supervisor starts a new worker."""
    candidate = await cluster.candidate()
    async with candidate.watching() as former:
        path = await answering(candidate)
        owner = await cluster.owner(candidate.interview_id)
        began = time.monotonic()
        kill(owner.pid)
        await eventually(lambda: former.ended, 10)
        while True:
            try:
                async with candidate.request("GET", "") as response:
                    if response.status == 200:
                        break
                    assert response.status == 503
            except OSError:
                pass  # The connection was the dead worker's own.
        assert time.monotonic() - began < 6
    async with candidate.watching():
        assert cluster.events(candidate.interview_id).count("ServerRestarted") == 1
        assert (await cluster.owner(candidate.interview_id)).id != owner.id
        await candidate.call("POST", path + "/answer", {"mode": "typed", "text": "I listen."})
        number, generation = owner.id.split(".")
        await eventually(lambda: f"{number}.{int(generation) + 1}" in cluster.workers(), 60)
        for worker in cluster.workers().values():
            assert (await candidate.call("GET", "", at=worker))["question"]["index"] == 1
    assert cluster.events(candidate.interview_id).count("ServerRestarted") == 1


async def test_a_frozen_worker_loses_its_interview_and_lets_go_of_it(cluster: Cluster) -> None:
    """SIGSTOP of the owner: requests do not wait for ever, and the one that thaws does not interfere."""
    candidate = await cluster.candidate()
    path, owner = await answering(candidate), await cluster.owner(candidate.interview_id)
    sibling = next(worker for worker in cluster.workers().values() if worker != owner)
    os.kill(owner.pid, signal.SIGSTOP)
    try:
        began = time.monotonic()
        await candidate.call("GET", "", at=sibling)
        assert time.monotonic() - began < 15
        await candidate.call("PUT", path + "/draft", {"text": "after the frost"}, at=sibling)
    finally:
        os.kill(owner.pid, signal.SIGCONT)
    await asyncio.sleep(3)
    for worker in cluster.workers().values():
        assert (await candidate.call("GET", "", at=worker))["question"]["draft"] == "after the frost"
    assert (await cluster.owner(candidate.interview_id)).id != owner.id
    cluster.events(candidate.interview_id)


async def test_redis_may_go_and_come_back(cluster: Cluster) -> None:
    candidate = await cluster.candidate()
    async with candidate.watching() as stream:
        path = await answering(candidate)
        owner = await cluster.owner(candidate.interview_id)
        await asyncio.sleep(2)
        cluster.redis_server.stop()
        for number, worker in enumerate(cluster.workers().values()):
            body = {"text": f"without {number}"}
            async with candidate.request("PUT", path + "/draft", json=body, at=worker) as response:
                assert response.status == 200
        cluster.redis_server.start()
        for number in range(20):
            for worker in cluster.workers().values():
                draft = (await candidate.call("GET", "", at=worker))["question"]["draft"]
                assert draft == f"without {WORKERS - 1}", number
            await asyncio.sleep(0.2)
        assert await cluster.owner(candidate.interview_id) == owner
        await candidate.call("POST", path + "/answer", {"mode": "typed", "text": "I listen."})
        await stream.until("AnswerSubmitted")
        assert not stream.ended
    assert "ServerRestarted" not in cluster.events(candidate.interview_id)
