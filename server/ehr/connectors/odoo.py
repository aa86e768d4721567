"""Odoo 19: jobs with their skills and applicants come in; report, note, skills and stage are left there, each once."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar

from pydantic import BaseModel

from server.delivery.answers import unanswered
from server.delivery.connector import Outgoing, Received, Reply, Sent, Unreadable
from server.delivery.safe_client import NoAnswer, SafeClient
from server.ehr.connectors.odoo_json2 import Odoo, OdooRefused
from server.ehr.connectors.odoo_polling import changed_applicants, changed_jobs
from server.ehr.connectors.odoo_settings import OdooSecrets, OdooSettings
from server.ehr.connectors.odoo_writing import REPORT_TYPES, Writing
from server.records.incoming import Incoming


class OdooConnector:
    """One database of one Odoo."""

    kind: ClassVar[str] = "odoo"
    Settings: ClassVar[type[BaseModel]] = OdooSettings
    Secrets: ClassVar[type[BaseModel]] = OdooSecrets
    SUBSCRIPTIONS: ClassVar[Sequence[str]] = (
        "interview.invited",
        "interview.started",
        "interview.finished",
        *REPORT_TYPES,
        "application.step_changed",
    )

    def __init__(self, settings: OdooSettings, secrets: OdooSecrets, client: SafeClient) -> None:
        self._settings = settings
        self._odoo = Odoo(client, str(settings.url), settings.database, secrets.api_key.get_secret_value())

    async def deliver(self, message: Outgoing, now: datetime) -> Sent:
        """Leaves at the applicant what the message tells. Nothing to do for an application that is not from there."""
        applicant_id = message.remote_ids.get("application", "")
        if not applicant_id.isdecimal():
            return Sent()
        try:
            await Writing(self._odoo, self._settings).tell(int(applicant_id), message)
        except OdooRefused as refused:
            return refused.sent(now)
        except NoAnswer as error:
            return unanswered(error)
        return Sent(status=200)

    def receive(self, request: Received, now: datetime) -> Reply:
        """Odoo's webhooks are not signed and never sent again: a hint to ask, whoever it came from."""
        try:
            given = json.loads(request.raw)
        except (ValueError, RecursionError) as error:
            raise Unreadable("body") from error
        if not isinstance(given, dict) or not isinstance(given.get("_model"), str):
            raise Unreadable("_model")
        return Reply(200, {"status": "ok"}, poll_soon=True)

    def read(self, type_: str, body: Mapping[str, Any]) -> Sequence[Incoming]:
        """Nothing is kept of what comes in; everything is asked for."""
        raise Unreadable("type")

    async def poll(
        self, seen: Mapping[str, Any], now: datetime
    ) -> AsyncIterator[tuple[Mapping[str, Any], Sequence[Incoming]]]:
        """Jobs that are not as they were, then applicants that have changed. Raises NoAnswer."""
        try:
            jobs, told = await changed_jobs(self._odoo, seen.get("jobs", {}), now)
            if jobs:
                yield {**seen, "jobs": told}, jobs
            applicants = changed_applicants(
                self._odoo,
                seen.get("applicants", {}),
                self._settings.stages,
                order_interview=self._settings.order_interview,
            )
            async for place, incoming in applicants:
                yield {"jobs": told, "applicants": place}, incoming
        except OdooRefused as refused:
            raise NoAnswer(refused.error) from refused
