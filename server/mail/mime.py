"""A rendered letter as one internet message: text, HTML and calendar entry as alternatives (RFC 2046, 6047). Pure."""

from __future__ import annotations

from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from email.utils import format_datetime

from server.mail.address import Mailbox
from server.mail.letter import Letter
from server.mail.letters import Rendered


def message_of(letter: Letter, rendered: Rendered, message_id: str, sender: Mailbox) -> EmailMessage:
    """The message. message_id: the outbox row's, so that a mail that arrives twice is known by its Message-ID.

    Raises ValueError for an address that no mail server takes.
    """
    to = Mailbox.of(letter.to, letter.name)
    # Only an address whose local part is not ASCII needs headers that not every mail server takes (RFC 6532).
    message = EmailMessage(policy=SMTP if to.local.isascii() and sender.local.isascii() else SMTPUTF8)
    message["From"] = Address(sender.name or letter.company, sender.local, sender.domain)
    message["To"] = to.header
    if (answers := _mailbox(letter.contact)) is not None:
        message["Reply-To"] = answers.header
    message["Subject"] = rendered.subject
    message["Date"] = format_datetime(letter.written_at)
    message["Message-ID"] = f"<{message_id}@{sender.domain}>"
    # Holiday notices and the like are not sent in answer (RFC 3834).
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(rendered.text, cte="quoted-printable" if letter.language == "en" else "base64")
    message.add_alternative(rendered.html, subtype="html", cte="base64")
    if rendered.calendar is not None:
        entry, method = rendered.calendar
        message.add_alternative(
            entry.decode(),
            subtype="calendar",
            cte="base64",
            params={"method": method.value, "component": "VEVENT"},
        )
    # Headers of content that are set before would have gone to the first of its alternatives.
    message["Content-Language"] = letter.language.value
    return message


def _mailbox(contact: str) -> Mailbox | None:
    try:
        return Mailbox.of(contact)
    except ValueError:
        return None
