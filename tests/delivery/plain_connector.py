"""A connector as small as one can be: JSON over HTTP under the message's id, a token, and a list of news."""

from __future__ import annotations

import hmac
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, ClassVar

from pydantic import BaseModel, Field, SecretStr

from server.delivery.answers import judged, unanswered
from server.delivery.connector import BadSignature, LookUp, Outgoing, Received, Reply, Sent, Unreadable
from server.delivery.safe_client import NoAnswer, SafeClient
from server.records.incoming import CandidateSeen, Incoming


class PlainSettings(BaseModel):
    url: str = Field(min_length=1, description="Address of the system.")


class PlainSecrets(BaseModel):
    token: SecretStr = Field(min_length=8, description="Sent and expected.")


class Plain:
    kind: ClassVar[str] = "plain"
    Settings: ClassVar[type[BaseModel]] = PlainSettings
    Secrets: ClassVar[type[BaseModel]] = PlainSecrets
    SUBSCRIPTIONS: ClassVar[Sequence[str]] = ("interview.started", "report.ready", "report.updated")

    def __init__(self, settings: BaseModel, secrets: BaseModel, client: SafeClient) -> None:
        assert isinstance(settings, PlainSettings)
        assert isinstance(secrets, PlainSecrets)
        self.url = settings.url
        self._token = secrets.token.get_secret_value()
        self._client = client

    async def deliver(self, message: Outgoing, now: datetime) -> Sent:
        headers = {
            "webhook-id": message.id,
            "token": self._token,
            **{f"id-{k}": v for k, v in message.remote_ids.items()},
        }
        try:
            response = await self._client.request(
                "POST", self.url, json=dict(message.body), headers=headers, timeout_s=0.5
            )
        except NoAnswer as error:
            return unanswered(error)
        learned = json.loads(response.body).get("learned") if response.body else None
        return replace(judged(response, now), learned=learned)

    def receive(self, request: Received, now: datetime) -> Reply | LookUp:
        if not hmac.compare_digest(request.headers.get("token", ""), self._token):
            raise BadSignature("token")
        match request.path:
            case "hint":
                return Reply(202, poll_soon=True)
            case "ask":
                return LookUp() if request.known is None else Reply(200, {"flows": sorted(request.known.flows)})
        try:
            body = json.loads(request.raw)
            keep = (body["id"], "candidate", body)
        except (ValueError, KeyError, TypeError) as error:
            raise Unreadable("id") from error
        return Reply(200, {"kept": body["id"]}, keep=keep, send=("plain.thanks", {"for": body["id"]}))

    def read(self, type_: str, body: Mapping[str, Any]) -> Sequence[Incoming]:
        if "name" not in body:
            raise Unreadable("name")
        return [CandidateSeen(body["id"], body["name"])]

    async def poll(
        self, seen: Mapping[str, Any], now: datetime
    ) -> AsyncIterator[tuple[Mapping[str, Any], Sequence[Incoming]]]:
        since = seen.get("since", 0)
        while True:
            response = await self._client.request(
                "GET", f"{self.url}/news", params={"since": str(since)}, timeout_s=0.5
            )
            names = response.json()
            if not names:
                return
            since += len(names)
            yield {"since": since}, [CandidateSeen(name, name) for name in names]
