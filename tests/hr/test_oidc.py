"""Signing in with a company account, against a real OpenID provider in a process of its own."""

from __future__ import annotations

import hmac
import json
import re
import sqlite3
import sys
import time
from base64 import urlsafe_b64encode
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from subprocess import PIPE, Popen
from typing import Any

import pytest
from aiohttp import ClientSession
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet, RSAKey
from yarl import URL

from scripts.local_server import ROOT, free_port
from server.errors import UserError
from server.hr.provider import Provider
from server.hr.provider_role import role_by
from server.keys import DATABASE
from server.settings import Settings
from server.storage.audit import Audit, Wanted
from server.storage.hr_user import HrUser, Role
from server.storage.people import People
from tests.hr.conftest import EMAIL, UNHURRIED, House, serving
from tests.hr.openid_provider import CLIENT_ID, CLIENT_SECRET, PASSWORD


@dataclass
class Company:
    """The provider that runs. issuer: its address."""

    issuer: str
    database: Path

    def change(self, sql: str, *values: object) -> None:
        """Something has become different there."""
        with closing(sqlite3.connect(self.database, timeout=10)) as database, database:
            assert database.execute(sql, values).rowcount > 0, sql


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Company]:
    port, database = free_port(), tmp_path_factory.mktemp("company") / "people.sqlite"
    command = [sys.executable, "-m", "tests.hr.openid_provider", str(port), str(database)]
    with Popen(command, cwd=ROOT, stdout=PIPE) as process:
        assert process.stdout is not None
        try:
            assert process.stdout.readline() == b"ready\n"
            yield Company(f"http://127.0.0.1:{port}/o", database)
        finally:
            process.terminate()


@asynccontextmanager
async def house_of(company: Company, folder: Path, **more: Any) -> AsyncIterator[House]:
    settings = Settings(
        data_dir=folder / "data",
        whisper_model=str(folder / "no-model"),
        oidc_issuer=company.issuer,
        oidc_client_id=CLIENT_ID,
        oidc_client_secret=CLIENT_SECRET,
        oidc_display_name="Example SSO",
        **more,
        **UNHURRIED,
        _env_file=None,
    )
    async with serving(settings) as house:
        yield house


@pytest.fixture
async def door(company: Company, tmp_path: Path) -> AsyncIterator[House]:
    """A server whose roles come from the provider's groups."""
    roles = {"hr-leads": "admin", "hr-team": "recruiter", "store": "reviewer"}
    async with house_of(company, tmp_path, oidc_role_claim="groups", oidc_role_map=roles) as house:
        yield house


async def to_provider(house: House, browser: ClientSession, behind: str = "") -> URL:
    """Where the sign-in button leads."""
    async with browser.get(house.url(f"/hr/oidc?next={behind}"), allow_redirects=False) as response:
        assert response.status == 303
        assert "HttpOnly" in response.headers["Set-Cookie"]
        return URL(response.headers["Location"], encoded=True)


async def at_provider(browser: ClientSession, address: URL, name: str) -> URL:
    """Signs in at the provider, as a browser would; where that leads back to."""
    for _ in range(6):
        async with browser.get(address, allow_redirects=False) as response:
            if response.status == 200:
                found = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', await response.text())
                break
            address = address.join(URL(response.headers["Location"], encoded=True))
        if address.path == "/hr/oidc/callback":
            return address
    assert found
    form = {"username": name, "password": PASSWORD, "csrfmiddlewaretoken": found[1]}
    async with browser.post(address, data=form, allow_redirects=False) as response:
        assert response.status == 302, await response.text()
        address = address.join(URL(response.headers["Location"], encoded=True))
    async with browser.get(address, allow_redirects=False) as response:
        return URL(response.headers["Location"], encoded=True)


async def enter(house: House, name: str, browser: ClientSession | None = None, behind: str = "") -> tuple[int, str]:
    """The whole way; (status, where it leads or the problem on the page)."""
    browser = browser or house.stranger()
    return await come_back(browser, await at_provider(browser, await to_provider(house, browser, behind), name))


async def come_back(browser: ClientSession, address: URL | str) -> tuple[int, str]:
    async with browser.get(URL(str(address), encoded=True), allow_redirects=False) as response:
        if response.status == 303:
            return 303, response.headers["Location"]
        found = re.search(r'<p id="problem">(.*?)</p>', await response.text())
        assert found, await response.text()
        return response.status, found[1]


async def people(house: House) -> dict[str, HrUser]:
    return {one.user.email: one.user for one in await People(house.app[DATABASE]).all()}


async def test_somebody_signs_in_and_their_groups_give_the_role_each_time(door: House, company: Company) -> None:
    async with door.stranger().get(door.url("/hr/sign-in")) as response:
        assert "Sign in with Example SSO" in await response.text()
    browser = door.stranger()
    assert await enter(door, "rita", browser, "/hr/invitations") == (303, "/hr/invitations")
    async with browser.get(door.url("/hr/invitations")) as response:
        assert response.url.path == "/hr/invitations"
    rita = (await people(door))["rita@company.example"]
    assert (rita.role, rita.name) == (Role.RECRUITER, "Rita Example")
    # Two groups: the stronger role counts.
    assert await enter(door, "adam") == (303, "/hr")
    assert (await people(door))["adam@company.example"].role is Role.ADMIN
    company.change("UPDATE auth_group SET name = 'store' WHERE name = 'hr-team'")
    try:
        assert (await enter(door, "rita"))[0] == 303
        assert (await people(door))["rita@company.example"].role is Role.REVIEWER
        # The browser from before has the new role as well, at once.
        async with browser.get(door.url("/hr/invitations")) as response:
            assert response.status == 403
        company.change("UPDATE auth_group SET name = 'cleaners' WHERE name = 'store'")
        status, problem = await enter(door, "rita")
        assert (status, "nobody has given it access" in problem) == (403, True)
        async with browser.get(door.url("/hr")) as response:
            assert response.url.path == "/hr/sign-in"
    finally:
        company.change("UPDATE auth_group SET name = 'hr-team' WHERE name IN ('store', 'cleaners')")
    trail = await Audit(door.app[DATABASE]).find(Wanted(action="signed_in", user_id=rita.id))
    assert [entry.detail for entry in trail] == [{"way": "provider"}] * 2
    # Without a password there is none to guess.
    async with door.stranger().post(
        door.url("/hr/sign-in"), data={"email": "rita@company.example", "password": ""}
    ) as response:
        assert response.status == 401


async def test_who_may_not_come_in_is_told_why(door: House) -> None:
    status, problem = await enter(door, "nora")
    assert (status, "nobody has given it access" in problem) == (403, True)
    assert "nora@company.example" not in await people(door)
    status, problem = await enter(door, "mute")
    assert (status, "names no e-mail address" in problem) == (403, True)
    assert (await enter(door, "rita"))[0] == 303
    rita = (await people(door))["rita@company.example"]
    async with door.hr.post(door.url(f"/hr/people/{rita.id}/disable"), allow_redirects=False) as response:
        assert response.status == 303
    status, problem = await enter(door, "rita")
    assert (status, "switched off" in problem) == (403, True)
    browser = door.stranger(**{"Accept-Language": "zh-CN"})
    back = await at_provider(browser, await to_provider(door, browser), "rita")
    denied = back.with_query(error="access_denied", state=back.query["state"])
    assert await come_back(browser, denied) == (403, "公司登录系统未允许您登录。请重试，或联系管理员。")


async def test_an_answer_that_does_not_fit_signs_nobody_in(door: House, company: Company) -> None:
    browser = door.stranger()
    back = await at_provider(browser, await to_provider(door, browser), "adam")
    # The state of somebody else's sign-in, none, and another browser than the one that began.
    for address in (back.update_query(state="x" * 43), back.without_query_params("state")):
        assert (await come_back(browser, address))[0] == 400
    browser = door.stranger()
    back = await at_provider(browser, await to_provider(door, browser), "adam")
    assert (await come_back(door.stranger(), back))[0] == 400
    assert await come_back(browser, back) == (303, "/hr")
    # Used once, it is used up.
    status, problem = await come_back(browser, back)
    assert (status, "not begun in this browser" in problem) == (400, True)
    # The provider vouches for another sign-in than this one.
    browser = door.stranger()
    address = await to_provider(door, browser)
    back = await at_provider(browser, address.update_query(nonce="of another sign-in"), "adam")
    status, problem = await come_back(browser, back)
    assert (status, "could not be confirmed" in problem) == (400, True)
    # The code was fetched with another PKCE verifier.
    browser = door.stranger()
    address = (await to_provider(door, browser)).update_query(code_challenge="A" * 43)
    assert (await come_back(browser, await at_provider(browser, address, "adam")))[0] == 403
    # The code is too old.
    browser = door.stranger()
    back = await at_provider(browser, await to_provider(door, browser), "adam")
    company.change(
        "UPDATE oauth2_provider_grant SET expires = '2020-01-01 00:00:00' WHERE code = ?", back.query["code"]
    )
    assert (await come_back(browser, back))[0] == 403
    failed = await Audit(door.app[DATABASE]).find(Wanted(action="sign_in_failed"))
    assert {entry.detail["why"] for entry in failed} == {"oidc_state", "oidc_invalid", "oidc_refused"}
    assert "adam" not in str(failed)


async def test_a_confirmed_address_leads_to_the_account_there_is_and_the_last_admin_stays(
    company: Company, tmp_path: Path
) -> None:
    company.change("UPDATE auth_user SET email = ? WHERE username = 'nora'", EMAIL)
    try:
        settings = {"oidc_role_claim": "groups", "oidc_role_map": {"x": "admin"}, "oidc_default_role": "auditor"}
        async with house_of(company, tmp_path, **settings) as house:
            browser = house.stranger()
            assert await enter(house, "nora", browser) == (303, "/hr")
            assert (await people(house))[EMAIL].role is Role.ADMIN
            # Another may administer now: the provider's word counts.
            async with house.hr.post(house.url("/hr/people"), data={"role": "admin"}) as response:
                [link] = re.findall(r'value="(http[^"]+/hr/welcome/[^"]+)"', await response.text())
            form = {"email": "second@example.com", "password": "correct horse battery"}
            async with house.stranger().post(link, data=form) as response:
                assert response.url.path == "/hr"
            assert await enter(house, "nora") == (303, "/hr")
            assert (await people(house))[EMAIL].role is Role.AUDITOR
    finally:
        company.change("UPDATE auth_user SET email = 'nora@company.example' WHERE username = 'nora'")


async def test_without_a_provider_there_is_no_button_and_an_absent_one_is_said_to_be_away(
    house: House, tmp_path: Path
) -> None:
    async with house.stranger().get(house.url("/hr/sign-in")) as response:
        assert "sign-in-provider" not in await response.text()
    async with house.stranger().get(house.url("/hr/oidc")) as response:
        assert response.status == 404
    absent = Provider(f"http://127.0.0.1:{free_port()}", CLIENT_ID, "")
    with pytest.raises(UserError, match="oidc_away"):
        await absent.address("http://127.0.0.1/", state="s", nonce="n", code_verifier="v" * 43)


KEY = RSAKey.generate_key(2048, {"kid": "one"})
METADATA = {"issuer": "https://id.example", "id_token_signing_alg_values_supported": ["RS256", "HS256", "none"]}
NOW = int(time.time())
GOOD: dict[str, Any] = {
    "iss": "https://id.example", "sub": "7", "aud": CLIENT_ID, "exp": NOW + 24 * 3600, "iat": NOW, "nonce": "n",
}  # fmt: skip


def checked(claims: dict[str, Any], key: RSAKey = KEY) -> dict[str, Any]:
    """What an ID token with these claims is taken for."""
    return believed(jwt.encode({"alg": "RS256", "kid": "one"}, claims, key))


def believed(token: str) -> dict[str, Any]:
    """Its claims, as far as the provider's signature vouches for them."""
    provider = Provider("https://id.example", CLIENT_ID, CLIENT_SECRET)
    provider._keys = KeySet([KEY])
    return provider._checked(METADATA, {"id_token": token, "access_token": "a"}, "n")


def test_a_good_id_token_is_believed() -> None:
    assert checked(GOOD)["sub"] == "7"


@pytest.mark.parametrize(
    "change",
    [
        {"iss": "https://evil.example"},
        {"aud": "another client"},
        {"aud": [CLIENT_ID, "another client"], "azp": "another client"},
        {"exp": NOW - 3600},
        {"iat": NOW + 3600},
        {"nonce": "another"},
        {"nonce": None},
        {"sub": None},
        {"exp": None},
        {"at_hash": "of another token"},
    ],
)
def test_an_id_token_with_anything_wrong_is_not(change: dict[str, Any]) -> None:
    claims = {key: value for key, value in {**GOOD, **change}.items() if value is not None}
    with pytest.raises(JoseError, match=r"claim|expired"):
        checked(claims)


def test_only_the_providers_own_key_signs() -> None:
    with pytest.raises(Exception, match="bad_signature"):
        checked(GOOD, RSAKey.generate_key(2048))
    # Its public key, or the secret that both know, as the key of a symmetric signature; and no signature at all.
    for secret in (KEY.as_pem(private=False), CLIENT_SECRET.encode()):
        with pytest.raises(Exception, match=r"not allowed|unsupported"):
            believed(by_hand("HS256", partial(signed_with, secret)))
    with pytest.raises(Exception, match=r"not allowed|unsupported"):
        believed(by_hand("none", lambda head: b""))


def signed_with(secret: bytes, head: bytes) -> bytes:
    """A symmetric signature."""
    return hmac.digest(secret, head, "sha256")


def by_hand(algorithm: str, sign: Callable[[bytes], bytes]) -> str:
    """A token as no library would make it."""
    parts = [json.dumps(part).encode() for part in ({"alg": algorithm, "kid": "one"}, GOOD)]
    head = b".".join(urlsafe_b64encode(part).rstrip(b"=") for part in parts)
    return (head + b"." + urlsafe_b64encode(sign(head)).rstrip(b"=")).decode()


def test_the_strongest_role_counts_and_a_claim_may_lie_deep() -> None:
    roles = {"a": Role.AUDITOR, "r": Role.RECRUITER}
    assert role_by({"groups": ["a", "r", 3]}, "groups", roles, None) is Role.RECRUITER
    assert role_by({"groups": "a"}, "groups", roles, None) is Role.AUDITOR
    assert role_by({"realm_access": {"roles": ["a"]}}, "realm_access.roles", roles, None) is Role.AUDITOR
    assert role_by({"https://example.com/role": "a"}, "https://example.com/role", roles, None) is Role.AUDITOR
    for claims in ({}, {"groups": None}, {"groups": ["z"]}, {"groups": {"a": 1}}):
        assert role_by(claims, "groups", roles, None) is None
        assert role_by(claims, "groups", roles, Role.REVIEWER) is Role.REVIEWER
