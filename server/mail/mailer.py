"""What every letter needs beside its interview: who writes, where links lead, and the key that hides them."""

from __future__ import annotations

import hashlib
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as BadBase64
from collections.abc import Mapping
from dataclasses import dataclass, field

from question_flows.model import Flow
from server.recordings.keys import KeyMissing, KeyRing, SealBroken, header_bytes
from server.settings import Settings

MAGIC = b"LINK1\n"
NAME = "link"


class LinkUnreadable(Exception):
    """A letter's link was hidden with another secret than the present one."""


@dataclass(frozen=True, slots=True)
class Mailer:
    """There is one only when letters can be sent. public_url: without a slash at the end. domain: of the sender."""

    flows: Mapping[str, Flow]
    public_url: str
    company: str
    contact: str
    domain: str
    links: LinkSeal = field(repr=False)

    @classmethod
    def of(cls, settings: Settings, flows: Mapping[str, Flow]) -> Mailer | None:
        """As the settings have it; None when no SMTP server is named."""
        if not settings.smtp_url.get_secret_value():
            return None
        return cls(
            flows,
            settings.public_url.rstrip("/"),
            " ".join(settings.company_name.split()),
            " ".join(settings.privacy_contact.split()),
            settings.mail_from_address.rpartition("@")[2],
            LinkSeal(settings.signing_secret()),
        )

    def link(self, token: str) -> str:
        """The address that opens an invitation."""
        return f"{self.public_url}/i/{token}"

    def sealed_link(self, token: str) -> str:
        """The same, hidden: the database keeps no link that works."""
        return self.links.close(self.link(token))


class LinkSeal:
    """Hides links between the moment a letter is written and the moment it is sent (AES-256-GCM)."""

    def __init__(self, secret: str) -> None:
        self._keys = KeyRing((hashlib.sha256(b"links of letters " + secret.encode()).digest(),))

    def close(self, link: str) -> str:
        """The link, hidden, as text."""
        begin, seal = self._keys.new_seal(MAGIC, NAME)
        return urlsafe_b64encode(begin + seal.close(0, link.encode())).decode()

    def open(self, sealed: str) -> str:
        """The link; empty for empty. Raises LinkUnreadable."""
        if not sealed:
            return ""
        try:
            raw = urlsafe_b64decode(sealed)
            size = header_bytes(MAGIC)
            return self._keys.seal_of(raw[:size], MAGIC, NAME).open(0, raw[size:]).decode()
        except (BadBase64, ValueError, KeyMissing, SealBroken) as error:
            raise LinkUnreadable(type(error).__name__) from error
