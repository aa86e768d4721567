"""People rate what no machine can, with a reason, on the report's page."""

from __future__ import annotations

import re

from playwright.async_api import BrowserContext, expect

from server.keys import INTERVIEWS
from tests.hr.conftest import EMAIL, House
from tests.hr.test_browser import browser as browser


async def test_a_rating_stands_in_the_report_with_its_reason_and_can_be_changed(
    house: House, browser: BrowserContext
) -> None:
    interview_id, _ = await house.invite(flow_id="store_manager")
    path = f"/hr/interviews/{interview_id}/report"
    page = await browser.new_page()
    await page.goto(house.url(path))
    motivation = page.get_by_test_id("dimension-motivation")
    await expect(page.get_by_text("Awaits a person", exact=True)).to_have_count(3)
    await motivation.get_by_test_id("rate-motivation").click()
    await motivation.get_by_label("Points").fill("8.5")
    await motivation.get_by_label("What it rests on").fill("Asked about the <team> first.")
    await motivation.get_by_role("button", name="Save rating").click()
    await expect(motivation).to_contain_text("8.5/10")
    await expect(motivation).to_contain_text("Asked about the <team> first.")
    await expect(motivation).to_contain_text(EMAIL)
    await expect(page.get_by_text("Awaits a person", exact=True)).to_have_count(2)
    await motivation.get_by_text("Change my rating").click()
    await expect(motivation.get_by_label("Points")).to_have_value("8.5")
    await motivation.get_by_label("Points").fill("6")
    await motivation.get_by_role("button", name="Save rating").click()
    await expect(motivation).to_contain_text("6.0/10")
    [rated] = [one for one in (await house.json(f"/api{path}"))["dimensions"] if one["id"] == "motivation"]
    assert [(one["points"], one["rater"]) for one in rated["ratings"]] == [(6.0, EMAIL)]
    assert (await house.json(f"/api{path}"))["score"]["total"] is None


async def test_what_is_wrong_with_a_rating_is_said_where_it_was_entered(house: House) -> None:
    interview_id, _ = await house.invite(flow_id="store_manager")
    address = house.url(f"/hr/interviews/{interview_id}/dimensions/motivation")
    for sent, told in (
        ({"points": "eleven", "reason": "kept <words>"}, "points from 0 to 10"),
        ({"points": "11", "reason": "kept <words>"}, "points from 0 to 10"),
        ({"points": "8", "reason": " "}, "what the rating rests on"),
    ):
        async with house.hr.post(address, data=sent) as response:
            assert response.status == 400
            page = await response.text()
            [shown] = re.findall(r'id="problem-motivation" role="alert">(.*?)</p>', page)
            assert told in shown
            assert ("kept &lt;words&gt;" in page) is (sent["reason"] != " ")
    async with house.hr.post(house.url(f"/hr/interviews/{interview_id}/dimensions/empathy"), data={}) as response:
        assert response.status == 404
    async with house.stranger().post(address, data={"points": "8", "reason": "x"}, allow_redirects=False) as response:
        assert response.status == 303
    assert (await house.app[INTERVIEWS].state(interview_id)).ratings == ()
