"""Sends one message as a signed webhook and verifies received ones, as Standard Webhooks 1.0 has it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from io import BytesIO
from typing import Any

import aiohttp
from standardwebhooks import Webhook, WebhookVerificationError

TIMEOUT = aiohttp.ClientTimeout(total=20)

LONGEST_WAIT = timedelta(hours=24)
"""The longest Retry-After that is honoured."""


class BadSignature(Exception):
    """A received message is not what its sender signed, or is too old or too new. Changes nothing."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of one sending.

    status: of the HTTP response; None when none came. retry_after: as the receiver asked, else None.
    error: for HR's delivery log, empty on success; never a part of a response's body.
    """

    status: int | None
    retry_after: timedelta | None
    error: str

    @property
    def delivered(self) -> bool:
        """Only 2xx is success; a redirect is not followed and not believed."""
        return self.status is not None and 200 <= self.status < 300

    @property
    def gone(self) -> bool:
        """The receiver wants no more messages (410)."""
        return self.status == 410


def encode(body: Mapping[str, Any]) -> bytes:
    """The body's bytes: `{type, timestamp, data}` as it stands in the outbox."""
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()


def headers(secret: str, webhook_id: str, body: bytes, now: datetime) -> dict[str, str]:
    """The headers that carry the signature. now: aware; the library would overwrite any zone but UTC."""
    moment = now.astimezone(UTC)
    return {
        "Content-Type": "application/json; charset=utf-8",
        "webhook-id": webhook_id,
        "webhook-timestamp": str(int(moment.timestamp())),
        "webhook-signature": Webhook(secret).sign(webhook_id, moment, body.decode()),
    }


async def send(
    client: aiohttp.ClientSession,
    url: str,
    secret: str,
    webhook_id: str,
    body: bytes,
    now: datetime,
    *,
    timeout: aiohttp.ClientTimeout = TIMEOUT,
) -> Answer:
    """Posts the body once. Raises nothing for what the receiver or the network does: it is in the answer."""
    try:
        async with client.post(
            url,
            data=BytesIO(body),
            headers=headers(secret, webhook_id, body, now),
            allow_redirects=False,
            timeout=timeout,
        ) as response:
            wait = retry_after(response.headers.get("Retry-After", ""), now)
            return Answer(response.status, wait, "" if 200 <= response.status < 300 else f"HTTP {response.status}")
    except TimeoutError:
        return Answer(None, None, "timeout")
    except (aiohttp.ClientError, OSError) as error:
        return Answer(None, None, type(error).__name__)


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


def verify(secret: str, raw: bytes, received: Mapping[str, str]) -> None:
    """Checks the signature over the raw bytes and that the timestamp is within 5 minutes. Raises BadSignature."""
    try:
        Webhook(secret).verify(raw, dict(received), json_parse=False)
    except (WebhookVerificationError, ValueError) as error:
        # ValueError: a header that is not base64, lacks its comma, or a body that is not UTF-8.
        raise BadSignature(str(error)) from error
