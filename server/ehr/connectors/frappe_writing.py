"""What is left in Frappe HR: an Interview, its summary, and one submitted Interview Feedback of our interviewer.

Frappe wants a result with every feedback, Cleared or Rejected. A machine clears where the pass mark is reached, as
that only carries on; it never rejects: below the mark, and without a total, the feedback waits for a person's decision,
and until then the summary says what there is. What people wrote stays: a summary, the other interviewers' rows, and a
feedback that somebody gave by hand as our interviewer.

After hrms's doctypes Interview, Interview Detail, Interview Feedback and Interview Round (Interview Type).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from server.delivery.connector import Outgoing
from server.ehr.connectors.frappe_rest import NO_SUCH_LINK, NOT_THERE, Frappe, FrappeRefused, Round
from server.ehr.connectors.frappe_settings import FrappeSettings
from server.ehr.connectors.report_notes import (
    Summary,
    as_text,
    is_newer,
    is_ours,
    reference_of,
    report_note,
    summary_of,
)

DRAFT, SUBMITTED, CANCELLED = 0, 1, 2
"""Values of docstatus."""
REPORT_TYPES = ("report.ready", "report.updated")
MOST_FEEDBACKS = 100
DURATION = timedelta(hours=1)
"""What an Interview takes that nobody has planned there; Frappe wants an end."""


class Writing:
    """One message on its way to one site."""

    def __init__(self, frappe: Frappe, settings: FrappeSettings, now: datetime) -> None:
        self._frappe = frappe
        self._settings = settings
        self._zone = ZoneInfo(settings.time_zone)
        self._now = now

    async def tell(self, applicant: str, message: Outgoing) -> None:
        """Leaves what the message tells, unless it is there. Raises FrappeRefused, NoAnswer."""
        data = message.body["data"]
        round_ = await self._frappe.round(self._settings.interview_round)
        # Version 14 refuses what begins at the same second as another of the same interviewer.
        later = timedelta(seconds=message.attempt - 1)
        if message.type not in REPORT_TYPES:
            await self._interview(applicant, round_, datetime.fromisoformat(message.body["timestamp"]) + later)
            return
        summary = summary_of(data)
        interview = await self._interview(applicant, round_, (summary.started_at or message.created_at) + later)
        language = self._settings.language
        note = as_text(report_note(summary, message, language), reference_of(message), language)
        if is_newer(interview.get("interview_summary") or "", message):
            return
        await self._summarize(interview, note)
        result = result_of(summary)
        ratings = ratings_of(summary, round_) if result else []
        if ratings:
            await self._give_feedback(interview, message, note, result, ratings)

    async def _interview(self, applicant: str, round_: Round, began: datetime) -> Mapping[str, Any]:
        """The Interview of this round, with our interviewer; a new one unless there is one that is not cancelled."""
        filters: list[list[Any]] = [
            ["job_applicant", "=", applicant],
            [round_.field, "=", round_.name],
            ["docstatus", "!=", CANCELLED],
        ]
        # Beside a submitted one Frappe lets nobody change a draft.
        order = "docstatus desc, creation asc"
        found = await self._frappe.list("Interview", filters, ["name"], order=order, limit=1)
        ours = {"interviewer": self._settings.interviewer}
        if not found:
            start = began.astimezone(self._zone)
            end = min(start + DURATION, start.replace(hour=23, minute=59, second=59, microsecond=0))
            values = {
                "job_applicant": applicant,
                round_.field: round_.name,
                "status": "Pending",
                "scheduled_on": f"{start:%Y-%m-%d}",
                "from_time": f"{start:%H:%M:%S}",
                "to_time": f"{end:%H:%M:%S}",
                "interview_details": [ours],
            }
            return await self._plan(applicant, values)
        interview = await self._frappe.read("Interview", found[0]["name"])
        there = interview.get("interview_details", [])
        if any(one["interviewer"] == self._settings.interviewer for one in there):
            return interview
        # Whole: what a row does not say is emptied.
        return await self._frappe.update("Interview", interview["name"], {"interview_details": [*there, ours]})

    async def _plan(self, applicant: str, values: Mapping[str, Any]) -> Mapping[str, Any]:
        """The new Interview. A user who is not there can be set right; an applicant who is gone cannot."""
        try:
            return await self._frappe.create("Interview", values)
        except FrappeRefused as refused:
            if refused.name != NO_SUCH_LINK:
                raise
            try:
                await self._frappe.read("Job Applicant", applicant)
            except FrappeRefused as other:
                if other.name == NOT_THERE:
                    raise refused from other
            raise FrappeRefused(refused.error, status=refused.status, final=False) from refused

    async def _summarize(self, interview: Mapping[str, Any], note: str) -> None:
        found = interview.get("interview_summary") or ""
        values: dict[str, Any] = {}
        # What a person wrote stays.
        if found != note and (not found or is_ours(found)):
            values["interview_summary"] = note
        if interview["docstatus"] == DRAFT and interview["status"] == "Pending":
            values["status"] = "Under Review"
        if values:
            await self._frappe.update("Interview", interview["name"], values)

    async def _give_feedback(
        self,
        interview: Mapping[str, Any],
        message: Outgoing,
        note: str,
        result: str,
        ratings: list[dict[str, Any]],
    ) -> None:
        filters = [["interview", "=", interview["name"]], ["interviewer", "=", self._settings.interviewer]]
        found = await self._frappe.list(
            "Interview Feedback",
            filters,
            ["name", "docstatus", "feedback"],
            order="creation desc",
            limit=MOST_FEEDBACKS,
        )
        ours = [one for one in found if is_ours(one["feedback"] or "")]
        last: Mapping[str, Any] = ours[0] if ours else {"docstatus": DRAFT, "feedback": "", "name": ""}
        if any(one["docstatus"] == SUBMITTED and one not in ours for one in found):
            return
        if last["docstatus"] == SUBMITTED and reference_of(message) in last["feedback"]:
            return
        if is_newer(last["feedback"], message):
            return
        self._wait_for(interview["scheduled_on"])
        values = {"result": result, "feedback": note, "skill_assessment": ratings, "docstatus": SUBMITTED}
        if last["name"] and last["docstatus"] == DRAFT:
            await self._frappe.update("Interview Feedback", last["name"], values)
            return
        if last["docstatus"] == SUBMITTED:
            await self._frappe.update("Interview Feedback", last["name"], {"docstatus": CANCELLED})
        amended = {"amended_from": last["name"]} if last["name"] else {}
        about = {"interview": interview["name"], "interviewer": self._settings.interviewer}
        await self._frappe.create("Interview Feedback", {**about, **values, **amended})

    def _wait_for(self, scheduled_on: str) -> None:
        """Frappe takes no feedback before the day of the interview. Raises FrappeRefused until then."""
        day = date.fromisoformat(scheduled_on)
        midnight = datetime(day.year, day.month, day.day, tzinfo=self._zone)
        if self._now < midnight:
            raise FrappeRefused("before the interview's day", final=False, wait=midnight - self._now)


def ratings_of(summary: Summary, round_: Round) -> list[dict[str, Any]]:
    """The round's skills that have points, 0-1. A withheld one is left out, not 0. Pure."""
    points = {one.name.strip().casefold(): one.points for one in summary.competencies}
    skills = [one["skill"] for one in round_.document.get("expected_skill_set", [])]
    rated = [(skill, points.get(skill.strip().casefold())) for skill in skills]
    return [{"skill": skill, "rating": round(value / 10, 2)} for skill, value in rated if value is not None]


def result_of(summary: Summary) -> str:
    """Cleared, Rejected, or empty: nobody has decided. Pure."""
    if summary.decision:
        return {"advance": "Cleared", "decline": "Rejected"}.get(summary.decision, "")
    return "Cleared" if summary.reaches_mark else ""
