"""What is left at an applicant in Odoo: attachment, skills, stage, note; each found again if it is there already.

The note comes last, under a Message-Id made of our message's: where that is found, all of it was done. What comes
before is found by what it is: the attachment by its description, a skill's row by its skill.
"""

from __future__ import annotations

import hashlib
import json
from base64 import b64encode
from collections.abc import Mapping, Sequence
from typing import Any

from server.delivery.connector import Outgoing
from server.ehr.connectors.odoo_json2 import NOT_FOUND, WITH_ARCHIVED, Odoo, OdooRefused
from server.ehr.connectors.odoo_records import JOB_SKILL_FIELDS, level_for, named_stages
from server.ehr.connectors.odoo_settings import OdooSettings
from server.ehr.connectors.report_notes import (
    Figure,
    Note,
    Summary,
    as_html,
    is_newer,
    milestone_note,
    reference_of,
    report_note,
    summary_of,
)
from server.ehr.connectors.report_pdf import report_pdf

APPLICANT = "hr.applicant"
REPORT_TYPES = ("report.ready", "report.updated")
KINDS = {"json": "application/json", "pdf": "application/pdf"}
"""Odoo turns HTML of whom it does not trust into plain text; so there is none."""


class Writing:
    """One message on its way to one database."""

    def __init__(self, odoo: Odoo, settings: OdooSettings) -> None:
        self._odoo = odoo
        self._settings = settings

    async def tell(self, applicant_id: int, message: Outgoing) -> None:
        """Leaves what the message tells, unless it is there. Raises OdooRefused, NoAnswer."""
        if await self._was_told(applicant_id, message):
            return
        found = await self._odoo.search_read(
            APPLICANT, [["id", "=", applicant_id]], ["stage_id", "kanban_state", "active", "job_id"]
        )
        if not found:
            raise OdooRefused(None, "applicant gone", final=True)
        applicant = found[0]
        if message.type in REPORT_TYPES:
            await self._leave_report(applicant, message)
            return
        if message.type == "application.step_changed" and message.body["data"]["step"] == "ready_for_offer":
            await self._move_on(applicant, self._settings.offer_stage, ready=False)
        note = milestone_note(message, self._settings.language)
        if note is not None:
            await self._post(applicant_id, message, note, ())

    async def _leave_report(self, applicant: Mapping[str, Any], message: Outgoing) -> None:
        summary = summary_of(message.body["data"])
        attachments = await self._attach_all(applicant["id"], summary, message)
        if attachments and self._settings.writes_skills and applicant["job_id"]:
            await self._write_skills(applicant["id"], applicant["job_id"][0], summary)
        if message.type == "report.ready":
            await self._move_on(applicant, self._settings.report_stage, ready=self._settings.marks_ready)
        if attachments:
            note = report_note(summary, message, self._settings.language, "attached")
            await self._post(applicant["id"], message, note, attachments)

    async def _attach_all(self, applicant_id: int, summary: Summary, message: Outgoing) -> Sequence[int]:
        """The report as data and as PDF, one of each for an interview: newer ones take the former ones' place.

        Empty: newer ones are there. A message that was given up and is sent again by hand comes late.
        """
        report = message.body["data"]
        about = f"interview {summary.interview_id}"
        domain = [["res_model", "=", APPLICANT], ["res_id", "=", applicant_id], ["description", "=like", f"{about} %"]]
        found = await self._odoo.search_read("ir.attachment", domain, ["description", "checksum"])
        if any(is_newer(one["description"], message) for one in found):
            return ()
        left = []
        for kind, mimetype in KINDS.items():
            mark = f"{about} {kind}: {reference_of(message)}"
            there = next((one for one in found if one["description"].startswith(f"{about} {kind}:")), None)
            if there is not None and there["description"] == _described(mark, there["checksum"]):
                left.append(int(there["id"]))
                continue
            content = await self._content(kind, report, message)
            if content is not None:
                name = f"AI interview {summary.interview_id[:8]}.{kind}"
                values = {"name": name, "mimetype": mimetype, "datas": b64encode(content).decode()}
                left.append(await self._attach(applicant_id, there, {**values, "description": mark}, content))
        return left

    async def _content(self, kind: str, report: Mapping[str, Any], message: Outgoing) -> bytes | None:
        if kind == "json":
            return json.dumps(report, ensure_ascii=False, indent=1, sort_keys=True).encode()
        if not self._settings.attaches_pdf:
            return None
        return await report_pdf(
            report,
            self._settings.language,
            company=self._settings.company,
            system="Odoo",
            made_at=message.created_at,
        )

    async def _attach(
        self, applicant_id: int, there: Mapping[str, Any] | None, values: dict[str, Any], content: bytes
    ) -> int:
        sha1 = hashlib.sha1(content, usedforsecurity=False).hexdigest()
        values["description"] = _described(values["description"], sha1)
        if there is None:
            where = {"res_model": APPLICANT, "res_id": applicant_id}
            attachment_id = await self._odoo.create("ir.attachment", {**values, **where})
        else:
            attachment_id = int(there["id"])
            await self._odoo.write("ir.attachment", attachment_id, values, {})
        # Odoo takes broken base64 without a word.
        stored = await self._odoo.search_read("ir.attachment", [["id", "=", attachment_id]], ["checksum"])
        if not stored or stored[0]["checksum"] != sha1:
            raise OdooRefused(None, "attachment arrived damaged", final=False)
        return attachment_id

    async def _write_skills(self, applicant_id: int, job_id: int, summary: Summary) -> None:
        """A level for each skill of the job that has points. What was withheld stays as it is."""
        try:
            asked = await self._odoo.search_read("hr.job.skill", [["job_id", "=", job_id]], JOB_SKILL_FIELDS)
        except OdooRefused as refused:
            if refused.name == NOT_FOUND:
                return
            raise
        by_skill = {row["skill_id"][0]: row for row in asked if not row["is_certification"]}
        points = {skill: _points(row["skill_id"], summary.competencies) for skill, row in by_skill.items()}
        given = {skill: value for skill, value in points.items() if value is not None}
        if not given:
            return
        types = sorted({by_skill[skill]["skill_type_id"][0] for skill in given})
        levels = await self._odoo.search_read(
            "hr.skill.level", [["skill_type_id", "in", types]], ["skill_type_id", "level_progress"]
        )
        rows = await self._odoo.search_read(
            "hr.applicant.skill",
            [["applicant_id", "=", applicant_id], ["skill_id", "in", sorted(given)]],
            ["skill_id", "skill_level_id"],
        )
        # The last: a skill that was changed by hand may have kept its earlier rows.
        there = {row["skill_id"][0]: row for row in rows}
        for skill, value in given.items():
            type_id = by_skill[skill]["skill_type_id"][0]
            level = level_for(
                value, [(one["id"], one["level_progress"]) for one in levels if one["skill_type_id"][0] == type_id]
            )
            if level is None or (skill in there and there[skill]["skill_level_id"][0] == level):
                continue
            if skill in there:
                await self._odoo.write("hr.applicant.skill", there[skill]["id"], {"skill_level_id": level}, {})
            else:
                values = {"skill_type_id": type_id, "skill_id": skill, "skill_level_id": level}
                await self._odoo.create("hr.applicant.skill", {"applicant_id": applicant_id, **values})

    async def _move_on(self, applicant: Mapping[str, Any], stage_name: str, *, ready: bool) -> None:
        """Never back, never those whom somebody refused, and without a letter to the candidate unless HR wants it."""
        if not applicant["active"]:
            return
        values: dict[str, Any] = {}
        if stage_name:
            stages = await self._odoo.search_read("hr.recruitment.stage", [], ["name"], order="sequence, id")
            order = [stage["id"] for stage in stages]
            wanted = named_stages(stage_name, stages)[0]
            current = applicant["stage_id"][0] if applicant["stage_id"] else None
            if current in order and order.index(current) > order.index(wanted):
                return
            if current != wanted:
                values["stage_id"] = wanted
        if ready and (values or applicant["kanban_state"] != "done"):
            # In one call: a new stage alone sets it back.
            values["kanban_state"] = "done"
        if values:
            context = {} if self._settings.mails_candidate else {"mail_notrack": True}
            await self._odoo.write(APPLICANT, applicant["id"], values, context)

    async def _was_told(self, applicant_id: int, message: Outgoing) -> bool:
        domain = [["model", "=", APPLICANT], ["res_id", "=", applicant_id], ["message_id", "=", _message_id(message)]]
        return bool(await self._odoo.search_read("mail.message", domain, ["message_id"], limit=1))

    async def _post(self, applicant_id: int, message: Outgoing, note: Note, attachments: Sequence[int]) -> None:
        await self._odoo.call(
            APPLICANT,
            "message_post",
            ids=[applicant_id],
            body=as_html(note, message.id, self._settings.language),
            body_is_html=True,
            message_type="comment",
            subtype_xmlid="mail.mt_note",
            message_id=_message_id(message),
            attachment_ids=list(attachments),
            context=dict(WITH_ARCHIVED),
        )


def _described(mark: str, sha1: str) -> str:
    """What an attachment is found by, and found whole: its content's SHA-1, which Odoo works out itself."""
    return f"{mark} {sha1}"


def _message_id(message: Outgoing) -> str:
    return f"<{message.id}@live-interview>"


def _points(skill: Sequence[Any], figures: Sequence[Figure]) -> float | None:
    """The points of the competency that was made of this skill ([id, name]), or bears its name."""
    name = str(skill[1]).strip().casefold()
    return next((one.points for one in figures if one.id == str(skill[0]) or one.name.strip().casefold() == name), None)
