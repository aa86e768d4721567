"""What HR's pages weigh and how soon they are painted: real server, real Chromium with an empty cache.

Every page that a link of HR's leads to, over a finished interview and an open invitation; of addresses that differ only
in an id, the first.

first_paint_ms   first contentful paint from the start of the navigation (W3C Paint Timing): median and worst of loads
kilobytes        everything the page fetched, as it was sent, without its streams
"""

from __future__ import annotations

import asyncio
import re
import statistics
import tempfile
from argparse import ArgumentParser
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from playwright.async_api import Page

from question_flows.loader import shipped_flows
from question_flows.model import Language
from scripts.browsers import Browsers, chromium, sign_in_first
from scripts.candidate_api import CandidateApi
from scripts.local_server import LocalServer

FLOW = "customer_service"
PAINTED = "() => performance.getEntriesByName('first-contentful-paint')[0]?.startTime"
LINKS = "() => [...document.querySelectorAll('a[href]')].map((a) => a.href)"
WEIGHT = """() => [...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")]
  .reduce((sum, { encodedBodySize }) => sum + encodedBodySize, 0)"""
NO_PAGES = re.compile(r"\.(?:pdf|csv)$|/recording$|/sign-|/try$")
IDS = re.compile(r"/[0-9a-f]{32}")


def add_arguments(parser: ArgumentParser) -> None:
    """--loads: how often each page is opened."""
    parser.add_argument("--loads", type=int, default=5, metavar="N", help="how often each page is opened (5)")


def run(loads: int) -> dict[str, Any]:
    """Opens every page and returns the figures, the heaviest page first."""
    return asyncio.run(measure(loads))


async def measure(loads: int) -> dict[str, Any]:
    """One server with some content, one browser."""
    with tempfile.TemporaryDirectory(prefix="interview-bench-") as folder:
        settings = {"whisper_model": str(Path(folder) / "none")}
        server = LocalServer(Path(folder) / "data", settings=settings, log=Path(folder) / "server.log")
        await server.start()
        try:
            async with chromium() as browsers:
                hr = await browsers.page()
                assert server.welcome_link is not None
                await sign_in_first(hr, server.welcome_link)
                await fill(hr, server.url)
                state = await hr.context.storage_state()
                paths = await addresses(hr, server.url)
                await hr.context.close()
                pages = [await opened(browsers, state, server.url, path, loads) for path in paths]
        finally:
            await server.stop()
    pages.sort(key=lambda page: -page["kilobytes"])
    return {
        "loads": loads,
        "worst_first_paint_ms": max(page["first_paint_ms"]["worst"] for page in pages),
        "heaviest_kilobytes": pages[0]["kilobytes"],
        "pages": pages,
    }


async def fill(hr: Page, url: str) -> None:
    """A typed interview up to its report, and one that waits for its candidate."""
    questions = {question.id: question for question in shipped_flows()[FLOW].questions}
    links = []
    for name in ("Ada Lovelace", "Grace Hopper"):
        fields: dict[str, str | float | bool] = {"name": name, "email": "", "flow": FLOW, "language": "en"}
        response = await hr.request.post(f"{url}/hr/invitations", form={**fields, "jurisdiction": "EU"})
        found = re.search(r'value="(http[^"]+/i/[^"]+)"', await response.text())
        assert found is not None
        links.append(found[1])
    async with CandidateApi(links[0]) as candidate:
        await candidate.redeem()
        await candidate.consent()
        await candidate.start()
        async for snapshot in candidate.questions():
            question = snapshot["question"]
            own = questions.get(question["id"].split("-")[0])
            if own is None:
                await candidate.skip(question["id"])
                continue
            await candidate.start_answer(question["id"])
            await candidate.hand_in_text(question["id"], own.sample_answers[Language.ENGLISH][0])


async def addresses(hr: Page, url: str) -> list[str]:
    """Every page that links lead to from the wall, one of each kind."""
    known: dict[str, str] = {}
    to_visit = ["/hr"]
    while to_visit:
        path = to_visit.pop(0)
        await hr.goto(url + path)
        for link in await hr.evaluate(LINKS):
            parts = urlsplit(link)
            kind = IDS.sub("/ID", parts.path)
            inside = link.startswith(f"{url}/hr") and not NO_PAGES.search(parts.path)
            if inside and kind not in known:
                known[kind] = parts.path
                to_visit.append(parts.path)
    return sorted({"/hr", *known.values()})


async def opened(browsers: Browsers, state: Any, url: str, path: str, loads: int) -> dict[str, Any]:
    """One page, each time by a browser that has kept nothing but who is signed in."""
    paints: list[float] = []
    weight = 0
    for _ in range(loads):
        page = await browsers.page(storage_state=state)
        await page.goto(url + path, wait_until="load")
        await page.wait_for_function(PAINTED)
        paints.append(await page.evaluate(PAINTED))
        weight = await page.evaluate(WEIGHT)
        await page.context.close()
    return {
        "page": IDS.sub("/ID", path),
        "kilobytes": round(weight / 1000, 1),
        "first_paint_ms": {"median": round(statistics.median(paints)), "worst": round(max(paints))},
    }
