"""Any system that speaks Standard Webhooks 1.0: gets all there is to tell, and tells candidates, jobs and results."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import Any, ClassVar

import aiohttp
from pydantic import BaseModel, Field, HttpUrl
from standardwebhooks import Webhook, WebhookVerificationError

from server.delivery.answers import retry_after
from server.delivery.connector import BadSignature, LookUp, Outgoing, Received, Reply, Sent
from server.delivery.safe_client import SafeClient
from server.ehr.connectors import unasked
from server.ehr.connectors.generic_messages import meant
from server.ehr.connectors.signed import TOLERANCE, SigningSecrets, kept, message_of, post
from server.records.incoming import Incoming

TIMEOUT = aiohttp.ClientTimeout(total=20)


SIGNATURE = re.compile(r"v1,[A-Za-z0-9+/]{43}=")
"""The base64 of an HMAC-SHA256."""


class WebhookSettings(BaseModel):
    """Where the system is."""

    url: HttpUrl = Field(description="Address that messages are posted to.")


class StandardWebhooks:
    """Both ways, each message under its webhook id, which is the receiver's idempotency key."""

    kind: ClassVar[str] = "standard_webhooks"
    Settings: ClassVar[type[BaseModel]] = WebhookSettings
    Secrets: ClassVar[type[BaseModel]] = SigningSecrets
    SUBSCRIPTIONS: ClassVar[Sequence[str]] = (
        "interview.invited",
        "interview.arranged",
        "interview.started",
        "interview.question_answered",
        "interview.finished",
        "report.ready",
        "report.updated",
        "application.step_changed",
        "follow_up.ordered",
        "candidate.erased",
    )

    def __init__(self, settings: WebhookSettings, secrets: SigningSecrets, client: SafeClient) -> None:
        self._url = str(settings.url)
        self._secrets = secrets.all
        self._client = client

    async def deliver(self, message: Outgoing, now: datetime) -> Sent:
        """Posts it once, with what the system itself calls whom and what it is about: our ids it need not know."""
        body = message.body
        if message.remote_ids:
            body = {**body, "data": {**body["data"], "remote_ids": dict(message.remote_ids)}}
        return await post(self._client, self._url, self._secrets, message, body, now)

    def receive(self, request: Received, now: datetime) -> Reply | LookUp:
        """Keeps a signed message that can be read; what is no message of this server's is taken and left."""
        message = message_of(self._secrets, request, now)
        return kept(request, message) if meant(message.model_dump(mode="json")) else Reply(204)

    def read(self, type_: str, body: Mapping[str, Any]) -> Sequence[Incoming]:
        """What it means."""
        return meant(body)

    poll = unasked.poll


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


def check_headers(received: Mapping[str, str], now: datetime) -> None:
    """What can be checked without the body: an id, a timestamp within 5 minutes, a signature's form. Raises
    BadSignature."""
    stamp, signatures = received.get("webhook-timestamp", ""), received.get("webhook-signature", "").split()
    is_number = stamp.isascii() and stamp.isdigit() and len(stamp) <= 12
    if not received.get("webhook-id") or not is_number or abs(now.timestamp() - int(stamp)) > TOLERANCE.total_seconds():
        raise BadSignature("its id or timestamp")
    if not any(SIGNATURE.fullmatch(one) for one in signatures):
        raise BadSignature("its signature's form")


def verify(secret: str, raw: bytes, received: Mapping[str, str]) -> None:
    """Checks the signature over the raw bytes and that the timestamp is within 5 minutes. Raises BadSignature."""
    try:
        Webhook(secret).verify(raw, dict(received), json_parse=False)
    except (WebhookVerificationError, ValueError) as error:
        # ValueError: a header that is not base64, lacks its comma, or a body that is not UTF-8.
        raise BadSignature(str(error)) from error
