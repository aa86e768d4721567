"""The live wall of 200 running interviews, each with two events a second, before 20 viewers.

A real server process (scripts/benchmarks/wall_server.py); two viewers are pages in real Chromium, the others read the
stream over plain HTTP: two of those slowly, one stops reading. One after the other: nobody watches; 20 plain viewers by
the former way (each message encoded and written for each viewer) and by the wall's own; then the viewers proper, first
without the slow ones. One core is 1.0.

server_cpu         cores of the server's process with all viewers, including what happens in the interviews themselves
event_to_paint_ms  from making an event to the first frame behind the change of its card, of cards on the screen
server_rss_mb      memory of the server at the end; "growth": the last quarter's median over the first's
page_heap_mb       JavaScript heap of the measured page at the end, after garbage collection
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
from playwright.async_api import CDPSession, Page
from yarl import URL

from scripts.benchmarks.process_use import cpu_seconds, rss_mb
from scripts.benchmarks.wall_viewers import Pace, Viewer
from scripts.benchmarks.wall_words import between, growth, percentiles
from scripts.browsers import Browsers, chromium

ROOT = Path(__file__).resolve().parents[2]
PAGES, SLOW, STOPPING = 2, 2, 1
SETTLES_S = 5.0
SAMPLE_EVERY_S = 5.0
STREAM = "/api/hr/events"

OBSERVER = """
() => {
  const onScreen = new Set();
  const watcher = new IntersectionObserver((seen) => {
    for (const { target, isIntersecting } of seen) isIntersecting ? onScreen.add(target) : onScreen.delete(target);
  });
  const known = new WeakSet();
  const last = new WeakMap();
  let waiting = [];
  window.painted = [];
  const painted = () => {
    const now = performance.timeOrigin + performance.now();
    for (const [card, at] of waiting) if (onScreen.has(card)) window.painted.push([now, now - at]);
    waiting = [];
  };
  new MutationObserver((changes) => {
    const cards = new Set();
    for (const { target } of changes) {
      const card = (target.closest ? target : target.parentElement)?.closest(".wall-card");
      if (card) cards.add(card);
    }
    for (const card of cards) {
      if (!known.has(card)) {
        known.add(card);
        watcher.observe(card);
      }
      const at = Number(card.querySelector(".wall-card__words")?.textContent.match(/.*\\bt(\\d{13})\\b/s)?.[1] ?? 0);
      if (!at || last.get(card) === at) continue;
      last.set(card, at);
      if (waiting.length === 0) requestAnimationFrame(painted);
      waiting.push([card, at]);
    }
  }).observe(document.body, { subtree: true, childList: true, characterData: true });
}
"""
TAKE = "() => window.painted.splice(0)"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command line's options; they are run's arguments."""
    parser.add_argument("--minutes", type=float, default=10.0, help="how long the viewers proper watch (10)")
    parser.add_argument("--interviews", type=int, default=200)
    parser.add_argument("--viewers", type=int, default=20, help="of those two are pages in a browser")
    parser.add_argument("--rate", type=float, default=2.0, help="events a second and interview (2)")
    parser.add_argument("--compare-s", type=float, default=20.0, help="seconds of each comparison; 0: none")


def run(minutes: float, interviews: int, viewers: int, rate: float, compare_s: float) -> dict[str, Any]:
    """Returns the figures."""
    return asyncio.run(measure(minutes, interviews, viewers, rate, compare_s))


@dataclass
class Server:
    """The server's process. cookie: HR's."""

    url: URL
    cookie: str
    pid: int
    memory: list[float] = field(default_factory=list)

    async def made(self) -> int:
        """How many events there have been."""
        async with aiohttp.ClientSession() as http, http.get(self.url / "made") as response:
            count: int = await response.json()
            return count

    async def cores(self, seconds: float) -> float:
        """How many cores it uses on average from now on."""
        before, began = cpu_seconds(self.pid), time.monotonic()
        await asyncio.sleep(seconds)
        return (cpu_seconds(self.pid) - before) / (time.monotonic() - began)


async def measure(minutes: float, interviews: int, viewers: int, rate: float, compare_s: float) -> dict[str, Any]:
    """All parts, one after the other."""
    with tempfile.TemporaryDirectory(prefix="interview-bench-") as folder:
        async with serving(Path(folder) / "data", interviews, rate) as server:
            compared = await compare(server, viewers, compare_s) if compare_s else {}
            async with chromium() as browsers:
                watched = await watch(server, browsers, viewers, minutes * 60)
    return {
        "interviews": interviews,
        "viewers": viewers,
        "events_per_s_wanted": interviews * rate,
        **watched,
        **compared,
    }


@asynccontextmanager
async def serving(folder: Path, interviews: int, rate: float) -> AsyncIterator[Server]:
    """The server, once its interviews run."""
    command = ("-m", "scripts.benchmarks.wall_server", "--folder", str(folder))
    options = ("--interviews", str(interviews), "--rate", str(rate))
    process = await asyncio.create_subprocess_exec(
        sys.executable, *command, *options, cwd=ROOT, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        said = await process.stdout.readline()
        if not said:
            raise RuntimeError("the server did not start; what it said stands above")
        ready = json.loads(said)
        yield Server(URL(ready["url"]), ready["cookie"], process.pid)
    finally:
        process.stdin.close()
        try:
            async with asyncio.timeout(20):
                await process.wait()
        except TimeoutError:
            process.kill()


async def compare(server: Server, viewers: int, seconds: float) -> dict[str, Any]:
    """Cores for plain viewers who all read at once, by the former way and by the wall's own."""
    await asyncio.sleep(SETTLES_S)
    nobody = await server.cores(seconds)
    former, late_before = await plain(server, "/former", viewers, seconds)
    own, late = await plain(server, STREAM, viewers, seconds)
    return {
        "plain_viewers": {
            "server_cpu_nobody": round(nobody, 3),
            "former": {"server_cpu": round(former, 3), "event_to_reader_ms": late_before},
            "own": {"server_cpu": round(own, 3), "event_to_reader_ms": late},
            "cpu_of_viewers_ratio": round((former - nobody) / max(own - nobody, 0.001), 1),
        }
    }


async def plain(
    server: Server, path: str, viewers: int, seconds: float, settles_s: float = SETTLES_S
) -> tuple[float, dict[str, float]]:
    """(cores, how late the readers were) with so many of them."""
    async with watching(server, [Pace.QUICK] * viewers, path) as readers:
        await asyncio.sleep(settles_s)
        began = time.time() * 1000
        cores = await server.cores(seconds)
        late = [ms for one in readers for ms in between(one.seen, began, began + seconds * 1000)]
    return cores, percentiles(late)


@asynccontextmanager
async def watching(server: Server, paces: list[Pace], path: str = STREAM) -> AsyncIterator[list[Viewer]]:
    """Plain viewers for the length of the context."""
    viewers = [Viewer(server.url.with_path(path), server.cookie, pace) for pace in paces]
    tasks = [asyncio.create_task(one.watch()) for one in viewers]
    try:
        yield viewers
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)


async def watch(server: Server, browsers: Browsers, viewers: int, seconds: float) -> dict[str, Any]:
    """The viewers proper; the slow ones come after a fifth of the time."""
    pages = [await wall(browsers, server) for _ in range(PAGES)]
    page = pages[0]
    session = await page.context.new_cdp_session(page)
    seen: list[tuple[float, float]] = []
    async with watching(server, [Pace.QUICK] * (viewers - PAGES - SLOW - STOPPING)):
        await asyncio.sleep(SETTLES_S)
        await page.evaluate(TAKE)
        heap_before = await heap_mb(session)
        alone_from = time.time() * 1000
        await sample(server, page, seen, seconds / 5)
        slow_from = time.time() * 1000
        async with watching(server, [Pace.SLOW] * SLOW + [Pace.STOPS] * STOPPING) as slow:
            before, made, began = cpu_seconds(server.pid), await server.made(), time.monotonic()
            await sample(server, page, seen, seconds * 4 / 5)
            cores = (cpu_seconds(server.pid) - before) / (time.monotonic() - began)
            events_per_s = (await server.made() - made) / (time.monotonic() - began)
            until = time.time() * 1000
            heap = await heap_mb(session)
    return {
        "events_per_s_made": round(events_per_s, 1),
        "server_cpu": round(cores, 3),
        "event_to_paint_ms": percentiles(between(seen, slow_from, until)),
        "event_to_paint_without_slow_viewers_ms": percentiles(between(seen, alone_from, slow_from)),
        "server_rss_mb": round(server.memory[-1], 1),
        "server_rss_growth": growth(server.memory),
        "page_heap_mb": round(heap, 1),
        "page_heap_mb_at_first": round(heap_before, 1),
        "slow_viewers_cut_off": sum(one.ends for one in slow),
    }


async def wall(browsers: Browsers, server: Server) -> Page:
    """HR's page with its cards."""
    page = await browsers.page(viewport={"width": 1920, "height": 1080})
    cookie: Any = {"name": "hr_session", "value": server.cookie, "url": str(server.url)}
    await page.context.add_cookies([cookie])
    await page.goto(str(server.url / "hr"))
    await page.locator(".wall-card").first.wait_for()
    await page.evaluate(OBSERVER)
    return page


async def sample(server: Server, page: Page, seen: list[tuple[float, float]], seconds: float) -> None:
    """Takes from the page what it saw, which is to keep nothing, and looks at the server's memory."""
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        await asyncio.sleep(min(left, SAMPLE_EVERY_S))
        seen += [(when, late) for when, late in await page.evaluate(TAKE)]
        server.memory.append(rss_mb(server.pid))


async def heap_mb(session: CDPSession) -> float:
    """The page's JavaScript heap without what nobody refers to, megabytes (10^6 bytes)."""
    await session.send("HeapProfiler.collectGarbage")
    used = await session.send("Runtime.getHeapUsage")
    return float(used["usedSize"]) / 1e6
