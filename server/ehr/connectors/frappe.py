"""Frappe HR: openings and applicants come in; an Interview with its summary and one feedback are left there.

After "REST API" and "Webhooks" of the Frappe Framework's documentation, and hrms's doctypes, versions 14 to 16.
"""

from __future__ import annotations

import hmac
import json
from base64 import b64encode
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar

from pydantic import BaseModel

from server.delivery.answers import unanswered
from server.delivery.connector import BadSignature, Outgoing, Received, Reply, Sent, Unreadable
from server.delivery.safe_client import NoAnswer, SafeClient
from server.ehr.connectors.frappe_polling import changed_applicants, changed_jobs
from server.ehr.connectors.frappe_rest import Frappe, FrappeRefused
from server.ehr.connectors.frappe_settings import FrappeSecrets, FrappeSettings
from server.ehr.connectors.frappe_writing import REPORT_TYPES, Writing
from server.records.incoming import Incoming


class FrappeConnector:
    """One site of Frappe HR."""

    kind: ClassVar[str] = "frappe"
    Settings: ClassVar[type[BaseModel]] = FrappeSettings
    Secrets: ClassVar[type[BaseModel]] = FrappeSecrets
    SUBSCRIPTIONS: ClassVar[Sequence[str]] = ("interview.started", *REPORT_TYPES)

    def __init__(self, settings: FrappeSettings, secrets: FrappeSecrets, client: SafeClient) -> None:
        self._settings, self._secrets, self._client = settings, secrets, client

    async def deliver(self, message: Outgoing, now: datetime) -> Sent:
        """Leaves in Frappe what the message tells. Nothing to do for an application that is not from there."""
        applicant = message.remote_ids.get("application")
        if applicant is None:
            return Sent()
        try:
            await Writing(self._frappe(now), self._settings, now).tell(applicant, message)
        except FrappeRefused as refused:
            return refused.sent()
        except NoAnswer as error:
            return unanswered(error)
        return Sent(status=200)

    def receive(self, request: Received, now: datetime) -> Reply:
        """A webhook is signed, and could be an old one sent again: a hint to ask. Raises BadSignature, Unreadable."""
        secret = self._secrets.webhook_secret.get_secret_value()
        right = b64encode(hmac.digest(secret.encode(), request.raw, "sha256"))
        given = request.headers.get("x-frappe-webhook-signature", "")
        if not secret or not hmac.compare_digest(right, given.encode()):
            raise BadSignature
        try:
            body = json.loads(request.raw)
        except (ValueError, RecursionError) as error:
            raise Unreadable("body") from error
        if not isinstance(body, dict):
            raise Unreadable("body")
        return Reply(200, {"status": "ok"}, poll_soon=True)

    def read(self, type_: str, body: Mapping[str, Any]) -> Sequence[Incoming]:
        """Nothing is kept of what comes in; everything is asked for."""
        raise Unreadable("type")

    async def poll(
        self, seen: Mapping[str, Any], now: datetime
    ) -> AsyncIterator[tuple[Mapping[str, Any], Sequence[Incoming]]]:
        """Openings that are not as they were, then applicants that have changed. Raises NoAnswer."""
        frappe = self._frappe(now)
        try:
            jobs, told = await changed_jobs(frappe, seen.get("jobs", {}), self._settings.interview_round)
            if jobs:
                yield {**seen, "jobs": told}, jobs
            applicants = changed_applicants(
                frappe,
                seen.get("applicants", {}),
                self._settings.statuses,
                order_interview=self._settings.order_interview,
            )
            async for place, incoming in applicants:
                yield {"jobs": told, "applicants": place}, incoming
        except FrappeRefused as refused:
            raise NoAnswer(refused.error) from refused

    def _frappe(self, now: datetime) -> Frappe:
        secrets = self._secrets
        key, secret = secrets.api_key.get_secret_value(), secrets.api_secret.get_secret_value()
        return Frappe(self._client, str(self._settings.url), key, secret, now)
