"""What pictures of HR's pages have in common: who is signed in where, and where the pictures go."""

from __future__ import annotations

from playwright.async_api import Page

from question_flows.model import Language
from scripts.picture_album import Album


class PicturedPages:
    """One language's pictures. url: the server's; hr: a page that is signed in."""

    def __init__(self, url: str, hr: Page, album: Album, language: Language) -> None:
        self._url = url
        self._hr = hr
        self._album = album
        self._language = language

    async def _page(self, name: str, path: str, *, show: str = "answer-panel") -> None:
        await self._hr.goto(self._url + path)
        await self._hr.wait_for_timeout(400)
        await self._album.take(self._hr, name, show=show)
