"""The pages that no path of the other files leads over: errors, a full server, two tabs, and HR's; both languages.

Every other screen is looked at where a path comes by it: what `expect_accessible` is given says which.
"""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Page, expect

from question_flows.model import Language
from scripts.browsers import HR_PASSWORD
from tests.e2e import journeys
from tests.e2e.axe import expect_accessible, violations
from tests.e2e.house import House, in_both_languages, open_house, without_speech

pytestmark = [pytest.mark.timeout(300), pytest.mark.asyncio(loop_scope="module")]

BAD = """
    <html lang="en"><title>bad</title><img src="data:,"><input><p style="color:#bbb;background:#ccc">unreadable</p>
    <button style="width:9px;height:9px;padding:0">a</button><button style="width:9px;height:9px;padding:0">b</button>
"""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    """A server that has room for one interview at a time."""
    folder = tmp_path_factory.mktemp("house")
    async with open_house(folder, settings={**without_speech(folder), "most_interviews": "1"}) as opened:
        yield opened


async def test_what_the_rules_find_is_told(house: House) -> None:
    """A picture without words, a field without a name, grey on grey, buttons too small and too close for a finger."""
    page = await house.browsers.page()
    await page.set_content(BAD)
    found = {finding["id"] for finding in await violations(page)}
    assert {"image-alt", "label", "color-contrast", "target-size"} <= found
    with pytest.raises(AssertionError, match="image-alt"):
        await expect_accessible(page, "made badly")
    # Readable by day and not by night; and too wide for a phone.
    await page.set_content(
        "<html lang=en><title>dark</title><style>@media (prefers-color-scheme: dark) { p { color: #eee } }"
        "</style><main><h1>a</h1><p>unreadable</p></main>"
    )
    with pytest.raises(AssertionError, match="dark"):
        await expect_accessible(page, "by night")
    await page.set_content("<html lang=en><title>a</title><main><h1>a</h1><div style='width:900px'>a</div></main>")
    with pytest.raises(AssertionError, match="wider than the screen"):
        await expect_accessible(page, "a wide one")
    await page.close()


@in_both_languages
async def test_pages_of_whoever_comes_too_late_or_by_a_wrong_link(house: House, language: Language) -> None:
    """Unknown, expired and used links, addresses that are none, and a browser that does not know the interview."""
    page = await house.browsers.page(language.value)
    _, link = await house.invite(language)
    expired, old = await house.invite(language)
    with sqlite3.connect(house.server.data_dir / "interviews.sqlite") as database:
        database.execute("update invitations set expires_at = '2020-01-01 00:00:00' where interview_id = ?", (expired,))
    other = await house.browsers.page(language.value)
    await other.goto(link)
    await other.get_by_test_id("landing-begin").click()
    await expect(other.get_by_test_id("consent-continue")).to_be_visible()
    await other.context.close()
    for address, code in (
        (old, "link_expired"),
        (link, "link_used"),
        (f"{house.server.url}/i/no-such-link", "link_unknown"),
        (f"{house.server.url}/nowhere", "not_found"),
        (f"{house.server.url}/interview", "candidate_unknown"),
    ):
        await page.goto(address)
        await expect(page.locator(f"[data-testid=error-page][data-code={code}]")).to_be_visible()
        await expect(page.locator("html")).to_have_attribute("lang", language.value)
        await expect_accessible(page, code)
    await page.goto(f"{house.server.url}/privacy")
    await expect_accessible(page, "privacy without an invitation")
    await page.context.close()


@in_both_languages
async def test_a_full_server_two_tabs_and_a_lost_cookie(house: House, language: Language) -> None:
    """The place is kept, and the page says so; the second tab takes over; without the cookie it is said what to do."""
    first, _ = await house.candidate(language)
    _, link = await house.invite(language)
    page = await house.browsers.page(language.value)
    await journeys.consent(page, link)
    await page.get_by_test_id("check-type-instead").click()
    await expect(page.get_by_test_id("server-full")).to_be_visible()
    await expect_accessible(page, "server full")
    await page.context.close()

    second = await first.context.new_page()
    await second.goto(first.url)
    await expect(second.get_by_test_id("question-text")).to_be_visible()
    await expect(first.get_by_test_id("elsewhere")).to_be_visible()
    await expect_accessible(first, "open in another tab")
    await first.get_by_test_id("elsewhere-here").click()
    await expect(first.get_by_test_id("question-text")).to_be_visible()
    await expect(second.get_by_test_id("elsewhere")).to_be_visible()
    await second.close()

    cookies = await first.context.cookies()
    await first.context.clear_cookies()
    await first.get_by_test_id("moment").click()
    await expect(first.get_by_test_id("signed-out")).to_be_visible()
    await expect_accessible(first, "signed out")
    # With its cookie it goes on where it was, to the end, so that the next has room.
    await first.context.add_cookies(cookies)  # type: ignore[arg-type]
    await first.reload()
    await finish_quickly(first)
    await first.context.close()


async def finish_quickly(page: Page) -> None:
    """Skips whatever is asked."""
    done, rest, skip = (page.get_by_test_id(name) for name in ("done", "round-continue", "skip"))
    await journeys.leave_practice(page)
    while True:
        await expect(done.or_(rest).or_(skip)).to_be_visible()
        if await done.is_visible():
            return
        if await rest.is_visible():
            await rest.click()
            await expect(skip).to_be_visible()
        else:
            await journeys.skip(page)


@in_both_languages
async def test_hr_pages(house: House, language: Language) -> None:
    """Inviting with its mistakes, the link shown once, an interview that runs, a report that is not finished."""
    hr, url, tongue = house.hr, house.server.url, f"?lang={language.value}"
    await hr.goto(f"{url}/hr/invitations{tongue}")
    await hr.get_by_test_id("invite-name").fill(" ")
    await hr.get_by_test_id("invite-submit").click()
    await expect(hr.locator("[aria-invalid=true]")).to_be_visible()
    await expect_accessible(hr, "inviting, with a mistake")
    await hr.get_by_test_id("invite-name").fill("Ada Lin")
    await hr.get_by_test_id("invite-flow").select_option("every_path")
    await hr.get_by_test_id("invite-language").select_option(language.value)
    await hr.get_by_test_id("invite-submit").click()
    await expect_accessible(hr, "invited")
    link = await hr.get_by_test_id("invite-link").input_value()
    await hr.get_by_test_id("invited-monitor").click()
    await expect(hr.locator("h1")).to_contain_text("Ada Lin")
    page = await house.browsers.page(language.value)
    await journeys.begin_typing(page, link.replace("localhost", "127.0.0.1"))
    await journeys.leave_practice(page)
    await journeys.answer_typed(page, "I asked for the order number and checked it. 我问了订单号，然后查了。")
    await expect(hr.locator("[data-testid^=competency-score-]").first).to_be_visible()
    await page.get_by_test_id("pause").click()
    await page.get_by_test_id("pause-ask-yes").click()
    await hr.goto(f"{hr.url.split('?')[0]}/report")
    await hr.goto(f"{url}/hr/interviews/none")
    await expect(hr.get_by_test_id("error-page")).to_be_visible()
    await expect_accessible(hr, "no such interview")
    await page.get_by_test_id("resume").click()
    await finish_quickly(page)
    await page.context.close()


@in_both_languages
async def test_people_their_roles_and_what_they_did(house: House, language: Language) -> None:
    """HR's people, an invitation with a mistake and its link, one account, one's own, and the audit trail."""
    hr, url = await house.hr.context.new_page(), house.server.url
    await hr.goto(f"{url}/hr/people?lang={language.value}")
    await hr.get_by_test_id("person-email").fill("hr@example.com")
    await hr.get_by_test_id("person-invite").click()
    await expect(hr.locator(".field__error")).to_be_visible()
    await expect_accessible(hr, "people, with a mistake")
    await hr.get_by_test_id("person-email").fill("")
    await hr.get_by_test_id("role-reviewer").check()
    await hr.get_by_test_id("person-invite").click()
    await expect(hr.get_by_test_id("person-link")).to_be_visible()
    await expect_accessible(hr, "the link for a reviewer")
    await hr.goto(f"{url}/hr/people")
    await hr.locator(".access-name").first.click()
    await hr.get_by_test_id("person-disable").click()
    await expect(hr.get_by_test_id("person-save")).to_be_visible()
    await expect_accessible(hr, "the last administrator, who stays")
    await hr.goto(f"{url}/hr/audit?to=2020-01-01")
    await expect_accessible(hr, "audit trail, nothing found")
    await hr.close()


@in_both_languages
async def test_signing_in(house: House, language: Language) -> None:
    """The form and a wrong password; the first sign-in, a password too short, and a link that was used already."""
    page = await house.browsers.page(language.value)
    await page.goto(await house.server.hr_link())
    await expect_accessible(page, "first sign-in")
    await page.get_by_test_id("welcome-email").fill("hr@example.com")
    await page.get_by_test_id("welcome-password").fill(HR_PASSWORD)
    await page.get_by_test_id("welcome-submit").click()
    await expect(page.locator(".field__error")).to_be_visible()
    await expect_accessible(page, "first sign-in, with a mistake")
    await page.goto(f"{house.server.url}/hr/sign-in")
    await expect_accessible(page, "sign-in")
    await page.get_by_test_id("sign-in-email").fill("hr@example.com")
    await page.get_by_test_id("sign-in-password").fill(HR_PASSWORD[::-1])
    await page.get_by_test_id("sign-in-submit").click()
    await expect(page.get_by_test_id("sign-in-problem")).to_be_visible()
    await expect_accessible(page, "sign-in refused")
    assert house.server.welcome_link is not None
    await page.goto(house.server.welcome_link)
    await expect(page.get_by_test_id("welcome-closed")).to_be_visible()
    await expect_accessible(page, "first sign-in, link used")
    await page.context.close()
