"""A candidate whose worker is full begins on another one, in the same request; their page follows."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.live.conftest import RedisServer
from tests.workers.conftest import answering, eventually, serving

pytestmark = pytest.mark.timeout(240)


async def test_whose_worker_is_full_begins_on_another(
    redis_server: RedisServer, short_folder: Path, tmp_path: Path
) -> None:
    async with serving(redis_server, short_folder, tmp_path, workers="2", most_interviews="1") as cluster:
        first, second, third = [await cluster.candidate(owner="0.0") for _ in range(3)]
        assert {(await cluster.owners())[one.interview_id] for one in (first, second, third)} == {"0.0"}
        async with first.watching(), second.watching() as stream, third.watching():
            await answering(first)
            await cluster.until_told(interviews=3)
            await answering(second)
            assert (await cluster.owner(second.interview_id)).id == "1.0"
            # The page's stream ended with the former session; it comes back to the new one before that is an outage.
            await eventually(lambda: stream.ended)
            async with second.watching() as again:
                await again.until("AnswerStarted")
                # With all of them full it is as with one.
                await cluster.until_told(interviews=3)
                async with third.request("POST", "/start", json={}) as response:
                    assert response.status == 503
                    assert (await response.json())["error"]["code"] == "server_full"
                    assert response.headers["Retry-After"]
                assert not {"ServerRestarted", "ConnectionLost"} & set(cluster.events(second.interview_id))
