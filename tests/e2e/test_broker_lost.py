"""Redis is killed and started again under an open wall and an open monitor, before two workers: nothing is lost."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from question_flows.model import Language
from scripts.candidate_api import CandidateApi
from tests.e2e.house import House, open_house, without_speech
from tests.live.conftest import redis_at

pytestmark = pytest.mark.timeout(180)

LANGUAGES = (Language.ENGLISH, Language.CHINESE, Language.ENGLISH)
WATCHES = """
    window.messages = [];
    const parse = JSON.parse;
    JSON.parse = (text, ...rest) => {
        const value = parse(text, ...rest);
        const one = (card) => [card.interview_id, card.seq];
        if (value?.interviews) window.messages.push({ snapshot: value.interviews.map(one) });
        else if (value?.interview_id && value.seq && value.type) window.messages.push({ event: one(value) });
        return value;
    };
"""
"""Run before the page's own scripts: notes what comes down the line."""


async def missed_or_doubled(page: Page, interview_id: str, known: int) -> list[str]:
    """What is wrong with the order of one interview's events on this page. known: the last one at its beginning."""
    wrong = []
    for message in await page.evaluate("window.messages"):
        if "snapshot" in message:
            # Whoever looks into the log learns no less than before.
            known = max([known, *(seq for id_, seq in message["snapshot"] if id_ == interview_id)])
        elif message["event"][0] == interview_id:
            seq = message["event"][1]
            if seq > known + 1:
                wrong.append(f"{known} is followed by {seq}")
            known = max(known, seq)
    return wrong


async def test_redis_goes_and_comes_back_under_an_open_wall_and_monitor(tmp_path: Path) -> None:
    folder = tmp_path / "redis"
    folder.mkdir()
    with redis_at(folder) as redis:
        settings = {**without_speech(tmp_path), "redis_url": redis.url, "workers": "2"}
        async with open_house(tmp_path, settings=settings) as house:
            ids = [await begun(house, language, f"Kim {n}") for n, language in enumerate(LANGUAGES)]
            wall = house.hr
            monitor = await wall.context.new_page()
            for page, path in ((wall, "/hr"), (monitor, f"/hr/interviews/{ids[0]}")):
                await page.add_init_script(WATCHES)
                await page.goto(house.server.url + path)

            async def mark(note: str) -> None:
                for interview_id in ids:
                    url = f"{house.server.url}/api/hr/interviews/{interview_id}/mark"
                    answer = await wall.request.post(url, data={"note": note})
                    assert answer.ok, await answer.text()

            async def seen() -> None:
                last = [(interview_id, len(house.log(interview_id))) for interview_id in ids]
                async with asyncio.timeout(20):
                    while not all([await knows(wall, *one) for one in last] + [await knows(monitor, *last[0])]):
                        await asyncio.sleep(0.1)

            await expect(wall.get_by_test_id("limited")).to_be_hidden()
            await mark("before")
            await seen()
            redis.stop()
            for page in (wall, monitor):
                await expect(page.get_by_test_id("limited")).to_be_visible()
            await mark("while Redis is away")
            await seen()
            redis.start()
            for page in (wall, monitor):
                await expect(page.get_by_test_id("limited")).to_be_hidden()
            await mark("after")
            await seen()
            for interview_id in ids:
                assert await missed_or_doubled(wall, interview_id, 0) == []
            events = [one["event"][1] for one in await monitor.evaluate("window.messages") if "event" in one]
            assert len(events) >= 3
            assert events == list(range(events[0], len(house.log(ids[0])) + 1))


async def begun(house: House, language: Language, name: str) -> str:
    """An interview whose first question is open; its id."""
    interview_id, link = await house.invite(language, name=name)
    async with CandidateApi(link) as candidate:
        await candidate.redeem()
        await candidate.consent()
        await candidate.start()
    return interview_id


async def knows(page: Page, interview_id: str, seq: int) -> bool:
    """Whether this event has come to the page, or is in a snapshot that has."""
    for message in await page.evaluate("window.messages"):
        found = message.get("snapshot") or [message["event"]]
        if any(id_ == interview_id and last >= seq for id_, last in found):
            return True
    return False
