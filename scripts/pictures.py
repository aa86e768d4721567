"""Pictures of every page, taken during a real interview: for the README, or all of them to be looked at."""

from __future__ import annotations

import argparse
import asyncio
import re
import tempfile
from pathlib import Path

from playwright.async_api import Page, expect

from question_flows.loader import shipped_flows
from question_flows.model import Flow, Language
from scripts.browsers import HR_PASSWORD, Browsers, chromium, face_video, sign_in_first, speech_file
from scripts.local_server import ROOT, LocalServer

PICTURES = ROOT / "web" / "pictures"
DESKTOP = {"width": 1280, "height": 800}
PHONE = {"width": 390, "height": 844}
NAMES = {Language.ENGLISH: "Ada Moreau", Language.CHINESE: "林小雨"}
SPOKEN_WORDS = re.compile(r"(\w+\W+){9,}|[\u4e00-\u9fff，。]{14,}")


class Album:
    """Where pictures go, and the pages they are taken of."""

    def __init__(self, folder: Path, language: Language) -> None:
        self._folder = folder
        self._language = language
        folder.mkdir(parents=True, exist_ok=True)

    async def take(self, page: Page, name: str) -> None:
        """The page as it is, at desktop and at phone width."""
        for kind, size in (("", DESKTOP), ("-phone", PHONE)):
            await page.set_viewport_size(size)  # type: ignore[arg-type]
            # A page that was narrow from the start would have scrolled there by itself.
            await page.evaluate(
                "() => document.querySelector('[data-testid=answer-panel]')?.scrollIntoView({ block: 'nearest' })"
            )
            await page.wait_for_timeout(350)
            suffix = "" if self._language is Language.ENGLISH else "-zh"
            await page.screenshot(path=self._folder / f"{name}{kind}{suffix}.png", full_page=name == "report-whole")
        await page.set_viewport_size(DESKTOP)  # type: ignore[arg-type]


def main() -> None:
    """Takes the pictures; without a folder, keeps those that the README shows."""
    parser = argparse.ArgumentParser(prog="scripts/take_pictures", description=__doc__)
    parser.add_argument("folder", type=Path, nargs="?", help="take all pictures into this folder")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="interview-pictures-") as scratch:
        folder = arguments.folder or Path(scratch) / "all"
        asyncio.run(take_all(folder, Path(scratch)))
        if arguments.folder is None:
            keep_for_readme(folder)


def keep_for_readme(folder: Path) -> None:
    """Copies the pictures that the README names."""
    PICTURES.mkdir(exist_ok=True)
    for name in re.findall(r"\(web/pictures/([\w-]+\.png)\)", (ROOT / "README.md").read_text(encoding="utf-8")):
        (PICTURES / name).write_bytes((folder / name).read_bytes())
        print(f"web/pictures/{name}")


async def take_all(folder: Path, scratch: Path) -> None:
    """One interview in each language, from the invitation to the report."""
    server = LocalServer(scratch / "data", log=scratch / "server.log")
    await server.start()
    try:
        for language in Language:
            flow = shipped_flows()["customer_service"]
            texts = [question.sample_answers[language][0] for question in flow.questions[:3]]
            audio = speech_file(scratch / f"{language}.wav", texts, language)
            async with chromium(audio, face_video(scratch / "face.mjpeg")) as browsers:
                await take_interview(server, browsers, Album(folder, language), flow, language)
            print(f"{language.value}: done", flush=True)
    finally:
        await server.stop()


async def take_interview(server: LocalServer, browsers: Browsers, album: Album, flow: Flow, language: Language) -> None:
    """Pictures of both sides of one interview."""
    hr = await browsers.page(language.value)
    await hr_arrives(server, hr, album)
    interview_id, link = await server.invite(flow.id, language.value, NAMES[language])
    await server.invite("software_engineer", language.value, NAMES[language])
    candidate = await browsers.page(language.value)
    await candidate_arrives(candidate, link, album)
    await hr.wait_for_timeout(600)
    for index, _ in enumerate(flow.questions):
        await candidate.get_by_test_id("answer-now").click()
        await expect(candidate.get_by_test_id("captions")).to_have_text(SPOKEN_WORDS, timeout=40_000)
        if index == 1:
            await album.take(candidate, "question")
            # The second invitation came from another process, of which an open wall hears nothing.
            await hr.reload()
            await hr.wait_for_timeout(1500)
            await album.take(hr, "wall")
            await hr.goto(f"{server.url}/hr/interviews/{interview_id}")
            await hr.wait_for_timeout(2500)
            await album.take(hr, "monitor")
            await hr.get_by_test_id("live-watch").click()
            await expect(hr.get_by_test_id("live-view")).to_have_attribute("data-state", "live", timeout=15_000)
            await hr.wait_for_timeout(2500)
            await album.take(hr, "monitor-live")
            await album.take(candidate, "watched")
            await candidate.get_by_test_id("pause").click()
            await candidate.wait_for_timeout(500)
            await album.take(candidate, "paused")
            await album.take(hr, "monitor-live-paused")
            await candidate.get_by_test_id("resume").click()
        await candidate.wait_for_timeout(4000)
        await candidate.get_by_test_id("finish-answer").click()
        await candidate.wait_for_timeout(2500)
    await expect(candidate.get_by_test_id("done")).to_be_visible(timeout=40_000)
    await album.take(candidate, "done")
    await hr.wait_for_timeout(2000)
    await album.take(hr, "monitor-end")
    await hr.goto(f"{server.url}/hr/interviews/{interview_id}/report")
    # The recording is finished behind the interview; the page then shows its player by itself.
    await expect(hr.locator("#player")).to_be_visible(timeout=90_000)
    await hr.wait_for_timeout(1500)
    await album.take(hr, "report")
    await hr.locator("#player").scroll_into_view_if_needed()
    await album.take(hr, "report-recording")
    await album.take(hr, "report-whole")


async def hr_arrives(server: LocalServer, hr: Page, album: Album) -> None:
    """First sign-in (in the first language) or sign-in, the empty wall, the invitation form."""
    if server.welcome_link is not None:
        await hr.goto(server.welcome_link)
        await album.take(hr, "welcome")
        await sign_in_first(hr, server.welcome_link)
        server.welcome_link = None
    else:
        await hr.goto(f"{server.url}/hr/sign-in")
        await album.take(hr, "sign-in")
        await hr.get_by_test_id("sign-in-email").fill("hr@example.com")
        await hr.get_by_test_id("sign-in-password").fill(HR_PASSWORD)
        await hr.get_by_test_id("sign-in-submit").click()
        await hr.wait_for_url("**/hr")
    await album.take(hr, "wall-empty")
    await hr.goto(f"{server.url}/hr/invitations")
    await album.take(hr, "invite")
    await hr.goto(f"{server.url}/hr")


async def candidate_arrives(candidate: Page, link: str, album: Album) -> None:
    """From the invitation to the first question."""
    await candidate.goto(link)
    await album.take(candidate, "landing")
    await candidate.get_by_test_id("landing-begin").click()
    await expect(candidate.get_by_test_id("consent-continue")).to_be_visible()
    await album.take(candidate, "consent")
    for purpose in ("voice", "scoring", "recording", "expression"):
        await candidate.get_by_test_id(f"consent-{purpose}-yes").check(force=True)
    await candidate.get_by_test_id("consent-continue").click()
    await candidate.wait_for_timeout(2500)
    # Chromium names its fake devices by their files; a person sees the names of products here.
    await candidate.evaluate(
        "() => document.querySelectorAll('select').forEach((s, i) => "
        "{ s.options[s.selectedIndex].text = ['Built-in camera', 'Built-in microphone', 'Built-in speakers'][i]; })"
    )
    await album.take(candidate, "check")
    await candidate.get_by_test_id("check-continue").click()
    await expect(candidate.get_by_test_id("question-text")).to_be_visible()
    await album.take(candidate, "thinking")


if __name__ == "__main__":
    main()
