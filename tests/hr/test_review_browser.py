"""The review room in a real browser, with a real recording: what is clicked leads to its moment."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Page, async_playwright, expect

from question_flows.model import Language
from scripts.browsers import CHROMIUM
from tests.e2e.axe import expect_accessible
from tests.hr.conftest import House, serving
from tests.hr.review_interview import HOSTILE, SECONDS, WORD_MS, reviewed_interview
from tests.hr.test_recording import settings_in, store

TO_SEEK_S = 0.3

REMEMBER_JUMPS = """() => {
  const player = document.getElementById("player");
  window.jumps = [];
  player.addEventListener("seeking", () => window.jumps.push(player.currentTime));
}"""


pytestmark = [pytest.mark.timeout(240), pytest.mark.asyncio(loop_scope="module")]


@dataclass
class Room:
    """A server, HR's page, and an interview whose recording is stored."""

    house: House
    page: Page
    interview_id: str

    async def open(self, query: str = "", interview_id: str = "") -> None:
        """Opens the review room and waits until the recording can be sought."""
        await self.page.goto(self.house.url(f"/hr/interviews/{interview_id or self.interview_id}/review{query}"))
        await self.page.wait_for_function("() => document.getElementById('player').readyState >= 1", timeout=30_000)
        await self.page.evaluate(REMEMBER_JUMPS)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def room(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Room]:
    """All of this file's. A script's error, a stopped script or a breach of the policy fails the tests."""
    complaints: list[str] = []
    async with serving(settings_in(tmp_path_factory.mktemp("review"), {})) as house, async_playwright() as playwright:
        interview_id = await reviewed_interview(house)
        await store(house, interview_id, SECONDS)
        [cookie] = [cookie.value for cookie in house.hr.cookie_jar]
        chromium = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        context = await chromium.new_context(
            locale="en", viewport={"width": 1280, "height": 800}, permissions=["clipboard-read", "clipboard-write"]
        )
        await context.add_cookies([{"name": "hr_session", "value": cookie, "url": house.url("/")}])
        context.on("weberror", lambda error: complaints.append(str(error.error)))
        context.on(
            "console",
            lambda message: complaints.append(message.text) if "Content Security Policy" in message.text else None,
        )
        yield Room(house, await context.new_page(), interview_id)
        await chromium.close()
    assert complaints == []


async def jumped_to(page: Page, seconds: float) -> None:
    """The last jump led there."""
    await page.wait_for_function(
        f"() => window.jumps.length && Math.abs(window.jumps.at(-1) - {seconds}) < {TO_SEEK_S}", timeout=15_000
    )


async def pause(page: Page) -> None:
    """Stops the recording where it is."""
    await page.evaluate("() => document.getElementById('player').pause()")


async def test_whatever_is_clicked_leads_to_its_moment(room: Room) -> None:
    house, page, interview_id = room.house, room.page, room.interview_id
    await room.open()
    player = page.locator("#player")
    assert await player.evaluate("element => element.duration") == pytest.approx(SECONDS, abs=0.2)
    assert await player.evaluate("element => element.paused")

    # A word: its moment, heard and marked.
    words = page.get_by_test_id("words-story")
    await words.locator("[data-word='9']").click()
    await jumped_to(page, 6 + 9 * WORD_MS / 1000)
    await page.wait_for_function("() => Number(document.querySelector('.word--now')?.dataset.word) > 10")
    await expect(page.get_by_test_id("go-story")).to_have_attribute("aria-current", "true")
    await pause(page)

    # An indicator opens onto its explanation and its quotes; a quote is marked in the words and played.
    await page.get_by_role("tab", name="Scores").click()
    indicator = page.get_by_test_id("review-scores").locator(".review-indicator[data-indicator='solve']")
    await indicator.locator("summary").click()
    quote = indicator.locator("[data-quote]").first
    await expect(indicator.locator(".review-indicator__answer p").first).not_to_be_empty()
    text = await quote.locator("q").inner_text()
    await expect(words.locator("mark").first).to_be_visible()
    at_ms = int(await quote.get_attribute("data-at") or 0)
    assert at_ms >= 6000
    await quote.click()
    await jumped_to(page, at_ms / 1000)
    await expect(words.locator("mark")).to_have_text(text)
    await pause(page)

    # A question, by the list; its address is one to send.
    await page.get_by_role("tab", name="Questions").click()
    await page.get_by_test_id("go-counter_1").click()
    await jumped_to(page, 30)
    await expect(page).to_have_url(house.url(f"/hr/interviews/{interview_id}/review?question=counter_1"))
    await expect(page.locator("#answer-counter_1")).to_be_in_viewport()
    # Whether words of an answer have a sound of their own is said.
    await expect(page.locator("#answer-letter")).to_contain_text("Typed: there is no sound to these words")
    await expect(page.locator("#answer-counter_2_calm")).to_contain_text("The candidate skipped this question")
    await expect(page.locator("#answer-shifts")).to_contain_text("Not at the moment")
    await expect(page.locator("#answer-snippet pre")).to_contain_text("    return 2 * n")

    # What happened: in the list, and drawn.
    await page.get_by_role("tab", name="Events").click()
    mark = page.get_by_test_id("entry-mark")
    await expect(mark).to_contain_text(HOSTILE)
    await mark.click()
    await jumped_to(page, 16)
    for kind in ("outage", "utterance_lost", "help", "mark", "time_given", "skipped"):
        await expect(page.get_by_test_id(f"strip-{kind}")).to_have_count(1)
    await page.get_by_test_id("strip-time_given").locator("circle").click()
    await jumped_to(page, 24)
    box = await page.get_by_test_id("strip").bounding_box()
    assert box is not None
    await page.mouse.click(box["x"] + box["width"] * 0.1, box["y"] + 30)
    await jumped_to(page, SECONDS * 0.1)
    await pause(page)

    # A colleague's rating is given here too, and leads back to the ratings.
    await page.get_by_role("tab", name="Ratings").click()
    await page.get_by_test_id("rate-service").click()
    await page.locator("#points-rating-service").fill("6.5")
    await page.locator("#reason-rating-service").fill("j k [ ] said sorry at once")
    await page.locator("#panel-people").get_by_role("button", name="Save").first.click()
    await expect(page).to_have_url(house.url(f"/hr/interviews/{interview_id}/review#rating-service"))
    await expect(page.get_by_role("tab", name="Ratings")).to_have_attribute("aria-selected", "true")
    await expect(page.locator("#rating-service")).to_contain_text("j k [ ] said sorry at once")
    await room.open()

    # As it was heard: other words, which lead to their moments too; what was changed is marked.
    await page.get_by_role("button", name="As heard", exact=True).click()
    heard = page.get_by_test_id("heard-story")
    await expect(heard).to_contain_text("odour")
    await expect(words).to_be_hidden()
    await expect(heard.locator(".word--removed")).to_have_text("odour")
    await heard.locator("[data-word='3']").click()
    await jumped_to(page, 6 + 3 * WORD_MS / 1000)
    await expect(heard.locator(".word--now")).to_have_count(1)
    await pause(page)
    await page.get_by_role("button", name="Corrected", exact=True).click()
    await expect(words.locator(".word--added")).to_have_text("order")


async def test_keys_speed_and_what_follows_the_sound(room: Room) -> None:
    page = room.page
    await room.open()
    player = page.locator("#player")
    await page.keyboard.press("j")
    await jumped_to(page, 30)
    await page.keyboard.press("ArrowLeft")
    await jumped_to(page, 25)
    await page.keyboard.press("k")
    await jumped_to(page, 5.5)
    assert await player.evaluate("element => element.paused")
    await page.keyboard.press("]")
    await page.keyboard.press("]")
    await expect(page.locator("#speed")).to_have_value("1.5")
    assert await player.evaluate("element => [element.playbackRate, element.preservesPitch]") == [1.5, True]
    await page.locator("#speed").select_option("0.5")
    assert await player.evaluate("element => element.playbackRate") == 0.5
    # In a field the keys are the field's; switched off they are nobody's.
    await page.locator("#speed").focus()
    jumps = await page.evaluate("window.jumps.length")
    await page.keyboard.press("j")
    await page.get_by_text("Keyboard shortcuts").click()
    await page.get_by_label("Shortcuts are on").uncheck()
    await page.locator("#main").focus()
    await page.keyboard.press("j")
    assert await page.evaluate("window.jumps.length") == jumps
    await page.get_by_label("Shortcuts are on").check()

    # What is said stays in sight, until the reader scrolls.
    await page.locator("#speed").select_option("2")
    await page.evaluate("() => { scrollTo(0, document.body.scrollHeight); window.jumps = []; }")
    await page.evaluate("() => { document.getElementById('player').currentTime = 6; }")
    await page.locator("#main").focus()
    await page.keyboard.press("Space")
    await expect(page.get_by_test_id("words-story").locator(".word--now")).to_be_in_viewport(timeout=15_000)
    again = page.get_by_role("button", name="Back to what is being said")
    await expect(again).to_be_hidden()
    await page.mouse.move(900, 400)
    await page.mouse.wheel(0, 2000)
    await expect(again).to_be_visible()
    await expect(page.get_by_test_id("words-story")).not_to_be_in_viewport()
    await again.click()
    await expect(page.locator("#answer-story")).to_be_in_viewport()
    await expect(again).to_be_hidden()
    await page.keyboard.press("Escape")
    await pause(page)


async def test_a_link_leads_a_colleague_to_the_answer_in_sight_and_cued(room: Room) -> None:
    house, page, interview_id = room.house, room.page, room.interview_id
    await room.open()
    await page.get_by_test_id("copy-letter").click()
    await expect(page.locator("#said")).to_contain_text("Link copied")
    link = await page.evaluate("navigator.clipboard.readText()")
    assert link == house.url(f"/hr/interviews/{interview_id}/review?question=letter")

    await room.open(link.partition("review")[2])
    player = page.locator("#player")
    assert await player.evaluate("element => [element.currentTime, element.paused]") == [42, True]
    await expect(page.locator("#answer-letter")).to_be_in_viewport()
    await expect(page.locator("#answer-letter")).to_have_class(
        "review-answer card review-answer--cued review-answer--now"
    )
    await expect(page.get_by_test_id("go-letter")).to_have_attribute("aria-current", "true")

    await room.open("?question=story&quote=9-13")
    await expect(page.locator("#answer-story mark")).to_have_text("number and checked it and")
    assert await player.evaluate("element => element.currentTime") == pytest.approx(9.6, abs=TO_SEEK_S)
    await room.open("?at=33000")
    assert await player.evaluate("element => element.currentTime") == pytest.approx(33, abs=TO_SEEK_S)
    await expect(page.get_by_test_id("words-counter_1").locator(".word--now")).to_be_in_viewport()

    await expect_accessible(page, "review room")
    if folder := os.environ.get("REVIEW_PICTURES"):
        await take_pictures(room, Path(folder))


async def test_without_a_recording_words_and_links_still_lead_somewhere(room: Room) -> None:
    house, page = room.house, room.page
    interview_id = await reviewed_interview(house, records=False)
    await page.goto(house.url(f"/hr/interviews/{interview_id}/review?question=letter"))
    await expect(page.get_by_test_id("no-recording")).to_contain_text("the candidate did not agree")
    await expect(page.locator("#answer-letter")).to_be_in_viewport()
    await page.get_by_role("tab", name="Events").click()
    await page.get_by_test_id("entry-mark").click()
    await expect(page.locator("#answer-story")).to_be_in_viewport()
    await page.keyboard.press("j")
    await expect(page.get_by_test_id("go-counter_1")).to_have_attribute("aria-current", "true")


async def test_a_recording_that_gets_ready_is_offered(room: Room) -> None:
    house, page = room.house, room.page
    interview_id = await reviewed_interview(house)
    await page.clock.install()
    await page.goto(house.url(f"/hr/interviews/{interview_id}/review"))
    await expect(page.get_by_test_id("no-recording")).to_contain_text("being prepared")
    await store(house, interview_id, 4)
    await expect(page.get_by_text("The recording is ready.")).to_be_hidden()
    await page.clock.fast_forward(16_000)
    await page.get_by_text("The recording is ready.").get_by_role("link").click()
    await expect(page.locator("#player")).to_be_visible()


async def take_pictures(room: Room, folder: Path) -> None:
    """For eyes: both widths, languages and schemes."""
    page, english = room.page, room.interview_id
    chinese = await reviewed_interview(room.house, name="林晓雨", language=Language.CHINESE)
    await store(room.house, chinese, SECONDS)
    for name, interview_id, query, width, scheme in (
        ("desktop", english, "?question=story&quote=9-13&lang=en", 1280, "light"),
        ("desktop-dark", english, "?question=counter_1&lang=en", 1280, "dark"),
        ("phone", english, "?question=story&lang=en", 390, "light"),
        ("phone-top", english, "?lang=en", 390, "dark"),
        ("desktop-zh", chinese, "?question=story&lang=zh-CN", 1280, "light"),
        ("phone-zh", chinese, "?question=counter_1&lang=zh-CN", 390, "dark"),
    ):
        await page.set_viewport_size({"width": width, "height": 800 if width > 400 else 844})
        await page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        await room.open(query, interview_id)
        if name == "desktop-dark":
            await page.get_by_role("tab").nth(1).click()
            await page.locator(".review-indicator > summary").first.click()
        if name == "desktop-zh":
            await page.get_by_role("tab").nth(3).click()
        if name == "phone-zh":
            await page.get_by_role("tab").nth(2).click()
            await page.evaluate("scrollTo(0, 300)")
        await page.wait_for_timeout(500)
        await page.screenshot(path=folder / f"{name}.png")
        if name in ("desktop", "phone-top"):
            await page.screenshot(path=folder / f"{name}-whole.png", full_page=True)
    await page.set_viewport_size({"width": 1280, "height": 800})
    await room.open("?lang=en")
