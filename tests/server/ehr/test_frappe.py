"""The connector for Frappe HR against a fake as strict as the real one, through a line that is cut anywhere."""

from __future__ import annotations

import hmac
import json
from base64 import b64encode
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import aiohttp
import pytest
from aiohttp.test_utils import TestServer
from pydantic import ValidationError

from server.delivery.connector import BadSignature, Outgoing, Received, Sent, Unreadable
from server.delivery.safe_client import NoAnswer, SafeClient
from server.ehr.connectors.frappe import FrappeConnector
from server.ehr.connectors.frappe_settings import FrappeSecrets, FrappeSettings
from server.records.incoming import ApplicationSeen, ApplicationWithdrawn, CandidateSeen, Incoming, JobSeen
from tests.server.ehr.fake_frappe import FakeFrappe
from tests.server.ehr.faulty_line import FaultyLine
from tests.server.ehr.reports import NAMES, message, report

NOW = datetime.now(UTC)
US, ROUND, SECRET = "ai@example.com", "AI interview", "the-webhook-secret"


@dataclass
class Connected:
    """site: Frappe itself. line: what the connector reaches it by."""

    site: FakeFrappe
    line: FaultyLine
    url: str
    client: SafeClient

    def connector(self, **settings: Any) -> FrappeConnector:
        """A new one, as after a restart."""
        given = {"url": self.url, "interview_round": ROUND, "interviewer": US, **settings}
        secrets = {"api_key": "k", "api_secret": given.pop("api_secret", "s"), "webhook_secret": SECRET}
        return FrappeConnector(FrappeSettings.model_validate(given), FrappeSecrets.model_validate(secrets), self.client)

    def applicant(self, name: str, **values: Any) -> str:
        """Somebody who applies for the opening."""
        given = {"applicant_name": "Ada Lovelace", "email_id": f"{name.lower()}@example.com", "status": "Open"}
        about = {"job_title": "OPN-1", "designation": "Agent"}
        self.site.make("Job Applicant", name, **{**given, **about, **values})
        return name


@pytest.fixture(params=["Interview Round", "Interview Type"])
async def frappe(request: pytest.FixtureRequest) -> AsyncIterator[Connected]:
    """A site, of an older version and a newer one, with an opening and a round that asks for two competencies."""
    site = FakeFrappe("k:s", request.param)
    for user in (US, "rita@example.com"):
        site.make("User", user)
    site.make("Designation", "Agent")
    site.make("Designation", "Driver")
    skills = [*NAMES[:2], "Juggling"]
    for skill in skills:
        site.make("Skill", skill)
    asked = [{"skill": skill, "description": "Says sorry\nOffers a solution"} for skill in skills]
    site.make(site.rounds, ROUND, designation="Agent", expected_average_rating=0.8, expected_skill_set=asked)
    site.make("Job Opening", "OPN-1", job_title="Agent", designation="Agent", department="Service", status="Open")
    async with aiohttp.ClientSession() as client, TestServer(site.app()) as running:
        line = FaultyLine(client, str(running.make_url("")).rstrip("/"))
        async with TestServer(line.app()) as before, SafeClient(inside=["127.0.0.0/8"]) as safe:
            yield Connected(site, line, str(before.make_url("")).rstrip("/"), safe)


def left(site: FakeFrappe, applicant: str) -> tuple[dict[str, Any], Sequence[dict[str, Any]]]:
    """The one Interview and its feedbacks that stand."""
    [interview] = site.docs("Interview", job_applicant=applicant)
    return interview, site.docs("Interview Feedback", interview=interview["name"], docstatus=1)


async def polled(connector: FrappeConnector, seen: Mapping[str, Any]) -> tuple[Mapping[str, Any], list[Incoming]]:
    """Everything new, and the last `seen`, as it comes back from JSON."""
    pages = [page async for page in connector.poll(seen, NOW)]
    last = pages[-1][0] if pages else seen
    return json.loads(json.dumps(last)), [one for _, incoming in pages for one in incoming]


async def test_openings_come_with_the_rounds_skills_and_again_only_when_something_changed(frappe: Connected) -> None:
    frappe.site.make("Job Opening", "OPN-2", job_title="Driver", designation="Driver", status="Closed")
    seen, found = await polled(frappe.connector(), {})
    agent, driver = (one for one in found if isinstance(one, JobSeen))
    assert (agent.remote_id, agent.title, agent.department, agent.is_open) == ("OPN-1", "Agent", "Service", True)
    assert agent.competencies is not None
    first = agent.competencies[0]
    assert (first.name, first.level) == (NAMES[0], 0.8)
    assert first.indicators == ("Says sorry", "Offers a solution")
    assert (driver.is_open, driver.competencies) == (False, None)
    seen, found = await polled(frappe.connector(), seen)
    assert found == []
    frappe.site.change(frappe.site.rounds, ROUND, expected_skill_set=[{"skill": NAMES[0]}])
    _, found = await polled(frappe.connector(), seen)
    [agent] = (one for one in found if isinstance(one, JobSeen))
    assert agent.competencies is not None
    assert [one.name for one in agent.competencies] == [NAMES[0]]


async def test_applicants_of_the_chosen_statuses_come_in_once_each_time_they_change(frappe: Connected) -> None:
    for number in range(130):
        frappe.applicant(f"APP-{number:03}")
    frappe.applicant("APP-900", status="Hold")
    frappe.applicant("APP-901", status="Rejected")
    seen, found = await polled(frappe.connector(order_interview=True), {})
    assert sum(isinstance(one, CandidateSeen) for one in found) == 130
    application = ApplicationSeen("APP-000", "APP-000", "OPN-1", order_interview=True)
    assert found[1:3] == [CandidateSeen("APP-000", "Ada Lovelace", "app-000@example.com"), application]
    seen, found = await polled(frappe.connector(), seen)
    assert found == []
    frappe.site.change("Job Applicant", "APP-007", phone_number="+86 10 1234")
    frappe.site.change("Job Applicant", "APP-008", status="Rejected")
    # Nobody was ever told of this one.
    frappe.site.change("Job Applicant", "APP-900", status="Rejected")
    seen, found = await polled(frappe.connector(), seen)
    assert isinstance(found[0], CandidateSeen)
    assert (found[0].phone, found[2:]) == ("+86 10 1234", [ApplicationWithdrawn("APP-008")])
    frappe.site.change("Job Applicant", "APP-900", status="Hold")
    _, found = await polled(frappe.connector(statuses="Hold, Open"), seen)
    assert "APP-900" in {one.remote_id for one in found if isinstance(one, CandidateSeen)}


async def test_a_report_over_the_mark_leaves_one_submitted_feedback(frappe: Connected) -> None:
    applicant = frappe.applicant("APP-1")
    began = message(applicant, "interview.started", {"interview_id": "i"})
    assert await frappe.connector(time_zone="Asia/Shanghai").deliver(began, NOW) == Sent(status=200)
    assert (await frappe.connector().deliver(message(applicant, "report.ready", report([8.0, None])), NOW)).delivered
    interview, [feedback] = left(frappe.site, applicant)
    assert (interview["status"], interview["scheduled_on"]) == ("Under Review", "2026-03-01")
    assert (interview["from_time"], interview["to_time"]) == ("20:00:00", "21:00:00")
    assert (feedback["interviewer"], feedback["result"]) == (US, "Cleared")
    assert feedback["skill_assessment"] == [{"skill": NAMES[0], "rating": 0.8}]
    assert "Total: 8.2 of 10" in feedback["feedback"]
    assert "Total: 8.2 of 10" in interview["interview_summary"]


async def test_a_machine_rejects_nobody_and_a_persons_decision_is_passed_on_and_corrected(frappe: Connected) -> None:
    applicant = frappe.applicant("APP-1")
    first = report([2.0], total=2.0)
    assert (await frappe.connector().deliver(message(applicant, "report.ready", first), NOW)).delivered
    interview, feedbacks = left(frappe.site, applicant)
    assert (interview["status"], feedbacks) == ("Under Review", [])
    assert "a person decides" in interview["interview_summary"]
    for minutes, decision in enumerate(("decline", "advance", "hold"), start=1):
        told = {**report([2.0], total=2.0, decision=decision), "interview_id": first["interview_id"]}
        updated = message(applicant, "report.updated", told, minutes=minutes)
        assert (await frappe.connector().deliver(updated, NOW)).delivered
        _, [feedback] = left(frappe.site, applicant)
        assert feedback["result"] == {"decline": "Rejected"}.get(decision, "Cleared")
    corrected = frappe.site.docs("Interview Feedback", docstatus=2)
    assert [feedback["amended_from"]] == [one["name"] for one in corrected]


@pytest.mark.parametrize("arrives", [False, True])
async def test_killed_anywhere_on_the_way_all_is_there_once(frappe: Connected, *, arrives: bool) -> None:
    """At the first report and at its correction; arrives: the request gets through and its answer does not."""
    for place in count():
        applicant = frappe.applicant(f"APP-{place}")
        old = report([9.0])
        new = {**report([7.0]), "interview_id": old["interview_id"]}
        ended = []
        at = 10 * place
        first_report = message(applicant, "report.ready", old, minutes=at)
        for told in (first_report, message(applicant, "report.updated", new, minutes=at + 1)):
            frappe.line.mend()
            if arrives:
                frappe.line.dead_after = place
            else:
                frappe.line.dead_before = place
            first = await frappe.connector().deliver(told, NOW)
            frappe.line.mend()
            assert await frappe.connector().deliver(told, NOW) == Sent(status=200)
            ended.append(first.delivered)
        interview, [feedback] = left(frappe.site, applicant)
        assert feedback["skill_assessment"] == [{"skill": NAMES[0], "rating": 0.7}], place
        assert interview["interview_summary"] == feedback["feedback"]
        if all(ended):
            break
    assert place > 4


async def test_an_interview_that_hr_planned_is_used_and_its_words_stay(frappe: Connected) -> None:
    applicant = frappe.applicant("APP-1")
    tomorrow = NOW.date() + timedelta(days=1)
    frappe.site.make(
        "Interview",
        "INT-1",
        job_applicant=applicant,
        status="Pending",
        scheduled_on=f"{tomorrow}",
        from_time="10:00:00",
        to_time="11:00:00",
        interview_details=[{"interviewer": "rita@example.com", "average_rating": 0.6, "comments": "on time"}],
        interview_summary="Rita: bring the form",
        **{frappe.site.round_field: ROUND},
    )
    told = message(applicant, "report.ready", report([8.0]))
    early = await frappe.connector().deliver(told, NOW)
    assert (early.error, early.final) == ("before the interview's day", False)
    assert early.retry_after is not None
    assert timedelta() < early.retry_after <= timedelta(days=1)
    frappe.site.today = tomorrow
    assert (await frappe.connector().deliver(told, NOW + early.retry_after)).delivered
    interview, feedbacks = left(frappe.site, applicant)
    ritas, ours = interview["interview_details"]
    assert (ritas["interviewer"], ritas["average_rating"], ritas["comments"]) == ("rita@example.com", 0.6, "on time")
    assert ours["interviewer"] == US
    assert (interview["interview_summary"], len(feedbacks)) == ("Rita: bring the form", 1)


async def test_a_feedback_that_a_person_gave_as_our_interviewer_stays(frappe: Connected) -> None:
    applicant = frappe.applicant("APP-1")
    began = message(applicant, "interview.started", {"interview_id": "i"})
    assert (await frappe.connector().deliver(began, NOW)).delivered
    [interview] = frappe.site.docs("Interview")
    about = {"interview": interview["name"], "interviewer": US, "skill_assessment": [{"skill": NAMES[0], "rating": 1}]}
    draft = frappe.site.make("Interview Feedback", "FEED-1", **about, result="Rejected", feedback="Rita: half written")
    told = message(applicant, "report.ready", report([8.0]))
    assert (await frappe.connector().deliver(told, NOW)).delivered
    _, [ours] = left(frappe.site, applicant)
    assert (ours["result"], draft["feedback"], draft["docstatus"]) == ("Cleared", "Rita: half written", 0)
    frappe.site.change("Interview Feedback", ours["name"], docstatus=2)
    frappe.site.change("Interview Feedback", "FEED-1", docstatus=1)
    assert (await frappe.connector().deliver(told, NOW)).delivered
    assert [one["name"] for one in left(frappe.site, applicant)[1]] == ["FEED-1"]


async def test_an_older_report_that_is_sent_again_replaces_no_newer_feedback(frappe: Connected) -> None:
    applicant = frappe.applicant("APP-1")
    old = report([9.0])
    new = {**report([7.5]), "interview_id": old["interview_id"]}
    first, second = message(applicant, "report.ready", old), message(applicant, "report.updated", new, minutes=1)
    for told in (first, second):
        assert (await frappe.connector().deliver(told, NOW)).delivered
    # Its mark is not to be found in the summary any more.
    frappe.site.change("Interview", left(frappe.site, applicant)[0]["name"], interview_summary="Rita: call back")
    assert (await frappe.connector().deliver(first, NOW)).delivered
    _, [feedback] = left(frappe.site, applicant)
    assert feedback["skill_assessment"] == [{"skill": NAMES[0], "rating": 0.75}]


async def test_two_who_begin_in_the_same_second_are_both_there_and_one_that_is_over_is_the_one_that_counts(
    frappe: Connected,
) -> None:
    one, other = frappe.applicant("APP-1"), frappe.applicant("APP-2")
    for applicant in (one, other):
        began = message(applicant, "interview.started", {"interview_id": "i"})
        sent = await frappe.connector().deliver(began, NOW)
    assert (sent.error, sent.final) == ("HTTP 417 ValidationError", False)
    assert (await frappe.connector().deliver(replace(began, attempt=2), NOW)).delivered
    # HR makes another one of that round, and submits it.
    frappe.site.make(
        "Interview", "INT-9", job_applicant=one, status="Cleared", scheduled_on="2026-03-01",
        from_time="20:00:00", to_time="20:30:00", interview_details=[{"interviewer": "rita@example.com"}], docstatus=1,
        **{frappe.site.round_field: ROUND},
    )  # fmt: skip
    assert (await frappe.connector().deliver(message(one, "report.ready", report([8.0])), NOW)).delivered
    [feedback] = frappe.site.docs("Interview Feedback")
    assert feedback["interview"] == "INT-9"


async def test_a_round_for_another_designation_is_for_people_to_mend(frappe: Connected) -> None:
    applicant = frappe.applicant("APP-1", designation="Driver")
    sent = await frappe.connector().deliver(message(applicant, "report.ready", report([8.0])), NOW)
    assert (sent.error, sent.final) == ("HTTP 417 DuplicateInterviewRoundError", False)


async def test_what_trying_again_cannot_mend_is_final_and_what_people_can_mend_is_not(frappe: Connected) -> None:
    applicant = frappe.applicant("APP-1")
    told = message(applicant, "report.ready", report([8.0]))
    gone = await frappe.connector().deliver(message("APP-9", "report.ready", report([8.0])), NOW)
    assert (gone.error, gone.final) == ("HTTP 417 LinkValidationError", True)
    nobody = await frappe.connector(interviewer="nobody@example.com").deliver(told, NOW)
    assert (nobody.error, nobody.final) == ("HTTP 417 LinkValidationError", False)
    no_round = await frappe.connector(interview_round="no such").deliver(told, NOW)
    assert (no_round.error, no_round.final) == ("no interview round of this name", False)
    wrong_key = await frappe.connector(api_secret="wrong").deliver(told, NOW)
    assert (wrong_key.error, wrong_key.final) == ("HTTP 401 AuthenticationError", False)
    frappe.line.dead_before = 0
    down = await frappe.connector().deliver(told, NOW)
    assert (down.delivered, down.final, down.status) == (False, False, None)
    with pytest.raises(NoAnswer):
        await polled(frappe.connector(), {})
    frappe.line.mend()
    with pytest.raises(NoAnswer, match="round"):
        await polled(frappe.connector(interview_round="no such"), {})
    elsewhere = Outgoing(told.id, told.type, told.body, "i", "a", NOW, 1, {})
    assert await frappe.connector().deliver(elsewhere, NOW) == Sent()
    with pytest.raises(ValidationError):
        frappe.connector(time_zone="Nowhere/Land")


def test_a_webhook_is_a_hint_if_it_is_signed() -> None:
    settings = FrappeSettings.model_validate(
        {"url": "https://hr.example.com", "interview_round": ROUND, "interviewer": US}
    )
    given = {"api_key": "k", "api_secret": "s"}
    connector = FrappeConnector(
        settings, FrappeSecrets.model_validate({**given, "webhook_secret": SECRET}), SafeClient()
    )

    def signed(raw: bytes, secret: str = SECRET) -> Received:
        signature = b64encode(hmac.digest(secret.encode(), raw, "sha256")).decode()
        return Received("POST", "", {}, {"x-frappe-webhook-signature": signature}, raw)

    answer = connector.receive(signed(b'{"name": "APP-1"}'), NOW)
    assert (answer.status, answer.keep, answer.poll_soon) == (200, None, True)
    for forged in (signed(b"{}", "wrong"), Received("POST", "", {}, {}, b"{}")):
        with pytest.raises(BadSignature):
            connector.receive(forged, NOW)
    without = FrappeConnector(settings, FrappeSecrets.model_validate(given), SafeClient())
    with pytest.raises(BadSignature):
        without.receive(signed(b"{}", ""), NOW)
    for raw in (b"not json", b"[]"):
        with pytest.raises(Unreadable):
            connector.receive(signed(raw), NOW)
