"""A candidate in a real browser is recorded, and HR plays it in another and goes to a question; encrypted at rest."""

from __future__ import annotations

import os
from base64 import b64encode
from pathlib import Path

import pytest
from playwright.async_api import expect

from question_flows.loader import shipped_flows
from question_flows.model import Language
from scripts.browsers import chromium, face_video, sign_in_first, speech_file
from tests.e2e import journeys
from tests.e2e.conftest import ServerFactory

pytestmark = pytest.mark.timeout(420)

FLOW = shipped_flows()["customer_service"]
SPOKEN = [question.sample_answers[Language.ENGLISH][0] for question in FLOW.questions[:2]]


async def test_hr_plays_what_the_candidate_said_and_showed(start_server: ServerFactory, tmp_path: Path) -> None:
    server = await start_server(recording_key=b64encode(os.urandom(32)).decode())
    interview_id, link = await server.invite(FLOW.id, "en", "Kim Doe")
    audio = speech_file(tmp_path / "speech.wav", SPOKEN, "en")
    async with chromium(audio, face_video(tmp_path / "face.mjpeg")) as browsers:
        hr = await browsers.page()
        assert server.welcome_link is not None
        await sign_in_first(hr, server.welcome_link)
        candidate = await browsers.page("en")
        await journeys.begin_interview(candidate, link)
        await expect(candidate.get_by_test_id("being-recorded")).to_be_visible(timeout=20_000)
        for _ in FLOW.questions:
            await journeys.start_answer(candidate)
            await journeys.hear_words(candidate, 3, timeout_s=60)
            await journeys.finish_answer(candidate)
        await journeys.confirm_words(candidate)
        await hr.goto(f"{server.url}/hr/interviews/{interview_id}/report")
        await expect(hr.locator("#player")).to_be_visible(timeout=90_000)
        await hr.wait_for_function("() => document.getElementById('player').readyState >= 1", timeout=30_000)
        report = await (await hr.request.get(f"{server.url}/api/hr/interviews/{interview_id}/report")).json()
        recording, length_s = report["recording"], report["duration_ms"] / 1000
        assert (recording["status"], recording["has_video"], recording["gaps"]) == ("stored", True, [])
        player = hr.locator("#player")
        assert await player.evaluate("player => player.duration") == pytest.approx(length_s, abs=3)
        # A follow-up has the number of its question.
        await hr.locator(f"[data-seek][data-question={FLOW.questions[2].id}]").click()
        answer_s = journeys.own_answers(report)[2]["started_ms"] / 1000
        await hr.wait_for_function(
            f"() => document.getElementById('player').currentTime > {answer_s + 0.5}", timeout=30_000
        )
        assert await player.evaluate("player => player.videoWidth") >= 320
    kept = [path for path in (server.data_dir / "recordings").rglob("*") if path.is_file()]
    assert [path.suffix for path in kept] == [".sealed"]
    assert b"webm" not in kept[0].read_bytes()
