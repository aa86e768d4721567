"""One way through rating in a real browser: from the first rating to the decision, all on the report's page."""

from __future__ import annotations

from pathlib import Path

from playwright.async_api import BrowserContext, expect

from question_flows.model import QuestionKind
from server.interview.commands import ContinueInterview, SkipQuestion
from server.interview.state import Status
from tests.hr.conftest import EMAIL, House, answer, answer_all
from tests.hr.test_browser import browser as browser


async def test_ratings_corrected_points_and_a_decision_stand_in_the_report_with_their_reasons(
    house: House, browser: BrowserContext, tmp_path: Path
) -> None:
    async with house.started(flow_id="store_manager") as session:
        while not session.state.nothing_to_come:
            question = session.flow.question(session.state.question_id or "")
            if question.kind is QuestionKind.FACT:
                await session.execute(SkipQuestion(question.id))
            else:
                await answer(session)
            if session.state.status is Status.BETWEEN_ROUNDS:
                await session.execute(ContinueInterview())
        await answer_all(session)
    path = f"/hr/interviews/{session.interview_id}/report"
    page = await browser.new_page()
    await page.goto(house.url(path))
    await expect(page.get_by_test_id("both-total")).to_contain_text("Not combined: nobody has rated this yet.")
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

    report = await house.json(f"/api{path}")
    for competency in session.flow.competencies:
        rating = page.get_by_test_id(f"rating-{competency.id}")
        await rating.get_by_test_id(f"rate-{competency.id}").click()
        await rating.get_by_label("Points").fill("10")
        await rating.get_by_label("What it rests on").fill("As heard.")
        await rating.get_by_role("button", name="Save rating").click()
        await expect(rating).to_contain_text("10.0/10")
    both = page.get_by_test_id("both-total")
    machine = report["score"]["total"]
    report = await house.json(f"/api{path}")
    combined = report["people"]["total"]["combined"]
    assert machine == report["score"]["total"] < combined
    await expect(both).to_contain_text(f"{machine:.1f}")
    await expect(both).to_contain_text(f"{combined:.1f}")
    await expect(both.get_by_role("img")).to_have_attribute(
        "aria-label", f"Machine {machine:.1f}, people 10.0, combined {combined:.1f}"
    )
    await expect(page.get_by_test_id("agreement")).to_contain_text("only one person has rated so far")

    first = report["answers"][0]
    scored = next(one for one in first["score"]["indicators"] if one["points"] is not None)
    override = page.get_by_test_id(f"override-{first['question_id']}-{scored['indicator_id']}")
    await override.get_by_text("Put other points in its place").click()
    await override.get_by_label("Points").fill("0.5")
    await override.get_by_label("Why").fill("Read from a page.")
    await override.get_by_role("button", name="Save points").click()
    await expect(override).to_contain_text(f"in place of the machine’s {scored['points']:.1f}")
    await expect(page.get_by_test_id("both").get_by_role("columnheader", name="Corrected")).to_be_visible()
    await expect(page.get_by_test_id("report-total")).to_contain_text(f"{machine:.1f}")

    decision = page.get_by_test_id("decision")
    await decision.get_by_test_id("decide").click()
    await decision.get_by_label("Hold").check()
    await decision.get_by_label("What it rests on").fill("A trial day first.")
    await decision.get_by_role("button", name="Save decision").click()
    await expect(decision).to_contain_text("A trial day first.")
    await expect(decision).to_contain_text("Nothing follows by itself")
    for width in (1280, 390):
        await page.set_viewport_size({"width": width, "height": 900})
        wider = await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wider <= 0
        await page.screenshot(path=tmp_path / f"report-{width}.png", full_page=True)
