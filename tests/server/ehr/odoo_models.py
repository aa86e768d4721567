"""The models of Odoo 19 that recruitment touches, field by field, and the rules that their tables enforce."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

CHAR, TEXT, INTEGER, BOOLEAN, DATE, DATETIME, BINARY = (
    "char",
    "text",
    "integer",
    "boolean",
    "date",
    "datetime",
    "binary",
)


@dataclass(frozen=True)
class Field:
    """kind: a type, "many2one", "one2many", "many2many", "selection" or "related". to: a model, values or a path."""

    kind: str
    to: str = ""
    inverse: str = ""
    default: object = False
    is_required: bool = False


def fits(field: Field, value: object) -> bool:
    """Whether Odoo takes this value for the field; empty is always taken."""
    if not value:
        return True
    if field.kind == "selection":
        return value in field.to.split()
    if field.kind == "many2one":
        return isinstance(value, int)
    if field.kind == DATE:
        try:
            return bool(date.fromisoformat(str(value)))
        except ValueError:
            return False
    return True


def char(**options: object) -> Field:
    """Text of one line."""
    return Field(CHAR, **options)  # type: ignore[arg-type]


def ref(model: str, **options: object) -> Field:
    """A reference to one row."""
    return Field("many2one", model, **options)  # type: ignore[arg-type]


_SKILL_ROW: Mapping[str, Field] = {
    "skill_type_id": ref("hr.skill.type", is_required=True),
    "skill_id": ref("hr.skill", is_required=True),
    "skill_level_id": ref("hr.skill.level", is_required=True),
    "level_progress": Field("related", "skill_level_id.level_progress"),
    "is_certification": Field("related", "skill_type_id.is_certification"),
    "valid_from": Field(DATE),
    "valid_to": Field(DATE),
}
MODELS: Mapping[str, Mapping[str, Field]] = {
    "res.users": {"login": char(), "lang": char()},
    "res.partner": {"name": char(), "email": char(), "lang": char()},
    "hr.department": {"name": char(is_required=True)},
    "hr.skill.type": {
        "name": char(is_required=True),
        "is_certification": Field(BOOLEAN),
        "skill_ids": Field("one2many", "hr.skill", "skill_type_id"),
        "skill_level_ids": Field("one2many", "hr.skill.level", "skill_type_id"),
    },
    "hr.skill": {"name": char(is_required=True), "skill_type_id": ref("hr.skill.type", is_required=True)},
    "hr.skill.level": {
        "name": char(is_required=True),
        "skill_type_id": ref("hr.skill.type"),
        "level_progress": Field(INTEGER, default=0),
    },
    "hr.job": {
        "name": char(is_required=True),
        "active": Field(BOOLEAN, default=True),
        "department_id": ref("hr.department"),
        "description": Field(TEXT),
        "requirements": Field(TEXT),
        "job_skill_ids": Field("one2many", "hr.job.skill", "job_id"),
    },
    "hr.job.skill": {"job_id": ref("hr.job", is_required=True), **_SKILL_ROW},
    "mail.template": {"name": char(), "model_id": Field(INTEGER), "subject": char(), "body_html": Field(TEXT)},
    "ir.model": {"model": char(is_required=True), "name": char()},
    "hr.recruitment.stage": {
        "name": char(is_required=True),
        "sequence": Field(INTEGER, default=10),
        "template_id": ref("mail.template"),
    },
    "hr.applicant.refuse.reason": {"name": char(is_required=True)},
    "hr.applicant": {
        "partner_name": char(),
        "email_from": char(),
        "partner_phone": char(),
        "partner_id": ref("res.partner"),
        "job_id": ref("hr.job"),
        "stage_id": ref("hr.recruitment.stage"),
        "kanban_state": Field("selection", "normal done waiting blocked", default="normal"),
        "priority": Field("selection", "0 1 2 3", default="0"),
        "active": Field(BOOLEAN, default=True),
        "refuse_reason_id": ref("hr.applicant.refuse.reason"),
        "availability": Field(DATE),
    },
    "hr.applicant.skill": {"applicant_id": ref("hr.applicant", is_required=True), **_SKILL_ROW},
    "ir.attachment": {
        "name": char(is_required=True),
        "description": Field(TEXT),
        "res_model": char(),
        "res_id": Field(INTEGER, default=0),
        "mimetype": char(),
        "datas": Field(BINARY),
        "checksum": char(),
        "file_size": Field(INTEGER, default=0),
    },
    "mail.message": {
        "model": char(),
        "res_id": Field(INTEGER, default=0),
        "message_id": char(),
        "message_type": char(),
        "body": Field(TEXT),
        "attachment_ids": Field("many2many", "ir.attachment"),
    },
}
SIGNATURES: Mapping[str, tuple[set[str], set[str]]] = {
    # Method → arguments that are needed, and those that may be given.
    "search_read": (set(), {"domain", "fields", "offset", "limit", "order"}),
    "search_count": ({"domain"}, {"limit"}),
    "read": (set(), {"fields", "load"}),
    "create": ({"vals_list"}, set()),
    "write": ({"vals"}, set()),
    "unlink": (set(), set()),
    "action_archive": (set(), set()),
    "context_get": (set(), set()),
    "message_post": (
        set(),
        {
            "body",
            "subject",
            "message_type",
            "email_from",
            "author_id",
            "parent_id",
            "subtype_xmlid",
            "subtype_id",
            "partner_ids",
            "attachments",
            "attachment_ids",
            "body_is_html",
            "message_id",
        },
    ),
}
