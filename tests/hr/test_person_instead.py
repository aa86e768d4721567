"""HR sees that somebody refused a required recording and waits for a person, at once and on every page."""

from __future__ import annotations

from dataclasses import replace

from playwright.async_api import BrowserContext, expect

from server.interview.commands import GiveConsent
from server.interview.events import Purpose
from server.interview.snapshot import candidate_snapshot
from server.keys import FLOWS, INTERVIEWS
from tests.hr.conftest import House
from tests.hr.test_browser import browser as browser


async def test_hr_sees_who_waits_for_a_person(house: House, browser: BrowserContext) -> None:
    house.app[FLOWS]["recorded"] = replace(house.app[FLOWS]["customer_service"], id="recorded", recording_required=True)
    interview_id, _ = await house.invite(flow_id="recorded")
    session = await house.app[INTERVIEWS].get(interview_id)
    wall, monitor = await browser.new_page(), await browser.new_page()
    await wall.goto(house.url("/hr"))
    await monitor.goto(house.url(f"/hr/interviews/{interview_id}"))
    card = wall.get_by_test_id(f"wall-card-{interview_id}")
    await expect(card).to_be_visible()
    await expect(monitor.get_by_test_id("attention")).to_be_hidden()
    await session.execute(GiveConsent({**dict.fromkeys(session.purposes, True), Purpose.RECORDING: False}))
    assert candidate_snapshot(session)["person_instead"] is True
    for place in (card, monitor.get_by_test_id("attention")):
        await expect(place).to_contain_text("a person interviews instead")
    await expect(wall.locator("#needing")).to_contain_text("Ada Lovelace")
    await expect(wall.locator("#waiting")).to_be_hidden()
    await wall.reload()
    await monitor.reload()
    for place in (card, monitor.get_by_test_id("attention")):
        await expect(place).to_contain_text("a person interviews instead")
    await session.execute(GiveConsent(dict.fromkeys(session.purposes, True)))
    await expect(monitor.get_by_test_id("attention")).to_be_hidden()
    await expect(wall.locator("#waiting")).to_contain_text("Ada Lovelace")
    await expect(wall.locator("#needing")).to_be_hidden()
