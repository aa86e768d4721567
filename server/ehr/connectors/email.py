"""Sends letters by SMTP. The message is made at delivery; its Message-ID is the outbox row's id."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from email.message import EmailMessage
from functools import cache
from typing import Any, ClassVar

import aiosmtplib
from pydantic import BaseModel, Field, SecretStr, ValidationError

from server.delivery.connector import BadSignature, Outgoing, Received, Reply, Sent, Unreadable
from server.delivery.safe_client import SafeClient
from server.i18n import Messages
from server.mail.address import Mailbox, SmtpAddress
from server.mail.letter import DESTINATION, EMAIL_SEND, Letter, decode
from server.mail.letters import render
from server.mail.mailer import LinkSeal, LinkUnreadable
from server.mail.mime import message_of
from server.records.incoming import Incoming
from server.settings import Settings

STEP_SECONDS = 20.0
"""How long the mail server may take for one command."""
WHOLE_SECONDS = 45.0
"""How long sending one letter may take: less than the time for which a worker holds its row."""


class EmailSettings(BaseModel):
    """Filled from the server's settings."""

    sender: str = Field(description="Who letters come from: an address, or “Name <address>”.")


class EmailSecrets(BaseModel):
    """Filled from the server's settings."""

    smtp_url: SecretStr = Field(description="The mail server, with user and password.")
    links_secret: SecretStr = Field(description="What the links in waiting letters are hidden with.")


class Email:
    """The mail server of INTERVIEW_SMTP_URL."""

    kind: ClassVar[str] = DESTINATION
    Settings: ClassVar[type[BaseModel]] = EmailSettings
    Secrets: ClassVar[type[BaseModel]] = EmailSecrets
    SUBSCRIPTIONS: ClassVar[Sequence[str]] = (EMAIL_SEND,)

    def __init__(self, settings: BaseModel, secrets: BaseModel, client: SafeClient) -> None:
        """client: not used, a mail server does not speak HTTP."""
        if not isinstance(settings, EmailSettings) or not isinstance(secrets, EmailSecrets):
            raise TypeError("not the settings of a mail server")
        self._server = SmtpAddress.parse(secrets.smtp_url.get_secret_value())
        self._sender = Mailbox.parse(settings.sender)
        self._links = LinkSeal(secrets.links_secret.get_secret_value())

    async def deliver(self, message: Outgoing, now: datetime) -> Sent:
        """Sends the letter once. A mail server that goes away before it has answered may send it twice."""
        try:
            letter = decode(message.body["data"])
            if letter.is_outdated(now):
                return Sent("too_late", final=True)
            mail = await asyncio.to_thread(self._mail, letter, message.id)
        except LinkUnreadable:
            return Sent("link_unreadable", final=True)
        except (KeyError, ValidationError):
            return Sent("not_a_letter", final=True)
        except ValueError:
            return Sent("address_unusable", final=True)
        try:
            async with asyncio.timeout(WHOLE_SECONDS):
                await self._send(mail, Mailbox.of(letter.to).address)
        except aiosmtplib.SMTPException as error:
            return _failed(error)
        except TimeoutError:
            return Sent("timeout")
        except OSError as error:
            return Sent(type(error).__name__)
        return Sent()

    def receive(self, request: Received, now: datetime) -> Reply:
        """Nothing comes in."""
        raise BadSignature("a mail server calls nobody")

    def read(self, type_: str, body: Mapping[str, Any]) -> Sequence[Incoming]:
        """Nothing comes in."""
        raise Unreadable("type")

    async def poll(
        self, seen: Mapping[str, Any], now: datetime
    ) -> AsyncIterator[tuple[Mapping[str, Any], Sequence[Incoming]]]:
        """Nothing is asked for."""
        nothing: tuple[tuple[Mapping[str, Any], Sequence[Incoming]], ...] = ()
        for page in nothing:
            yield page

    def _mail(self, letter: Letter, message_id: str) -> EmailMessage:
        rendered = render(letter, self._links.open(letter.sealed_link), _catalogue(), self._sender)
        return message_of(letter, rendered, message_id, self._sender)

    async def _send(self, mail: EmailMessage, to: str) -> None:
        server = self._server
        client = aiosmtplib.SMTP(
            hostname=server.host,
            port=server.port,
            username=server.user or None,
            password=server.password or None,
            use_tls=server.security == "tls",
            start_tls=server.security == "starttls",
            timeout=STEP_SECONDS,
        )
        async with client:
            await client.send_message(mail, sender=self._sender.address, recipients=[to])


def connector_of(settings: Settings, client: SafeClient) -> Email:
    """The connection that the server's settings make, under the id "email"."""
    return Email(
        EmailSettings(sender=settings.mail_from),
        EmailSecrets(smtp_url=settings.smtp_url, links_secret=SecretStr(settings.signing_secret())),
        client,
    )


def _failed(error: aiosmtplib.SMTPException) -> Sent:
    """The mail server's no. What it says of the recipient or the letter with 5xx is its last word (RFC 5321, 4.2.1).

    What it says of us (greeting, password, sender) is for the operator to put right, and the letter waits.
    """
    if isinstance(error, aiosmtplib.SMTPRecipientsRefused):
        error = error.recipients[0]
    code = error.code if isinstance(error, aiosmtplib.SMTPResponseException) else None
    if code is None:
        # An address in another script, and a mail server without SMTPUTF8: trying again would not help.
        return Sent(type(error).__name__, final=isinstance(error, aiosmtplib.SMTPNotSupported))
    about_letter = isinstance(error, aiosmtplib.SMTPRecipientRefused | aiosmtplib.SMTPDataError)
    return Sent(f"SMTP {code}", final=about_letter and 500 <= code < 600)


@cache
def _catalogue() -> Messages:
    return Messages()
