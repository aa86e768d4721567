"""GET /metrics of the whole application: text that Prometheus reads, for whom it is meant, with nobody's secrets."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from aiohttp.test_utils import TestClient, TestServer
from prometheus_client import generate_latest
from prometheus_client.core import CounterMetricFamily, Metric
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.registry import Collector

from analyzers.transcription.measured_load import MeasuredLoad
from server.admission import KEPT, Reason, Sample
from server.app import create_app
from server.caps import CAPS
from server.keys import DATABASE, INTERVIEWS, RECOGNITION_SETTLED, RECORDER
from server.metrics import merged
from server.settings import Settings
from server.storage.outbox import BUILTIN, Outbox, OutboxMessage, enqueue
from tests.candidate.conftest import House, serving
from tests.empty_database import with_database
from tests.media.encoded import Sender
from tests.server.conftest import Client

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)


async def families(client: Client, **headers: str) -> dict[str, Metric]:
    """What Prometheus' own parser makes of the answer."""
    response = await client.get("/metrics", headers=headers)
    assert response.status == 200
    assert response.headers["Content-Type"].startswith("text/plain; version=")
    return {family.name: family for family in text_string_to_metric_families(await response.text())}


def value(found: Mapping[str, Metric], name: str, **labels: str) -> float:
    """The one sample of this name and these labels."""
    samples = [sample for family in found.values() for sample in family.samples]
    [one] = [sample.value for sample in samples if sample.name == name and sample.labels == labels]
    return one


async def test_every_family_is_valid_has_help_and_bounded_labels(door: Client) -> None:
    for path in ("/hr/sign-in", "/healthz"):
        await door.get(path)
    async with asyncio.timeout(20):
        while value(found := await families(door), "interview_loop_lag_seconds_count") < 50:
            await asyncio.sleep(0.1)
    for family in found.values():
        if not family.name.endswith("_created"):
            assert family.documentation, family.name
            assert family.type != "unknown", family.name
        for sample in family.samples:
            assert set(sample.labels) <= {"method", "route", "status", "reason", "cap", "state", "of", "le"}, sample
    assert value(found, "interview_http_requests_total", method="GET", route="/hr/sign-in", status="200") == 1
    assert value(found, "interview_recognition_status", status="unavailable") == 1
    assert value(found, "interview_recognition_status", status="available") == 0
    assert value(found, "interview_room") == 1
    assert value(found, "interview_database_up") == 1
    assert value(found, "process_resident_memory_bytes") > 1e7
    assert value(found, "process_open_fds") > 3
    assert "interview_redis_up" not in found


async def test_no_address_and_no_invented_method_becomes_a_series(door: Client) -> None:
    for number in range(5):
        await door.get(f"/i/some-token-{number}")
        await door.get(f"/nowhere/{number}")
    for method in ("PROPFIND", "MKCOL", "LOCK"):
        await door.request(method, "/hr/sign-in")
    found = await families(door)
    requests = {tuple(sample.labels.values()): sample.value for sample in found["interview_http_requests"].samples}
    assert requests[("GET", "/i/{token}", "404")] == 5
    assert requests[("GET", "(unknown)", "404")] == 5
    assert sum(count for key, count in requests.items() if key[0] == "other") == 3
    assert "some-token" not in str(found)
    assert "PROPFIND" not in str(found)


@pytest.fixture
def settings(tmp_path: Path) -> dict[str, Any]:
    return {"data_dir": tmp_path / "data", "whisper_model": str(tmp_path / "no-model"), "ice_hosts": ["127.0.0.1"]}


@pytest.mark.parametrize(
    ("changes", "headers", "status"),
    [
        ({}, {}, 200),
        ({"metrics_from": ["192.0.2.0/24"]}, {}, 403),
        # A proxy that nobody named: whoever it speaks for is not local.
        ({}, {"X-Forwarded-For": "127.0.0.1"}, 403),
        ({}, {"Forwarded": "for=127.0.0.1"}, 403),
        ({"trusted_proxies": ["127.0.0.1"]}, {"X-Forwarded-For": "203.0.113.9"}, 403),
        ({"trusted_proxies": ["127.0.0.1"], "metrics_from": ["203.0.113.9"]}, {"X-Forwarded-For": "203.0.113.9"}, 200),
        ({"trusted_proxies": ["127.0.0.1"]}, {"X-Forwarded-For": "unknown"}, 403),
    ],
)
async def test_only_those_named_may_read(
    settings: dict[str, Any], changes: dict[str, Any], headers: dict[str, str], status: int
) -> None:
    app = create_app(with_database(Settings(_env_file=None, **settings | changes)))
    async with TestClient(TestServer(app)) as client:
        response = await client.get("/metrics", headers=headers | {"Accept-Language": "en"})
        assert response.status == status
        if status == 403:
            text = await response.text()
            assert "INTERVIEW_METRICS_FROM" in text
            assert "interview_room" not in text


async def test_interviews_refusals_and_caps_are_counted(settings: dict[str, Any]) -> None:
    caps = {"most_offers_per_interview": 1, "most_interviews": 2}
    async with serving(Settings(_env_file=None, **settings | caps)) as house:
        room = house.app[INTERVIEWS].room
        browser, _ = await house.answering()
        for _ in range(2):
            await browser.post("/api/interview/whip", data="v=0\r\n", headers={"Content-Type": "application/sdp"})
        for _ in range(KEPT):
            room.admission.measured(Sample(loop_lag_ms=500, loop_load=0.5, process_load=0.25))
        waiting = await house.candidate()
        assert (await waiting.post("/api/interview/start")).status == 503
        found = await of_house(house)
        assert value(found, "interview_sessions") == 2
        assert value(found, "interview_begun_total") == 1
        assert value(found, "interview_room") == 0
        assert value(found, "interview_refused_total", reason="loop_lag") == 1
        assert value(found, "interview_refused_total", reason="recognition") == 0
        assert {sample.labels["reason"] for sample in found["interview_refused"].samples} == {*Reason, "line"}
        assert value(found, "interview_capped_total", cap="offers_per_interview") == 1
        assert house.app[CAPS].refused == {"offers_per_interview": 1}


async def test_what_the_recorder_has_written_is_told(settings: dict[str, Any], tmp_path: Path) -> None:
    app = create_app(with_database(Settings(_env_file=None, **settings)))
    async with TestClient(TestServer(app)) as client:
        line = app[RECORDER].record(tmp_path / "spool", lambda start_ms, end_ms, reason: None)
        frames = list(Sender(0.0).frames(1))
        for frame in frames:
            line.write(frame, round(frame.arrived_s * 1000))
        line.end()
        await line.ended()
        found = await families(client)
    assert value(found, "interview_recorder_bytes_total") == sum(len(frame.data) for frame in frames)
    assert value(found, "interview_recorder_dropped_frames_total") == 0
    assert value(found, "interview_recorder_failed_segments_total") == 0


async def of_house(house: House) -> dict[str, Metric]:
    async with await house.browser().get("/metrics") as response:
        assert response.status == 200
        return {family.name: family for family in text_string_to_metric_families(await response.text())}


async def test_messages_that_wait_and_dead_letters_are_told_and_a_lost_database_too(
    settings: dict[str, Any],
) -> None:
    # Nobody listens there: what waits goes on waiting.
    async with serving(Settings(_env_file=None, ehr_url="http://127.0.0.1:9/", **settings)) as house:
        interview_id, _ = await house.invite()
        database = house.app[DATABASE]
        async with database.begin() as connection:
            messages = [
                OutboxMessage(f"m{number}", interview_id, "test", {}, destination=BUILTIN) for number in range(3)
            ]
            await enqueue(connection, messages, NOW)
        await Outbox(database).failed("m2", "gone", None)
        found = await of_house(house)
        assert value(found, "interview_outbox_messages", state="waiting") == 2
        assert value(found, "interview_outbox_messages", state="dead") == 1
        await database.engine.dispose()
        spoil(settings["data_dir"])
        found = await of_house(house)
        assert value(found, "interview_database_up") == 0
        assert "interview_outbox_messages" not in found


def spoil(folder: Path) -> None:
    """Puts something that is no database where the server's is."""
    for file in folder.glob("interviews.sqlite*"):
        file.unlink()
    (folder / "interviews.sqlite").write_text("this is no database " * 1000)


async def test_two_applications_in_one_process_keep_their_own_figures(door: Client, settings: dict[str, Any]) -> None:
    async with TestClient(TestServer(create_app(with_database(Settings(_env_file=None, **settings))))) as other:
        await other.app[RECOGNITION_SETTLED].wait()
        await door.get("/hr/sign-in")
        labels = {"method": "GET", "route": "/hr/sign-in", "status": "200"}
        assert value(await families(door), "interview_http_requests_total", **labels) == 1
        found = await families(other)
        assert "/hr/sign-in" not in {
            sample.labels["route"] for sample in found.get("interview_http_requests", EMPTY).samples
        }


EMPTY = CounterMetricFamily("interview_http_requests", "")


def test_only_whole_utterances_count_as_waits() -> None:
    waits: list[float] = []
    measured = MeasuredLoad(1.0)
    measured.on_wait(waits.append)
    measured.decoded([0.25, 0.5], 0.1, 3.0, whole=True, now=1.0)
    measured.decoded([0.75], 0.1, 3.0, whole=False, now=2.0)
    assert waits == [0.25, 0.5]


class OfNumber(Collector):
    """A process that has handled so many requests, with a help text that takes every trick."""

    def __init__(self, worker: str, count: float) -> None:
        self.worker, self.count = worker, count

    def collect(self) -> list[Metric]:
        family = CounterMetricFamily("requests", "One \\ two\n# HELP three", labels=("worker",))
        family.add_metric((self.worker,), self.count)
        alone = CounterMetricFamily(f"only_{self.worker}", "Only here.", value=1.0)
        return [family, alone]


def test_the_texts_of_several_workers_become_one() -> None:
    text = merged(generate_latest(OfNumber(worker, count)).decode() for worker, count in (("0", 1.0), ("1", 2.0)))
    found = {family.name: family for family in text_string_to_metric_families(text)}
    assert set(found) == {"requests", "only_0", "only_1"}
    assert [(sample.labels, sample.value) for sample in found["requests"].samples] == [
        ({"worker": "0"}, 1.0),
        ({"worker": "1"}, 2.0),
    ]
    assert text.count("# TYPE requests_total") == 1
    assert text.endswith("\n")
