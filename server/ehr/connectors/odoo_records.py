"""Odoo's rows in the records' words. Pure: empty values are false there, references are [id, name]."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from question_flows.model import Language
from server.ehr.connectors.odoo_json2 import OdooRefused
from server.records.incoming import (
    ApplicationSeen,
    ApplicationWithdrawn,
    CandidateSeen,
    CompetencySeen,
    Incoming,
    JobSeen,
)

JOB_FIELDS = ("name", "active", "department_id")
JOB_SKILL_FIELDS = ("job_id", "skill_id", "skill_type_id", "level_progress", "is_certification")
APPLICANT_FIELDS = (
    "partner_name",
    "email_from",
    "partner_phone",
    "partner_id",
    "job_id",
    "active",
    "refuse_reason_id",
    "write_date",
)
BEST = 100
"""The highest level_progress."""


def jobs_of(rows: Iterable[Mapping[str, Any]], skills: Iterable[Mapping[str, Any]] | None) -> list[JobSeen]:
    """skills: rows of hr.job.skill; None: this Odoo has no skills. It gives them no weights: each weighs the same."""
    asked: dict[int, list[CompetencySeen]] = {}
    for row in skills or ():
        skill, name = row["skill_id"]
        level = row["level_progress"] / BEST
        asked.setdefault(row["job_id"][0], []).append(CompetencySeen(str(skill), name, level=level))
    return [
        JobSeen(
            remote_id=str(row["id"]),
            title=row["name"],
            department=_name(row["department_id"]),
            is_open=bool(row["active"]),
            competencies=None if skills is None else tuple(asked.get(row["id"], ())),
        )
        for row in rows
    ]


def incoming_of(row: Mapping[str, Any], lang: str, *, order_interview: bool) -> Sequence[Incoming]:
    """What an applicant's row says. Each application has a candidate of its own there; the records know them by e-mail.

    lang: of the contact in Odoo ("zh_CN"); empty: none. Its `availability` is the first working day, no time for an
    interview.
    """
    remote_id = str(row["id"])
    if not row["active"]:
        return (ApplicationWithdrawn(remote_id, _name(row["refuse_reason_id"])),)
    candidate = CandidateSeen(
        remote_id=remote_id,
        name=row["partner_name"] or "",
        email=row["email_from"] or None,
        phone=row["partner_phone"] or None,
        language=_language(lang),
    )
    if not row["job_id"]:
        return (candidate,)
    return (candidate, ApplicationSeen(remote_id, remote_id, str(row["job_id"][0]), order_interview=order_interview))


def level_for(points: float, levels: Sequence[tuple[int, int]]) -> int | None:
    """The id of the highest level that the points (0-10) reach, else of the lowest; None: there are none.

    levels: (id, level_progress 0-100).
    """
    by_progress = sorted(levels, key=lambda level: level[1])
    reached = [level for level in by_progress if level[1] <= points * BEST / 10]
    chosen = reached[-1:] or by_progress[:1]
    return chosen[0][0] if chosen else None


def named_stages(names: str, stages: Sequence[Mapping[str, Any]]) -> list[int]:
    """The ids of the stages with these names, separated by commas.

    Raises OdooRefused when there is none of a name: HR has to set it right, and what waits is tried again.
    """
    wanted = {name.strip().casefold() for name in names.split(",") if name.strip()}
    if wanted - {stage["name"].casefold() for stage in stages}:
        raise OdooRefused(None, "a stage of the settings is not there", final=False)
    return [stage["id"] for stage in stages if stage["name"].casefold() in wanted]


def _name(reference: Any) -> str:
    return str(reference[1]) if isinstance(reference, list) else ""


def _language(lang: str) -> Language | None:
    return {"zh": Language.CHINESE, "en": Language.ENGLISH}.get(lang.split("_")[0])
