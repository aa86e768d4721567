"""Every page that exists, in both languages: axe-core finds nothing serious."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import expect

from scripts.browsers import HR_PASSWORD, chromium, sign_in_first
from tests.e2e import journeys
from tests.e2e.axe import expect_accessible, violations
from tests.e2e.conftest import ServerFactory

pytestmark = pytest.mark.timeout(300)


async def test_what_the_rules_find_is_told() -> None:
    """The helper sees a picture without words, a field without a name and grey on grey."""
    async with chromium() as browsers:
        page = await browsers.page()
        await page.set_content('<img src="data:,"><input><p style="color:#bbb;background:#ccc">unreadable</p>')
        assert {"image-alt", "label", "color-contrast"} <= {finding["id"] for finding in await violations(page)}
        with pytest.raises(AssertionError, match="image-alt"):
            await expect_accessible(page, "made badly")


@pytest.mark.parametrize("language", ["en", "zh-CN"])
async def test_hr_pages(start_server: ServerFactory, tmp_path: Path, language: str) -> None:
    """From the first sign-in to a report, watched while it came about."""
    server = await start_server(whisper_model=str(tmp_path / "no-such-model"))
    interview_id, link = await server.invite("software_engineer", language, "Ada Lin", "EU")
    assert server.welcome_link is not None
    async with chromium() as browsers:
        hr = await browsers.page(language)
        await hr.goto(server.welcome_link)
        await expect_accessible(hr, "welcome")
        await sign_in_first(hr, server.welcome_link)
        await expect_accessible(hr, "wall")
        await hr.goto(f"{server.url}/hr/invitations")
        await expect_accessible(hr, "invitations")
        candidate = await browsers.page(language)
        await journeys.begin_typing(candidate, link)
        await journeys.leave_practice(candidate)
        await hr.goto(f"{server.url}/hr/interviews/{interview_id}")
        for _ in range(3):
            await journeys.start_answer(candidate)
            await candidate.get_by_test_id("answer-text").fill(
                "I found the fault with a test, and told the team. 我先道歉。"
            )
            await expect_accessible(hr, "monitor")
            await journeys.finish_answer(candidate)
        await hr.goto(f"{server.url}/hr/interviews/{interview_id}/report")
        await expect(hr.get_by_text("Ada Lin").first).to_be_visible()
        await expect_accessible(hr, "report")
        await hr.goto(f"{server.url}/hr")
        await expect_accessible(hr, "wall with an interview")
        await hr.context.clear_cookies()
        await hr.goto(f"{server.url}/hr/sign-in")
        await expect_accessible(hr, "sign-in")
        await hr.get_by_test_id("sign-in-email").fill("hr@example.com")
        await hr.get_by_test_id("sign-in-password").fill(HR_PASSWORD[::-1])
        await hr.get_by_test_id("sign-in-submit").click()
        await expect_accessible(hr, "sign-in refused")
        assert browsers.complaints == []
