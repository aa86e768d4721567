"""A server in a process of its own on loopback, with the project's voice model: for demo, tests and measurements."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from collections.abc import Callable, Mapping
from functools import cached_property
from pathlib import Path
from typing import BinaryIO

from question_flows.model import Flow, Language
from server import invite_command
from server.app import flows_of
from server.interview.inviting import Wanted
from server.settings import Settings
from server.starting import open_database

ROOT = Path(__file__).parents[1]
VOICE_MODEL = ROOT / "tests" / "data" / "voice_model"
START_SECONDS = 90.0
STOP_SECONDS = 15.0


class ServerDidNotStart(Exception):
    """The server's process ended, or said nothing for too long, before it was ready."""


def free_port(wanted: int = 0) -> int:
    """The wanted TCP port when nobody listens on it, else a free one."""
    for port in (wanted, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            found: int = probe.getsockname()[1]
            return found
    raise OSError("no free TCP port on 127.0.0.1")


def on_loopback(link: str) -> str:
    """The link by the address the browsers of tests use throughout: cookies belong to one name of a machine."""
    return link.replace("//localhost:", "//127.0.0.1:")


class LocalServer:
    """One server process; it can be killed and started again over the same data.

    settings become INTERVIEW_… variables. Whatever INTERVIEW_… the caller's environment or `.env` holds is left out.
    """

    def __init__(
        self, data_dir: Path, *, settings: Mapping[str, str] | None = None, port: int = 0, log: Path | None = None
    ) -> None:
        """log: where the server's log goes; None: to this process's stderr."""
        port = free_port(port)
        inherited = {key: value for key, value in os.environ.items() if not key.startswith("INTERVIEW_")}
        own = {
            "port": str(port),
            "data_dir": str(data_dir),
            "whisper_model": str(VOICE_MODEL),
            "allow_synthetic_model": "true",
            "ice_hosts": '["127.0.0.1"]',
            "drain_seconds": "0",
        }
        own.update(settings or {})
        variables = {f"INTERVIEW_{name.upper()}": value for name, value in own.items()}
        self.settings = Settings(_env_prefix="NONE_", _env_file=None, **own)  # type: ignore[arg-type]
        self.environment = {**inherited, **variables, "PYTHONUNBUFFERED": "1", "PYTHONPATH": str(ROOT)}
        self.url = f"http://127.0.0.1:{port}"
        self.data_dir = data_dir
        self.log = log
        self.welcome_link: str | None = None
        """HR's one-time sign-in link, when the server printed one."""
        self.process: asyncio.subprocess.Process | None = None

    @cached_property
    def flows(self) -> Mapping[str, Flow]:
        """What its candidates can be asked."""
        return flows_of(self.settings)

    async def start(self, on_line: Callable[[str], None] = lambda line: None) -> None:
        """Starts the process and waits until its model is loaded or known to be missing. Raises ServerDidNotStart."""
        # Runs in its data folder, where no `.env` can be.
        self.data_dir.mkdir(parents=True, exist_ok=True)
        log = self.log.open("ab") if self.log else None
        try:
            self.process = await self._spawn(log)
        finally:
            if log:
                log.close()
        ready = asyncio.Event()
        self._reading = asyncio.create_task(self._read(ready, on_line))
        waiting = asyncio.create_task(ready.wait())
        await asyncio.wait({self._reading, waiting}, timeout=START_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()
        if not ready.is_set():
            await self.stop()
            said = self.log.read_text()[-3000:] if self.log else "its message stands above"
            raise ServerDidNotStart(f"the server did not start: {said}")

    async def _spawn(self, log: BinaryIO | None) -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            sys.executable, "-m", "server", cwd=self.data_dir, env=self.environment,
            stdout=asyncio.subprocess.PIPE, stderr=log,
        )  # fmt: skip

    async def _read(self, ready: asyncio.Event, on_line: Callable[[str], None]) -> None:
        assert self.process is not None
        assert self.process.stdout is not None
        async for raw in self.process.stdout:
            line = raw.decode().rstrip()
            on_line(line)
            if "/hr/welcome/" in line:
                self.welcome_link = on_loopback(line[line.index("http") :].split()[0])
            if line.startswith("Ready"):
                ready.set()

    async def kill(self) -> None:
        """Ends the process as a power cut would."""
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        await self.process.wait()

    async def stop(self) -> None:
        """Ends the process in order. Raises TimeoutError when it is not gone within 15 s; it is killed then."""
        if self.process is None or self.process.returncode is not None:
            return
        self.process.terminate()
        try:
            async with asyncio.timeout(STOP_SECONDS):
                await self.process.wait()
        except TimeoutError:
            await self.kill()
            raise

    async def wait(self) -> None:
        """Until the process ends."""
        assert self.process is not None
        await self.process.wait()

    async def invite(self, flow: str, language: str, name: str, jurisdiction: str = "CN") -> tuple[str, str]:
        """Invites a candidate as the command `invite` does, without its own process. Returns (interview id, link)."""
        wanted = Wanted(flow, Language(language), name, "", jurisdiction)
        async with open_database(self.settings) as database:
            interview_id, link = await invite_command.made(self.settings, database, self.flows, wanted)
        return interview_id, on_loopback(link)

    async def hr_link(self) -> str:
        """A one-time link that makes another account for HR, by the README's command."""
        out = await self._command("hr-link")
        return on_loopback(out[out.index("http") :].split()[0])

    async def _command(self, *arguments: str) -> str:
        """What the server's command prints. Raises ServerDidNotStart when it is refused."""
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "server", *arguments, cwd=self.data_dir, env=self.environment,
            stdout=asyncio.subprocess.PIPE,
        )  # fmt: skip
        out, _ = await process.communicate()
        if process.returncode != 0:
            raise ServerDidNotStart(f"{arguments[0]} was refused: {out.decode()}")
        return out.decode()
