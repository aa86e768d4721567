"""The process page: where applications stand and why, what is stuck, and who sees what of it."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from server.keys import DATABASE
from server.records.application_events import Closed, FollowUpStatus, Outcome, Reopened, Step, StepReached
from server.storage import schema
from server.storage.assignments import Assignments
from server.storage.hr_user import Role
from tests.hr.applied import (
    a_candidate,
    a_connection,
    a_job,
    a_rule,
    applied,
    blocked,
    came_back,
    happen,
    interviewed,
    sent_to_assessment,
)
from tests.hr.conftest import House
from tests.hr.test_deliveries import queued
from tests.hr.test_people import page


def section(html: str, name: str) -> str:
    """The part of the page under one heading."""
    found = re.search(rf'data-testid="{name}">(.*?)</section>', html, re.DOTALL)
    return " ".join(found[1].split()) if found else ""


async def test_the_page_says_where_each_application_stands_why_and_what_is_stuck(house: House) -> None:
    assert "There are no applications yet" in await page(house, "/hr/process")
    job, other = await a_job(house), await a_job(house, "Store manager")
    await a_rule(house, version=2)
    codility = await a_connection(house)
    people = {
        name: await a_candidate(house, name, f"{name.split()[0].lower()}@example.com")
        for name in ("Ada Lovelace", "Grace Hopper", "Alan Turing", "Katherine Johnson", "Mary Jackson")
    }
    ada, grace, alan, katherine = [await applied(house, people[name], job, 20) for name in list(people)[:4]]
    mary = await applied(house, people["Mary Jackson"], other)
    interviews = {id_: (await house.invite(name))[0] for id_, name in ((ada, "Ada Lovelace"), (grace, "Grace Hopper"))}
    await interviewed(house, ada, interviews[ada], 8.1, days=1)
    await happen(house, ada, *sent_to_assessment("f1", codility), days=1)
    await interviewed(house, grace, interviews[grace], 8.4, days=0)
    await happen(house, grace, blocked())
    await happen(house, alan, Closed(Outcome.REJECTED, "console", "Found another."))
    await happen(house, katherine, StepReached(Step.READY_FOR_OFFER, "console", "Strong references."))
    html = await page(house, "/hr/process")
    assert "4 open" in html
    at_assessment = section(html, "step-assessment")
    assert "Ada Lovelace" in at_assessment
    assert "Rule “Good interview”, version 2: total 8.1 ≥ 7.5" in at_assessment
    assert "Waiting for: Assessment (Codility Berlin)" in at_assessment
    assert "Strong references." in section(html, "step-ready_for_offer")
    stuck = section(html, "stuck")
    assert "Grace Hopper" in stuck
    assert "no connected system that does it is switched on" in stuck
    assert '<a href="/hr/connections">Next: switch on a system that does it, or do it by hand</a>' in stuck
    assert "Ada Lovelace" not in stuck
    assert "Alan Turing" not in html
    assert "Application from this console" in section(html, "step-applied")
    only_other = await page(house, f"/hr/process?job={other}")
    assert mary in only_other
    assert ada not in only_other
    assert "Alan Turing" in await page(house, "/hr/process?show=rejected")
    assert "Alan Turing" not in await page(house, "/hr/process?show=hired")
    assert ada in await page(house, "/hr/process?step=assessment")
    chinese = await page(house, "/hr/process?lang=zh-CN")
    assert "规则“面试优秀”第 2 版：总分 8.1 ≥ 7.5" in chinese


async def test_what_failed_stood_too_long_or_was_not_delivered_is_stuck(house: House) -> None:
    job, codility = await a_job(house), await a_connection(house)
    people = [await a_candidate(house, f"Person {n}", f"p{n}@example.com") for n in range(4)]
    failing, late, undelivered, well = [await applied(house, one, job, 1 + 5 * (one == people[1])) for one in people]
    await happen(house, failing, *sent_to_assessment("f1", codility))
    await happen(house, failing, came_back("f1", FollowUpStatus.FAILED))
    await queued(house, "msg_1", application_id=undelivered, dead=True, last_error="answered 403")
    html = await page(house, "/hr/process?show=stuck")
    assert set(re.findall(r'data-application="(\w+)"', html)) == {failing, late, undelivered}
    assert well not in html
    for text in ("Next: order it again", f"about={undelivered}&amp;state=dead", "Next: order an interview"):
        assert text in html
    for text in ("Assessment (Codility Berlin) failed.", "6 days in this step; usually 3 at most", "was given up"):
        assert text in html
    await happen(house, failing, Closed(Outcome.WITHDRAWN, "console", "Asked to."))
    assert failing not in await page(house, "/hr/process?show=stuck")
    await happen(house, failing, Reopened("console", "Asked to."))
    assert failing in await page(house, "/hr/process?show=stuck")


async def test_a_page_says_every_reason_for_which_something_could_not_be_done(house: House) -> None:
    job = await a_job(house)
    reasons = {
        "no_connection": "/hr/connections",
        "connection_off": "/hr/connections",
        "several_connections": "/hr/rules/total_to_assessment",
        "no_flow": f"/hr/jobs/{job}",
        "no_email": "/hr/candidates/",
        "interview_cancelled": "#acts-title",
    }
    for n, reason in enumerate(reasons):
        application_id = await applied(house, await a_candidate(house, f"Person {n}", f"p{n}@example.com"), job)
        await happen(house, application_id, blocked(reason))
        html = await page(house, f"/hr/applications/{application_id}")
        [link] = re.findall(r'<p class="console-next"><a href="([^"]+)">Next: ', html)
        assert reasons[reason] in link
        assert f"because_{reason}" not in html
    # Whoever decides nothing is not told what to do.
    auditor, _ = await house.person(Role.AUDITOR)
    assert "console-next" not in await page(house, "/hr/process", auditor)


async def test_an_auditor_sees_no_name_and_a_blind_reviewer_nothing_that_tells_scores(house: House) -> None:
    job = await a_job(house)
    ada = await applied(house, await a_candidate(house, "Ada Lovelace", "ada@example.com"), job)
    grace = await applied(house, await a_candidate(house, "Grace Hopper", "grace@example.com"), job)
    interview_id, _ = await house.invite("Ada Lovelace", flow_id="store_manager")
    await interviewed(house, ada, interview_id, 8.1)
    await happen(house, ada, StepReached(Step.READY_FOR_OFFER, "console", "Ada convinced all of us."))
    auditor, _ = await house.person(Role.AUDITOR)
    html = await page(house, "/hr/process", auditor)
    assert ada in html
    assert "[name] convinced all of us." in html
    assert not re.search("Ada|Lovelace|ada@", html)
    reviewer, reviewer_id = await house.person(Role.REVIEWER)
    assert ada not in await page(house, "/hr/process", reviewer)
    await Assignments(house.app[DATABASE]).set(interview_id, [reviewer_id], reviewer_id, datetime.now(UTC))
    html = await page(house, "/hr/process", reviewer)
    # The flow is rated blind: where the application stands would tell.
    assert ada not in html
    assert "once you have finished your own review: 1" in html
    async with house.app[DATABASE].begin() as connection:
        event = {"seq": 99, "at": datetime.now(UTC), "clock_ms": 0, "type": "ReviewFinished"}
        data = {"rater": "reviewer@example.com"}
        await connection.execute(schema.events.insert().values(interview_id=interview_id, data=data, **event))
    html = await page(house, "/hr/process", reviewer)
    assert ada in html
    assert grace not in html
