"""Where links come from: a file of them, or HR's own sign-in and invitation form, as a person would use them."""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import aiohttp

JURISDICTION = "CN"
"""A law under which nothing is refused that a candidate could allow."""


class NoInvitation(Exception):
    """There are no links to be had; the message says why and what to do."""


def links_in(file: Path) -> list[str]:
    """One link a line; empty lines and those that begin with # count for nothing. Raises NoInvitation."""
    try:
        lines = [line.strip() for line in file.read_text(encoding="utf-8").splitlines()]
    except (OSError, UnicodeDecodeError) as error:
        raise NoInvitation(f"{file} cannot be read: {error}") from error
    links = [line for line in lines if line and not line.startswith("#")]
    if wrong := [link for link in links if not link.startswith(("http://", "https://"))]:
        raise NoInvitation(f"{file}: '{wrong[0][:40]}' is no link")
    return links


async def invite(url: str, email: str, password: str, flow: str, languages: list[str]) -> list[str]:
    """A link for each of the languages, made by HR's pages at `url`. Raises NoInvitation."""
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as http:
        form = {"email": email, "password": password}
        async with http.post(urljoin(url, "/hr/sign-in"), data=form, allow_redirects=False) as response:
            if response.status != 303:
                raise NoInvitation(f"HR's sign-in was refused: {response.status}")
        return [await _invited(http, url, flow, language, number) for number, language in enumerate(languages, 1)]


async def _invited(http: aiohttp.ClientSession, url: str, flow: str, language: str, number: int) -> str:
    form = {"flow": flow, "name": f"Load {number}", "language": language, "jurisdiction": JURISDICTION}
    async with http.post(urljoin(url, "/hr/invitations"), data=form) as response:
        page = _Page()
        page.feed(await response.text())
    if response.status != 200 or not page.link:
        raise NoInvitation(f"the invitation to '{flow}' in {language} was refused: {response.status}")
    # The server may go by another name there; the cookie belongs to the one that is asked here.
    return urljoin(url, urlsplit(page.link).path)


class _Page(HTMLParser):
    """Finds the link on the page that shows it once."""

    def __init__(self) -> None:
        super().__init__()
        self.link = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        if attributes.get("data-testid") == "invite-link":
            self.link = attributes.get("value") or ""
