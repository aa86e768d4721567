"""The recording on HR's page: served by ranges to those who are signed in, played and sought in a real browser."""

from __future__ import annotations

import asyncio
import hashlib
import io
from base64 import b64encode
from collections.abc import AsyncIterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Page, async_playwright, expect

from media.joining import check
from scripts.browsers import CHROMIUM
from server.hr.recording import Position, positions
from server.interview.commands import GiveConsent
from server.interview.events import EventBody, Purpose, RecordingFailed, RecordingGap, RecordingStarted
from server.interview.fold import fold
from server.keys import DATABASE, HUB, INTERVIEWS, SETTINGS
from server.recordings.finisher import Finisher
from server.recordings.serving import LIBRARY, store_address
from server.recordings.spool import Spool
from server.settings import Settings
from server.storage.event_log import EventLog
from tests.hr.conftest import UNHURRIED, House, answer_all, serving
from tests.recordings.conftest import S3Server, s3_server, write_segments
from tests.recordings.keys import NEW, OLD

SECONDS = 30


@dataclass
class Recorded:
    """A house with a finished interview whose recording is stored."""

    house: House
    interview_id: str
    content: bytes

    @property
    def path(self) -> str:
        """Where it is played."""
        return f"/hr/interviews/{self.interview_id}/recording"

    @property
    def tag(self) -> str:
        """Its entity tag."""
        return f'"{hashlib.sha256(self.content).hexdigest()}"'

    async def get(self, method: str = "GET", **headers: str) -> tuple[int, Mapping[str, str], bytes]:
        """(status, headers, body) for HR's browser."""
        async with self.house.hr.request(method, self.house.url(self.path), headers=headers) as response:
            return response.status, response.headers, await response.read()


async def finished(house: House) -> str:
    """An interview that is complete."""
    async with house.started() as session:
        await answer_all(session)
    return session.interview_id


async def record(house: House, interview_id: str, *bodies: EventBody) -> None:
    """Appends to the log as another process would."""
    log = EventLog(house.app[DATABASE])
    events = await log.read(interview_id)
    clock_ms = fold(events).clock_ms
    appended = await log.append(
        interview_id, events[-1].seq, [(clock_ms, body) for body in bodies], at=datetime.now(UTC)
    )
    await house.app[HUB].publish_events(interview_id, appended)


async def store(house: House, interview_id: str, seconds: float = SECONDS) -> None:
    """Puts segments into the spool and has them finished."""
    settings: Settings = house.app[SETTINGS]
    spool = Spool.of(settings.recordings_dir)
    await asyncio.to_thread(
        write_segments, spool, interview_id, keys=settings.recording_keys, seconds=[seconds / 2, seconds / 2]
    )
    finisher = Finisher(
        spool,
        store_address(settings),
        settings.recording_keys,
        EventLog(house.app[DATABASE]),
        house.app[HUB],
        now=lambda: datetime.now(UTC) + timedelta(seconds=30),
    )
    await finisher.look()


@pytest.fixture(params=["folder", "folder, encrypted", "s3, encrypted"])
async def recorded(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Recorded]:
    options: dict[str, Any] = {}
    with ExitStack() as stack:
        if "encrypted" in request.param:
            options["recording_key"] = b64encode(OLD).decode()
        if "s3" in request.param:
            options |= s3_options(stack.enter_context(s3_server(tmp_path / "s3")))
        async with serving(settings_in(tmp_path, options)) as house:
            interview_id = await finished(house)
            await store(house, interview_id)
            stored = (await house.app[INTERVIEWS].state(interview_id)).recording.stored
            pieces = await house.app[LIBRARY].read(stored.key, 0, stored.size_bytes)
            content = b"".join([bytes(piece) async for piece in pieces])
            assert (len(content), hashlib.sha256(content).hexdigest()) == (stored.size_bytes, stored.sha256)
            yield Recorded(house, interview_id, content)


def settings_in(folder: Path, options: dict[str, Any]) -> Settings:
    """A server's settings, without a speech model."""
    return Settings(
        data_dir=folder / "data", whisper_model=str(folder / "none"), _env_file=None, **UNHURRIED, **options
    )


def s3_options(server: S3Server) -> dict[str, Any]:
    """The settings of a server that keeps its recordings there."""
    address = server.address(Path("unused"))
    return {
        "recording_store": address.bucket_url,
        "recording_s3_endpoint": address.endpoint,
        "recording_s3_access_key": address.access_key,
        "recording_s3_secret_key": address.secret_key,
    }


async def test_ranges_are_served_as_players_ask_for_them(recorded: Recorded) -> None:
    content, size = recorded.content, len(recorded.content)
    assert size > 2 * 65_536
    assert check(io.BytesIO(content)).duration_ms == pytest.approx(SECONDS * 1000, abs=100)

    status, headers, body = await recorded.get()
    assert (status, body) == (200, content)
    assert headers["Content-Type"] == "video/webm"
    assert headers["Accept-Ranges"] == "bytes"
    assert headers["ETag"] == recorded.tag
    assert headers["Cache-Control"] == "private, no-store"
    assert headers["Content-Disposition"] == 'inline; filename="recording.webm"'
    assert headers["X-Content-Type-Options"] == "nosniff"

    for asked, start, end in (
        ("bytes=0-", 0, size),
        ("bytes=0-0", 0, 1),
        ("bytes=65530-131080", 65530, 131081),
        (f"bytes={size - 5}-{size + 5}", size - 5, size),
        ("bytes=-77", size - 77, size),
    ):
        status, headers, body = await recorded.get(Range=asked)
        assert (status, headers["Content-Range"]) == (206, f"bytes {start}-{end - 1}/{size}")
        assert headers["Content-Length"] == str(end - start)
        assert body == content[start:end]

    status, headers, body = await recorded.get(Range=f"bytes={size}-")
    assert (status, headers["Content-Range"]) == (416, f"bytes */{size}")

    status, headers, body = await recorded.get("HEAD", Range="bytes=10-19")
    assert (status, headers["Content-Length"], body) == (206, "10", b"")
    status, headers, body = await recorded.get("HEAD")
    assert (status, headers["Content-Length"], body) == (200, str(size), b"")


async def test_a_range_of_another_version_is_answered_with_the_whole(recorded: Recorded) -> None:
    status, _, body = await recorded.get(Range="bytes=0-9", **{"If-Range": recorded.tag})
    assert (status, len(body)) == (206, 10)
    status, _, body = await recorded.get(Range="bytes=0-9", **{"If-Range": '"another"'})
    assert (status, body) == (200, recorded.content)
    status, _, body = await recorded.get(**{"If-None-Match": f'"other", {recorded.tag}'})
    assert (status, body) == (304, b"")


async def test_nobody_else_gets_it(recorded: Recorded) -> None:
    async with recorded.house.stranger().get(recorded.house.url(recorded.path), allow_redirects=False) as response:
        assert response.status == 303
        assert response.headers["Location"].startswith("/hr/sign-in")
        assert recorded.content[:64] not in await response.read()
    _, token = await recorded.house.invite("Mallory")
    candidate = recorded.house.stranger()
    async with candidate.post(recorded.house.url(f"/i/{token}")) as response:
        assert response.status == 200
    async with candidate.get(recorded.house.url(recorded.path), allow_redirects=False) as response:
        assert response.status == 303


async def test_a_reader_who_goes_away_in_the_middle_disturbs_nobody(recorded: Recorded) -> None:
    for _ in range(5):
        async with recorded.house.hr.get(recorded.house.url(recorded.path)) as response:
            await response.content.readexactly(1000)
            response.close()
    status, _, body = await recorded.get()
    assert (status, body) == (200, recorded.content)


async def test_the_report_has_its_address_and_what_it_is(recorded: Recorded) -> None:
    report = await recorded.house.json(f"/api/hr/interviews/{recorded.interview_id}/report")
    assert report["recording"] == {
        "status": "stored",
        "path": recorded.path,
        "media_type": "video/webm",
        "size_bytes": len(recorded.content),
        "sha256": recorded.tag.strip('"'),
        "duration_ms": report["recording"]["duration_ms"],
        "has_video": True,
        "failed": None,
        "gaps": [],
    }
    assert report["recording"]["duration_ms"] == pytest.approx(SECONDS * 1000, abs=100)


async def page_of(house: House, interview_id: str, language: str = "en") -> str:
    async with house.hr.get(house.url(f"/hr/interviews/{interview_id}/report?lang={language}")) as response:
        assert response.status == 200
        return await response.text()


async def test_what_there_is_instead_of_a_recording_is_said(house: House) -> None:
    interview_id = await finished(house)
    path = house.url(f"/hr/interviews/{interview_id}/recording")

    async def said(text: str, code: str, status: int = 404) -> None:
        assert text in await page_of(house, interview_id)
        async with house.hr.get(path) as response:
            assert response.status == status
            assert code in await response.text()

    await said("no sound or picture came", "There is no recording")
    await record(house, interview_id, RecordingStarted(), RecordingGap(61_000, 65_500, "disk_slow"))
    await said("The recording is being prepared", "still being prepared")
    assert "1:01–1:05" in await page_of(house, interview_id)
    assert "录像中缺失的部分" in await page_of(house, interview_id, "zh-CN")
    await record(house, interview_id, RecordingFailed("StoreUnavailable"))
    await said("does not answer. Nothing is lost", "still being prepared")
    await record(house, interview_id, RecordingFailed("RecordingBroken"))
    await said("could not be finished so far (RecordingBroken)", "still being prepared")


async def test_a_candidate_who_does_not_agree_is_not_recorded_and_it_is_said(house: House) -> None:
    interview_id, _ = await house.invite()
    assert "has not been asked yet" in await page_of(house, interview_id)
    session = await house.app[INTERVIEWS].get(interview_id)
    await session.execute(GiveConsent({**dict.fromkeys(session.purposes, True), Purpose.RECORDING: False}))
    assert "Not recorded: the candidate did not agree." in await page_of(house, interview_id)
    assert "没有录像：候选人未同意录制。" in await page_of(house, interview_id, "zh-CN")


async def test_a_store_that_is_away_and_a_key_that_is_gone_are_said(tmp_path: Path) -> None:
    with s3_server(tmp_path / "s3") as s3:
        options = {**s3_options(s3), "recording_key": b64encode(OLD).decode()}
        async with serving(settings_in(tmp_path, options)) as house:
            interview_id = await finished(house)
            await store(house, interview_id, 4)
        options["recording_key"] = b64encode(NEW).decode()
        async with serving(settings_in(tmp_path, options), "second@example.com") as house:
            path = house.url(f"/hr/interviews/{interview_id}/recording")
            async with house.hr.get(path) as response:
                assert (response.status, "a key that the server no longer has" in await response.text()) == (503, True)
            s3.process.kill()
            s3.process.wait()
            async with house.hr.get(path) as response:
                assert (response.status, "Nothing is lost" in await response.text()) == (503, True)


async def test_each_questions_place_is_where_its_answer_begins(house: House) -> None:
    interview_id = await finished(house)
    await store(house, interview_id, 4)
    report = await house.app[INTERVIEWS].report(interview_id)
    found = positions(report)
    assert [place.question_id for place in found] == [answer.question_id for answer in report.answers]
    assert found[0] == Position(
        0, report.answers[0].question_id, report.answers[0].question, 0, report.answers[0].started_ms or 0
    )
    assert all(place.asked_ms <= place.answer_ms <= (report.recording.duration_ms or 0) for place in found)


@pytest.fixture
async def page(house: House) -> AsyncIterator[Page]:
    """HR's browser; a script's error or a stopped script fails the test."""
    [cookie] = [cookie.value for cookie in house.hr.cookie_jar]
    complaints: list[str] = []
    async with async_playwright() as playwright:
        chromium = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        context = await chromium.new_context(locale="en", viewport={"width": 1280, "height": 900})
        await context.add_cookies([{"name": "hr_session", "value": cookie, "url": house.url("/")}])
        context.on("weberror", lambda error: complaints.append(str(error.error)))
        yield await context.new_page()
        await chromium.close()
    assert complaints == []


async def test_hr_plays_the_recording_and_goes_to_a_question_by_keyboard(house: House, page: Page) -> None:
    async with house.started() as session:
        await asyncio.sleep(3)
        await answer_all(session)
    await store(house, session.interview_id)
    requests: list[str] = []
    page.on("request", lambda request: requests.append(request.headers.get("range", "")))
    await page.goto(house.url(f"/hr/interviews/{session.interview_id}/report"))
    player = page.locator("#player")
    await page.wait_for_function("() => document.getElementById('player').readyState >= 1", timeout=30_000)
    assert await player.evaluate("element => element.duration") == pytest.approx(SECONDS, abs=0.2)
    second = page.get_by_test_id("seek-1")
    at_ms = int(await second.get_attribute("data-seek") or 0)
    assert at_ms >= 3000
    await second.focus()
    await page.keyboard.press("Enter")
    await page.wait_for_function(
        f"() => document.getElementById('player').currentTime > {at_ms / 1000}", timeout=30_000
    )
    await expect(page.locator("#recording-questions [aria-current=true]")).to_have_count(1)
    assert await player.evaluate("element => element.videoWidth") > 0
    # Far from what was loaded: the browser asks for a range.
    await player.evaluate(f"element => {{ element.currentTime = {SECONDS - 3}; }}")
    await page.wait_for_function(
        f"() => document.getElementById('player').currentTime > {SECONDS - 2.5}", timeout=30_000
    )
    assert any(asked.startswith("bytes=") for asked in requests)
    await expect(page.locator("#player-trouble")).to_be_hidden()


async def test_a_recording_that_gets_ready_appears_by_itself(house: House, page: Page) -> None:
    interview_id = await finished(house)
    await record(house, interview_id, RecordingStarted())
    await page.clock.install()
    await page.goto(house.url(f"/hr/interviews/{interview_id}/report"))
    await expect(page.get_by_test_id("recording")).to_contain_text("being prepared")
    await store(house, interview_id, 4)
    await page.clock.fast_forward(16_000)
    await expect(page.locator("#player")).to_be_visible()
