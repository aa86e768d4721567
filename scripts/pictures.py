"""Pictures of every page, taken during real interviews: for the README and its album, or to be looked at."""

from __future__ import annotations

import argparse
import asyncio
import tempfile
from collections.abc import Sequence
from pathlib import Path

import cv2
from playwright.async_api import Page, expect

from question_flows.loader import shipped_flows
from question_flows.model import Language
from scripts.browsers import HR_PASSWORD, Browsers, chromium, face_video, sign_in_first, speech_file
from scripts.local_server import ROOT, LocalServer
from scripts.picture_album import PICTURES, TITLES, Album, written_album
from scripts.pictured_candidate import SAYS_LITTLE, SPOKEN_WORDS, PicturedCandidate
from scripts.pictured_console import PicturedConsole
from scripts.sample_answers import sample_answer

FLOWS = shipped_flows()
VOICE, MANAGER, ENGINEER = "customer_service", "store_manager", "software_engineer_java"
NAMES = {
    Language.ENGLISH: {VOICE: "Ada Moreau", MANAGER: "Sam Okafor", ENGINEER: "Grace Lindqvist"},
    Language.CHINESE: {VOICE: "林小雨", MANAGER: "王建国", ENGINEER: "陈思远"},
}
WORRY = {
    Language.ENGLISH: "My screen is very small. May I take my time with the code?",
    Language.CHINESE: "我的屏幕很小，写代码可以慢一点吗？",
}
WEBP_QUALITY = 82


def main() -> None:
    """Takes the pictures; without a folder, keeps them all in the album that the README shows some of."""
    parser = argparse.ArgumentParser(prog="scripts/take_pictures", description=__doc__)
    parser.add_argument("folder", type=Path, nargs="?", help="take all pictures into this folder")
    parser.add_argument(
        "--language", choices=list(Language), type=Language, help="only of this language; with a folder"
    )
    arguments = parser.parse_args()
    if arguments.language and not arguments.folder:
        parser.error("--language goes with a folder: the album has both")
    with tempfile.TemporaryDirectory(prefix="interview-pictures-") as scratch:
        folder = arguments.folder or Path(scratch) / "all"
        asyncio.run(take_all(folder, Path(scratch), [arguments.language] if arguments.language else list(Language)))
        if arguments.folder is None:
            keep(folder)


def keep(folder: Path) -> None:
    """Replaces the album by these pictures, as WebP: a quarter of the size."""
    PICTURES.mkdir(exist_ok=True)
    for old in [*PICTURES.glob("*.png"), *PICTURES.glob("*.webp")]:
        old.unlink()
    names = []
    for png in sorted(folder.glob("*.png")):
        if png.stem.split("-phone")[0].removesuffix("-zh") in TITLES:
            cv2.imwrite(
                str(PICTURES / f"{png.stem}.webp"), cv2.imread(str(png)), [cv2.IMWRITE_WEBP_QUALITY, WEBP_QUALITY]
            )
            names.append(png.stem)
    (PICTURES / "README.md").write_text(written_album(names), encoding="utf-8")
    print(f"{len(names)} pictures in {PICTURES.relative_to(ROOT)}")


async def take_all(folder: Path, scratch: Path, languages: Sequence[Language]) -> None:
    """The interviews of three candidates in each of these languages, from the invitation to the report."""
    unhurried = {"most_loop_lag_ms": "60000", "most_loop_load": "1"}
    server = LocalServer(scratch / "data", settings=unhurried, log=scratch / "server.log")
    await server.start()
    face = face_video(scratch / "face.mjpeg")
    try:
        async with chromium() as browsers:
            assert server.welcome_link is not None
            for language in languages:
                page, album = await browsers.page(language.value), Album(folder, language)
                await page.goto(server.welcome_link)
                await album.take(page, "welcome")
                await page.goto(f"{server.url}/hr/sign-in")
                await album.take(page, "sign-in")
            await sign_in_first(await browsers.page(), server.welcome_link)
        for language in languages:
            first = FLOWS[VOICE].questions[0].id
            spoken = speech_file(
                scratch / f"{language}.wav", [sample_answer(FLOWS[VOICE], first, language)], language.value
            )
            async with chromium(spoken, face) as browsers:
                await Interviews(server, browsers, Album(folder, language), language).take()
            print(f"{language.value}: done", flush=True)
    finally:
        await server.stop()


class Interviews:
    """The pictures of one language: HR's, and of three candidates who are interviewed at once."""

    def __init__(self, server: LocalServer, browsers: Browsers, album: Album, language: Language) -> None:
        self._server = server
        self._browsers = browsers
        self._album = album
        self._language = language

    async def take(self) -> None:
        """All of them."""
        hr = await self._hr_arrives()
        manager = await self._role_play()
        engineer = await self._code()
        interview_id, ada = await self._candidate(VOICE)
        await self._arrival(ada)
        await self._speaking(ada)
        # The other invitations came from another process, of which an open wall hears nothing.
        await hr.goto(f"{self._server.url}/hr")
        await hr.wait_for_timeout(1500)
        await self._album.take(hr, "wall")
        await self._watched(hr, ada, interview_id)
        await self._end(ada)
        await hr.wait_for_timeout(2000)
        await self._album.take(hr, "monitor-end")
        await self._report(hr, interview_id)
        await PicturedConsole(self._server.url, hr, self._album, self._language).take(interview_id)
        await self._rest_and_fact(manager)
        await engineer.page.close()

    async def _candidate(self, flow_id: str) -> tuple[str, PicturedCandidate]:
        """(interview id, the candidate before the invitation's page)."""
        name = NAMES[self._language][flow_id]
        interview_id, link = await self._server.invite(flow_id, self._language.value, name)
        page = await self._browsers.page(self._language.value, base_url=self._server.url)
        candidate = PicturedCandidate(page, FLOWS[flow_id], self._language)
        await page.goto(link)
        return interview_id, candidate

    async def _hr_arrives(self) -> Page:
        """The empty wall, the invitation form."""
        hr = await self._browsers.page(self._language.value)
        await hr.goto(f"{self._server.url}/hr/sign-in")
        await hr.get_by_test_id("sign-in-email").fill("hr@example.com")
        await hr.get_by_test_id("sign-in-password").fill(HR_PASSWORD)
        await hr.get_by_test_id("sign-in-submit").click()
        await hr.wait_for_url("**/hr")
        await self._album.take(hr, "wall-empty")
        await hr.goto(f"{self._server.url}/hr/invitations")
        await self._album.take(hr, "invite")
        return hr

    async def _arrival(self, candidate: PicturedCandidate) -> None:
        """From the invitation to the practice question and the first that counts."""
        page, take = candidate.page, self._album.take
        await take(page, "landing")
        await candidate.on("landing-begin").click()
        await expect(candidate.on("consent-continue")).to_be_visible()
        await take(page, "consent")
        await candidate.consent()
        await page.wait_for_timeout(2500)
        # Chromium names its fake devices by their files; a person sees the names of products here.
        await page.evaluate(
            "() => document.querySelectorAll('select').forEach((s, i) => "
            "{ s.options[s.selectedIndex].text = ['Built-in camera', 'Built-in microphone', 'Built-in speakers'][i]; })"
        )
        await take(page, "check")
        await candidate.on("check-continue").click()
        await expect(candidate.on("practice")).to_be_visible()
        await candidate.start_answer()
        await take(page, "practice")
        await candidate.press("skip")
        await take(page, "thinking")

    async def _role_play(self) -> PicturedCandidate:
        """A turn of a role-play, with what was said before; then an answer about which is asked further."""
        _, manager = await self._candidate(MANAGER)
        await manager.begin_typing_here()
        await manager.type_sample()
        await manager.press("finish-answer")
        await manager.type_sample()
        await self._album.take(manager.page, "role-play", show="scenario")
        await manager.type_text(SAYS_LITTLE[self._language])
        await manager.press("finish-answer")
        await expect(manager.on("follow-up")).to_be_visible()
        await manager.type_sample()
        await self._album.take(manager.page, "follow-up")
        return manager

    async def _code(self) -> PicturedCandidate:
        """Code, and a call for help that HR's wall shows."""
        _, engineer = await self._candidate(ENGINEER)
        await engineer.begin_typing_here()
        await engineer.leave_out_until(next(one.id for one in FLOWS[ENGINEER].questions if one.code_language))
        await engineer.type_sample()
        await self._album.take(engineer.page, "code")
        await engineer.on("help-open").click()
        await engineer.on("help-message").fill(WORRY[self._language])
        await self._album.take(engineer.page, "help", show="help-panel")
        await engineer.on("help-send").click()
        return engineer

    async def _speaking(self, candidate: PicturedCandidate) -> None:
        """A question answered by voice, with its hint and captions."""
        await candidate.on("hint-open").click()
        await candidate.start_answer()
        await expect(candidate.on("captions")).to_have_text(SPOKEN_WORDS, timeout=60_000)
        await self._album.take(candidate.page, "question")

    async def _watched(self, hr: Page, candidate: PicturedCandidate, interview_id: str) -> None:
        """HR follows the interview, also by picture and sound; the candidate pauses."""
        take = self._album.take
        await hr.goto(f"{self._server.url}/hr/interviews/{interview_id}")
        await hr.wait_for_timeout(2500)
        await take(hr, "monitor")
        await hr.get_by_test_id("live-watch").click()
        await expect(hr.get_by_test_id("live-view")).to_have_attribute("data-state", "live", timeout=15_000)
        await hr.wait_for_timeout(2500)
        await take(hr, "monitor-live")
        await take(candidate.page, "watched", show="watched")
        await candidate.on("pause").click()
        await candidate.page.wait_for_timeout(500)
        await take(candidate.page, "paused")
        await candidate.on("resume").click()
        await candidate.page.wait_for_timeout(2500)

    async def _end(self, candidate: PicturedCandidate) -> None:
        """The rest of the answers, the check of the words, the end with its survey."""
        await candidate.press("finish-answer")
        await candidate.answer_until("transcript-check")
        await candidate.page.wait_for_timeout(1500)
        await self._album.take(candidate.page, "transcript-check")
        await candidate.on("transcripts-confirm").click()
        await expect(candidate.on("done")).to_be_visible(timeout=40_000)
        await self._album.take(candidate.page, "done")
        await self._album.take(candidate.page, "survey", show="feedback-send")

    async def _report(self, hr: Page, interview_id: str) -> None:
        await hr.goto(f"{self._server.url}/hr/interviews/{interview_id}/report")
        # The recording is finished behind the interview; the page then shows its player by itself.
        await expect(hr.locator("#player")).to_be_visible(timeout=90_000)
        await hr.wait_for_timeout(1500)
        await self._album.take(hr, "report")
        await hr.locator("#player").scroll_into_view_if_needed()
        await self._album.take(hr, "report-recording")
        await self._album.take(hr, "report-whole")

    async def _rest_and_fact(self, manager: PicturedCandidate) -> None:
        """The rest between two rounds, and a question of fact."""
        await manager.press("finish-answer")
        await manager.answer_until("between-rounds")
        await self._album.take(manager.page, "rest")
        await manager.leave_out_until(next(one.id for one in FLOWS[MANAGER].questions if one.options))
        await manager.page.locator('[data-testid^="option-"]').first.check()
        await self._album.take(manager.page, "fact")


if __name__ == "__main__":
    main()
