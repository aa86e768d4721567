"""The worker that reminds candidates, and tells them of what was called off; once each, the time passed in."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime

import sqlalchemy as sa
from aiohttp import web
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

from server.interview.failures import describe
from server.keys import DATABASE, MAILER
from server.mail.appointments import Kept, cancel_appointment, read_appointment
from server.mail.invited import CANCELLED, InvitedInterview, read_invited
from server.mail.letter import LetterKind
from server.mail.mailer import Mailer
from server.mail.reminder_plan import is_stale
from server.mail.reminder_rows import OF_APPOINTMENT, Due, forget_reminders, take_due
from server.mail.writing import can_be_written_to, cancellation, letter_about, post, with_link
from server.storage import schema
from server.storage.database import Database
from server.storage.record_tables import reminders

log = logging.getLogger(__name__)

LOOK_EVERY_SECONDS = 30.0
MOST_AT_ONCE = 200
"""Reminders of one look; the rest wait for the next."""


class Reminders:
    """Moves due reminders into the outbox."""

    def __init__(self, database: Database, mailer: Mailer) -> None:
        self._database = database
        self._mailer = mailer
        self._stopped = asyncio.Event()

    async def send_due(self, now: datetime) -> int:
        """How many letters were put into the outbox. Each is in one transaction with its mark as sent."""
        sent = 0
        for _ in range(MOST_AT_ONCE):
            # Most looks find nothing: they must not wait for, nor hold up, those who write.
            if not await self._any_due(now):
                break
            async with self._database.begin() as connection:
                due = await take_due(connection, now)
                if due is None:
                    break
                async with _alone(connection, due.interview_id):
                    sent += await self._remind(connection, due, now)
        return sent

    async def tell_cancelled(self, now: datetime) -> int:
        """Writes to whom was invited to an interview that has been called off since, on whichever way; how many.

        Until then their reminders are still to come, by which they are found, and by one process only.
        """
        table = schema.interviews
        query = (
            sa.select(reminders.c.interview_id)
            .join(table, table.c.id == reminders.c.interview_id)
            .where(reminders.c.sent_at.is_(None), table.c.status == CANCELLED)
            .distinct()
            .limit(MOST_AT_ONCE)
        )
        async with self._database.read() as connection:
            found = (await connection.scalars(query)).all()
        told = 0
        for interview_id in found:
            async with self._database.begin() as connection:
                if await forget_reminders(connection, interview_id):
                    async with _alone(connection, interview_id):
                        told += await self._tell(connection, interview_id, now)
        return told

    async def _tell(self, connection: AsyncConnection, interview_id: str, now: datetime) -> bool:
        invited = await read_invited(connection, interview_id)
        appointment = await cancel_appointment(connection, interview_id, now)
        if invited.is_trial or not can_be_written_to(invited.email):
            return False
        await post(connection, invited, cancellation(invited, self._mailer, appointment, now), now)
        return True

    async def run(self, now: Callable[[], datetime]) -> None:
        """Looks until stopped; a database that is away for a while only costs time."""
        while not self._stopped.is_set():
            try:
                await self.tell_cancelled(now())
                await self.send_due(now())
            except SQLAlchemyError as error:
                log.error("reminders are looked at later", extra={"error": type(error).__name__})
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_EVERY_SECONDS):
                    await self._stopped.wait()

    def stop(self) -> None:
        """Lets `run` end behind the look that is under way."""
        self._stopped.set()

    async def _any_due(self, now: datetime) -> bool:
        query = sa.select(reminders.c.kind).where(reminders.c.sent_at.is_(None), reminders.c.due_at <= now).limit(1)
        async with self._database.read() as connection:
            return await connection.scalar(query) is not None

    async def _remind(self, connection: AsyncConnection, due: Due, now: datetime) -> bool:
        invited = await read_invited(connection, due.interview_id)
        kept = await read_appointment(connection, due.interview_id)
        if is_stale(due.kind, due.due_at, now) or not applies(due.kind, invited, kept, now):
            return False
        appointment = kept.appointment if kept and kept.cancelled_at is None else None
        letter = letter_about(invited, self._mailer, due.kind, now, appointment=appointment)
        await post(connection, invited, await with_link(connection, self._mailer, invited, letter, now), now)
        return True


def applies(kind: LetterKind, invited: InvitedInterview, kept: Kept | None, now: datetime) -> bool:
    """Whether a reminder that is due still tells the candidate something: not once the interview has begun."""
    if invited.has_begun or invited.is_trial or not can_be_written_to(invited.email):
        return False
    if kind in OF_APPOINTMENT:
        return kept is not None and kept.cancelled_at is None and now < kept.appointment.starts_at
    if kind is LetterKind.EXPIRED:
        return not invited.is_opened and not invited.waits(now)
    return invited.waits(now)


@asynccontextmanager
async def _alone(connection: AsyncConnection, interview_id: str) -> AsyncIterator[None]:
    """A letter that cannot be written (its flow has lost its language, say) is left out, and holds up no other."""
    try:
        async with connection.begin_nested():
            yield
    except SQLAlchemyError:
        raise
    except Exception as error:  # noqa: BLE001
        # It stays marked as sent: the next look would fail at it again.
        log.error("a letter cannot be written", extra={"interview_id": interview_id, "error": describe(error)})


async def reminding(app: web.Application) -> AsyncIterator[None]:
    """For cleanup_ctx: the worker runs as long as the server, where letters can be sent at all."""
    mailer = app.get(MAILER)
    if mailer is None:
        yield
        return
    worker = Reminders(app[DATABASE], mailer)
    task = asyncio.create_task(worker.run(lambda: datetime.now(UTC)), name="reminders")
    yield
    worker.stop()
    await task
