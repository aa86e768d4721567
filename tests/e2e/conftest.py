"""Real servers, real browsers, a real Redis and a real receiver of reports, each test with its own, on free ports."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import soundfile
from aiohttp import web
from playwright.async_api import Browser, BrowserContext, Page, async_playwright
from standardwebhooks import Webhook

from scripts.simulated_candidate import moving_face
from scripts.voice_model.speak import RATE_HZ, synthesise

ROOT = Path(__file__).parents[2]
SECRET = "whsec_" + "c2VjcmV0LWZvci10aGUtdGVzdHMtb25seS0hIQ=="
CHROMIUM = "/usr/bin/chromium"
PASSWORD = "correct horse battery staple"


def free_port() -> int:
    """A TCP port nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@dataclass
class Receiver:
    """The company's HR system: keeps what arrives with a valid signature."""

    url: str
    reports: list[dict[str, Any]] = field(default_factory=list)
    refused: int = 0
    arrived: asyncio.Event = field(default_factory=asyncio.Event)


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    """An HTTP endpoint that checks Standard Webhooks signatures with the standard's own library."""
    state = Receiver(url="")

    async def receive(request: web.Request) -> web.Response:
        try:
            body = Webhook(SECRET).verify(await request.read(), dict(request.headers))
        except Exception:  # noqa: BLE001  whatever is wrong with it, it is refused and counted
            state.refused += 1
            return web.Response(status=401)
        state.reports.append(body)
        state.arrived.set()
        return web.Response(status=204)

    app = web.Application()
    app.router.add_post("/reports", receive)
    runner = web.AppRunner(app)
    await runner.setup()
    port = free_port()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    state.url = f"http://127.0.0.1:{port}/reports"
    yield state
    await runner.cleanup()


@dataclass
class RunningServer:
    """A server process of this test."""

    url: str
    environment: dict[str, str]
    data_dir: Path
    process: asyncio.subprocess.Process | None = None
    welcome_link: str | None = None
    log: Path = field(default=Path())

    async def start(self) -> None:
        """Starts the process and waits until it answers and its model is loaded."""
        with self.log.open("ab") as log:
            self.process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "server", cwd=ROOT, env=self.environment,
                stdout=asyncio.subprocess.PIPE, stderr=log,
            )  # fmt: skip
        assert self.process.stdout is not None
        async with asyncio.timeout(60):
            async for line in self.process.stdout:
                text = line.decode().strip()
                if "/hr/welcome/" in text:
                    self.welcome_link = text[text.index("http") :].split()[0]
                if text.startswith("Ready"):
                    break
            else:
                raise AssertionError(f"the server ended before it was ready: {self.log.read_text()[-3000:]}")
        self._drain = asyncio.create_task(self.process.stdout.read())

    async def kill(self) -> None:
        """Ends the process as a power cut would."""
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        await self.process.wait()

    async def stop(self) -> None:
        """Ends the process in order; it must be gone within 15 seconds."""
        if self.process is None or self.process.returncode is not None:
            return
        self.process.terminate()
        async with asyncio.timeout(15):
            await self.process.wait()

    async def invite(self, flow: str, language: str, name: str, jurisdiction: str = "CN") -> tuple[str, str]:
        """Invites a candidate as the README says. Returns (interview id, link)."""
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "server", "invite", "--flow", flow, "--language", language,
            "--name", name, "--jurisdiction", jurisdiction, cwd=ROOT, env=self.environment,
            stdout=asyncio.subprocess.PIPE,
        )  # fmt: skip
        out = (await process.communicate())[0].decode()
        assert process.returncode == 0, out
        words = dict(line.split(": ", 1) for line in out.strip().splitlines())
        return words["Interview"], words["Link"]


ServerFactory = Callable[..., Awaitable[RunningServer]]


@pytest.fixture
async def start_server(tmp_path: Path, receiver: Receiver) -> AsyncIterator[ServerFactory]:
    """Starts servers with the project's own voice model; keyword arguments become settings."""
    servers: list[RunningServer] = []

    async def start(**settings: str) -> RunningServer:
        port = free_port()
        environment = {key: value for key, value in os.environ.items() if not key.startswith("INTERVIEW_")}
        environment |= {
            "INTERVIEW_PORT": str(port),
            "INTERVIEW_DATA_DIR": str(tmp_path / "data"),
            "INTERVIEW_WHISPER_MODEL": str(ROOT / "tests/data/voice_model"),
            "INTERVIEW_ALLOW_SYNTHETIC_MODEL": "true",
            "INTERVIEW_ICE_HOSTS": '["127.0.0.1"]',
            "INTERVIEW_EHR_URL": receiver.url,
            "INTERVIEW_EHR_SECRET": SECRET,
            "PYTHONUNBUFFERED": "1",
        }
        environment |= {f"INTERVIEW_{name.upper()}": value for name, value in settings.items()}
        log = tmp_path / "server.log"
        server = RunningServer(f"http://127.0.0.1:{port}", environment, tmp_path / "data", log=log)
        await server.start()
        servers.append(server)
        return server

    yield start
    for server in servers:
        await server.stop()


@pytest.fixture
async def redis_url(tmp_path: Path) -> AsyncIterator[str]:
    """A redis-server of this test's own."""
    port = free_port()
    process = await asyncio.create_subprocess_exec(
        "redis-server", "--port", str(port), "--save", "", "--appendonly", "no", "--dir", str(tmp_path),
        stdout=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    async with asyncio.timeout(10):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.close()
                await writer.wait_closed()
                break
            except OSError:
                await asyncio.sleep(0.05)
    yield f"redis://127.0.0.1:{port}/0"
    process.terminate()
    await process.wait()


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
    """One real Chromium; the candidate and HR have a context of their own in it."""

    browser: Browser
    contexts: list[BrowserContext] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    async def page(self, language: str = "en", **options: Any) -> Page:
        """A page in a new context. What its scripts throw, or the security policy stops, is kept in complaints."""
        context = await self.browser.new_context(locale=language, **options)
        self.contexts.append(context)
        page = await context.new_page()
        page.on("pageerror", lambda error: self.complaints.append(f"{page.url}: {error}"))
        page.on(
            "console",
            lambda message: self.complaints.append(message.text) if "Content Security Policy" in message.text else None,
        )
        return page


@asynccontextmanager
async def chromium(audio: Path | None = None, video: Path | None = None) -> AsyncIterator[Browsers]:
    """A headless Chromium whose microphone and camera play these files."""
    arguments = [
        "--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking",
        "--disable-component-update", "--disable-sync", "--no-first-run", "--autoplay-policy=no-user-gesture-required",
        "--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream=fps=15",
        "--allow-loopback-in-peer-connection",
    ]  # fmt: skip
    if audio is not None:
        arguments.append(f"--use-file-for-fake-audio-capture={audio}")
    if video is not None:
        arguments.append(f"--use-file-for-fake-video-capture={video}")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
        browsers = Browsers(browser)
        try:
            yield browsers
        finally:
            await browser.close()


async def sign_in(page: Page, server: RunningServer) -> None:
    """HR's first visit: the one-time link makes the account."""
    assert server.welcome_link is not None
    await page.goto(server.welcome_link)
    await page.get_by_test_id("welcome-email").fill("hr@example.com")
    await page.get_by_test_id("welcome-password").fill(PASSWORD)
    await page.get_by_test_id("welcome-submit").click()
    await page.wait_for_url(f"{server.url}/hr")
