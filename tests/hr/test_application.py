"""One application's page: its log with reasons, rounds, follow-ups, and who may see it."""

from __future__ import annotations

from datetime import UTC, datetime

from server.hr.application_entries import safe_link
from server.keys import DATABASE
from server.records.application_events import BY_RULE, FollowUpStatus, HrNotified, Step, StepReached
from server.records.application_log import ApplicationLog
from server.storage.assignments import Assignments
from server.storage.hr_user import Role
from tests.hr.applied import (
    a_candidate,
    a_connection,
    a_job,
    a_rule,
    applied,
    came_back,
    happen,
    held,
    interviewed,
    sent_to_assessment,
)
from tests.hr.conftest import House
from tests.hr.test_people import page, post, trail


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
        "Please note: Ada waits for an offer.",
        "Now at: Ready for offer",
        "Assessment (Codility Berlin): Completed",
        "score 82%, result “passed”",
        "Ordered: Assessment (Codility Berlin)",
        "Rule “Good interview”, version 2: order an assessment",
        "total 8.1 ≥ 7.5",
        "Report of round 1: 8.1 points",
        f"/hr/interviews/{interview_id}/report",
        "Application from this console",
    )
    places = [log.index(text) for text in in_order]
    assert places == sorted(places)
    assert "https://assessments.example/1" in log
    chinese = await page(house, f"/hr/applications/{application_id}?lang=zh-CN")
    assert "测评（Codility Berlin）：已完成" in chinese


async def test_a_person_moves_orders_closes_and_opens_again_each_with_a_reason(house: House) -> None:
    job, codility = await a_job(house), await a_connection(house)
    candidate_id = await a_candidate(house, "Ada Lovelace", "ada@example.com")
    status, path, _ = await post(house, f"/hr/candidates/{candidate_id}/applications", job=job)
    assert (status, path.startswith("/hr/applications/")) == (303, True)
    assert (await post(house, f"/hr/candidates/{candidate_id}/applications", job=job))[1] == path
    acts, log = f"{path}/", ApplicationLog(house.app[DATABASE])
    application_id = path.rsplit("/", 1)[1]

    async def refused(where: str, says: str, /, **form: str) -> None:
        before = len(await log.read(application_id))
        status, _, html = await post(house, acts + where, **form)
        assert (status // 100, says in html) == (4, True), where
        assert len(await log.read(application_id)) == before, where

    await refused("step", "Please give a reason", step="offered", act="step")
    await refused("step", "Please choose one from the list", step="hired", reason="x", act="step")
    assert (await post(house, acts + "step", step="interviewed", reason="Talked on the phone."))[0] == 303
    form = {"kind": "assessment", "connection": codility, "form_id": "1", "act": "follow-up"}
    assert (await post(house, acts + "follow-up", **form))[0] == 303
    # The same form sent twice orders once.
    assert (await post(house, acts + "follow-up", **form))[0] == 303
    other = await applied(house, await a_candidate(house, "Grace Hopper", "grace@example.com"), job)
    assert (await post(house, f"/hr/applications/{other}/follow-up", **form))[0] == 303
    assert len((await log.state(other)).follow_ups) == 1
    await refused("follow-up", "which department", kind="department_rating", department=" ", act="follow-up")
    await refused("interview", "no such question flow", flow="none", act="interview")
    status, _, html = await post(house, acts + "interview", flow="customer_service", form_id="2")
    # No letters can be sent here: the link is shown, once.
    assert (status, "/i/" in html) == (200, True)
    state = await log.state(application_id)
    assert (state.step, len(state.follow_ups), len(state.interviews)) == (Step.ASSESSMENT, 1, 1)
    follow_up = state.follow_ups[0].id
    assert (await post(house, acts + "cancel-follow-up", follow_up=follow_up))[0] == 303
    await refused("close", "Please tick the box", outcome="hired", reason="Fits.", act="close")
    close = {"outcome": "rejected", "reason": "No longer searched for.", "confirm": "yes", "act": "close"}
    assert (await post(house, acts + "close", **close))[0] == 303
    html = await page(house, path)
    assert "Closed: Rejected" in html
    assert "No longer searched for." in html
    await refused("step", "closed. Please reopen it", step="offered", reason="x", act="step")
    assert (await post(house, acts + "reopen", reason="Searched for again."))[0] == 303
    assert (await log.state(application_id)).outcome is None
    assert [action for action, _, _ in await trail(house)][:3] == [
        "application_reopened",
        "application_read",
        "application_closed",
    ]


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


async def test_a_reviewer_sees_results_of_their_own_rounds_only(house: House) -> None:
    application_id, first = await ready_for_offer(house)
    second, _ = await house.invite("Ada Lovelace")
    await held(house, application_id, second, 6.4, round_=2)
    reviewer, reviewer_id = await house.person(Role.REVIEWER)
    now, assigned = datetime.now(UTC), Assignments(house.app[DATABASE])
    await assigned.set(second, [reviewer_id], reviewer_id, now)
    for path in (f"/hr/applications/{application_id}", "/hr/process"):
        html = await page(house, path, reviewer)
        assert "6.4" in html
        for text in ("8.1", "7.5", "82%", "passed", "https://assessments.example/1", first):
            assert text not in html, (path, text)
    await assigned.set(second, [], reviewer_id, now)
    await assigned.set(first, [reviewer_id], reviewer_id, now)
    for path in (f"/hr/applications/{application_id}", "/hr/process"):
        html = await page(house, path, reviewer)
        assert "6.4" not in html, path
        assert "score is withheld" not in html, path
        assert second not in html
    html = await page(house, f"/hr/applications/{application_id}", reviewer)
    assert "Report of round 1: 8.1 points" in html
    assert "Report of round 2: ready" in html
    assert "82%" not in html


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
