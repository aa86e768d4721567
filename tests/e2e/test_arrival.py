"""From the link to the first question in a real Chromium: what is refused, what is missing, phone, network, rules."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import expect

from question_flows.model import Language
from scripts.browsers import chromium, face_video, speech_file
from tests.e2e import journeys
from tests.e2e.axe import expect_accessible
from tests.e2e.house import PHONE, House, in_both_languages, in_chinese, open_house

pytestmark = [pytest.mark.timeout(240), pytest.mark.asyncio(loop_scope="module")]

SPOKEN = {Language.ENGLISH: "I can send a new parcel today.", Language.CHINESE: "我今天可以给您寄一个新的包裹。"}
HEARD = {Language.ENGLISH: ("parcel", "today"), Language.CHINESE: ("一个新的", "包裹")}
COMPANY = {"company_name": "Nordwind", "privacy_contact": "jobs@nordwind.example"}
REFUSES = "--use-fake-ui-for-media-stream=deny"
"""Microphone and camera are both refused, as by a person who says no."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    async with open_house(tmp_path_factory.mktemp("house"), settings=COMPANY) as opened:
        yield opened


@in_both_languages
async def test_a_spoken_sentence_is_understood_on_a_phone(house: House, tmp_path: Path, language: Language) -> None:
    """The whole arrival at a phone's width, each screen within it and without a serious finding."""
    _, link = await house.invite(language, "customer_service", "Mei Lin", "CN")
    audio = speech_file(tmp_path / "speech.wav", [SPOKEN[language]], language.value)
    async with chromium(audio, face_video(tmp_path / "face.mjpeg")) as browsers:
        page = await browsers.page(language.value, viewport=PHONE, has_touch=True)
        await page.goto(link)
        await expect(page.get_by_test_id("landing-from")).to_contain_text("Nordwind")
        await expect(page.get_by_test_id("landing-person").get_by_role("link")).to_have_attribute(
            "href", "mailto:jobs@nordwind.example"
        )
        await expect_accessible(page, "landing")
        await page.get_by_test_id("landing-privacy").click()
        await expect(page.get_by_test_id("privacy")).to_be_visible()
        await expect_accessible(page, "privacy")
        await page.get_by_test_id("privacy-back").click()
        await page.get_by_test_id("landing-begin").click()
        await expect(page.get_by_test_id("consent-continue")).to_be_visible()
        await expect_accessible(page, "consent")
        await page.get_by_test_id("consent-continue").click()
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
        await expect(text).to_have_attribute("lang", language.value)
        await page.get_by_test_id("check-sentence-play").click()
        await expect(page.get_by_test_id("check-sentence-play")).to_be_enabled(timeout=10_000)
        await expect(page.locator("[data-verdict=good]")).to_be_visible()
        await expect_accessible(page, "check")
        await page.get_by_test_id("check-continue").click()
        await expect(page.get_by_test_id("question-text")).to_be_visible()
        assert browsers.complaints == []


@in_chinese
async def test_who_refuses_the_microphone_types(house: House, language: Language) -> None:
    """Camera and microphone are refused by the browser's question after a yes to everything: typing is offered."""
    interview_id, link = await house.invite(language, "customer_service", "Ada Lin")
    async with chromium(more=[REFUSES]) as browsers:
        page = await browsers.page(language.value)
        await journeys.consent(page, link)
        await expect(page.locator("[data-testid=media-problem][data-problem=denied]").first).to_be_visible()
        await expect(page.get_by_test_id("check-continue")).to_be_hidden()
        await expect(page.get_by_test_id("check-sentence-record")).to_be_hidden()
        await expect_accessible(page, "check without a microphone")
        await page.get_by_test_id("check-type-instead").click()
        await journeys.leave_practice(page)
        await journeys.start_answer(page)
        await page.get_by_test_id("answer-text").fill(SPOKEN[language])
        await journeys.finish_answer(page)
        assert browsers.complaints == []
    answer = (await house.report(interview_id))["answers"][0]
    assert (answer["mode"], answer["text"]) == ("typed", SPOKEN[language])


async def test_what_a_browser_cannot_do_is_left_out(house: House) -> None:
    """No choice of speaker and no audio worklet: the test sound plays all the same, and the interview starts."""
    async with chromium() as browsers:
        _, link = await house.invite(Language.ENGLISH, "customer_service", "Mei Lin")
        page = await browsers.page()
        await journeys.consent(page, link)
        await expect(page.get_by_test_id("check-speaker")).to_be_visible()
        await page.get_by_test_id("check-speaker").select_option(index=1)
        await expect(page.get_by_text("standard speaker")).to_be_visible()
        assert await page.evaluate("() => localStorage.getItem('speaker')")

        _, link = await house.invite(Language.ENGLISH, "customer_service", "Ada Lin")
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


async def test_a_weak_connection_is_told_in_words_and_stops_nobody(house: House) -> None:
    """Round trips of half a second, then of a second; a network that answers no ping at all."""
    _, link = await house.invite(Language.ENGLISH, "customer_service", "Mei Lin")
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
