"""What a connector has to know before it can answer a system's question: what can be ordered, how an order stands."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import sqlalchemy as sa
from aiohttp import web

from question_flows.model import Flow
from server.announcing import base_url
from server.delivery.connector import Known, LookUp, Standing
from server.interview.combined import CombinedScore
from server.interview.report import Report, build_report
from server.keys import DATABASE, FLOWS, SETTINGS
from server.storage import schema
from server.storage.database import Database
from server.storage.event_log import EventLog
from server.storage.inbox import LONGEST_EVENT_ID
from server.storage.record_tables import inbox, remote_ids


async def look_up(app: web.Application, connection_id: str, wanted: LookUp) -> Known:
    """Nothing of another connection's, whatever ids the system names."""
    database, settings = app[DATABASE], app[SETTINGS]
    flows = {flow.id: flow.title[settings.language] for flow in app[FLOWS].values() if settings.language in flow.title}
    interview_id = await _interview(database, connection_id, wanted.interview) if wanted.interview else None
    standing = None
    if interview_id is not None:
        base = base_url(settings, settings.port)
        standing = await _standing(database, app[FLOWS], interview_id, f"{base}/hr/interviews/{interview_id}/report")
    waiting = await _is_kept(database, connection_id, wanted.event_id) if wanted.event_id else False
    return Known(flows, standing, waiting and standing is None)


async def _interview(database: Database, connection_id: str, remote_id: str) -> str | None:
    query = sa.select(remote_ids.c.local_id).where(
        remote_ids.c.system == connection_id, remote_ids.c.kind == "interview", remote_ids.c.remote_id == remote_id
    )
    async with database.read() as connection:
        found: str | None = await connection.scalar(query)
    return found


async def _is_kept(database: Database, connection_id: str, event_id: str) -> bool:
    query = sa.select(inbox.c.event_id).where(
        inbox.c.source == connection_id, inbox.c.event_id == event_id[:LONGEST_EVENT_ID]
    )
    async with database.read() as connection:
        return (await connection.execute(query)).first() is not None


async def _standing(
    database: Database, flows: Mapping[str, Flow], interview_id: str, report_url: str
) -> Standing | None:
    table = schema.interviews
    query = sa.select(table.c.status, table.c.flow_id, table.c.completed_at).where(table.c.id == interview_id)
    async with database.read() as connection:
        row = (await connection.execute(query)).one_or_none()
    if row is None:
        return None
    flow = flows.get(row.flow_id)
    if row.completed_at is None or flow is None:
        return Standing(row.status, report_url)
    events = await EventLog(database).read(interview_id)
    report = await asyncio.to_thread(build_report, interview_id, events, flow)
    return standing_of(report, report_url)


def standing_of(report: Report, report_url: str) -> Standing:
    """How a completed interview stands: people's points count where there are some, in the total as in its parts."""
    names = {one.id: one.name for one in report.competencies}
    points = {names[one.id]: _counts(one.score) for one in report.people.competencies if one.id in names}
    given = {name: value for name, value in points.items() if value is not None}
    return Standing("completed", report_url, _counts(report.people.total), given)


def _counts(score: CombinedScore) -> float | None:
    return score.combined if score.combined is not None else score.corrected
