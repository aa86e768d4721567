"""An assessment provider over webhooks: is told who is to be assessed, and tells how it went.

It gets what it needs to invite the candidate, and nothing of the interview. The order is repeated under the same
webhook id until it is taken; the result is a signed `follow_up.updated`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar

from pydantic import BaseModel, Field, HttpUrl

from server.delivery.connector import LookUp, Outgoing, Received, Reply, Sent
from server.delivery.safe_client import SafeClient
from server.ehr.connectors import unasked
from server.ehr.connectors.generic_messages import FOLLOW_UP_UPDATED, meant
from server.ehr.connectors.signed import SigningSecrets, kept, message_of, post
from server.records.incoming import Incoming

KIND = "assessment"


class AssessmentSettings(BaseModel):
    """Where the provider is, and what it is asked for."""

    url: HttpUrl = Field(description="Address that orders are posted to.")
    test: str = Field("", max_length=200, description="The provider's name of the test. Empty: it has only one.")


class Assessment:
    """Orders assessments and takes their results."""

    kind: ClassVar[str] = "assessment"
    Settings: ClassVar[type[BaseModel]] = AssessmentSettings
    Secrets: ClassVar[type[BaseModel]] = SigningSecrets
    SUBSCRIPTIONS: ClassVar[Sequence[str]] = ("follow_up.ordered",)

    def __init__(self, settings: AssessmentSettings, secrets: SigningSecrets, client: SafeClient) -> None:
        self._url = str(settings.url)
        self._test = settings.test
        self._secrets = secrets.all
        self._client = client

    async def deliver(self, message: Outgoing, now: datetime) -> Sent:
        """Orders one assessment; what it does not do is a dead letter, so that HR sees it."""
        data = message.body["data"]
        if message.type != "follow_up.ordered":
            return Sent()
        if data["kind"] != KIND:
            return Sent(error=f"does no {data['kind']}", final=True)
        order = {
            "follow_up_id": data["follow_up_id"],
            "kind": KIND,
            "test": self._test,
            "candidate": data["candidate"],
            "job": data["job"],
        }
        return await post(self._client, self._url, self._secrets, message, {**message.body, "data": order}, now)

    def receive(self, request: Received, now: datetime) -> Reply | LookUp:
        """Keeps signed results; what else it tells is taken and left."""
        message = message_of(self._secrets, request, now)
        if message.type != FOLLOW_UP_UPDATED:
            return Reply(204)
        meant(message.model_dump(mode="json"))
        return kept(request, message)

    def read(self, type_: str, body: Mapping[str, Any]) -> Sequence[Incoming]:
        """A result."""
        return meant(body)

    poll = unasked.poll
