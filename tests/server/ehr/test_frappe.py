"""The connector for Frappe HR against a fake as strict as the real one, through a line that is cut anywhere."""

from __future__ import annotations

import hmac
import json
from base64 import b64encode
from collections.abc import Mapping
from itertools import count
from typing import Any

import pytest
from pydantic import ValidationError

from server.delivery.connector import BadSignature, Outgoing, Received, Sent, Unreadable
from server.delivery.safe_client import NoAnswer, SafeClient
from server.ehr.connectors.frappe import FrappeConnector
from server.ehr.connectors.frappe_settings import FrappeSecrets, FrappeSettings
from server.records.incoming import ApplicationSeen, ApplicationWithdrawn, CandidateSeen, Incoming, JobSeen
from tests.server.ehr.frappe_connected import NOW, ROUND, SECRET, US, ConnectedFrappe, left
from tests.server.ehr.reports import NAMES, message, report


async def polled(connector: FrappeConnector, seen: Mapping[str, Any]) -> tuple[Mapping[str, Any], list[Incoming]]:
    """Everything new, and the last `seen`, as it comes back from JSON."""
    pages = [page async for page in connector.poll(seen, NOW)]
    last = pages[-1][0] if pages else seen
    return json.loads(json.dumps(last)), [one for _, incoming in pages for one in incoming]


async def test_openings_come_with_the_rounds_skills_and_again_only_when_something_changed(
    frappe: ConnectedFrappe,
) -> None:
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


async def test_applicants_of_the_chosen_statuses_come_in_once_each_time_they_change(frappe: ConnectedFrappe) -> None:
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


async def test_a_report_over_the_mark_leaves_one_submitted_feedback(frappe: ConnectedFrappe) -> None:
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


@pytest.mark.parametrize("arrives", [False, True])
async def test_killed_anywhere_on_the_way_all_is_there_once(frappe: ConnectedFrappe, *, arrives: bool) -> None:
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


async def test_what_trying_again_cannot_mend_is_final_and_what_people_can_mend_is_not(frappe: ConnectedFrappe) -> None:
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
