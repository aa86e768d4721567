"""A training system over webhooks: gets a plan made of an interview's result, and tells how the training goes.

The plan names competencies in which there is something to gain, weakest first. It holds no answer and no total: who
trains somebody needs to know what to train.
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

KIND = "training"


class TrainingSettings(BaseModel):
    """Where the system is, and what belongs into a plan."""

    url: HttpUrl = Field(description="Address that plans are posted to.")
    below: float = Field(8.0, ge=0, le=10, description="Competencies with fewer points than this (0-10) are trained.")


class Training:
    """Sends training plans and takes how they go."""

    kind: ClassVar[str] = "training"
    Settings: ClassVar[type[BaseModel]] = TrainingSettings
    Secrets: ClassVar[type[BaseModel]] = SigningSecrets
    SUBSCRIPTIONS: ClassVar[Sequence[str]] = ("follow_up.ordered",)

    def __init__(self, settings: TrainingSettings, secrets: SigningSecrets, client: SafeClient) -> None:
        self._url = str(settings.url)
        self._below = settings.below
        self._secrets = secrets.all
        self._client = client

    async def deliver(self, message: Outgoing, now: datetime) -> Sent:
        """Sends one plan; what it does not do is a dead letter, so that HR sees it."""
        data = message.body["data"]
        if message.type != "follow_up.ordered":
            return Sent()
        if data["kind"] != KIND:
            return Sent(error=f"does no {data['kind']}", final=True)
        order = {
            "follow_up_id": data["follow_up_id"],
            "kind": KIND,
            "candidate": data["candidate"],
            "job": data["job"],
            "plan": plan(data["report"].get("competencies", ()), self._below),
        }
        return await post(self._client, self._url, self._secrets, message, {**message.body, "data": order}, now)

    def receive(self, request: Received, now: datetime) -> Reply | LookUp:
        """Keeps signed news of a training; what else it tells is taken and left."""
        message = message_of(self._secrets, request, now)
        if message.type != FOLLOW_UP_UPDATED:
            return Reply(204)
        meant(message.model_dump(mode="json"))
        return kept(request, message)

    def read(self, type_: str, body: Mapping[str, Any]) -> Sequence[Incoming]:
        """How a training goes."""
        return meant(body)

    poll = unasked.poll


def plan(competencies: Sequence[Mapping[str, Any]], below: float) -> list[dict[str, Any]]:
    """What to train, weakest first; in the end what the interview did not show, which is not the same as weak.

    competencies: {"id", "name", "points": 0-10 or None}. Gives {"competency", "name", "points", "because"}, because:
    "below" or "not_shown".
    """
    weak = sorted((one for one in competencies if one["points"] is not None and one["points"] < below), key=_points)
    unseen = [one for one in competencies if one["points"] is None]
    return [
        {"competency": one["id"], "name": one["name"], "points": one["points"], "because": because}
        for because, some in (("below", weak), ("not_shown", unseen))
        for one in some
    ]


def _points(one: Mapping[str, Any]) -> float:
    return float(one["points"])
