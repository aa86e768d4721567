"""Letters reach a real mail server once, in the candidate's language, and their calendar entries follow each change."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa

from question_flows.model import Language
from server.errors import UserError
from server.mail.invitations import Slot, cancel, invite_again, invite_by_mail, schedule
from server.mail.mailer import Mailer
from server.storage import schema
from server.storage.database import Database
from server.storage.invitations import Invitations
from server.storage.record_tables import reminders
from tests.mail.conftest import EXPIRES, NOW, Mailbox, Post, entry, new_interview, part

ID = "a" * 32
SHANGHAI = "Asia/Shanghai"


async def invited(database: Database, mailer: Mailer, now: datetime = NOW, **who: object) -> str:
    async with database.begin() as connection:
        token = await new_interview(connection, database, **who)  # type: ignore[arg-type]
        assert await invite_by_mail(connection, mailer, ID, token, now)
    return token


@pytest.mark.parametrize(
    ("language", "name", "subject", "words"),
    [
        (
            Language.ENGLISH,
            "Ada Lovelace",
            "Your interview for Customer service representative at Example Ltd",
            "people decide",
        ),
        (Language.CHINESE, "李小龙", "Example Ltd邀请您参加“客服专员”面试", "最终由人来决定"),
    ],
)
async def test_the_invitation_arrives_once_in_the_candidates_language(
    sqlite: Database,
    mailer: Mailer,
    mailbox: Mailbox,
    post: Post,
    language: Language,
    name: str,
    subject: str,
    words: str,
) -> None:
    token = await invited(sqlite, mailer, language=language, name=name)
    assert [sent.error for sent in await post.deliver()] == [""]
    assert await post.deliver() == []
    [mail] = mailbox.mails
    assert mailbox.envelopes == [("jobs@example.com", ("ada@example.org",))]
    assert mail["Subject"] == subject
    assert mail["To"].addresses[0].display_name == name
    assert mail["From"] == "Example Ltd <jobs@example.com>"
    assert mail["Reply-To"] == "privacy@example.com"
    assert mail["Content-Language"] == language.value
    assert re.fullmatch(r"<msg_[0-9a-f]{32}@example\.com>", mail["Message-ID"])
    assert [one.get_content_type() for one in mail.iter_parts()] == ["text/plain", "text/html"]
    link = f"https://interviews.example.com/i/{token}"
    for text in (part(mail, "plain"), part(mail, "html")):
        assert words in text
        assert name in text
        assert link in text
    # Nothing is loaded from anywhere, and no address leads elsewhere.
    assert set(re.findall(r"https?://[^\s\"<]+", part(mail, "html"))) == {link}
    assert "<img" not in part(mail, "html")


async def test_no_link_that_works_stands_in_the_database(sqlite: Database, mailer: Mailer) -> None:
    token = await invited(sqlite, mailer)
    async with sqlite.read() as connection:
        [body] = (await connection.scalars(sa.select(schema.outbox.c.body))).all()
    assert token not in str(body)


async def test_an_appointment_inside_the_stated_availability(
    sqlite: Database, mailer: Mailer, mailbox: Mailbox, post: Post
) -> None:
    tuesday = datetime(2026, 11, 24, tzinfo=ZoneInfo(SHANGHAI))
    token = await invited(
        sqlite,
        mailer,
        language=Language.CHINESE,
        time_zone=SHANGHAI,
        availability=[(tuesday + timedelta(hours=18, minutes=5), tuesday + timedelta(hours=23))],
    )
    await post.deliver()
    [mail] = mailbox.mails
    calendar, event = entry(mail)
    starts = event["DTSTART"].dt
    assert starts == tuesday.replace(hour=18, minute=15)
    assert event["DTSTART"].params["TZID"] == SHANGHAI
    assert [zone["TZID"] for zone in calendar.walk("VTIMEZONE")] == [SHANGHAI]
    assert (calendar["METHOD"], event["STATUS"], event["SEQUENCE"]) == ("REQUEST", "CONFIRMED", 0)
    assert event["DTSTAMP"].dt == NOW
    assert event["ORGANIZER"] == "mailto:jobs@example.com"
    assert event["ATTENDEE"] == "mailto:ada@example.org"
    assert f"/i/{token}" in event["DESCRIPTION"]
    assert "2026年11月24日 星期二 18:15（Asia/Shanghai, UTC+08:00）" in part(mail, "plain")
    [ics] = [one for one in mail.walk() if one.get_content_type() == "text/calendar"]
    assert ics["Content-Type"].params == {"charset": "utf-8", "method": "REQUEST", "component": "VEVENT"}
    assert mail.get_content_type() == "multipart/alternative"


async def test_a_changed_appointment_keeps_its_uid_and_its_sequence_rises(
    sqlite: Database, mailer: Mailer, mailbox: Mailbox, post: Post
) -> None:
    first, second = NOW + timedelta(days=2), NOW + timedelta(days=3)
    await invited(sqlite, mailer)
    for starts_at, zone in ((first, "Europe/Berlin"), (first, "Europe/Berlin"), (second, "Europe/Berlin")):
        async with sqlite.begin() as connection:
            await schedule(connection, mailer, ID, Slot(starts_at, zone), NOW)
    async with sqlite.begin() as connection:
        assert await cancel(connection, mailer, ID, NOW)
    async with sqlite.begin() as connection:
        # Told once.
        assert not await cancel(connection, mailer, ID, NOW)
        token, sent = await invite_again(connection, mailer, ID, NOW, EXPIRES)
        assert sent
        await schedule(connection, mailer, ID, Slot(first, "UTC"), NOW)
    await post.deliver()
    dated = [mail for mail in mailbox.mails if any(one.get_content_subtype() == "calendar" for one in mail.walk())]
    told = [(entry(mail)[0]["METHOD"], entry(mail)[1]["SEQUENCE"], entry(mail)[1]["DTSTART"].dt) for mail in dated]
    assert told == [("REQUEST", 0, first), ("REQUEST", 1, second), ("CANCEL", 2, second), ("REQUEST", 3, first)]
    assert {str(entry(mail)[1]["UID"]) for mail in dated} == {f"{ID}@example.com"}
    assert entry(dated[2])[1]["STATUS"] == "CANCELLED"
    assert "/i/" not in part(dated[2], "plain")
    subjects = [str(mail["Subject"]) for mail in mailbox.mails]
    assert [subject.split(":")[0].split(" for")[0] for subject in subjects] == [
        "Your interview",
        "Your interview",
        "New time",
        "Your interview",
        "A new link",
        "Your interview",
    ]
    assert token in part(mailbox.mails[4], "plain")


async def test_what_was_taken_back_opens_nothing(sqlite: Database, mailer: Mailer) -> None:
    token, links = await invited(sqlite, mailer), Invitations(sqlite)
    async with sqlite.begin() as connection:
        second = await links.issue(connection, ID, EXPIRES)
    cookie = await links.redeem(second, NOW)
    async with sqlite.begin() as connection:
        await cancel(connection, mailer, ID, NOW)
        assert await connection.scalar(sa.select(reminders.c.kind)) is None
    with pytest.raises(UserError, match="link_expired"):
        await links.find(token, NOW)
    assert await links.interview_of(cookie) is None


async def test_a_new_link_after_the_old_one_has_expired(
    sqlite: Database, mailer: Mailer, mailbox: Mailbox, post: Post
) -> None:
    await invited(sqlite, mailer)
    late, links = EXPIRES + timedelta(days=1), Invitations(sqlite)
    async with sqlite.begin() as connection:
        with pytest.raises(UserError, match="link_gone"):
            await schedule(connection, mailer, ID, Slot(late + timedelta(days=1), "UTC"), late)
        token, sent = await invite_again(connection, mailer, ID, late, late + timedelta(days=7))
    assert sent
    assert (await links.find(token, late)).interview_id == ID
    await post.deliver(late)
    assert mailbox.mails[-1]["Subject"].startswith("A new link for your interview")
    assert token in part(mailbox.mails[-1], "plain")


async def test_what_cannot_be_is_refused_and_changes_nothing(sqlite: Database, mailer: Mailer) -> None:
    await invited(sqlite, mailer)
    soon = NOW + timedelta(days=1)
    for slot, code in (
        (Slot(NOW - timedelta(minutes=1), "UTC"), "appointment_past"),
        (Slot(EXPIRES - timedelta(minutes=5), "UTC"), "appointment_after_expiry"),
        (Slot(soon, "Mars/Olympus"), "time_zone_unknown"),
        (Slot(soon, "../etc/passwd"), "time_zone_unknown"),
    ):
        with pytest.raises(UserError, match=code):
            async with sqlite.begin() as connection:
                await schedule(connection, mailer, ID, slot, NOW)
    async with sqlite.begin() as connection:
        await connection.execute(schema.interviews.update().values(status="running"))
    async with sqlite.begin() as connection:
        with pytest.raises(UserError, match="interview_begun"):
            await schedule(connection, mailer, ID, Slot(soon, "UTC"), NOW)
        with pytest.raises(UserError, match="interview_begun"):
            await cancel(connection, mailer, ID, NOW)
        with pytest.raises(UserError, match="interview_begun"):
            await invite_again(connection, mailer, ID, NOW, EXPIRES)
    async with sqlite.begin() as connection:
        await connection.execute(schema.interviews.update().values(status="cancelled"))
        with pytest.raises(UserError, match="interview_called_off"):
            await invite_again(connection, mailer, ID, NOW, EXPIRES)
    async with sqlite.read() as connection:
        assert await connection.scalar(sa.select(sa.func.count()).select_from(schema.outbox)) == 1


async def test_without_an_address_or_a_mail_server_the_link_is_passed_on_by_hand(
    sqlite: Database, mailer: Mailer
) -> None:
    async with sqlite.begin() as connection:
        token = await new_interview(connection, sqlite, email="")
        assert not await invite_by_mail(connection, mailer, ID, token, NOW)
        other = await new_interview(connection, sqlite, "b" * 32, email="bob@example.org")
        assert not await invite_by_mail(connection, None, "b" * 32, other, NOW)
        with pytest.raises(UserError, match="address_missing"):
            await schedule(connection, mailer, ID, Slot(NOW + timedelta(days=1), "UTC"), NOW)
        assert await connection.scalar(sa.select(schema.outbox.c.id)) is None


async def test_a_transaction_that_fails_sends_nothing(sqlite: Database, mailer: Mailer) -> None:
    async def half_way() -> None:
        async with sqlite.begin() as connection:
            token = await new_interview(connection, sqlite)
            assert await invite_by_mail(connection, mailer, ID, token, NOW)
            raise RuntimeError("on purpose")

    with pytest.raises(RuntimeError, match="on purpose"):
        await half_way()
    async with sqlite.read() as connection:
        assert await connection.scalar(sa.select(schema.outbox.c.id)) is None
        assert await connection.scalar(sa.select(reminders.c.kind)) is None
