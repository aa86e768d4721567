"""HR invites a list in a real browser, compares its candidates, tries a flow out; axe looks at each page on the way."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.async_api import BrowserContext, expect

from server.keys import DATABASE
from server.storage.jobs import Jobs
from tests.e2e.axe import expect_accessible
from tests.hr.conftest import House, answer_all
from tests.hr.test_browser import browser as browser


def saved(path: Path) -> list[str]:
    """The lines of a downloaded file."""
    return path.read_text(encoding="utf-8-sig").splitlines()


@pytest.mark.timeout(300)
async def test_a_list_its_candidates_side_by_side_and_a_trial(
    house: House, browser: BrowserContext, tmp_path: Path
) -> None:
    page = await browser.new_page()
    await page.goto(house.url("/hr/jobs"))
    await page.get_by_test_id("job-title").fill("Customer adviser")
    await page.get_by_test_id("job-flow").select_option("customer_service")
    await page.get_by_test_id("job-add").click()
    await page.wait_for_url(re.compile(r"/hr/jobs/\w{32}$"))
    job = page.url.rpartition("/")[2]

    await page.get_by_role("link", name="Invite many").click()
    await expect(page.get_by_test_id("csv-job")).to_have_value(job)
    # The job brings its flow.
    await expect(page.get_by_test_id("csv-flow")).to_be_hidden()
    file = tmp_path / "list.csv"
    file.write_bytes("姓名;邮箱\r\nAda;nobody\r\n王小明;wang@example.cn\r\n".encode("gb18030"))
    await page.get_by_test_id("csv-file").set_input_files(file)
    await page.get_by_test_id("csv-send").click()
    await expect(page.get_by_test_id("problems")).to_contain_text("Row 2")
    await expect_accessible(page, "a list with a bad row")
    text = await page.get_by_test_id("csv-text").input_value()
    await page.get_by_test_id("csv-text").fill(text.replace("nobody", "ada@example.org"))
    await page.get_by_test_id("csv-send").click()
    await expect(page.get_by_test_id("invited-many")).to_have_text("Invited: 2")
    await expect_accessible(page, "links of a list")
    async with page.expect_download() as downloading:
        await page.get_by_test_id("links-download").click()
    rows = saved(await (await downloading.value).path())
    assert [row.split(",")[:2] for row in rows] == [
        ["Name", "E-mail"],
        ["Ada", "ada@example.org"],
        ["王小明", "wang@example.cn"],
    ]

    jobs = [one.id for one in await Jobs(house.app[DATABASE]).all()]
    assert jobs == [job]
    await page.goto(house.url("/hr/interviews?q=小明"))
    await expect(page.locator("[data-interview]")).to_have_count(1)
    await page.goto(house.url(f"/hr/jobs/{job}"))
    ids = [await one.get_attribute("data-interview") or "" for one in await page.locator("[data-interview]").all()]
    for interview_id in ids:
        async with house.begun(interview_id) as session:
            await answer_all(session)
    await page.reload()
    for box in await page.get_by_test_id("choose").all():
        await box.check()
    await page.get_by_test_id("compare-go").click()
    await expect(page.get_by_test_id("compare")).to_be_visible()
    shown = page.locator(".compare__group[data-competency]")
    assert await shown.count() > 1
    # Headings stay while the table is scrolled.
    await page.locator(".compare-scroll").evaluate("(one) => one.scrollTo(0, one.scrollHeight)")
    await expect(page.get_by_role("columnheader", name="王小明")).to_be_in_viewport()
    await page.set_viewport_size({"width": 390, "height": 844})
    last = await shown.last.get_attribute("data-competency") or ""
    await page.get_by_test_id("compare-competency").select_option(last)
    await page.get_by_role("button", name="Show").click()
    await expect(shown.last).to_be_visible()
    await expect(shown.first).to_be_hidden()
    await page.set_viewport_size({"width": 1280, "height": 800})

    await page.goto(house.url("/hr/flows"))
    await page.get_by_role("link", name="Store manager").first.click()
    await page.get_by_test_id("in-zh-CN").click()
    await expect(page.get_by_test_id("flow-question").first.locator("[lang=zh-CN]").first).to_be_visible()
    async with browser.expect_page() as opening:
        await page.get_by_test_id("try-out").click()
    tried = await opening.value
    await expect(tried.locator("h1")).to_be_visible()
    assert "/i/" in tried.url
    await page.goto(house.url("/hr/candidates"))
    await expect(page.get_by_test_id("total")).to_have_text("2")
    await page.get_by_role("link", name="Ada").first.click()
