"""Why a message was not delivered, in the reader's words: the log keeps short names that every connector gives."""

from __future__ import annotations

from collections.abc import Callable

_UNREACHABLE = "unreachable"
_CERTIFICATE = "certificate"
_NAMED = {
    "timeout": "timeout",
    "ClientConnectorError": _UNREACHABLE,
    "ClientConnectorDNSError": _UNREACHABLE,
    "ClientOSError": _UNREACHABLE,
    "ConnectionRefusedError": _UNREACHABLE,
    "ConnectionResetError": _UNREACHABLE,
    "ServerDisconnectedError": _UNREACHABLE,
    "SMTPConnectError": _UNREACHABLE,
    "SMTPServerDisconnected": _UNREACHABLE,
    "ClientConnectorCertificateError": _CERTIFICATE,
    "ClientConnectorSSLError": _CERTIFICATE,
    "address not allowed": "address",
    "address malformed": "address",
    "address with a password": "address",
    "https needed": "https",
    "no e-mail address": "no_email",
    "total withheld": "withheld",
    "answer not understood": "not_understood",
    "answer too large": "not_understood",
    "compressed answer": "not_understood",
    "no JSON": "not_understood",
    "applicant gone": "applicant_gone",
    "field or value unknown there": "field_unknown",
    "link_unreadable": "link",
    "too_late": "too_late",
}
"""What attempts are logged with → the end of `console.failure_…`."""
_STATUSES = {401: "refused", 403: "refused", 404: "not_found", 405: "not_found", 410: "gone", 413: "large", 429: "busy"}


def failure(t: Callable[..., str], error: str) -> str:
    """The error as a sentence without its end; one that nobody has named stays as it is. t: the reader's texts."""
    if error in _NAMED:
        return t(f"console.failure_{_NAMED[error]}")
    protocol, _, number = error.partition(" ")
    if protocol != "HTTP" or not (number.isascii() and number.isdigit() and len(number) == 3):
        return error
    status = int(number)
    by_hundred = {3: "redirect", 4: "not_accepted", 5: "fault"}
    name = _STATUSES.get(status) or by_hundred.get(status // 100)
    return t("console.failure_http", status=status, what=t(f"console.failure_{name}")) if name else error
