"""What is new in Odoo: jobs with the skills they ask for, applicants of the chosen stages, those who were refused."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from server.ehr.connectors.changes import Place, digest, without_strangers
from server.ehr.connectors.odoo_json2 import NOT_FOUND, Odoo, OdooRefused
from server.ehr.connectors.odoo_records import (
    APPLICANT_FIELDS,
    JOB_FIELDS,
    JOB_SKILL_FIELDS,
    incoming_of,
    jobs_of,
    named_stages,
)
from server.records.incoming import Incoming

PAGE = 100
"""Applicants asked for at a time."""


async def changed_jobs(
    odoo: Odoo, told: Mapping[str, str], now: datetime
) -> tuple[Sequence[Incoming], Mapping[str, str]]:
    """Jobs that are not as they were told. told: a digest for each. Raises OdooRefused, NoAnswer."""
    # All are asked for: a skill that is changed, renamed or taken away leaves its job's time of change as it was.
    rows = await odoo.search_read("hr.job", [], JOB_FIELDS)
    domain = ["|", ["valid_to", "=", False], ["valid_to", ">=", f"{now:%Y-%m-%d}"]]
    try:
        skills = await odoo.search_read("hr.job.skill", domain, JOB_SKILL_FIELDS)
    except OdooRefused as refused:
        if refused.name != NOT_FOUND:
            raise
        skills = None
    of_job: dict[int, list[Mapping[str, Any]]] = {}
    for one in skills or ():
        of_job.setdefault(one["job_id"][0], []).append(one)
    digests = {str(row["id"]): digest([row, of_job.get(row["id"], [])]) for row in rows}
    changed = [row for row in rows if told.get(str(row["id"])) != digests[str(row["id"])]]
    return jobs_of(changed, skills), digests


async def changed_applicants(
    odoo: Odoo, kept: Mapping[str, Any], stages: str, *, order_interview: bool
) -> AsyncIterator[tuple[Mapping[str, Any], Sequence[Incoming]]]:
    """Applicants page by page, each with what to keep. stages: names. Raises OdooRefused, NoAnswer."""
    found = await odoo.search_read("hr.recruitment.stage", [], ["name"]) if stages else []
    chosen = named_stages(stages, found)
    # Who was in a stage long before it was chosen has not changed since.
    place = Place.of(kept) if kept.get("stages") == chosen else Place()
    known = set(kept.get("known", []))
    wanted: list[Any] = [["stage_id", "in", chosen]] if chosen else []
    if place.since:
        wanted = ["|", ["active", "=", False], *wanted] if wanted else []
    else:
        # Nobody knows those yet who were refused long ago.
        wanted = [["active", "=", True], *wanted]
    if not place.is_under_way:
        newest = await odoo.search_read("hr.applicant", wanted, ["write_date"], order="write_date desc", limit=1)
        if not newest:
            return
        place = place.begun(newest[0]["write_date"])
    since = [["write_date", ">=", place.floor]] if place.floor else []
    while place.is_under_way:
        after = [["id", ">", int(place.after)]] if place.after else []
        rows = await odoo.search_read("hr.applicant", [*since, *after, *wanted], APPLICANT_FIELDS, limit=PAGE)
        place, news = place.read(await _said(odoo, rows))
        if len(rows) < PAGE:
            place = place.ended()
        said = [one for _, _, row in news for one in incoming_of(row, row["lang"], order_interview=order_interview)]
        incoming = without_strangers(said, known)
        yield {**place.kept(), "stages": chosen, "known": sorted(known)}, incoming


async def _said(odoo: Odoo, rows: Sequence[Mapping[str, Any]]) -> list[tuple[str, str, Mapping[str, Any]]]:
    """Each row's key, time of change, and what it says with the language of its contact."""
    partners = sorted({row["partner_id"][0] for row in rows if row["partner_id"]})
    found = await odoo.search_read("res.partner", [["id", "in", partners]], ["lang"]) if partners else []
    langs = {one["id"]: one["lang"] or "" for one in found}
    said: list[tuple[str, str, Mapping[str, Any]]] = []
    for row in rows:
        lang = langs.get(row["partner_id"][0], "") if row["partner_id"] else ""
        values = {name: value for name, value in row.items() if name != "write_date"}
        said.append((str(row["id"]), str(row["write_date"]), {**values, "lang": lang}))
    return said
