"""Mail addresses as headers and mail servers take them, and the URL that names a mail server. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from email.headerregistry import Address
from email.utils import parseaddr
from ipaddress import ip_address
from typing import Literal, Self
from urllib.parse import unquote, urlsplit

_LOCAL = re.compile(r"[\w!#$%&'*+/=?^`{|}~-]+(\.[\w!#$%&'*+/=?^`{|}~-]+)*")
"""A dot-atom (RFC 5322), in any script (RFC 6531)."""
_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", re.IGNORECASE)

Security = Literal["none", "starttls", "tls"]
SCHEMES: dict[str, tuple[Security, int]] = {
    "smtp": ("none", 25),
    "smtp+starttls": ("starttls", 587),
    "smtps": ("tls", 465),
}


@dataclass(frozen=True, slots=True)
class Mailbox:
    """An address with a name, which may be empty. domain: as names are looked up, in ASCII (IDNA)."""

    name: str
    local: str
    domain: str

    @classmethod
    def of(cls, address: str, name: str = "") -> Self:
        """Raises ValueError for what no mail server takes. The name loses line ends and other control characters."""
        local, at, domain = address.strip().rpartition("@")
        if not at or not _LOCAL.fullmatch(local) or len(local.encode()) > 64:
            raise ValueError("must be one address, such as hr@example.org")
        try:
            ascii_domain = domain.encode("idna").decode()
        except UnicodeError:
            raise ValueError("the part behind @ is no name of a domain") from None
        if len(ascii_domain) > 253 or not all(_LABEL.fullmatch(label) for label in ascii_domain.split(".")):
            raise ValueError("the part behind @ is no name of a domain")
        return cls(one_line(name), local, ascii_domain)

    @classmethod
    def parse(cls, text: str) -> Self:
        """From “Name <address>” or an address alone. Raises ValueError."""
        if len(text.splitlines()) > 1:
            raise ValueError("must be on one line")
        name, address = parseaddr(text)
        return cls.of(address, name)

    @property
    def address(self) -> str:
        """local@domain."""
        return f"{self.local}@{self.domain}"

    @property
    def header(self) -> Address:
        """For a header of a message."""
        return Address(self.name, self.local, self.domain)


@dataclass(frozen=True, slots=True)
class SmtpAddress:
    """A mail server. user: empty: it asks for none."""

    host: str
    port: int
    security: Security
    user: str = ""
    password: str = field(default="", repr=False)

    @classmethod
    def parse(cls, url: str) -> Self:
        """From smtp://, smtp+starttls:// or smtps://. Raises ValueError, never with the URL, which has the password."""
        try:
            parts = urlsplit(url)
            port, host = parts.port, parts.hostname
        except ValueError:
            raise ValueError("is no address of a mail server; encode special characters of the password") from None
        if parts.scheme not in SCHEMES or not host or parts.path.strip("/") or parts.query:
            raise ValueError("must be smtps://USER:PASSWORD@HOST:PORT, smtp+starttls://… or smtp://HOST:PORT")
        security, usual_port = SCHEMES[parts.scheme]
        user, password = unquote(parts.username or ""), unquote(parts.password or "")
        if password and security == "none" and not _is_here(host):
            raise ValueError("would send the password unencrypted: begin with smtp+starttls:// or smtps://")
        return cls(host, port or usual_port, security, user, password)


def one_line(text: str) -> str:
    """The text for a header: printable characters only, single spaces."""
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())


def _is_here(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
