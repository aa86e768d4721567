"""What is new in Frappe HR: openings with the skills of the interview round, applicants, those who were rejected."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

from server.ehr.connectors.changes import Place, digest, without_strangers
from server.ehr.connectors.frappe_rest import Frappe
from server.records.incoming import (
    ApplicationSeen,
    ApplicationWithdrawn,
    CandidateSeen,
    CompetencySeen,
    Incoming,
    JobSeen,
)

PAGE = 100
"""Documents asked for at a time."""
REJECTED = "Rejected"
OPENING_FIELDS = ("name", "job_title", "department", "designation", "status")
APPLICANT_FIELDS = ("name", "applicant_name", "email_id", "phone_number", "job_title", "status", "modified")


async def changed_jobs(
    frappe: Frappe, told: Mapping[str, str], round_name: str
) -> tuple[Sequence[Incoming], Mapping[str, str]]:
    """Openings that are not as they were told. told: a digest for each. Raises FrappeRefused, NoAnswer."""
    round_ = (await frappe.round(round_name)).document
    digests: dict[str, str] = {}
    changed: list[Incoming] = []
    after = ""
    while True:
        filters = [["name", ">", after]] if after else []
        rows = await frappe.list("Job Opening", filters, OPENING_FIELDS, order="name asc", limit=PAGE)
        for row in rows:
            job = job_of(row, round_)
            digests[row["name"]] = digest(repr(job))
            if told.get(row["name"]) != digests[row["name"]]:
                changed.append(job)
        if len(rows) < PAGE:
            return changed, digests
        after = rows[-1]["name"]


def job_of(row: Mapping[str, Any], round_: Mapping[str, Any]) -> JobSeen:
    """An opening with the round's expected skills, unless the round is for another designation. Pure."""
    level = round_.get("expected_average_rating") or None
    suits = not round_.get("designation") or round_["designation"] == row["designation"]
    skills = [
        CompetencySeen(one["skill"], one["skill"], level=level, indicators=_lines(one.get("description")))
        for one in round_.get("expected_skill_set", [])
    ]
    return JobSeen(
        remote_id=row["name"],
        title=row["job_title"],
        department=row["department"] or "",
        is_open=row["status"] != "Closed",
        competencies=tuple(skills) if suits else None,
    )


def _lines(text: str | None) -> tuple[str, ...]:
    return tuple(line.strip() for line in (text or "").splitlines() if line.strip())


async def changed_applicants(
    frappe: Frappe, kept: Mapping[str, Any], statuses: str, *, order_interview: bool
) -> AsyncIterator[tuple[Mapping[str, Any], Sequence[Incoming]]]:
    """Applicants page by page, each with what to keep. statuses: names. Raises FrappeRefused, NoAnswer."""
    chosen = sorted(name.strip() for name in statuses.split(",") if name.strip())
    # Who had a status long before it was chosen has not changed since.
    place = Place.of(kept) if kept.get("statuses") == chosen else Place()
    known = set(kept.get("known", []))
    # Nobody knows those yet who were rejected long ago.
    asked = [*chosen, REJECTED] if place.since else chosen
    wanted: list[list[Any]] = [["status", "in", asked]]
    if not place.is_under_way:
        newest = await frappe.list("Job Applicant", wanted, ["modified"], order="modified desc", limit=1)
        if not newest:
            return
        place = place.begun(newest[0]["modified"])
    if place.floor:
        wanted.append(["modified", ">=", place.floor])
    while place.is_under_way:
        after = [["name", ">", place.after]] if place.after else []
        rows = await frappe.list("Job Applicant", [*wanted, *after], APPLICANT_FIELDS, order="name asc", limit=PAGE)
        page = [
            (row["name"], row["modified"], {key: value for key, value in row.items() if key != "modified"})
            for row in rows
        ]
        place, news = place.read(page)
        if len(rows) < PAGE:
            place = place.ended()
        said = [one for _, _, row in news for one in incoming_of(row, order_interview=order_interview)]
        incoming = without_strangers(said, known)
        yield {**place.kept(), "statuses": chosen, "known": sorted(known)}, incoming


def incoming_of(row: Mapping[str, Any], *, order_interview: bool) -> Sequence[Incoming]:
    """What an applicant's document says; its `job_title` is the opening's name. Pure."""
    name = row["name"]
    if row["status"] == REJECTED:
        return (ApplicationWithdrawn(name),)
    candidate = CandidateSeen(name, row["applicant_name"], row["email_id"] or None, row["phone_number"] or None)
    if not row["job_title"]:
        return (candidate,)
    return (candidate, ApplicationSeen(name, name, row["job_title"], order_interview=order_interview))
