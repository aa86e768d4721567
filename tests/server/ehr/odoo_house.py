"""An Odoo as its own people use it: jobs with skills, stages, applicants; asked over the same JSON-2, fake or real."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import aiohttp

LEVELS = (("Beginner", 10), ("Intermediate", 50), ("Expert", 100))


@dataclass
class OdooHouse:
    """url: where it really is, not the line that tests cut. mark: in every name, so that tests share one database."""

    client: aiohttp.ClientSession
    url: str
    database: str
    key: str
    mark: str = field(default_factory=lambda: uuid.uuid4().hex[:8])

    async def call(self, model: str, method: str, **arguments: Any) -> Any:
        """The result. Raises AssertionError with what Odoo answers instead."""
        status, answer = await self.ask(model, method, self.key, **arguments)
        assert status == 200, (model, method, status, answer)
        return answer

    async def ask(self, model: str, method: str, key: str, **arguments: Any) -> tuple[int, Any]:
        """Status and answer; None: it is no JSON."""
        headers = {"Authorization": f"bearer {key}", "X-Odoo-Database": self.database}
        async with self.client.post(f"{self.url}/json/2/{model}/{method}", json=arguments, headers=headers) as response:
            is_json = response.content_type == "application/json"
            return response.status, await response.json() if is_json else None

    async def make(self, model: str, **values: Any) -> int:
        """A row of the model."""
        [made] = await self.call(model, "create", vals_list=[values])
        return int(made)

    async def rows(self, model: str, domain: Sequence[Any], *fields: str) -> list[dict[str, Any]]:
        """Rows, the oldest first, archived ones too."""
        context = {"active_test": False}
        found: list[dict[str, Any]] = await self.call(
            model, "search_read", domain=domain, fields=list(fields), order="id", context=context
        )
        return found

    async def stage(self, name: str, sequence: int, **values: Any) -> str:
        """A stage of the process; its full name."""
        await self.make("hr.recruitment.stage", name=f"{name} {self.mark}", sequence=sequence, **values)
        return f"{name} {self.mark}"

    async def move(self, applicant: int, stage: str) -> None:
        """Puts the applicant into the stage."""
        [row] = await self.rows("hr.recruitment.stage", [["name", "=", stage]], "name")
        await self.call("hr.applicant", "write", ids=[applicant], vals={"stage_id": row["id"]})

    async def job(self, skills: Mapping[str, str]) -> int:
        """A job that asks for skills at levels: {"Python": "Expert"}."""
        type_id = await self.make("hr.skill.type", name=f"Interview {uuid.uuid4().hex[:8]}")
        levels = {
            name: await self.make("hr.skill.level", name=name, level_progress=progress, skill_type_id=type_id)
            for name, progress in LEVELS
        }
        asked = []
        for name, level in skills.items():
            skill = await self.make("hr.skill", name=name, skill_type_id=type_id)
            asked.append([0, 0, {"skill_type_id": type_id, "skill_id": skill, "skill_level_id": levels[level]}])
        department = await self.make("hr.department", name=f"Service {self.mark}")
        return await self.make(
            "hr.job", name=f"Agent {uuid.uuid4().hex[:8]}", department_id=department, job_skill_ids=asked
        )

    async def applicant(self, job: int | None, **values: Any) -> int:
        """Somebody who applies."""
        person = uuid.uuid4().hex[:8]
        given = {"partner_name": f"Ada {person}", "email_from": f"{person}@example.com", "partner_phone": "+86 10 1234"}
        return await self.make("hr.applicant", **{**given, **({"job_id": job} if job else {}), **values})

    async def left(self, applicant: int) -> dict[str, Any]:
        """What stands at the applicant: stage, kanban_state, attachments, notes, skills, and other messages."""
        [row] = await self.rows("hr.applicant", [["id", "=", applicant]], "stage_id", "kanban_state")
        at = [["res_model", "=", "hr.applicant"], ["res_id", "=", applicant]]
        fields = ("model", "res_id", "body", "message_type", "message_id", "attachment_ids")
        messages = await self.rows(
            "mail.message", [["model", "=", "hr.applicant"], ["res_id", "=", applicant]], *fields
        )
        skills = await self.rows("hr.applicant.skill", [["applicant_id", "=", applicant]], "skill_id", "skill_level_id")
        return {
            "stage": row["stage_id"][1],
            "kanban_state": row["kanban_state"],
            "attachments": await self.rows("ir.attachment", at, "name", "datas", "mimetype"),
            "notes": [one for one in messages if one["message_id"].endswith("@live-interview>")],
            "others": [one for one in messages if not one["message_id"].endswith("@live-interview>")],
            "skills": sorted((one["skill_id"][1], one["skill_level_id"][1]) for one in skills),
        }
