"""HR's records as the application runs them: with its flows, its letters and its links."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from datetime import UTC, datetime

from aiohttp import web
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

from server.announcing import base_url
from server.keys import DATABASE, FLOWS, GENERATED_FLOWS, HUB, MAILER, RECORDS, SETTINGS
from server.mail.invitations import invite_by_mail
from server.mail.mailer import LinkSeal
from server.records.engine import Records
from server.records.identities import region_of
from server.records.looking_after import look_of_a_start
from server.records.ordering import Means, WriteInvitation
from server.records.people import People
from server.storage.event_log import EventLog
from server.storage.invitations import Invitations

log = logging.getLogger(__name__)

LOOK_EVERY_SECONDS = 60.0


async def records(app: web.Application) -> AsyncIterator[None]:
    """For cleanup_ctx, behind the database and the hub: the rules that come with the server are there afterwards."""
    app[RECORDS] = kept = records_of(app)
    await kept.rules.ensure_defaults(datetime.now(UTC))
    task = asyncio.create_task(_look_after(kept), name="records")
    yield
    task.cancel()
    await asyncio.wait([task])


async def _look_after(kept: Records) -> None:
    """Until cancelled; a database that is away for a while only costs time."""
    look = look_of_a_start(datetime.now(UTC))
    while True:
        try:
            _, look = await kept.look_after(look, datetime.now(UTC))
        except SQLAlchemyError as error:
            log.warning("applications are looked after later", extra={"error": type(error).__name__})
        await asyncio.sleep(LOOK_EVERY_SECONDS)


def records_of(app: web.Application) -> Records:
    """The records on the application's database."""
    database, settings = app[DATABASE], app[SETTINGS]
    base, links = base_url(settings, settings.port), LinkSeal(settings.signing_secret())
    means = Means(
        database=database,
        event_log=EventLog(database),
        invitations=Invitations(database),
        flows=app[FLOWS],
        people=People(database, language=settings.language, region=region_of(settings.jurisdiction)),
        jurisdiction=settings.jurisdiction,
        invitation_days=settings.invitation_days,
        sealed_link_of=lambda token: links.close(f"{base}/i/{token}"),
        write_letter=_letters(app),
        announce=app[HUB].publish_events,
        look_for_flows=app[GENERATED_FLOWS].look,
    )
    return Records(means)


def _letters(app: web.Application) -> WriteInvitation | None:
    mailer = app.get(MAILER)
    if mailer is None:
        return None

    async def write(connection: AsyncConnection, interview_id: str, token: str, now: datetime) -> bool:
        return await invite_by_mail(connection, mailer, interview_id, token, now)

    return write
