"""`scripts/run --demo`: the server with the project's own voice model, and two candidates who are interviewed at once."""

from __future__ import annotations

import argparse
import asyncio
import os
import socket
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import select

from question_flows.loader import shipped_flows
from question_flows.model import Language
from scripts.print_report import print_report
from scripts.simulated_candidate import SimulatedCandidate
from server.settings import Settings
from server.storage.database import Database
from server.storage.schema import ehr_inbox

ROOT = Path(__file__).parents[1]
VOICE_MODEL = ROOT / "tests" / "data" / "voice_model"
ARRIVAL_SECONDS = 30.0
"""How long a report may take to arrive once its interview is over."""
HEAD_START_SECONDS = 20.0
"""Time for a person to sign in before the candidates begin."""


@dataclass(frozen=True, slots=True)
class Part:
    """Who plays which interview. jurisdiction: one whose policy offers the expression purpose, and one whose does not."""

    name: str
    flow_id: str
    language: Language
    jurisdiction: str


PARTS = (
    Part("Ada (simulated)", "customer_service", Language.ENGLISH, "EU"),
    Part("小林（模拟）", "software_engineer", Language.CHINESE, "CN"),
)


def main() -> None:
    """Runs the demo; exits 0 only if, with --once, both reports arrived."""
    parser = argparse.ArgumentParser(prog="scripts/run --demo", description=__doc__)
    parser.add_argument("--demo", action="store_true", help="this demo")
    parser.add_argument("--once", action="store_true", help="end when both interviews are done and print their reports")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="interview-demo-") as folder:
        environment = demo_environment(Path(folder) if arguments.once else ROOT / "var" / "demo")
        try:
            sys.exit(asyncio.run(demo(environment, once=arguments.once)))
        except KeyboardInterrupt:
            sys.exit(130)


def free_port(wanted: int) -> int:
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


def demo_environment(data_dir: Path) -> dict[str, str]:
    """The settings of the demo's server: its own data folder, the project's voice model, loopback only."""
    return {
        **os.environ,
        "INTERVIEW_DATA_DIR": str(data_dir),
        "INTERVIEW_PORT": str(free_port(int(os.environ.get("INTERVIEW_PORT", "8080")))),
        "INTERVIEW_WHISPER_MODEL": str(VOICE_MODEL),
        "INTERVIEW_ALLOW_SYNTHETIC_MODEL": "true",
        "INTERVIEW_ICE_HOSTS": '["127.0.0.1"]',
        "INTERVIEW_EHR_URL": "",
        "PYTHONUNBUFFERED": "1",
    }


async def demo(environment: Mapping[str, str], *, once: bool) -> int:
    """Starts the server, lets both candidates attend, waits for their reports. Returns the exit status."""
    server = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "server", env=environment, stdout=asyncio.subprocess.PIPE
    )
    try:
        if not await ready(server):
            print("The demo's server did not start; its message stands above.")
            return 1
        if not once:
            print(f"Two simulated candidates begin in {HEAD_START_SECONDS:.0f} s: sign in and watch them.", flush=True)
            await asyncio.sleep(HEAD_START_SECONDS)
        invitations = [await invite(part, environment) for part in PARTS]
        async with asyncio.TaskGroup() as group:
            for part, (_, link) in zip(PARTS, invitations, strict=True):
                group.create_task(attend(part, link))
        arrived = await reports(environment, [interview_id for interview_id, _ in invitations])
        for report in arrived:
            print_report(report)
        print(f"\n{len(arrived)} of {len(PARTS)} reports arrived at the HR endpoint.", flush=True)
        if not once:
            print("The server goes on; Ctrl-C ends it.", flush=True)
            await server.wait()
        return 0 if len(arrived) == len(PARTS) else 1
    finally:
        if server.returncode is None:
            server.terminate()
            await server.wait()


async def ready(server: asyncio.subprocess.Process) -> bool:
    """Passes the server's lines on until it says that it is ready, and goes on passing them in the background."""
    assert server.stdout is not None
    is_ready = asyncio.Event()

    async def pass_on(lines: asyncio.StreamReader) -> None:
        async for line in lines:
            print(line.decode(), end="", flush=True)
            if line.startswith(b"Ready"):
                is_ready.set()

    reading = asyncio.create_task(pass_on(server.stdout), name="server output")
    waiting = asyncio.create_task(is_ready.wait())
    await asyncio.wait({reading, waiting}, return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
    return is_ready.is_set()


async def invite(part: Part, environment: Mapping[str, str]) -> tuple[str, str]:
    """Invites by the command a person would use. Returns (interview id, link)."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "server", "invite", "--flow", part.flow_id, "--language", part.language.value,
        "--name", part.name, "--jurisdiction", part.jurisdiction, env=environment, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, _ = await process.communicate()
    lines = dict(line.split(": ", 1) for line in out.decode().splitlines())
    return lines["Interview"], lines["Link"]


async def attend(part: Part, link: str) -> None:
    """One candidate's whole interview, answering with the flow's sample answers."""
    flow = shipped_flows()[part.flow_id]
    answers = {question.id: question.sample_answers[part.language][0] for question in flow.questions}

    def on_question(question_id: str, text: str) -> None:
        print(f"{part.name} hears: {text}", flush=True)

    async with SimulatedCandidate(link) as candidate:
        await candidate.attend(answers, on_question)
    print(f"{part.name} is done.", flush=True)


async def reports(environment: Mapping[str, str], interview_ids: list[str]) -> list[dict[str, Any]]:
    """What the built-in HR endpoint has received for these interviews, waiting up to ARRIVAL_SECONDS for all."""
    database = Database(Settings(data_dir=Path(environment["INTERVIEW_DATA_DIR"])).sqlalchemy_url)
    await database.open()
    deadline = asyncio.get_running_loop().time() + ARRIVAL_SECONDS
    try:
        while True:
            async with database.read() as connection:
                bodies = (await connection.execute(select(ehr_inbox.c.body))).scalars().all()
            found = [body["data"] for body in bodies if body["data"]["interview_id"] in interview_ids]
            if len(found) >= len(interview_ids) or asyncio.get_running_loop().time() > deadline:
                return found
            await asyncio.sleep(0.5)
    finally:
        await database.close()


if __name__ == "__main__":
    main()
