"""HR's door: the first account, signing in and out, and nothing without it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from server.hr.access import page_behind
from server.keys import DATABASE
from server.storage.users import Users
from tests.hr.conftest import EMAIL, PASSWORD, House


async def link(house: House, hours: float = 24) -> str:
    """A fresh one-time link."""
    return house.url(f"/hr/welcome/{await Users(house.app[DATABASE]).issue_link(datetime.now(UTC), hours)}")


async def test_the_one_time_link_makes_one_account_and_signs_it_in(house: House) -> None:
    url, browser = await link(house), house.stranger()
    form = {"email": "second@example.com", "password": "a much longer password"}
    async with browser.get(url) as response:
        assert response.status == 200
    async with browser.post(url, data={**form, "password": "short"}) as response:
        assert response.status == 400
        text = await response.text()
        assert "at least 12 characters" in text
        assert "second@example.com" in text
        assert "short" not in text.replace("minlength", "")
    async with browser.post(url, data=form, allow_redirects=False) as response:
        assert (response.status, response.headers["Location"]) == (303, "/hr")
        cookie = response.headers["Set-Cookie"]
        assert "HttpOnly" in cookie
        assert "SameSite=Lax" in cookie
    async with browser.get(house.url("/hr")) as response:
        assert response.status == 200
        assert "second@example.com" in await response.text()
    for request in (browser.get(url), browser.post(url, data={**form, "email": "third@example.com"})):
        async with request as response:
            assert response.status == 410
            assert "This link no longer works" in await response.text()


async def test_an_expired_or_unknown_link_says_so_in_the_readers_language(house: House) -> None:
    browser = house.stranger(**{"Accept-Language": "zh-CN"})
    for url in (await link(house, hours=-1), house.url("/hr/welcome/nonsense")):
        async with browser.get(url) as response:
            assert response.status == 410
            assert "此链接已失效" in await response.text()


async def test_a_taken_address_is_named_and_the_link_stays_open(house: House) -> None:
    url, browser = await link(house), house.stranger()
    async with browser.post(url, data={"email": EMAIL.upper(), "password": PASSWORD}) as response:
        assert response.status == 409
        assert "already an account" in await response.text()
    async with browser.get(url) as response:
        assert response.status == 200


async def test_signing_in_leads_back_to_the_page_asked_for(house: House) -> None:
    interview_id, _ = await house.invite()
    browser, path = house.stranger(), f"/hr/interviews/{interview_id}"
    async with browser.get(house.url(path)) as response:
        assert response.url.path == "/hr/sign-in"
        assert f'value="{path}"' in await response.text()
    form = {"email": EMAIL, "password": PASSWORD, "next": path}
    async with browser.post(house.url("/hr/sign-in"), data=form) as response:
        assert response.url.path == path
    async with browser.get(house.url("/hr/sign-in")) as response:
        assert response.url.path == "/hr"
    async with browser.post(house.url("/hr/sign-out")) as response:
        assert response.url.path == "/hr/sign-in"
    async with browser.get(house.url("/hr")) as response:
        assert response.url.path == "/hr/sign-in"


async def test_a_cookie_kept_from_before_signing_out_opens_nothing(house: House) -> None:
    [kept] = [cookie.value for cookie in house.hr.cookie_jar]
    async with house.hr.post(house.url("/hr/sign-out")):
        pass
    async with house.stranger().get(house.url("/api/hr/interviews"), cookies={"hr_session": kept}) as response:
        assert response.status == 401


async def test_a_wrong_password_and_an_unknown_address_look_the_same(house: House) -> None:
    pages = []
    for email in (EMAIL, "nobody@example.com"):
        async with house.stranger().post(
            house.url("/hr/sign-in"), data={"email": email, "password": "wrong"}
        ) as response:
            assert response.status == 401
            pages.append((await response.text()).replace(email, ""))
    assert pages[0] == pages[1]
    assert "The e-mail address or the password is wrong" in pages[0]


async def test_after_five_failures_even_the_right_password_has_to_wait(house: House) -> None:
    browser, url = house.stranger(), house.url("/hr/sign-in")
    for _ in range(5):
        async with browser.post(url, data={"email": EMAIL, "password": "wrong"}) as response:
            assert response.status == 401
    async with browser.post(url, data={"email": EMAIL, "password": PASSWORD}) as response:
        assert response.status == 429
        assert "wait 15 minutes" in await response.text()
    async with browser.post(url, data={"email": "other@example.com", "password": "wrong"}) as response:
        assert response.status == 401


@pytest.mark.parametrize(
    "elsewhere", ["//evil.example", "https://evil.example/hr/", "/i/token", "/hr/sign-out", "/hrx", "", None]
)
def test_the_way_back_leads_to_hrs_pages_only(elsewhere: str | None) -> None:
    assert page_behind(elsewhere) == "/hr"


@pytest.mark.parametrize(
    ("asked", "behind"),
    [
        ("/hr/interviews/a/review?question=q&at=5", "/hr/interviews/a/review?question=q&at=5"),
        ("/hr/interviews/a/review?next=https://evil.example", "/hr/interviews/a/review?next=https://evil.example"),
        ("//evil.example/hr/", "/hr"),
        ("https://evil.example/hr/x?y", "/hr"),
        ("/hr/x?y=\r\nSet-Cookie: a=b", "/hr"),
        ("/hr/sign-in?next=/hr/x", "/hr"),
        ("/hr", "/hr"),
        ("?question=q", "/hr"),
    ],
)
def test_signing_in_leads_to_hrs_own_pages_only(asked: str, behind: str) -> None:
    assert page_behind(asked) == behind
