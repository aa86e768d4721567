"""Reports as they leave an interview, and the messages that carry them, for tests of connectors."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from question_flows.loader import shipped_flows
from question_flows.model import Language
from server.delivery.connector import Outgoing
from server.interview.events import InterviewEvent, InterviewInvited
from server.interview.report import build_report, report_json

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
FLOW = shipped_flows()["customer_service"]
NAMES = [one.name[Language.ENGLISH] for one in FLOW.competencies]


def report(points: Sequence[float | None], total: float | None = 8.2, decision: str = "") -> dict[str, Any]:
    """A report with these points for the flow's first competencies."""
    invited = InterviewEvent(1, NOON, 0, InterviewInvited(FLOW.id, FLOW.version, Language.ENGLISH, "EU", "Ada & Co"))
    made = report_json(build_report(uuid.uuid4().hex, [invited], FLOW))
    for one, value in zip(made["score"]["competencies"], points, strict=False):
        one["points"], one["withheld"] = value, None if value is not None else "too_few_words"
    made["score"].update(total=total, withheld=None if total is not None else "not_enough_evidence")
    if decision:
        made["people"]["decision"] = {"decision": decision, "reason": "", "by": "hr", "at": NOON.isoformat()}
    return made


def message(application: str | int, type_: str, data: Mapping[str, Any], *, minutes: int = 0) -> Outgoing:
    """A message on its way, made so many minutes after noon."""
    made_at = NOON + timedelta(minutes=minutes)
    body = {"type": type_, "timestamp": made_at.isoformat(), "data": dict(data)}
    remote = {"application": str(application)}
    return Outgoing(f"msg_{uuid.uuid4().hex}", type_, body, "i", "a", made_at, 1, remote, "https://hr.test/report")
