"""How long a spoken word takes to HR's screen: real server, real WebRTC, real Chromium, true word times.

Simulated candidates (not browsers: one Chromium, HR's, is enough for two cores) answer by voice. HR's page is
watched by a MutationObserver that notes each change of the live words with the wall clock, this machine's only one.

word_to_hr_ms    from the true end of a spoken word to the first time HR's page shows it, certain or tentative
final_to_hr_ms   from the true end of an answer's last word to the first sight of its words without a tentative one
score_to_hr_ms   from handing the answer in to its score on HR's page; provisional, as the words are checked at the end
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any

import aiohttp
import numpy as np
from playwright.async_api import Page
from playwright.async_api import TimeoutError as PlaywrightTimeout

from question_flows.loader import shipped_flows
from question_flows.model import Language
from scripts.browsers import chromium, sign_in_first
from scripts.local_server import LocalServer
from scripts.sample_answers import sample_answer
from scripts.simulated_candidate import SimulatedCandidate, Spoken, tokens
from scripts.voice_model.speak import word_times

FLOW = "customer_service"
LISTEN_SECONDS = 2.5
"""How long the candidate stays silent before handing in, so that the endpoint is heard and not forced."""

SCORE_MS = 5000
"""So long a score is waited for; one that comes later is not counted."""
SCORED = "(id) => (window.seen.at(-1)?.scored ?? '').split(',').includes(id)"

OBSERVER = """
() => {
  window.seen = [];
  let before = "";
  const note = () => {
    const all = (selector) => [...document.querySelectorAll(selector)];
    const text = (id) => all(`[data-testid=${id}]`).map((e) => e.textContent).join(" ").trim();
    const scored = all("[data-question]:not([data-scored=no])").map((e) => e.dataset.question).join(",");
    const now = { committed: text("committed"), tentative: text("tentative"), scored };
    const key = JSON.stringify(now);
    if (key === before) return;
    before = key;
    window.seen.push({ at: performance.timeOrigin + performance.now(), ...now });
  };
  const everything = { subtree: true, childList: true, characterData: true, attributes: true };
  new MutationObserver(note).observe(document.body, everything);
  note();
}
"""


@dataclass(frozen=True, slots=True)
class Sight:
    """What HR's page showed from one moment on. at: seconds since the epoch."""

    at: float
    committed: str
    tentative: str
    scored: frozenset[str]


def run() -> dict[str, object]:
    """Runs one interview in each language and returns the percentiles, in milliseconds."""
    return asyncio.run(measure())


async def measure() -> dict[str, object]:
    """Both interviews, one after the other."""
    words: list[float] = []
    finals: list[float] = []
    scores: list[float] = []
    spoken_words = 0
    with tempfile.TemporaryDirectory(prefix="interview-bench-") as folder:
        server = LocalServer(Path(folder) / "data", log=Path(folder) / "server.log")
        await server.start()
        try:
            async with chromium() as browsers:
                hr = await browsers.page()
                assert server.welcome_link is not None
                await sign_in_first(hr, server.welcome_link)
                for language in Language:
                    for spoken, sights in await interview(server, hr, language):
                        truth = true_word_ends(spoken, language)
                        spoken_words += len(truth)
                        words += word_latencies(truth, sights)
                        finals += final_latency(truth, spoken, sights)
                        scores += score_latency(spoken, sights)
            lag = await loop_lag(server)
        finally:
            await server.stop()
    return {
        "word_to_hr_ms": percentiles(words),
        "final_to_hr_ms": percentiles(finals),
        "score_to_hr_ms": percentiles(scores),
        "words_spoken": spoken_words,
        "words_seen": len(words),
        "answers": len(scores),
        "event_loop_lag_ms": lag,
    }


async def loop_lag(server: LocalServer) -> dict[str, float]:
    """How late the server's event loop was, from its own measurement."""
    async with aiohttp.ClientSession() as http, http.get(f"{server.url}/healthz") as response:
        lag: dict[str, float] = (await response.json())["loop_lag_ms"]
        return lag


async def interview(server: LocalServer, hr: Page, language: Language) -> list[tuple[Spoken, list[Sight]]]:
    """One interview by voice; for each answer what was spoken and what HR's page showed."""
    flow = shipped_flows()[FLOW]
    interview_id, link = await server.invite(FLOW, language, "Bench")
    await hr.goto(f"{server.url}/hr/interviews/{interview_id}")
    results = []
    async with SimulatedCandidate(link) as candidate:
        await candidate.begin(with_video=False)
        await hr.evaluate(OBSERVER)
        async for now in candidate.api.questions():
            question_id = now["question"]["id"]
            if now["question"]["practice"]:
                await candidate.api.skip(question_id)
                continue
            await hr.evaluate("() => { window.seen.length = 0; }")
            text = sample_answer(flow, question_id, language)
            spoken = await candidate.answer_by_voice(question_id, text, language, silence_s=LISTEN_SECONDS)
            with suppress(PlaywrightTimeout):
                await hr.wait_for_function(SCORED, arg=question_id, timeout=SCORE_MS)
            results.append((spoken, sights_of(await hr.evaluate("() => window.seen"))))
            print(f"{language}: {question_id} measured", flush=True)
    return results


def sights_of(seen: Sequence[dict[str, Any]]) -> list[Sight]:
    """The observer's notes as values."""
    return [
        Sight(note["at"] / 1000, note["committed"], note["tentative"], frozenset(note["scored"].split(",")) - {""})
        for note in seen
    ]


def true_word_ends(spoken: Spoken, language: Language) -> list[tuple[str, float]]:
    """(word, wall-clock second of its true end) for each word of the answer."""
    to_wall_clock = time.time() - time.monotonic()
    start = spoken.first_sample_at + to_wall_clock
    return [(word.lower(), start + end) for word, _, end in word_times(spoken.text, language)]


def word_latencies(truth: Sequence[tuple[str, float]], sights: Sequence[Sight]) -> list[float]:
    """For each word that was ever shown: milliseconds from its true end to its first appearance in its place."""
    appeared: dict[int, float] = {}
    said = [word for word, _ in truth]
    for sight in sights:
        shown = tokens(f"{sight.committed} {sight.tentative}")
        for block in SequenceMatcher(a=said, b=shown, autojunk=False).get_matching_blocks():
            for index in range(block.a, block.a + block.size):
                appeared.setdefault(index, sight.at)
    return [(at - truth[index][1]) * 1000 for index, at in sorted(appeared.items())]


def final_latency(truth: Sequence[tuple[str, float]], spoken: Spoken, sights: Sequence[Sight]) -> list[float]:
    """Milliseconds from the end of speech to the first sight of all words without a tentative one."""
    end = truth[-1][1]
    final = [sight.at for sight in sights if sight.at > end and sight.committed and not sight.tentative]
    return [(final[0] - end) * 1000] if final else []


def score_latency(spoken: Spoken, sights: Sequence[Sight]) -> list[float]:
    """Milliseconds from handing in to the answer's score on HR's page."""
    handed_in = spoken.handed_in_at + time.time() - time.monotonic()
    scored = [sight.at for sight in sights if spoken.question_id in sight.scored]
    return [(scored[0] - handed_in) * 1000] if scored else []


def percentiles(values: Sequence[float]) -> dict[str, float]:
    """p50 and p95 in milliseconds. Raises ValueError when nothing was measured: no figure is made up."""
    if not values:
        raise ValueError("nothing was measured; the server's log says why")
    return {"p50": round(float(np.percentile(values, 50))), "p95": round(float(np.percentile(values, 95)))}
