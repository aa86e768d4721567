"""Ten tabs of one browser live on one line: each as if alone, whoever of them goes."""

from __future__ import annotations

from playwright.async_api import BrowserContext, expect

from server.interview.commands import CallForHelp, SaveDraft, StartAnswer
from server.keys import HUB
from tests.hr.conftest import House, following
from tests.hr.test_browser import browser as browser

TABS = 10


async def test_ten_tabs_of_one_browser_all_live(house: House, browser: BrowserContext) -> None:
    """Four walls and six monitors: HTTP/1.1 allows a browser six connections, which streams of their own would take."""
    async with house.started() as first, house.started(name="Grace Hopper") as second:
        monitors = [first, second, first, second, first, second]
        pages = []
        for session in (None, *monitors, None, None, None):
            page = await browser.new_page()
            path = f"/hr/interviews/{session.interview_id}" if session is not None else "/hr"
            await page.goto(house.url(path))
            await page.wait_for_selector("html[data-line=open]")
            pages.append(page)
        assert len(pages) == TABS
        for session, text in ((first, "ada is heard"), (second, "grace is heard")):
            question_id = session.state.question_id or ""
            await session.execute(StartAnswer(question_id))
            await session.execute(SaveDraft(question_id, text))
        for page, session in zip(pages[1:7], monitors, strict=True):
            own, other = ("ada", "grace") if session is first else ("grace", "ada")
            await expect(page.locator("#answers")).to_contain_text(f"{own} is heard")
            assert f"{other} is heard" not in await page.locator("#answers").inner_text()
        for wall in (pages[0], *pages[7:]):
            await expect(wall.get_by_test_id(f"wall-card-{first.interview_id}")).to_contain_text("ada is heard")
            await expect(wall.get_by_test_id(f"wall-card-{second.interview_id}")).to_contain_text("grace is heard")
        # The tab that held the line goes, and with it a follower: the others miss nothing.
        await pages.pop(0).close()
        await pages.pop(1).close()
        await first.execute(CallForHelp("The sound is gone"))
        for page in pages:
            if "/interviews/" not in page.url or first.interview_id in page.url:
                await expect(page.get_by_text("The sound is gone").first).to_be_visible()
        # One stream of everything, however many look at it.
        assert len(house.app[HUB]._broker._fanout._viewers[None]) == 1


async def test_one_line_carries_wall_and_interviews_from_where_each_was(house: House) -> None:
    async with house.started() as session:
        seq = session.state.seq
        query = f"/api/hr/events?wall=1&follow={session.interview_id}:{seq - 1}&follow={'0' * 32}:0"
        async with following(house, query) as events:
            await session.execute(CallForHelp("Hello"))
            seen, helped = [], 0
            # Told twice, to those who follow the interview and on the wall, in either order.
            while helped < 2:
                seen.append(await events.next())
                helped += seen[-1][0] == "HelpRequested"
        own = [(kind, whose) for kind, whose, _ in seen if whose and whose.startswith(session.interview_id)]
        stored = [int(whose.partition(":")[2]) for _, whose in own if ":" in whose]
        # Each event once and in order, from the one behind the last that was seen.
        assert stored == list(range(seq, seq + len(stored)))
        assert stored
        assert ("snapshot", "wall") in [(kind, whose) for kind, whose, _ in seen]
        assert ("ended", "0" * 32) in [(kind, whose) for kind, whose, _ in seen]
    for wrong in ("follow=x", "follow=x:-1", "follow=../x:1", "&".join(["follow=x:1"] * 51)):
        async with house.hr.get(house.url(f"/api/hr/events?{wrong}")) as response:
            assert response.status == 400
