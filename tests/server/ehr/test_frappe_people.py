"""What people do in Frappe HR beside the connector: what they planned, wrote, decided and configured stays."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from tests.server.ehr.frappe_connected import NOW, ROUND, US, ConnectedFrappe, left
from tests.server.ehr.reports import NAMES, message, report


async def test_an_interview_that_hr_planned_is_used_and_its_words_stay(frappe: ConnectedFrappe) -> None:
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


async def test_a_feedback_that_a_person_gave_as_our_interviewer_stays(frappe: ConnectedFrappe) -> None:
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


async def test_an_older_report_that_is_sent_again_replaces_no_newer_feedback(frappe: ConnectedFrappe) -> None:
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
    frappe: ConnectedFrappe,
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


async def test_a_round_for_another_designation_is_for_people_to_mend(frappe: ConnectedFrappe) -> None:
    applicant = frappe.applicant("APP-1", designation="Driver")
    sent = await frappe.connector().deliver(message(applicant, "report.ready", report([8.0])), NOW)
    assert (sent.error, sent.final) == ("HTTP 417 DuplicateInterviewRoundError", False)


async def test_a_machine_rejects_nobody_and_a_persons_decision_is_passed_on_and_corrected(
    frappe: ConnectedFrappe,
) -> None:
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
