"""Standard Webhooks 1.0: signing what is sent, proving what comes in, with two secrets while they are changed over.

After the specification "Standard Webhooks" (spec/standard-webhooks.md), symmetric signatures only.
"""

from __future__ import annotations

import hmac
import json
from base64 import b64decode
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, TypeVar

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    Field,
    SecretStr,
    ValidationError,
    ValidationInfo,
    field_validator,
)
from standardwebhooks import Webhook

from server.delivery.answers import judged, unanswered
from server.delivery.connector import BadSignature, Outgoing, Received, Reply, Sent, Unreadable
from server.delivery.safe_client import NoAnswer, SafeClient

TOLERANCE = timedelta(minutes=5)
"""How far the sender's clock may be off, to either side; a recording of a message is worth nothing after that."""
LONGEST_ID = 200
SHORTEST_SECRET, LONGEST_SECRET = 24, 64
"""Bytes."""
SHORTEST_KEY = 16
"""Characters."""


Model = TypeVar("Model", bound=BaseModel)


def _none_or_long(value: SecretStr) -> SecretStr:
    if 0 < len(value.get_secret_value()) < SHORTEST_KEY:
        raise ValueError(f"must be empty or {SHORTEST_KEY} characters at least")
    return value


OptionalKey = Annotated[SecretStr, AfterValidator(_none_or_long)]
"""A key that proves what comes in, or none: a short one could be guessed."""


class SigningSecrets(BaseModel):
    """Of both directions. All of them sign what is sent and any of them proves what comes in."""

    secret: SecretStr = Field(description="Signing secret, whsec_ and 24 to 64 bytes in base64, the same at both ends.")
    former_secret: SecretStr = Field(
        SecretStr(""), description="The secret before this one, while the other system changes over. Empty: none."
    )

    @field_validator("secret", "former_secret")
    @classmethod
    def _is_secret(cls, value: SecretStr, info: ValidationInfo) -> SecretStr:
        text = value.get_secret_value()
        if not text and info.field_name == "former_secret":
            return value
        # An empty one would send unsigned.
        if not SHORTEST_SECRET <= len(_bytes_of(text)) <= LONGEST_SECRET:
            raise ValueError("must be whsec_ and 24 to 64 bytes in base64")
        return value

    @property
    def all(self) -> tuple[str, ...]:
        """Those that are set, the present one first."""
        both = (self.secret.get_secret_value(), self.former_secret.get_secret_value())
        return tuple(text for text in both if text)


class Message(BaseModel):
    """A Standard Webhooks body."""

    type: str = Field(min_length=1, max_length=60)
    timestamp: AwareDatetime
    data: dict[str, Any]


def encode(body: Mapping[str, Any]) -> bytes:
    """The body's bytes: `{type, timestamp, data}` as it stands in the outbox."""
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()


def headers(secrets: Sequence[str], webhook_id: str, body: bytes, now: datetime) -> dict[str, str]:
    """The headers that carry the signatures. now: aware; the library would overwrite any zone but UTC."""
    moment = now.astimezone(UTC)
    return {
        "Content-Type": "application/json; charset=utf-8",
        "webhook-id": webhook_id,
        "webhook-timestamp": str(int(moment.timestamp())),
        "webhook-signature": " ".join(Webhook(one).sign(webhook_id, moment, body.decode()) for one in secrets),
    }


async def post(
    client: SafeClient, url: str, secrets: Sequence[str], message: Outgoing, body: Mapping[str, Any], now: datetime
) -> Sent:
    """Posts the message once, under the id that stays the same. A JSON answer's `id` is the follow-up's name there."""
    raw = encode(body)
    try:
        response = await client.request("POST", url, headers=headers(secrets, message.id, raw, now), body=raw)
    except NoAnswer as error:
        return unanswered(error)
    answered: Any = None
    with suppress(ValueError, RecursionError):
        answered = response.json()
    name = answered.get("id") if isinstance(answered, dict) else None
    learned = None
    if message.type == "follow_up.ordered" and isinstance(name, str) and 0 < len(name) <= LONGEST_ID:
        learned = {"follow_up": name}
    return judged(response, now, learned=learned)


def prove(secrets: Sequence[str], raw: bytes, received: Mapping[str, str], now: datetime) -> None:
    """Checks that one of the signatures over the raw bytes is of one of the secrets, and fresh. Raises BadSignature.

    received: the headers, names in lower case or as aiohttp has them.
    """
    if not secrets or any(len(_bytes_of(one)) < SHORTEST_SECRET for one in secrets):
        # Anybody could sign with one that is empty or short, however it came to be here.
        raise BadSignature("no secret")
    webhook_id, seconds = received.get("webhook-id", ""), received.get("webhook-timestamp", "")
    if not (seconds.isascii() and seconds.isdigit() and len(seconds) <= 12):
        raise BadSignature("no timestamp")
    moment = datetime.fromtimestamp(0, UTC) + timedelta(seconds=int(seconds))
    if abs(moment - now) > TOLERANCE:
        raise BadSignature("too old or too new")
    try:
        text = raw.decode()
    except UnicodeDecodeError as error:
        raise BadSignature("not UTF-8") from error
    given = [one.encode() for one in received.get("webhook-signature", "").split(" ") if one.startswith("v1,")]
    valid = [Webhook(one).sign(webhook_id, moment, text).encode() for one in secrets]
    if not any(hmac.compare_digest(one, other) for one in given for other in valid):
        raise BadSignature("no signature holds")


def message_of(secrets: Sequence[str], request: Received, now: datetime) -> Message:
    """The proven message. Raises BadSignature, Unreadable."""
    prove(secrets, request.raw, request.headers, now)
    if not 0 < len(request.headers["webhook-id"]) <= LONGEST_ID:
        raise Unreadable("webhook-id")
    return parsed(Message, request.raw)


def kept(request: Received, message: Message) -> Reply:
    """Answers 204 once it is in the inbox under its webhook id, or was before."""
    keep = (request.headers["webhook-id"], message.type, message.model_dump(mode="json"))
    return Reply(204, keep=keep)


def parsed(model: type[Model], raw: bytes | Mapping[str, Any]) -> Model:
    """The values as this model has them. Raises Unreadable with the field at fault."""
    try:
        return model.model_validate_json(raw) if isinstance(raw, bytes) else model.model_validate(raw)
    except ValidationError as error:
        raise Unreadable(".".join(str(part) for part in error.errors()[0]["loc"]) or "body") from error


def _bytes_of(secret: str) -> bytes:
    try:
        return b64decode(secret.removeprefix("whsec_"), validate=True)
    except ValueError:
        return b""
