"""What an interview's report says of each competency, for those who go on from there, such as a training."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from question_flows.model import Flow
from server.interview.report import Report, build_report
from server.storage.event_log import EventLog


async def competencies_of(
    event_log: EventLog, flows: Mapping[str, Flow], interview_id: str | None
) -> list[dict[str, Any]]:
    """{"id", "name", "points"} in the flow's order; points: 0-10, people and machine combined once there is that.

    points None: the interview did not show it. Empty without an interview, or when its flow is known no more.
    """
    row = await event_log.row(interview_id) if interview_id is not None else None
    flow = flows.get(row.flow_id) if row is not None else None
    events = await event_log.read(row.id) if row is not None and flow is not None else []
    if row is None or flow is None or not events:
        return []
    return _competencies(await asyncio.to_thread(build_report, row.id, events, flow))


def _competencies(report: Report) -> list[dict[str, Any]]:
    scores = {one.id: one.score for one in report.people.competencies}
    found = []
    for one in report.competencies:
        both = scores.get(one.id)
        points = None if both is None else both.corrected if both.combined is None else both.combined
        found.append({"id": one.id, "name": one.name, "points": points})
    return found
