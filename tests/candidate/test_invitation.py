"""The link: looked at as often as one likes, used once, by one browser, in the person's language."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from question_flows.model import Language
from tests.candidate.conftest import House


async def test_looking_at_a_link_does_not_use_it_up(house: House) -> None:
    _, link = await house.invite()
    for _ in range(3):
        page = await house.browser().get(link)
        text = await page.text()
        assert page.status == 200
        assert "Customer service representative" in text
        assert "an AI" in text
        assert "Mei Lin" not in text, "whoever fetches a preview must not learn who is invited"
    assert (await house.browser().post(link)).status == 303


async def test_the_page_speaks_the_interviews_language_until_the_reader_chooses(house: House) -> None:
    _, link = await house.invite(language=Language.CHINESE)
    browser = house.browser("en")
    assert "客服专员" in await (await browser.get(link)).text()
    english = await browser.get(link + "?lang=en")
    assert '<html lang="en">' in await english.text()
    assert '<html lang="en">' in await (await browser.get(link)).text(), "the choice is remembered"


async def test_redeeming_binds_the_browser_by_a_cookie_no_script_can_read(house: House) -> None:
    _, link = await house.invite()
    browser = house.browser()
    response = await browser.post(link)
    cookie = response.cookies["candidate_session"]
    assert (response.status, response.headers["Location"]) == (303, "/interview")
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
    assert not cookie["secure"]
    assert len(cookie.value) >= 22, "at least 128 bits"
    page = await browser.get("/interview")
    assert page.status == 200
    assert page.headers["Cache-Control"] == "no-store"


async def test_behind_https_the_cookie_is_secure(house: House) -> None:
    _, link = await house.invite()
    response = await house.browser(**{"X-Forwarded-Proto": "https"}).post(link)
    assert response.cookies["candidate_session"]["secure"]


async def test_the_same_browser_goes_straight_on(house: House) -> None:
    _, link = await house.invite()
    browser = house.browser()
    await browser.post(link)
    for again in (await browser.get(link), await browser.post(link)):
        assert (again.status, again.headers["Location"]) == (303, "/interview")


@pytest.mark.parametrize(("language", "sentence"), [("en", "another browser"), ("zh-CN", "浏览器")])
async def test_another_browser_is_told_that_the_link_was_used(house: House, language: str, sentence: str) -> None:
    _, link = await house.invite()
    await house.browser().post(link)
    for response in (await house.browser(language).get(link), await house.browser(language).post(link)):
        assert response.status == 410
        assert sentence in await response.text()
        assert "candidate_session" not in response.cookies


async def test_of_many_at_once_one_wins(house: House) -> None:
    _, link = await house.invite()
    responses = await asyncio.gather(*(house.browser().post(link) for _ in range(20)))
    assert sorted(response.status for response in responses) == [303] + [410] * 19


async def test_an_expired_link_says_so_and_stays_unused(house: House) -> None:
    _, link = await house.invite(age=timedelta(days=15))
    for response in (await house.browser().get(link), await house.browser().post(link)):
        assert response.status == 410
        assert "expired" in await response.text()
        assert "candidate_session" not in response.cookies


@pytest.mark.parametrize("path", ["/i/nothing", "/i/" + "x" * 43, "/i/" + "x" * 500, "/i/a%00b"])
async def test_an_unknown_link_is_a_page_that_says_so(house: House, path: str) -> None:
    response = await house.browser().get(path)
    assert response.status == 404
    assert 'data-testid="error-page"' in await response.text()


async def test_without_a_cookie_there_is_no_interview(house: House) -> None:
    stranger = house.browser()
    page = await stranger.get("/interview")
    assert page.status == 401
    assert "invitation link" in await page.text()
    for path in ("/api/interview", "/api/interview/events", "/api/interview/ice"):
        assert (await stranger.get(path)).status == 401
    for path in ("/api/interview/start", "/api/interview/pause", "/api/interview/whip"):
        assert (await stranger.post(path)).status == 401


async def test_a_foreign_site_cannot_redeem_or_answer(house: House) -> None:
    _, link = await house.invite()
    assert (await house.browser(Origin="https://evil.example").post(link)).status == 403
    assert (await house.browser().post(link)).status == 303
