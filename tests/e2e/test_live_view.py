"""Two browsers at once: a candidate's, and HR's, which watches it live."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from question_flows.loader import shipped_flows
from question_flows.model import Language
from scripts.browsers import chromium, face_video, sign_in_first, speech_file
from tests.e2e import journeys
from tests.e2e.conftest import ServerFactory

pytestmark = pytest.mark.timeout(180)

WATCHES = """
    window.peers = [];
    window.RTCPeerConnection = class extends RTCPeerConnection {
        constructor(...settings) { super(...settings); window.peers.push(this); }
    };
"""
"""Run before the page's own scripts, so that what the browser measures can be read."""
PLAYED = """() => {
    const video = document.querySelector('[data-testid=live-video]');
    const frames = video.getVideoPlaybackQuality().totalVideoFrames;
    const tracks = video.srcObject?.getTracks().map((track) => track.readyState);
    return { width: video.videoWidth, at: video.currentTime, frames, tracks };
}"""
SKEW = """async () => {
    const reports = [...(await window.peers.at(-1).getStats()).values()].filter(({ type }) => type === 'inbound-rtp');
    const at = (kind) => reports.find((report) => report.kind === kind).estimatedPlayoutTimestamp;
    return at('audio') && at('video') ? at('audio') - at('video') : null;
}"""
HEARD = """async () => {
    const reports = [...(await window.peers.at(-1).getStats()).values()];
    return reports.find(({ type, kind }) => type === 'inbound-rtp' && kind === 'audio').totalAudioEnergy;
}"""


async def seen(hr: Page, frames: int) -> None:
    """Waits until the live picture moves: so many frames more than now."""
    before = await hr.evaluate(PLAYED)
    await hr.wait_for_function(
        f"""([frames, at]) => {{
            const now = ({PLAYED})();
            return now.width > 0 && now.frames >= frames && now.at > at;
        }}""",
        arg=[before["frames"] + frames, before["at"]],
        timeout=30_000,
    )


async def test_hr_watches_a_candidate_in_another_browser(start_server: ServerFactory, tmp_path: Path) -> None:
    server = await start_server()
    interview_id, link = await server.invite("customer_service", "en", "Kim Doe")
    answers = [
        question.sample_answers[Language.ENGLISH][0] for question in shipped_flows()["customer_service"].questions
    ]
    speech = speech_file(tmp_path / "speech.wav", answers[:2], "en", pause_s=0.4)
    async with chromium(speech, face_video(tmp_path / "face.mjpeg")) as there, chromium() as here:
        hr = await here.page()
        await hr.add_init_script(WATCHES)
        assert server.welcome_link is not None
        await sign_in_first(hr, server.welcome_link)
        candidate = await there.page()
        await journeys.begin_interview(candidate, link)
        await journeys.start_answer(candidate)
        await hr.goto(f"{server.url}/hr/interviews/{interview_id}")
        panel = hr.get_by_test_id("live-view")
        await expect(panel).to_have_attribute("data-state", "off")
        await expect(candidate.get_by_test_id("watched")).to_be_empty()
        await hr.get_by_test_id("live-watch").click()
        await expect(panel).to_have_attribute("data-state", "live", timeout=15_000)
        await seen(hr, 10)
        played = await hr.evaluate(PLAYED)
        assert (played["width"], played["tracks"]) == (640, ["live", "live"])
        await expect(candidate.get_by_test_id("watched")).to_have_text("Somebody at the company is watching live.")
        await expect(candidate.get_by_test_id("watched-mark")).to_be_visible()
        # Sound starts silent, as browsers want it, and is turned on by hand.
        video = hr.get_by_test_id("live-video")
        assert await video.evaluate("video => video.muted")
        await hr.get_by_test_id("live-sound").click()
        assert not await video.evaluate("video => video.muted")
        await hr.wait_for_function(f"async () => await ({HEARD})() > 0.001", timeout=20_000)
        # Lips and voice: how far apart the browser plays what was captured at the same time.
        # It begins with what either needs against jitter, and brings them together by the reports within seconds.
        await hr.wait_for_function(
            f"async () => {{ const skew = await ({SKEW})(); return skew !== null && Math.abs(skew) < 80; }}",
            timeout=30_000,
        )

        await candidate.get_by_test_id("pause").click()
        await expect(panel).to_have_attribute("data-state", "held")
        await candidate.get_by_test_id("resume").click()
        await expect(panel).to_have_attribute("data-state", "live", timeout=10_000)
        await seen(hr, 5)

        # The candidate's page is loaded again; HR's browser keeps its line.
        lines = await hr.evaluate("() => window.peers.length")
        await candidate.reload()
        await candidate.get_by_test_id("finish-answer").wait_for(timeout=20_000)
        await seen(hr, 5)
        await expect(panel).to_have_attribute("data-state", "live", timeout=20_000)
        assert await hr.evaluate("() => window.peers.length") == lines
        await expect(candidate.get_by_test_id("watched")).not_to_be_empty()

        await hr.get_by_test_id("live-stop").click()
        await expect(panel).to_have_attribute("data-state", "off")
        await expect(candidate.get_by_test_id("watched")).to_be_empty()
        await expect(candidate.get_by_test_id("watched-mark")).to_be_hidden()
        await expect(hr.get_by_test_id("live-watch")).to_be_focused()
        assert there.complaints == here.complaints == []
