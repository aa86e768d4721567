"""HR's records as the application runs them: with its flows, its letters and its links."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncConnection

from server.announcing import base_url
from server.keys import DATABASE, FLOWS, HUB, MAILER, RECORDS, SETTINGS
from server.mail.invitations import invite_by_mail
from server.records.engine import Records
from server.records.identities import region_of
from server.records.ordering import Means, WriteInvitation
from server.records.people import People
from server.storage.event_log import EventLog
from server.storage.invitations import Invitations


async def records(app: web.Application) -> AsyncIterator[None]:
    """For cleanup_ctx, behind the database and the hub: the rules that come with the server are there afterwards."""
    app[RECORDS] = records_of(app)
    await app[RECORDS].rules.ensure_defaults(datetime.now(UTC))
    yield


def records_of(app: web.Application) -> Records:
    """The records on the application's database."""
    database, settings = app[DATABASE], app[SETTINGS]
    base = base_url(settings, settings.port)
    means = Means(
        database=database,
        event_log=EventLog(database),
        invitations=Invitations(database),
        flows=app[FLOWS],
        people=People(database, language=settings.language, region=region_of(settings.jurisdiction)),
        jurisdiction=settings.jurisdiction,
        invitation_days=settings.invitation_days,
        link_of=lambda token: f"{base}/i/{token}",
        write_letter=_letters(app),
        announce=app[HUB].publish_events,
    )
    return Records(means)


def _letters(app: web.Application) -> WriteInvitation | None:
    mailer = app.get(MAILER)
    if mailer is None:
        return None

    async def write(connection: AsyncConnection, interview_id: str, token: str, now: datetime) -> bool:
        return await invite_by_mail(connection, mailer, interview_id, token, now)

    return write
