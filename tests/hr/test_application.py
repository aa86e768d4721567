"""One application's page: its log with reasons, rounds, follow-ups, and who may see it."""

from __future__ import annotations

from server.hr.application_entries import safe_link
from server.records.application_events import BY_RULE, FollowUpStatus, HrNotified, Step, StepReached
from server.storage.hr_user import Role
from tests.hr.applied import (
    a_candidate,
    a_connection,
    a_job,
    a_rule,
    applied,
    came_back,
    happen,
    interviewed,
    sent_to_assessment,
)
from tests.hr.conftest import House
from tests.hr.test_people import page
from tests.hr.test_process import section


async def ready_for_offer(house: House) -> tuple[str, str]:
    """(application, interview): interviewed, assessed, and ready for an offer."""
    await a_rule(house, version=2)
    job, codility = await a_job(house), await a_connection(house)
    application_id = await applied(house, await a_candidate(house, "Ada Lovelace", "ada@example.com"), job, 5)
    interview_id, _ = await house.invite("Ada Lovelace")
    await interviewed(house, application_id, interview_id, 8.1, days=3)
    await happen(house, application_id, *sent_to_assessment("f1", codility), days=3)
    await happen(
        house,
        application_id,
        came_back("f1", FollowUpStatus.COMPLETED, 0.82, "passed"),
        StepReached(Step.READY_FOR_OFFER, f"{BY_RULE}assessment_to_offer"),
        HrNotified("Ada waits for an offer.", f"{BY_RULE}assessment_to_offer"),
    )
    return application_id, interview_id


async def test_the_page_tells_what_happened_why_and_what_others_answered(house: House) -> None:
    application_id, interview_id = await ready_for_offer(house)
    html = await page(house, f"/hr/applications/{application_id}")
    log = " ".join(html[html.index('data-testid="log"') :].split())
    in_order = (
        "To look at: Ada waits for an offer.",
        "Now at: Ready for offer",
        "Assessment (Codility Berlin): Completed",
        "score 82%, result “passed”",
        "Ordered: Assessment (Codility Berlin)",
        "Rule “Good interview”, version 2: send to an assessment",
        "total 8.1 ≥ 7.5",
        "Report of round 1: 8.1 points",
        f"/hr/interviews/{interview_id}/report",
        "Application from this console",
    )
    places = [log.index(text) for text in in_order]
    assert places == sorted(places)
    assert "https://assessments.example/1" in log
    assert f"/hr/interviews/{interview_id}" in section(html, "rounds") or interview_id in html
    chinese = await page(house, f"/hr/applications/{application_id}?lang=zh-CN")
    assert "测评（Codility Berlin）：已完成" in chinese


async def test_an_auditor_reads_it_without_names_and_can_do_nothing(house: House) -> None:
    application_id, _ = await ready_for_offer(house)
    auditor, _ = await house.person(Role.AUDITOR)
    html = await page(house, f"/hr/applications/{application_id}", auditor)
    assert "[name] waits for an offer." in html
    assert "Lovelace" not in html
    assert "ada@" not in html
    assert "act-close" not in html
    reviewer, _ = await house.person(Role.REVIEWER)
    for browser, id_ in ((reviewer, application_id), (house.hr, "0" * 32)):
        async with browser.get(house.url(f"/hr/applications/{id_}")) as response:
            assert response.status == 404


def test_only_addresses_of_the_web_become_links() -> None:
    assert safe_link("https://a.example/1") == "https://a.example/1"
    for url in (
        "javascript:alert(1)",
        "data:text/html,x",
        "https:/a",
        "//a.example",
        "",
        "https://[",
        "ftp://a.example",
    ):
        assert safe_link(url) == ""
