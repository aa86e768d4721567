"""`scripts/load`: many candidates at once for a server of your own, with real speech and faces encoded before.

Uses public addresses only. Links come from a file, or from HR's invitation page: --hr-email with the password in the
environment variable INTERVIEW_LOAD_PASSWORD. A bad network is simulated by a relay for every candidate on this
machine, towards a server on this machine.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import resource
import sys
import time
from collections.abc import Sequence
from itertools import cycle, islice
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp

from question_flows.model import Language
from scripts.load_generator.candidate import CandidateFigures, LoadCandidate, Plan
from scripts.load_generator.encoding import face
from scripts.load_generator.figures import summary
from scripts.load_generator.invitations import NoInvitation, invite, links_in
from scripts.load_generator.line import Sight, Way
from scripts.load_generator.tracks import Lateness
from scripts.voice_model.espeak import SynthesiserMissing

PASSWORD = "INTERVIEW_LOAD_PASSWORD"
MOST_UNASKED = 200
"""More candidates than one process sends in time; and a number that nobody means by accident."""
LOOPBACK = ("127.0.0.1", "localhost", "::1")


def main() -> None:
    """Runs the load, prints its figures; exits 1 when a candidate did not join or complete."""
    options = parsed()
    try:
        figures = asyncio.run(run(options))
    except (NoInvitation, SynthesiserMissing, aiohttp.ClientError) as error:
        print(f"There is nothing to send: {error}", file=sys.stderr)
        sys.exit(2)
    text = json.dumps(figures, indent=2, ensure_ascii=False)
    print(text)
    if options.json:
        options.json.write_text(text + "\n", encoding="utf-8")
    sys.exit(0 if figures["completed"] == figures["candidates"] else 1)


def parsed(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """The command line. Ends the process with a sentence when it asks for what cannot be done."""
    parser = argparse.ArgumentParser(
        prog="scripts/load", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--url", default="http://127.0.0.1:8080", help="the server (default: %(default)s)")
    parser.add_argument("--candidates", type=int, default=12, metavar="N", help="how many (default: %(default)s)")
    parser.add_argument("--minutes", type=float, default=5.0, help="how long each interview lasts (default: 5)")
    parser.add_argument("--per-second", type=float, default=1.0, metavar="N", help="so many arrive (default: 1)")
    parser.add_argument("--links", type=Path, metavar="FILE", help="invitations, one a line; each works once")
    parser.add_argument("--hr-email", metavar="ADDRESS", help=f"HR's account, whose password is in {PASSWORD}")
    parser.add_argument("--flow", default="customer_service", help="for invitations made here (default: %(default)s)")
    parser.add_argument("--language", choices=[language.value for language in Language], help="else both in turn")
    parser.add_argument("--fps", type=int, choices=(0, 15, 30), default=15, help="pictures a second; 0: no camera")
    parser.add_argument("--loss", type=float, default=0.0, metavar="SHARE", help="packets lost each way: 0.02")
    parser.add_argument("--jitter-ms", type=float, default=0.0, metavar="MS", help="packets wait up to so long")
    parser.add_argument("--outage", type=_outage, action="append", default=[], metavar="SECONDS@AT", help="10@60")
    parser.add_argument("--change-path", type=float, action="append", default=[], metavar="AT", help="a new network")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures here as well")
    parser.add_argument("--yes", action="store_true", help=f"more than {MOST_UNASKED} candidates are meant")
    options = parser.parse_args(arguments)
    if options.candidates < 1 or options.minutes < 0 or options.per_second <= 0 or not 0 <= options.loss < 1:
        parser.error("numbers are positive, and a loss is below 1")
    if options.candidates > MOST_UNASKED and not options.yes:
        parser.error(f"more than {MOST_UNASKED} candidates from one process: say --yes if that is meant")
    if not options.links and not options.hr_email:
        parser.error("say where invitations come from: --links FILE or --hr-email ADDRESS")
    if options.hr_email and not os.environ.get(PASSWORD):
        parser.error(f"the password of {options.hr_email} belongs into the environment variable {PASSWORD}")
    if not _way(options).is_plain and urlsplit(options.url).hostname not in LOOPBACK:
        parser.error("a bad network can be simulated towards a server on this machine only")
    return options


def _outage(text: str) -> tuple[float, float]:
    length, _, at = text.partition("@")
    return float(at), float(length)


def _way(options: argparse.Namespace) -> Way:
    return Way(options.loss, options.jitter_ms, tuple(options.outage), tuple(options.change_path))


async def run(options: argparse.Namespace) -> dict[str, object]:
    """All candidates; gives the figures. Raises NoInvitation, SynthesiserMissing or aiohttp.ClientError."""
    links = await _links(options)
    sight = Sight(await asyncio.to_thread(face, options.fps), options.fps) if options.fps else None
    plan, lateness = Plan(options.minutes * 60, sight, _way(options)), Lateness()
    began, before = time.monotonic(), _cpu_s()
    candidates = [LoadCandidate(link, plan, lateness, seed) for seed, link in enumerate(links)]
    async with asyncio.TaskGroup() as group:
        for number, candidate in enumerate(candidates):
            await asyncio.sleep(began + number / options.per_second - time.monotonic())
            group.create_task(_attend(number + 1, candidate))
    seconds = time.monotonic() - began
    return summary([candidate.figures for candidate in candidates]) | {
        "seconds": round(seconds, 1),
        "sender": {
            "cpu_per_candidate": round((_cpu_s() - before) / seconds / len(candidates), 4),
            "late_ms": {"p50": lateness.percentile(0.5), "p99": lateness.percentile(0.99)},
        },
    }


async def _links(options: argparse.Namespace) -> list[str]:
    """As many as there are to be candidates."""
    if options.links:
        links = await asyncio.to_thread(links_in, options.links)
        if len(links) < options.candidates:
            raise NoInvitation(f"{options.links} has {len(links)} links for {options.candidates} candidates")
        return links[: options.candidates]
    languages = [options.language] if options.language else [language.value for language in Language]
    wanted = list(islice(cycle(languages), options.candidates))
    return await invite(options.url, options.hr_email, os.environ[PASSWORD], options.flow, wanted)


async def _attend(number: int, candidate: LoadCandidate) -> None:
    await candidate.attend()
    print(f"candidate {number}: {_described(candidate.figures)}", file=sys.stderr, flush=True)


def _described(figures: CandidateFigures) -> str:
    what = "completed" if figures.completed else "broke off" if figures.joined else "did not join"
    wrong = figures.errors + figures.line.errors
    return f"{what}, {len(figures.handed_in_ms)} answers" + (f"; {'; '.join(wrong)}" if wrong else "")


def _cpu_s() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    main()
