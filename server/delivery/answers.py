"""What an HTTP answer means for a message on its way: delivered, again, later, or never more."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from server.delivery.connector import Sent
from server.delivery.safe_client import NoAnswer, Response

LONGEST_WAIT = timedelta(hours=24)
"""The longest Retry-After that is honoured."""
GONE = 410


def judged(
    response: Response, now: datetime, *, final: Collection[int] = (), learned: Mapping[str, str] | None = None
) -> Sent:
    """Only 2xx is success; 410 ends the connection; everything else is tried again, but for the statuses in `final`.

    final: 410 may be among them, of a system that says it of one thing and not of all that it is sent.
    """
    if response.ok:
        return Sent(status=response.status, learned=learned)
    return Sent(
        error=f"HTTP {response.status}",
        status=response.status,
        retry_after=retry_after(response.headers.get("retry-after", ""), now),
        final=response.status in final,
        gone=response.status == GONE and GONE not in final,
    )


def unanswered(error: NoAnswer) -> Sent:
    """Tried again, also at an address that is not allowed: HR may set it right before the message is given up."""
    return Sent(error=error.error)


def retry_after(header: str, now: datetime) -> timedelta | None:
    """The wait a Retry-After header asks for (seconds or an HTTP date), 24 h at most; None when it asks for none."""
    text = header.strip()
    if text.isascii() and text.isdigit():
        return min(timedelta(seconds=int(text[:9])), LONGEST_WAIT)
    try:
        until = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    if until.tzinfo is None:
        until = until.replace(tzinfo=UTC)
    return min(max(until - now, timedelta()), LONGEST_WAIT)
