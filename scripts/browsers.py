"""A real headless Chromium whose microphone and camera play files: for tests, measurements and pictures."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import soundfile
from playwright.async_api import Browser, Page, async_playwright

from scripts.simulated_candidate import moving_face
from scripts.voice_model.speak import RATE_HZ, synthesise

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), "chromium")
"""The installed browser's path; scripts/setup.sh looks for the same names."""
HR_PASSWORD = "correct horse battery staple"
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--autoplay-policy=no-user-gesture-required",
    "--use-fake-ui-for-media-stream",
    "--use-fake-device-for-media-stream=fps=15",
    "--allow-loopback-in-peer-connection",
)


def face_video(path: Path) -> Path:
    """Writes a moving face as Motion JPEG, which Chromium's fake camera plays."""
    pictures = [cv2.imencode(".jpg", picture[..., ::-1])[1].tobytes() for picture in moving_face(30, 480, 640)]
    path.write_bytes(b"".join(pictures))
    return path


def speech_file(path: Path, texts: list[str], language: str, pause_s: float = 1.6) -> Path:
    """Writes the texts as one WAV with a pause after each, which Chromium's fake microphone plays over and over."""
    pause = np.zeros(int(pause_s * RATE_HZ), np.int16)
    pieces = [piece for text in texts for piece in (synthesise(text, language), pause)]
    soundfile.write(path, np.concatenate(pieces), RATE_HZ, subtype="PCM_16")
    return path


@dataclass
class Browsers:
    """One Chromium; every page is in a context of its own, as if on a machine of its own."""

    browser: Browser
    grants: Sequence[str] | None = None
    complaints: list[str] = field(default_factory=list)
    """What pages' scripts threw, and what the content security policy stopped."""

    async def page(self, language: str = "en", **options: Any) -> Page:
        """A page in a new context with this browser language."""
        if self.grants is not None:
            options["permissions"] = list(self.grants)
        context = await self.browser.new_context(locale=language, **options)
        page = await context.new_page()
        page.on("pageerror", lambda error: self.complaints.append(f"{page.url}: {error}"))
        page.on("console", lambda message: self._note(message.text))
        return page

    def _note(self, text: str) -> None:
        if "Content Security Policy" in text:
            self.complaints.append(text)


@asynccontextmanager
async def chromium(
    audio: Path | None = None,
    video: Path | None = None,
    more: Sequence[str] = (),
    grants: Sequence[str] | None = None,
) -> AsyncIterator[Browsers]:
    """A headless Chromium; audio (WAV) and video (MJPEG) are what its microphone and camera play.

    more: further arguments of its command line. grants: what its person allows, such as "microphone", all else being
    refused; None: everything is allowed.
    """
    arguments = [*ARGUMENTS, *more]
    if grants is not None:
        # Says yes, or no, to microphone and camera alike.
        arguments.remove("--use-fake-ui-for-media-stream")
    if audio is not None:
        arguments.append(f"--use-file-for-fake-audio-capture={audio}")
    if video is not None:
        arguments.append(f"--use-file-for-fake-video-capture={video}")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
        try:
            yield Browsers(browser, grants)
        finally:
            await browser.close()


async def sign_in_first(page: Page, welcome_link: str) -> None:
    """HR's first visit: the one-time link makes the account."""
    await page.goto(welcome_link)
    await page.get_by_test_id("welcome-email").fill("hr@example.com")
    await page.get_by_test_id("welcome-password").fill(HR_PASSWORD)
    await page.get_by_test_id("welcome-submit").click()
    await page.wait_for_url("**/hr")


async def begin_speaking(page: Page, link: str, *, timeout_s: float = 60.0) -> None:
    """A candidate's way from the link to the answer of the first question that counts, with every consent given."""
    await page.goto(link)
    await page.get_by_test_id("landing-begin").click()
    await page.get_by_test_id("consent-continue").wait_for()
    for control in await page.locator('[data-testid^="consent-"][data-testid$="-yes"]').all():
        await control.check(force=True)
    await page.get_by_test_id("consent-continue").click()
    await page.get_by_test_id("check-continue").click(timeout=timeout_s * 1000)
    answer = page.get_by_test_id("answer-now")
    await answer.or_(page.get_by_test_id("practice")).first.wait_for(timeout=timeout_s * 1000)
    if not await answer.is_visible():
        await page.get_by_test_id("skip").click()
    await answer.click()
