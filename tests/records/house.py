"""Records with everything real around them, for tests: flows, letters, connections; and what is told to them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from question_flows.model import Language
from server.mail.invitations import invite_by_mail
from server.mail.mailer import LinkSeal, Mailer
from server.records.engine import Records
from server.records.incoming import ApplicationSeen, CandidateSeen, Incoming, JobSeen
from server.records.ordering import Means
from server.records.people import People
from server.storage import record_tables as tables
from server.storage import schema
from server.storage.database import Database
from server.storage.event_log import EventLog
from server.storage.invitations import Invitations
from tests.fixed_flows import fixed_flows
from tests.records.conftest import NOW

FLOWS = fixed_flows()
FLOW = "software_engineer"
LINKS = LinkSeal("secret")
MAILER = Mailer(FLOWS, "https://hr.example.org", "Example", "hr@example.org", "example.org", LINKS)
APPLIED: Sequence[Incoming] = (
    CandidateSeen("c1", "Ada Lovelace", "ada@example.org", "+44 20 7946 0018"),
    JobSeen("j1", "Backend developer"),
    ApplicationSeen("a1", "c1", "j1"),
)


async def write(connection: AsyncConnection, interview_id: str, token: str, now: datetime) -> bool:
    return await invite_by_mail(connection, MAILER, interview_id, token, now)


def records(database: Database, look_for_flows: Callable[[], Awaitable[None]] | None = None) -> Records:
    """As the server makes it, with letters."""
    means = Means(
        database=database,
        event_log=EventLog(database),
        invitations=Invitations(database),
        flows=FLOWS,
        people=People(database, language=Language.ENGLISH),
        jurisdiction="EU",
        invitation_days=14,
        sealed_link_of=lambda token: LINKS.close(f"https://hr.example.org/i/{token}"),
        write_letter=write,
        look_for_flows=look_for_flows,
    )
    return Records(means)


async def connect(database: Database, id_: str, kind: str, *subscriptions: str) -> None:
    """A connection that is on."""
    values = {"id": id_, "kind": kind, "name": kind, "settings": {}, "subscriptions": list(subscriptions)}
    async with database.begin() as connection:
        await connection.execute(tables.connections.insert().values(is_on=True, created_at=NOW, **values))


async def an_application(records: Records, *, flow_id: str | None = FLOW) -> str:
    """Ada's, from Odoo; its job has a flow."""
    await records.take("odoo", "e0", APPLIED, NOW)
    application_id = await records.remote_ids.local("odoo", "application", "a1")
    assert application_id is not None
    async with records.database.begin() as connection:
        await connection.execute(schema.jobs.update().values(flow_id=flow_id))
    return application_id


def told(
    type_: str, interview_id: str, total: float | None = None, *, minutes: int = 0, combined: float | None = None
) -> Mapping[str, Any]:
    """A message of an interview, so many minutes after NOW. total: the machine's."""
    data: dict[str, Any] = {"interview_id": interview_id}
    if type_.startswith("report."):
        data |= {"score": {"total": total}, "people": {"total": {"combined": combined, "corrected": total}}}
    return {"type": type_, "timestamp": (NOW + timedelta(minutes=minutes)).isoformat(), "data": data}


async def count(database: Database, table: sa.Table, *conditions: sa.ColumnElement[bool]) -> int:
    """Rows of a table."""
    async with database.read() as connection:
        return await connection.scalar(sa.select(sa.func.count()).select_from(table).where(*conditions)) or 0


async def everything(database: Database) -> Mapping[str, Sequence[Any]]:
    """Every row of the records, to see that nothing has changed."""
    found: dict[str, Sequence[Any]] = {}
    async with database.read() as connection:
        for table in (
            schema.candidates,
            schema.jobs,
            schema.interviews,
            schema.invitations,
            schema.outbox,
            tables.candidate_identities,
            tables.remote_ids,
            tables.competency_models,
            tables.applications,
            tables.application_events,
            tables.follow_ups,
            tables.firings,
        ):
            rows = await connection.execute(sa.select(table).order_by(*table.primary_key.columns))
            found[table.name] = [tuple(row) for row in rows]
    return found
