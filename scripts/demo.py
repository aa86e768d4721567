"""`scripts/run --demo`: a server with the project's own voice model, and two candidates interviewed at once.

With --flow: one candidate who is interviewed by that flow.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import select

from question_flows.loader import shipped_flows
from question_flows.model import Language
from scripts.candidate_api import CandidateFailed
from scripts.local_server import ROOT, LocalServer, ServerDidNotStart
from scripts.print_report import print_report
from scripts.sample_answers import sample_answer
from scripts.simulated_candidate import SimulatedCandidate
from server.settings import Settings
from server.storage.database import Database
from server.storage.schema import ehr_inbox

ARRIVAL_SECONDS = 30.0
"""How long a report may take to arrive once its interview is over."""
HEAD_START_SECONDS = 20.0
"""Time for a person to sign in before the candidates begin."""


@dataclass(frozen=True, slots=True)
class Part:
    """Who plays which interview. One part's jurisdiction offers the expression purpose, the other's does not."""

    name: str
    flow_id: str
    language: Language
    jurisdiction: str


PARTS = (
    Part("Ada (simulated)", "customer_service", Language.ENGLISH, "EU"),
    Part("小林（模拟）", "software_engineer", Language.CHINESE, "CN"),
)


LANGUAGES = {"en": Language.ENGLISH, "zh": Language.CHINESE}


def main() -> None:
    """Runs the demo; exits 0 only if, with --once, every report arrived."""
    parser = argparse.ArgumentParser(prog="scripts/run --demo", description=__doc__)
    parser.add_argument("--demo", action="store_true", help="this demo")
    parser.add_argument("--once", action="store_true", help="end when the interviews are done and print their reports")
    flows = shipped_flows()
    parser.add_argument(
        "--flow", choices=sorted(flows), metavar="ID", help=f"one candidate only, by {', '.join(sorted(flows))}"
    )
    parser.add_argument("--language", choices=sorted(LANGUAGES), help="of that candidate: en (the default) or zh")
    arguments = parser.parse_args()
    if arguments.language and not arguments.flow:
        parser.error("--language goes with --flow: without it there are two candidates, one in each language")
    parts = (part_of(arguments.flow, arguments.language or "en"),) if arguments.flow else PARTS
    with tempfile.TemporaryDirectory(prefix="interview-demo-") as folder:
        data_dir = Path(folder) if arguments.once else ROOT / "var" / "demo"
        server = LocalServer(data_dir, port=int(os.environ.get("INTERVIEW_PORT", "8080")))
        try:
            sys.exit(asyncio.run(demo(server, parts, once=arguments.once)))
        except* (ServerDidNotStart, CandidateFailed) as failures:
            print("The demo failed:", *failures.exceptions, sep="\n", file=sys.stderr)
            sys.exit(1)
        except* KeyboardInterrupt:
            sys.exit(130)


def part_of(flow_id: str, language: str) -> Part:
    """The one candidate of a flow; language: en or zh."""
    ada, lin = PARTS
    like = ada if LANGUAGES[language] is Language.ENGLISH else lin
    return Part(like.name, flow_id, like.language, like.jurisdiction)


async def demo(server: LocalServer, parts: Sequence[Part], *, once: bool) -> int:
    """Starts the server, lets the candidates attend, waits for their reports. Returns the exit status."""
    try:
        await server.start(on_line=lambda line: print(line, flush=True))
        if not once:
            who = "Two simulated candidates begin" if len(parts) > 1 else "A simulated candidate begins"
            print(f"{who} in {HEAD_START_SECONDS:.0f} s: sign in and watch.", flush=True)
            await asyncio.sleep(HEAD_START_SECONDS)
        invitations = [await server.invite(part.flow_id, part.language, part.name, part.jurisdiction) for part in parts]
        async with asyncio.TaskGroup() as group:
            for part, (_, link) in zip(parts, invitations, strict=True):
                group.create_task(attend(part, link))
        arrived = await reports(server.data_dir, [interview_id for interview_id, _ in invitations])
        for report in arrived:
            print_report(report)
        print(f"\n{len(arrived)} of {len(parts)} reports arrived at the HR endpoint.", flush=True)
        if not once:
            print("The server goes on; Ctrl-C ends it.", flush=True)
            await server.wait()
        return 0 if len(arrived) == len(parts) else 1
    finally:
        await server.stop()


async def attend(part: Part, link: str) -> None:
    """One candidate's whole interview, answering with the flow's sample answers."""
    flow = shipped_flows()[part.flow_id]

    def answer_to(question_id: str) -> str:
        return sample_answer(flow, question_id, part.language)

    def on_question(question_id: str, text: str) -> None:
        print(f"{part.name} hears: {text}", flush=True)

    async with SimulatedCandidate(link) as candidate:
        await candidate.attend(answer_to, on_question)
    print(f"{part.name} is done.", flush=True)


async def reports(data_dir: Path, interview_ids: list[str]) -> list[dict[str, Any]]:
    """What the built-in HR endpoint has received for these interviews, waiting up to ARRIVAL_SECONDS for all."""
    database = Database(Settings(data_dir=data_dir, database_url="", _env_file=None).sqlalchemy_url)
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
