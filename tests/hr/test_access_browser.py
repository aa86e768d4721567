"""In a real browser: rights taken while somebody watches, and another site's page that asks for changes."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator
from time import monotonic
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from playwright.async_api import Browser, BrowserContext, Page, Response, async_playwright, expect

from scripts.browsers import CHROMIUM
from server.keys import DATABASE, INTERVIEWS
from server.middleware import SIGNED_PATHS
from server.storage import schema
from server.storage.hr_user import Role
from tests.hr.conftest import House

SOON_S = 5.0
UNCHANGING = frozenset({"GET", "HEAD", "OPTIONS"})


@pytest.fixture
async def chrome() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        yield browser
        await browser.close()


async def context_of(chrome: Browser, house: House, **cookies: str) -> BrowserContext:
    """A browser with these cookies."""
    context = await chrome.new_context(locale="en", viewport={"width": 1280, "height": 800})
    url = house.url("/")
    await context.add_cookies([{"name": name, "value": value, "url": url} for name, value in cookies.items()])
    return context


def cookie_of(session: Any) -> str:
    """The session of an HTTP client's."""
    [cookie] = [cookie.value for cookie in session.cookie_jar if cookie.key == "hr_session"]
    return str(cookie)


async def change(house: House, path: str, **form: str) -> float:
    """An administrator changes something; when."""
    async with house.hr.post(house.url(path), data=form, allow_redirects=False) as response:
        assert response.status == 303, await response.text()
    return monotonic()


async def test_open_pages_close_within_five_seconds_of_the_right_and_say_so(house: House, chrome: Browser) -> None:
    recruiter, recruiter_id = await house.person(Role.RECRUITER)
    reviewer, reviewer_id = await house.person(Role.REVIEWER)
    async with house.started() as session:
        interview = f"/hr/interviews/{session.interview_id}"
        await change(house, f"{interview}/assignments", **{f"reviewer-{reviewer_id}": "1"})
        recruiting = await context_of(chrome, house, hr_session=cookie_of(recruiter))
        reviewing = await context_of(chrome, house, hr_session=cookie_of(reviewer))

        async def opened(context: BrowserContext, path: str) -> Page:
            page = await context.new_page()
            await page.goto(house.url(path))
            await page.wait_for_selector("html[data-line=open]")
            await expect(page.get_by_text("Ada Lovelace").first).to_be_visible()
            return page

        wall, monitor = await opened(recruiting, "/hr"), await opened(recruiting, interview)
        assigned_wall, assigned = await opened(reviewing, "/hr"), await opened(reviewing, interview)

        # Taken off the interview: the monitor closes, the wall goes on without it.
        began = await change(house, f"{interview}/assignments")
        await expect(assigned.get_by_test_id("error-page")).to_be_visible(timeout=SOON_S * 1000)
        await expect(assigned_wall.get_by_text("Ada Lovelace")).to_have_count(0, timeout=SOON_S * 1000)
        assert monotonic() - began < SOON_S
        assert "Ada Lovelace" not in await assigned.content()

        # Switched off: both pages go to the sign-in and say why.
        began = await change(house, f"/hr/people/{recruiter_id}/disable")
        for page in (wall, monitor):
            await page.wait_for_url("**/hr/sign-in?ended=1**", timeout=SOON_S * 1000)
        assert monotonic() - began < SOON_S
        for page, path in ((wall, "/hr"), (monitor, interview)):
            await expect(page.get_by_test_id("sign-in-ended")).to_contain_text("You were signed out")
            await expect(page.locator("input[name=next]")).to_have_value(path)
            assert "Ada Lovelace" not in await page.content()

        # A wall whose owner becomes an auditor says what they may not.
        await change(house, f"/hr/people/{reviewer_id}", role="auditor")
        await assigned_wall.wait_for_url(re.compile(r"/hr/(audit|interviews)"), timeout=SOON_S * 1000)


ATTACK = """
<!doctype html><title>A page elsewhere</title><script>
async function attack(routes) {
  for (const [method, url] of routes) {
    if (method === "POST") {
      const frame = document.createElement("iframe");
      frame.name = url;
      const form = Object.assign(document.createElement("form"), { method: "post", action: url, target: url });
      form.innerHTML = '<input name="role" value="admin"><input name="email" value="evil@example.com">';
      document.body.append(frame, form);
      form.submit();
      await fetch(url, { method, mode: "no-cors", credentials: "include", body: "{}" }).catch(() => {});
    }
    await fetch(url, { method, credentials: "include", body: "{}", headers: { "Content-Type": "application/json" } })
      .catch(() => {});
  }
}
</script><body></body>
"""


async def everything(house: House) -> dict[str, str]:
    """Each table's rows, but for when sessions were seen."""
    found = {}
    async with house.app[DATABASE].read() as connection:
        for table in schema.metadata.sorted_tables:
            rows = (await connection.execute(table.select())).mappings().all()
            kept = [{key: str(value) for key, value in row.items() if key != "last_seen_at"} for row in rows]
            found[table.name] = json.dumps(kept, sort_keys=True)
    return found


async def test_another_sites_page_changes_nothing(house: House, chrome: Browser) -> None:
    """On another port of the same host the browser sends our cookies along: only what the server looks at helps."""
    me, other_id = house.hr, (await house.person(Role.RECRUITER))[1]
    _, token = await house.invite(name="Grace Hopper")
    async with house.started() as session:
        fresh, link = await house.invite(name="Mei Lin")
        candidate = await house.app[INTERVIEWS].invitations.redeem(link, session.state.invited_at)
        places = {"interview_id": session.interview_id, "user_id": other_id, "token": token, "hint": "0"}
        places |= {"question_id": session.state.question_id or "", "dimension_id": "motivation"}
        routes = [
            (route.method, house.url(re.sub(r"{(\w+)}", lambda place: places.get(place[1], "x" * 32), path)))
            for route in house.app.router.routes()
            if route.method not in UNCHANGING and not (path := route.resource.canonical).startswith(SIGNED_PATHS)
        ]
        assert len(routes) > 40
        elsewhere = web.Application()

        async def page_elsewhere(request: web.Request) -> web.Response:
            return web.Response(text=ATTACK, content_type="text/html")

        elsewhere.router.add_get("/", page_elsewhere)
        async with TestServer(elsewhere) as attacker:
            context = await context_of(chrome, house, hr_session=cookie_of(me), candidate_session=candidate)
            page = await context.new_page()
            await page.goto(str(attacker.make_url("/")))
            answered: list[Response] = []
            page.on("response", lambda response: answered.append(response))
            sent_cookies: set[str] = set()
            before = await everything(house)
            await page.evaluate("(routes) => attack(routes)", [list(route) for route in routes])
            posts = sum(method == "POST" for method, _ in routes)
            async with asyncio.timeout(20):
                while sum(one.request.method == "POST" for one in answered) < 2 * posts:
                    await asyncio.sleep(0.05)
            for response in answered:
                if response.request.method not in UNCHANGING:
                    assert response.status == 403, (response.request.method, response.url)
                    sent_cookies |= set((await response.request.all_headers()).get("cookie", "").split("; "))
            # The browser did send who is signed in: it was refused for where it came from, and nothing else.
            assert f"hr_session={cookie_of(me)}" in sent_cookies
            assert await everything(house) == before
        await context.close()
    assert fresh
