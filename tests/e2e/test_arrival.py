"""From the link to the first question in a real Chromium: what is refused, what is missing, keyboard, phone, rules."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from scripts.browsers import chromium, face_video, speech_file
from tests.e2e import journeys
from tests.e2e.axe import expect_accessible
from tests.e2e.conftest import ServerFactory

pytestmark = pytest.mark.timeout(240)

PHONE = {"width": 390, "height": 844}
SPOKEN = {"en": "I can send a new parcel today.", "zh-CN": "我今天可以给您寄一个新的包裹。"}
HEARD = {"en": ("parcel", "today"), "zh-CN": ("一个新的", "包裹")}
COMPANY = {"company_name": "Nordwind", "privacy_contact": "jobs@nordwind.example"}
REFUSES = "--use-fake-ui-for-media-stream=deny"
"""Microphone and camera are both refused, as by a person who says no."""
NO_CAMERA = """
    const ask = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
    navigator.mediaDevices.getUserMedia = (wanted) =>
        wanted.video ? Promise.reject(new DOMException("refused", "NotAllowedError")) : ask(wanted);
"""
"""Chromium's switch refuses both devices or none; a person may refuse the camera alone."""
both_languages = pytest.mark.parametrize("language", ["en", "zh-CN"])


async def fits(page: Page) -> None:
    """Nothing reaches beyond the screen's side."""
    assert await page.evaluate("() => document.documentElement.scrollWidth - window.innerWidth") <= 0, page.url


async def tab_to(page: Page, test_id: str) -> None:
    """By the Tab key alone; fails when the control cannot be reached."""
    seen = []
    for _ in range(40):
        await page.keyboard.press("Tab")
        seen.append(
            await page.evaluate("() => document.activeElement.dataset.testid ?? document.activeElement.tagName")
        )
        if seen[-1] == test_id:
            return
    pytest.fail(f"{test_id} is not reached by Tab: {seen}")


@both_languages
async def test_a_spoken_sentence_is_understood_on_a_phone(
    start_server: ServerFactory, tmp_path: Path, language: str
) -> None:
    """The whole arrival at a phone's width, each screen within it and without a serious finding."""
    server = await start_server(**COMPANY)
    _, link = await server.invite("customer_service", language, "Mei Lin", "CN")
    audio = speech_file(tmp_path / "speech.wav", [SPOKEN[language]], language)
    async with chromium(audio, face_video(tmp_path / "face.mjpeg")) as browsers:
        page = await browsers.page(language, viewport=PHONE, has_touch=True)
        await page.goto(link)
        await expect(page.get_by_test_id("landing-from")).to_contain_text("Nordwind")
        await expect(page.get_by_test_id("landing-person").get_by_role("link")).to_have_attribute(
            "href", "mailto:jobs@nordwind.example"
        )
        await fits(page)
        await expect_accessible(page, "landing")
        await page.get_by_test_id("landing-privacy").click()
        await expect(page.get_by_test_id("privacy")).to_be_visible()
        await fits(page)
        await expect_accessible(page, "privacy")
        await page.get_by_test_id("privacy-back").click()
        await page.get_by_test_id("landing-begin").click()
        await page.get_by_test_id("consent-continue").click()
        await fits(page)
        await expect_accessible(page, "consent with answers missing")
        for purpose in ("voice", "scoring", "recording", "expression"):
            await page.get_by_test_id(f"consent-{purpose}-yes").check(force=True)
        await page.get_by_test_id("consent-continue").click()
        await page.get_by_test_id("check-sound-play").click()
        await expect(page.get_by_test_id("check-sound-said")).not_to_be_empty()
        await expect(page.get_by_test_id("check-sound-play")).to_be_enabled()
        await page.get_by_test_id("check-sentence-record").click()
        await expect(page.locator(".recording-bar")).to_be_visible()
        text = page.get_by_test_id("check-sentence-text")
        await expect(text).to_be_visible(timeout=30_000)
        heard = (await text.text_content() or "").lower()
        assert any(word in heard for word in HEARD[language]), heard
        await expect(text).to_have_attribute("lang", language)
        await page.get_by_test_id("check-sentence-play").click()
        await expect(page.get_by_test_id("check-sentence-play")).to_be_enabled(timeout=10_000)
        await expect(page.locator("[data-verdict=good]")).to_be_visible()
        await fits(page)
        await expect_accessible(page, "check")
        await page.get_by_test_id("check-continue").click()
        await expect(page.get_by_test_id("question-text")).to_be_visible()
        assert browsers.complaints == []


async def test_the_keyboard_alone_leads_from_the_link_to_the_first_question(
    start_server: ServerFactory, tmp_path: Path
) -> None:
    server = await start_server()
    _, link = await server.invite("customer_service", "en", "Mei Lin", "EU")
    async with chromium(speech_file(tmp_path / "speech.wav", [SPOKEN["en"]], "en")) as browsers:
        page = await browsers.page()
        await page.goto(link)
        await tab_to(page, "landing-begin")
        await page.keyboard.press("Enter")
        heading = page.locator("h1")
        await expect(heading).to_be_focused()
        await tab_to(page, "consent-voice-yes")
        await page.keyboard.press("Space")
        await page.keyboard.press("Tab")
        await page.keyboard.press("Space")
        await page.keyboard.press("Tab")
        await page.keyboard.press("ArrowRight")
        await expect(page.get_by_test_id("consent-recording-no")).to_be_checked()
        await tab_to(page, "consent-privacy")
        await page.keyboard.press("Shift+Tab")
        await page.keyboard.press("Enter")
        await expect(page.get_by_test_id("check-level")).to_be_visible()
        await expect(heading).to_be_focused()
        await tab_to(page, "check-sentence-record")
        await page.keyboard.press("Enter")
        await expect(page.get_by_test_id("check-sentence-text")).to_be_visible(timeout=30_000)
        await tab_to(page, "check-continue")
        await page.keyboard.press("Enter")
        await expect(page.get_by_test_id("question-text")).to_be_visible()
        assert browsers.complaints == []


async def test_without_a_camera_and_without_a_microphone(start_server: ServerFactory, tmp_path: Path) -> None:
    """A refused camera costs nothing but the picture; a refused microphone leads to typing."""
    server = await start_server(whisper_model=str(tmp_path / "no-such-model"))
    async with chromium() as browsers:
        _, link = await server.invite("customer_service", "en", "Mei Lin", "EU")
        page = await browsers.page()
        await page.add_init_script(NO_CAMERA)
        await journeys.consent(page, link)
        await expect(page.locator("[data-testid=media-problem][data-problem=denied]")).to_contain_text("use the camera")
        await expect(page.get_by_test_id("check-continue")).to_be_enabled()
        await expect_accessible(page, "check without a camera")
        await page.get_by_test_id("check-sentence-record").click()
        await expect(page.get_by_test_id("check-sentence-result")).not_to_be_empty(timeout=20_000)
        await page.get_by_test_id("check-continue").click()
        await expect(page.get_by_test_id("question-text")).to_be_visible()
        assert browsers.complaints == []
    async with chromium(more=[REFUSES]) as browsers:
        _, link = await server.invite("customer_service", "en", "Ada Lin", "EU")
        page = await browsers.page()
        await journeys.consent(page, link)
        await expect(page.locator("[data-testid=media-problem][data-problem=denied]").first).to_be_visible()
        await expect(page.get_by_test_id("check-continue")).to_be_hidden()
        await expect(page.get_by_test_id("check-sentence-record")).to_be_hidden()
        await expect_accessible(page, "check without a microphone")
        await page.get_by_test_id("check-type-instead").click()
        await journeys.start_answer(page)
        await expect(page.get_by_test_id("answer-text")).to_be_visible()
        assert browsers.complaints == []


async def test_whoever_refuses_everything_types_and_sees_what_is_left_to_check(
    start_server: ServerFactory, tmp_path: Path
) -> None:
    server = await start_server(whisper_model=str(tmp_path / "no-such-model"))
    _, link = await server.invite("customer_service", "zh-CN", "林梅", "EU")
    async with chromium() as browsers:
        page = await browsers.page("zh-CN", viewport=PHONE)
        await page.goto(link)
        await page.get_by_test_id("landing-begin").click()
        for purpose in ("voice", "scoring", "recording"):
            await page.get_by_test_id(f"consent-{purpose}-no").check(force=True)
        await page.get_by_test_id("consent-continue").click()
        await expect(page.get_by_test_id("check-sound-play")).to_be_visible()
        await expect(page.get_by_test_id("check-sentence-record")).to_have_count(0)
        await fits(page)
        await expect_accessible(page, "check of who types")
        await page.get_by_test_id("check-continue").click()
        await expect(page.get_by_test_id("question-text")).to_be_visible()
        assert browsers.complaints == []


async def test_what_a_browser_cannot_do_is_left_out(start_server: ServerFactory, tmp_path: Path) -> None:
    """No choice of speaker and no audio worklet: the test sound plays all the same, and the interview starts."""
    server = await start_server(whisper_model=str(tmp_path / "no-such-model"))
    async with chromium() as browsers:
        _, link = await server.invite("customer_service", "en", "Mei Lin", "EU")
        page = await browsers.page()
        await journeys.consent(page, link)
        await expect(page.get_by_test_id("check-speaker")).to_be_visible()
        await page.get_by_test_id("check-speaker").select_option(index=1)
        await expect(page.get_by_text("standard speaker")).to_be_visible()
        assert await page.evaluate("() => localStorage.getItem('speaker')")

        _, link = await server.invite("customer_service", "en", "Ada Lin", "EU")
        page = await browsers.page()
        await page.add_init_script("delete HTMLMediaElement.prototype.setSinkId; delete window.AudioWorkletNode;")
        await journeys.consent(page, link)
        await expect(page.get_by_test_id("check-level")).to_be_visible()
        await expect(page.get_by_test_id("check-speaker")).to_be_hidden()
        await expect(page.get_by_test_id("check-sentence-record")).to_be_hidden()
        await page.get_by_test_id("check-sound-play").click()
        await expect(page.get_by_test_id("check-sound-said")).to_have_text("", timeout=10_000)
        await page.get_by_test_id("check-continue").click()
        await expect(page.get_by_test_id("question-text")).to_be_visible()
        assert browsers.complaints == []


async def test_a_weak_connection_is_told_in_words_and_stops_nobody(start_server: ServerFactory, tmp_path: Path) -> None:
    """Round trips of half a second, then of a second; a network that answers no ping at all."""
    server = await start_server(whisper_model=str(tmp_path / "no-such-model"))
    _, link = await server.invite("customer_service", "en", "Mei Lin", "EU")
    async with chromium() as browsers:
        page = await browsers.page()
        await journeys.consent(page, link)
        network = page.get_by_test_id("check-network")
        await expect(network).to_contain_text("Good")
        slow = await page.context.new_cdp_session(page)
        for latency_ms, told in ((450, "May be choppy"), (1000, "Weak")):
            conditions = {"offline": False, "latency": latency_ms, "downloadThroughput": -1, "uploadThroughput": -1}
            await slow.send("Network.emulateNetworkConditions", conditions)
            await page.get_by_test_id("check-network-again").click()
            await expect(network).to_contain_text(told, timeout=20_000)
        await expect_accessible(page, "check on a weak connection")
        await page.route("**/check/ping", lambda route: route.abort())
        await page.get_by_test_id("check-network-again").click()
        await expect(network).to_contain_text("Weak", timeout=20_000)
        await page.get_by_test_id("check-continue").click()
        await expect(page.get_by_test_id("question-text")).to_be_visible(timeout=20_000)
        assert browsers.complaints == []
