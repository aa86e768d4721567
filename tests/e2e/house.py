"""One server, HR's signed-in browser page and one Chromium for all the tests of a file: its interviews do not meet."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Page, expect

from question_flows.loader import load_flow
from question_flows.model import Language
from scripts.browsers import Browsers, chromium, sign_in_first
from scripts.local_server import LocalServer
from tests.e2e import journeys
from tests.e2e.conftest import UNHURRIED
from tests.warm_server import WarmServer

FLOWS = Path(__file__).parent / "flows"
FLOW = load_flow(FLOWS / "every_path.yaml")
"""Everything a candidate can meet. Its thinking times are long: a question opens when the test says so."""
PHONE = {"width": 390, "height": 844}
DESKTOP = {"width": 1280, "height": 800}


def in_languages(*languages: Language) -> pytest.MarkDecorator:
    """Runs a test in each of these languages."""
    return pytest.mark.parametrize("language", languages, ids=[language.value for language in languages])


in_both_languages = in_languages(*Language)
in_english, in_chinese = in_languages(Language.ENGLISH), in_languages(Language.CHINESE)
"""For ways on which the language changes the words alone: half of them each. Looks and words are tested in both."""


@dataclass
class House:
    """The server, its candidates' browser, and HR's page. folder: of this house, for whatever a test writes."""

    server: LocalServer
    browsers: Browsers
    hr: Page
    folder: Path

    async def invite(
        self, language: Language, flow: str = FLOW.id, name: str = "Kim Doe", jurisdiction: str = "EU"
    ) -> tuple[str, str]:
        """Invites by HR's form. Gives the interview's id and the link."""
        fields: dict[str, str | float | bool] = {"name": name, "email": "", "flow": flow, "language": language.value}
        fields["jurisdiction"] = jurisdiction
        response = await self.hr.request.post(f"{self.server.url}/hr/invitations", form=fields)
        html = await response.text()
        link, interview = re.search(r'value="(http[^"]+/i/[^"]+)"', html), re.search(r"/hr/interviews/([\w-]+)", html)
        assert link is not None, html
        assert interview is not None, html
        return interview[1], link[1]

    async def candidate(
        self, language: Language, flow: str = FLOW.id, size: dict[str, int] = DESKTOP
    ) -> tuple[Page, str]:
        """A candidate's page at the practice question, answering by typing. Gives it and the interview's id."""
        interview_id, link = await self.invite(language, flow)
        page = await self.browsers.page(language.value, viewport=size)
        await journeys.begin_typing(page, link)
        return page, interview_id

    async def report(self, interview_id: str) -> dict[str, Any]:
        """The report as HR's page reads it."""
        response = await self.hr.request.get(f"{self.server.url}/api/hr/interviews/{interview_id}/report")
        data: dict[str, Any] = await response.json()
        return data

    async def read_report(self, interview_id: str) -> Page:
        """HR's page, at the report."""
        await self.hr.goto(f"{self.server.url}/hr/interviews/{interview_id}/report")
        await expect(self.hr.get_by_test_id("report")).to_be_visible()
        return self.hr

    def log(self, interview_id: str, kind: str | None = None) -> list[tuple[str, dict[str, Any]]]:
        """The interview's events in order, as (type, data); kind: of this type only."""
        with sqlite3.connect(self.server.data_dir / "interviews.sqlite") as database:
            rows = database.execute(
                "select type, data from events where interview_id = ? order by seq", (interview_id,)
            ).fetchall()
        return [(name, json.loads(data)) for name, data in rows if kind in (None, name)]


@asynccontextmanager
async def open_house(
    folder: Path, *, audio: Path | None = None, settings: dict[str, str] | None = None, more: Sequence[str] = ()
) -> AsyncIterator[House]:
    """Starts all three. settings: of the server, beside the flows of these tests. At the end no page has complained."""
    flows = folder / "flows"
    flows.mkdir()
    text = (FLOWS / "every_path.yaml").read_text("utf-8")
    (flows / "every_path.yaml").write_text(text, "utf-8")
    recorded = text.replace("id: every_path", "id: recorded_only\nrecording_required: true", 1)
    (flows / "recorded_only.yaml").write_text(recorded, "utf-8")
    server = WarmServer(
        folder / "data",
        settings={**UNHURRIED, "flows_dir": str(flows), **(settings or {})},
        log=folder / "server.log",
    )
    await server.start()
    try:
        async with chromium(audio, more=more) as browsers:
            hr = await browsers.page()
            assert server.welcome_link is not None
            await sign_in_first(hr, server.welcome_link)
            yield House(server, browsers, hr, folder)
            assert browsers.complaints == []
    finally:
        await server.stop()


def without_speech(folder: Path) -> dict[str, str]:
    """Settings of a server that recognises no speech: it starts at once, and everybody types."""
    return {"whisper_model": str(folder / "no-such-model")}


def text_of(question_id: str, language: Language) -> str:
    """What the candidate is asked."""
    return FLOW.question(question_id).text[language]


def sample_of(question_id: str, language: Language) -> str:
    """A good answer."""
    return FLOW.question(question_id).sample_answers[language][0]


async def asked(page: Page, question_id: str, language: Language) -> None:
    """The page asks this question, and nothing has to be scrolled sideways to read it."""
    await expect(page.get_by_test_id("question-text")).to_have_text(text_of(question_id, language))
    await fits(page)


async def fits(page: Page) -> None:
    """Nothing is wider than the page."""
    wider = await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wider <= 0, page.url
