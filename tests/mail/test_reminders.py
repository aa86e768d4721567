"""Reminders go out once however many processes look, and none for what is no longer so."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa

from question_flows.model import Language
from server.mail.invitations import Slot, cancel, invite_again, invite_by_mail, schedule
from server.mail.letter import Appointment, LetterKind
from server.mail.mailer import Mailer
from server.mail.reminder_plan import plan
from server.mail.reminders import Reminders
from server.storage import schema
from server.storage.database import Database
from server.storage.invitations import Invitations
from tests.mail.conftest import EXPIRES, NOW, Mailbox, Post, new_interview, part

ID = "a" * 32
STARTS = NOW + timedelta(days=5)
DAY, HOUR = timedelta(days=1), timedelta(hours=1)


async def invite(database: Database, mailer: Mailer, slot: Slot | None = None) -> str:
    async with database.begin() as connection:
        token = await new_interview(connection, database)
        await invite_by_mail(connection, mailer, ID, token, NOW, slot=slot)
    return token


async def kinds(database: Database) -> list[str]:
    """What the letters in the outbox tell, in their order."""
    query = sa.select(schema.outbox.c.body).order_by(schema.outbox.c.position)
    async with database.read() as connection:
        return [body["data"]["kind"] for body in (await connection.scalars(query)).all()]


def appointment(starts_at: datetime) -> Appointment:
    return Appointment("uid", 0, starts_at, starts_at + HOUR, "UTC")


@pytest.mark.parametrize(
    ("starts_at", "expected"),
    [
        (None, {LetterKind.UNUSED: EXPIRES - 3 * DAY, LetterKind.EXPIRED: EXPIRES}),
        (
            STARTS,
            {
                LetterKind.DAY_BEFORE: STARTS - DAY,
                LetterKind.HOUR_BEFORE: STARTS - HOUR,
                LetterKind.UNUSED: EXPIRES - 3 * DAY,
                LetterKind.EXPIRED: EXPIRES,
            },
        ),
        # Tomorrow is too soon for the day before; a late appointment puts off "not opened yet", or leaves it out.
        (
            NOW + 20 * HOUR,
            {
                LetterKind.HOUR_BEFORE: NOW + 19 * HOUR,
                LetterKind.UNUSED: EXPIRES - 3 * DAY,
                LetterKind.EXPIRED: EXPIRES,
            },
        ),
        (
            EXPIRES - DAY,
            {
                LetterKind.DAY_BEFORE: EXPIRES - 2 * DAY,
                LetterKind.HOUR_BEFORE: EXPIRES - DAY - HOUR,
                LetterKind.UNUSED: EXPIRES - DAY + 3 * HOUR,
                LetterKind.EXPIRED: EXPIRES,
            },
        ),
    ],
)
def test_what_is_planned(starts_at: datetime | None, expected: dict[LetterKind, datetime]) -> None:
    assert plan(NOW, EXPIRES, appointment(starts_at) if starts_at else None) == expected


def test_a_short_lived_link_is_reminded_of_half_way() -> None:
    assert plan(NOW, NOW + 2 * DAY, None)[LetterKind.UNUSED] == NOW + DAY


async def test_each_goes_out_once_with_two_processes(database: Database, mailer: Mailer) -> None:
    await invite(database, mailer, Slot(STARTS, "Asia/Shanghai"))
    other = Database(database.url.render_as_string(hide_password=False))
    workers = [Reminders(database, mailer), Reminders(other, mailer)]
    times = (STARTS - DAY, STARTS - HOUR, EXPIRES - 3 * DAY, EXPIRES)
    for now in times:
        sent = await asyncio.gather(*(worker.send_due(now) for worker in workers))
        assert sum(sent) == 1, now
        assert sum([await worker.send_due(now + timedelta(minutes=1)) for worker in workers]) == 0
    await other.close()
    assert await kinds(database) == ["invited", "day_before", "hour_before", "unused", "expired"]


async def test_a_reminder_has_a_link_that_works_and_the_candidates_clock(
    sqlite: Database, mailer: Mailer, mailbox: Mailbox, post: Post
) -> None:
    await invite(sqlite, mailer, Slot(STARTS, "Asia/Shanghai"))
    now = STARTS - DAY
    await Reminders(sqlite, mailer).send_due(now)
    await post.deliver(now)
    text = part(mailbox.mails[-1], "plain")
    assert "Saturday, 28 November 2026, 17:00 (Asia/Shanghai, UTC+08:00)" in text
    token = text.split("/i/")[1].split()[0]
    assert (await Invitations(sqlite).find(token, now)).expires_at == EXPIRES


@pytest.mark.parametrize("what", ["begun", "cancelled", "opened", "erased", "late"])
async def test_none_for_what_is_no_longer_so(sqlite: Database, mailer: Mailer, what: str) -> None:
    token = await invite(sqlite, mailer, Slot(STARTS, "UTC"))
    late = timedelta()
    async with sqlite.begin() as connection:
        if what == "begun":
            await connection.execute(schema.interviews.update().values(status="running"))
        elif what == "cancelled":
            await cancel(connection, mailer, ID, NOW)
        elif what == "erased":
            await connection.execute(schema.interviews.update().values(candidate_email=""))
        elif what == "late":
            late = timedelta(days=3, minutes=1)
    if what == "opened":
        await Invitations(sqlite).redeem(token, NOW)
    for now in (STARTS - DAY, STARTS - HOUR, EXPIRES - 3 * DAY, EXPIRES):
        await Reminders(sqlite, mailer).send_due(now + late)
    assert await kinds(sqlite) == {
        "cancelled": ["invited", "cancelled"],
        # The page stays open to the browser; of the appointment they are still reminded.
        "opened": ["invited", "day_before", "hour_before"],
        # Three days late, "not opened yet" would come behind the expiry.
        "late": ["invited", "expired"],
    }.get(what, ["invited"])


async def test_moved_appointments_are_reminded_of_at_their_new_time(sqlite: Database, mailer: Mailer) -> None:
    await invite(sqlite, mailer, Slot(STARTS, "UTC"))
    worker = Reminders(sqlite, mailer)
    assert await worker.send_due(STARTS - DAY) == 1
    later = STARTS + 2 * DAY
    async with sqlite.begin() as connection:
        await schedule(connection, mailer, ID, Slot(later, "UTC"), STARTS - DAY)
    assert await worker.send_due(STARTS - HOUR) == 0
    assert await worker.send_due(later - DAY) == 1
    async with sqlite.begin() as connection:
        await invite_again(connection, mailer, ID, EXPIRES, EXPIRES + 14 * DAY)
    # The new link has an "unused" and an "expired" of its own.
    assert await worker.send_due(EXPIRES + 11 * DAY) == 1
    assert await worker.send_due(EXPIRES + 14 * DAY) == 1
    assert await kinds(sqlite) == [
        "invited",
        "day_before",
        "rescheduled",
        "day_before",
        "invited_again",
        "unused",
        "expired",
    ]


async def test_who_was_invited_to_what_was_called_off_elsewhere_is_told_once(
    database: Database, mailer: Mailer
) -> None:
    await invite(database, mailer, Slot(STARTS, "UTC"))
    worker = Reminders(database, mailer)
    assert await worker.tell_cancelled(NOW) == 0
    async with database.begin() as connection:
        await connection.execute(schema.interviews.update().values(status="cancelled"))
    assert sum(await asyncio.gather(*(worker.tell_cancelled(NOW) for _ in range(2)))) == 1
    assert await worker.tell_cancelled(NOW) == 0
    assert await worker.send_due(STARTS - HOUR) == 0
    assert await kinds(database) == ["invited", "cancelled"]
    query = sa.select(schema.outbox.c.body).order_by(schema.outbox.c.position.desc()).limit(1)
    async with database.read() as connection:
        told = (await connection.scalars(query)).one()["data"]
    assert (told["calendar"], told["appointment"]["sequence"]) == ("CANCEL", 1)


async def test_one_that_cannot_be_written_holds_up_no_other(sqlite: Database, mailer: Mailer) -> None:
    async with sqlite.begin() as connection:
        for id_, language in (("b" * 32, Language.ENGLISH), (ID, Language.CHINESE)):
            token = await new_interview(connection, sqlite, id_, language=language, email=f"{id_}@example.org")
            await invite_by_mail(connection, mailer, id_, token, NOW)
    flow = mailer.flows["customer_service"]
    # The company has taken Chinese out of its flow since; the reminder in Chinese is the first that is due.
    without = replace(flow, job={Language.ENGLISH: flow.job[Language.ENGLISH]})
    worker = Reminders(sqlite, replace(mailer, flows={flow.id: without}))
    assert await worker.send_due(EXPIRES - 3 * DAY) == 1
    assert await worker.send_due(EXPIRES - 3 * DAY) == 0
    assert await kinds(sqlite) == ["invited", "invited", "unused"]
    async with sqlite.begin() as connection:
        await connection.execute(schema.interviews.update().values(status="cancelled"))
    assert await worker.tell_cancelled(EXPIRES - 2 * DAY) == 1
    assert await worker.tell_cancelled(EXPIRES - 2 * DAY) == 0
