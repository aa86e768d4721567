"""The mail connector against a real mail server: its refusals, its absence, letters that try to be more."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from question_flows.model import Language
from scripts.local_server import free_port
from server.delivery.connector import Outgoing, Sent
from server.delivery.safe_client import SafeClient
from server.ehr.connectors.email import Email, connector_of
from server.mail.letter import EMAIL_SEND, Appointment, Letter, LetterKind, encode
from server.mail.mailer import LinkSeal
from tests.mail.conftest import ADA, EXPIRES, NOW, Mailbox, part, settings_with

LETTER = Letter(
    LetterKind.INVITED,
    to=ADA,
    name="Ada Lovelace",
    language=Language.ENGLISH,
    job="Agent",
    minutes=20,
    company="Example Ltd",
    contact="privacy@example.com",
    time_zone="UTC",
    written_at=NOW,
    sealed_link=LinkSeal("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").close("https://interviews.example.com/i/x"),
    expires_at=EXPIRES,
)


def outgoing(letter: Letter = LETTER, **data: object) -> Outgoing:
    body = {"type": EMAIL_SEND, "timestamp": NOW.isoformat(), "data": {**encode(letter), **data}}
    return Outgoing("msg_" + "1" * 32, EMAIL_SEND, body, "a" * 32, None, NOW, 1, {})


async def send(port: int, message: Outgoing, **settings: str) -> Sent:
    return await connector_of(settings_with(port, **settings), SafeClient()).deliver(message, NOW)


@pytest.mark.parametrize(
    ("command", "answer", "error", "final"),
    [
        ("RCPT", "550 5.1.1 no such mailbox: ada@example.org", "SMTP 550", True),
        ("RCPT", "450 4.2.1 greylisted", "SMTP 450", False),
        ("DATA", "554 5.7.1 refused", "SMTP 554", True),
        ("DATA", "451 4.3.0 try again", "SMTP 451", False),
        # Of us, not of the letter: the operator puts it right, and the letter waits.
        ("MAIL", "553 5.1.8 sender not allowed", "SMTP 553", False),
    ],
)
async def test_the_servers_no(mailbox: Mailbox, command: str, answer: str, error: str, *, final: bool) -> None:
    mailbox.refusals[command] = [answer]
    assert await send(mailbox.port, outgoing()) == Sent(error, final=final)
    assert mailbox.mails == []


async def test_a_server_that_is_down_and_then_up(mailbox: Mailbox) -> None:
    other = Mailbox(free_port())
    assert await send(other.port, outgoing()) == Sent("SMTPConnectError")
    server = await other.serve()
    for _ in range(2):
        assert (await send(other.port, outgoing())).delivered
    # The same letter again is the same message.
    first, second = other.mails
    assert first["Message-ID"] == second["Message-ID"] == f"<msg_{'1' * 32}@example.com>"
    assert first["Date"] == second["Date"]
    server.close()


@pytest.mark.parametrize(
    "text", ["Ada\r\nBcc: all@example.org", "Ada\nX: y", "Ada\0", "Ada\u2028Bcc: x", "Ada\x85X: y", 'Ada" <x@y.org>, "']
)
async def test_no_words_become_headers_or_recipients(mailbox: Mailbox, text: str) -> None:
    letter = replace(LETTER, name=text, job=text, company=text)
    assert (await send(mailbox.port, outgoing(letter))).delivered
    [mail] = mailbox.mails
    assert mailbox.envelopes == [("jobs@example.com", (ADA,))]
    assert not {"Bcc", "X"} & set(mail.keys())
    assert [one.addr_spec for one in mail["To"].addresses] == [ADA]


@pytest.mark.parametrize(
    "to",
    [
        "ada@example.org\r\nRCPT TO:<x@y.org>",
        "ada@example.org>",
        "a,b@example.org",
        "ada@exa mple.org",
        "ada",
        "@x.org",
    ],
)
async def test_no_address_becomes_a_command(mailbox: Mailbox, to: str) -> None:
    assert await send(mailbox.port, outgoing(to=to)) == Sent("address_unusable", final=True)
    assert mailbox.mails == []


async def test_names_and_domains_in_any_script(mailbox: Mailbox) -> None:
    assert (await send(mailbox.port, outgoing(replace(LETTER, name="李小龙", to="li@例子.中国")))).delivered
    [mail] = mailbox.mails
    assert mailbox.envelopes[0][1] == ("li@xn--fsqu00a.xn--fiqs8s",)
    assert mail["To"].addresses[0].display_name == "李小龙"


async def test_an_address_in_another_script_needs_a_server_that_takes_it(mailbox: Mailbox) -> None:
    letter = replace(LETTER, to="用户@example.org")
    assert (await send(mailbox.port, outgoing(letter))).delivered
    assert mailbox.envelopes[0][1] == ("用户@example.org",)
    old = Mailbox(free_port())
    server = await old.serve(utf8=False)
    assert await send(old.port, outgoing(letter)) == Sent("SMTPNotSupported", final=True)
    server.close()


async def test_what_is_no_letter_of_ours_is_given_up(mailbox: Mailbox) -> None:
    assert await send(mailbox.port, outgoing(kind="nonsense")) == Sent("not_a_letter", final=True)
    other_secret = outgoing(sealed_link=LinkSeal("another").close("https://x"))
    assert await send(mailbox.port, other_secret) == Sent("link_unreadable", final=True)
    assert await send(mailbox.port, outgoing(sealed_link="no base64!")) == Sent("link_unreadable", final=True)


async def test_a_letter_without_company_or_address_for_questions(mailbox: Mailbox) -> None:
    await send(mailbox.port, outgoing(replace(LETTER, company="", contact="")))
    [mail] = mailbox.mails
    assert mail["From"] == "Example Ltd <jobs@example.com>"
    assert mail["Reply-To"] is None
    assert "just reply to this e-mail" in part(mail, "plain")
    assert "The hiring team" in part(mail, "plain")
    assert mail["Subject"].endswith(" at our company")


@pytest.mark.parametrize("kind", [LetterKind.INVITED, LetterKind.HOUR_BEFORE])
async def test_a_letter_that_has_waited_too_long_is_not_sent(mailbox: Mailbox, kind: LetterKind) -> None:
    over = Appointment("uid", 0, NOW, NOW + timedelta(hours=1), "UTC")
    expires_at = NOW if kind is LetterKind.INVITED else EXPIRES
    letter = replace(LETTER, kind=kind, appointment=over, expires_at=expires_at)
    assert await send(mailbox.port, outgoing(letter)) == Sent("too_late", final=True)
    assert mailbox.mails == []


def test_it_sends_letters_and_nothing_else() -> None:
    assert Email.SUBSCRIPTIONS == ("email.send",)
