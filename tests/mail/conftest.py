"""A real mail server on a free port, and an interview that somebody can be invited to."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP, Envelope, Session
from icalendar import Calendar
from sqlalchemy.ext.asyncio import AsyncConnection

from question_flows.model import Flow, Language
from scripts.local_server import free_port
from server.delivery.connector import Outgoing, Sent
from server.delivery.safe_client import SafeClient
from server.ehr.connectors.email import Email, connector_of
from server.interview.events import InterviewInvited
from server.mail.mailer import Mailer
from server.settings import Settings
from server.storage import schema
from server.storage.database import Database
from server.storage.event_log import EventLog, NewInterview
from server.storage.invitations import Invitations
from server.storage.outbox import Outbox
from tests.fixed_flows import fixed_flows
from tests.storage.conftest import database, database_url, postgres, with_tables

__all__ = ["database", "database_url", "postgres", "with_tables"]

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
EXPIRES = NOW + timedelta(days=14)
ADA = "ada@example.org"


@dataclass
class Mailbox:
    """A mail server that keeps what it gets. refusals: what it answers instead, command → answers, each once."""

    port: int
    mails: list[EmailMessage] = field(default_factory=list)
    envelopes: list[tuple[str, Sequence[str]]] = field(default_factory=list)
    refusals: dict[str, list[str]] = field(default_factory=dict)

    async def handle_MAIL(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if (answer := self._refusal("MAIL")) is not None:
            return answer
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if (answer := self._refusal("RCPT")) is not None:
            return answer
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        if (answer := self._refusal("DATA")) is not None:
            return answer
        content = envelope.content
        assert isinstance(content, bytes)
        mail = message_from_bytes(content, policy=default)
        assert isinstance(mail, EmailMessage)
        self.mails.append(mail)
        self.envelopes.append((envelope.mail_from or "", tuple(envelope.rcpt_tos)))
        return "250 OK"

    def _refusal(self, command: str) -> str | None:
        waiting = self.refusals.get(command)
        return waiting.pop(0) if waiting else None

    async def serve(self, *, utf8: bool = True) -> asyncio.Server:
        """Listens on its port."""
        return await asyncio.get_running_loop().create_server(
            lambda: SMTP(self, enable_SMTPUTF8=utf8, ident="test"), "127.0.0.1", self.port
        )


@dataclass
class Post:
    """What sends letters: the outbox and the connector, step by step."""

    database: Database
    connector: Email

    async def deliver(self, now: datetime = NOW) -> list[Sent]:
        """Sends what is due now, row by row, until nothing is; what comes of each."""
        outbox, results = Outbox(self.database), []
        while rows := await outbox.claim(now):
            for row in rows:
                message = Outgoing(
                    row.id,
                    row.type,
                    row.body,
                    row.interview_id,
                    row.application_id,
                    row.created_at,
                    row.attempts + 1,
                    {},
                )
                sent = await self.connector.deliver(message, now)
                results.append(sent)
                if sent.delivered:
                    await outbox.delivered(row.id, now)
                else:
                    await outbox.failed(row.id, sent.error, None if sent.final else now + timedelta(minutes=5))
        return results


def settings_with(port: int, **more: Any) -> Settings:
    values: dict[str, Any] = {
        "smtp_url": f"smtp://127.0.0.1:{port}",
        "mail_from": "Example Ltd <jobs@example.com>",
        "public_url": "https://interviews.example.com",
        "company_name": "Example Ltd",
        "privacy_contact": "privacy@example.com",
        "ehr_secret": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        **more,
    }
    return Settings(**values, _env_file=None)


@pytest.fixture(scope="session")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database file with every table: bringing the schema up to date takes longer than most tests."""
    path = tmp_path_factory.mktemp("mail") / "empty.sqlite"

    async def make() -> None:
        database = Database(f"sqlite+aiosqlite:///{path}")
        await database.open()
        await database.close()

    asyncio.run(make())
    return path


@pytest.fixture
async def sqlite(tmp_path: Path, empty: Path) -> AsyncIterator[Database]:
    path = tmp_path / "interviews.sqlite"
    await asyncio.to_thread(shutil.copyfile, empty, path)
    database = Database(f"sqlite+aiosqlite:///{path}")
    yield database
    await database.close()


@pytest.fixture
async def mailbox() -> AsyncIterator[Mailbox]:
    found = Mailbox(free_port())
    server = await found.serve()
    yield found
    server.close()


@pytest.fixture
def settings(mailbox: Mailbox) -> Settings:
    return settings_with(mailbox.port)


@pytest.fixture(scope="session")
def flows() -> Mapping[str, Flow]:
    return fixed_flows()


@pytest.fixture
def mailer(settings: Settings, flows: Mapping[str, Flow]) -> Mailer:
    found = Mailer.of(settings, flows)
    assert found is not None
    return found


@pytest.fixture
def post(sqlite: Database, settings: Settings) -> Post:
    return Post(sqlite, connector_of(settings, SafeClient()))


async def new_interview(
    connection: AsyncConnection,
    database: Database,
    interview_id: str = "a" * 32,
    *,
    language: Language = Language.ENGLISH,
    name: str = "Ada Lovelace",
    email: str = ADA,
    time_zone: str | None = None,
    availability: list[tuple[datetime, datetime]] | None = None,
    expires_at: datetime = EXPIRES,
) -> str:
    """Makes an interview and the link to it, whose token is given."""
    await connection.execute(
        schema.candidates.insert().values(
            id=interview_id,
            name=name,
            email=email or None,
            language=language.value,
            created_at=NOW,
            time_zone=time_zone,
            availability=[{"from": a.isoformat(), "to": b.isoformat()} for a, b in availability or []] or None,
        )
    )
    body = InterviewInvited("customer_service", 1, language, "EU", name)
    await EventLog(database).create_all(connection, [NewInterview(interview_id, body, email, interview_id)], now=NOW)
    return await Invitations(database).issue(connection, interview_id, expires_at)


def part(mail: EmailMessage, subtype: str) -> str:
    """The text of one of the mail's alternatives."""
    [found] = [one for one in mail.walk() if one.get_content_type() == f"text/{subtype}"]
    assert isinstance(found, EmailMessage)
    text: str = found.get_content()
    return text


def entry(mail: EmailMessage) -> Any:
    """(the calendar, its event) of the mail."""
    calendar = Calendar.from_ical(part(mail, "calendar"))
    [event] = calendar.walk("VEVENT")
    return calendar, event
