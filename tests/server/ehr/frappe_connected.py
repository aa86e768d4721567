"""A fake Frappe HR behind a line that can be cut, and the connector that reaches it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import aiohttp
from aiohttp.test_utils import TestServer

from server.delivery.safe_client import SafeClient
from server.ehr.connectors.frappe import FrappeConnector
from server.ehr.connectors.frappe_settings import FrappeSecrets, FrappeSettings
from tests.server.ehr.fake_frappe import FakeFrappe
from tests.server.ehr.faulty_line import FaultyLine
from tests.server.ehr.reports import NAMES

NOW = datetime.now(UTC)
US, ROUND, SECRET = "ai@example.com", "AI interview", "the-webhook-secret"


@dataclass
class ConnectedFrappe:
    """site: Frappe itself. line: what the connector reaches it by."""

    site: FakeFrappe
    line: FaultyLine
    url: str
    client: SafeClient

    def connector(self, **settings: Any) -> FrappeConnector:
        """A new one, as after a restart."""
        given = {"url": self.url, "interview_round": ROUND, "interviewer": US, **settings}
        secrets = {"api_key": "k", "api_secret": given.pop("api_secret", "s"), "webhook_secret": SECRET}
        return FrappeConnector(FrappeSettings.model_validate(given), FrappeSecrets.model_validate(secrets), self.client)

    def applicant(self, name: str, **values: Any) -> str:
        """Somebody who applies for the opening."""
        given = {"applicant_name": "Ada Lovelace", "email_id": f"{name.lower()}@example.com", "status": "Open"}
        about = {"job_title": "OPN-1", "designation": "Agent"}
        self.site.make("Job Applicant", name, **{**given, **about, **values})
        return name


@asynccontextmanager
async def connected_frappe(rounds: str) -> AsyncIterator[ConnectedFrappe]:
    """A site that calls its rounds so, with an opening and a round that asks for two competencies."""
    site = FakeFrappe("k:s", rounds)
    for user in (US, "rita@example.com"):
        site.make("User", user)
    site.make("Designation", "Agent")
    site.make("Designation", "Driver")
    skills = [*NAMES[:2], "Juggling"]
    for skill in skills:
        site.make("Skill", skill)
    asked = [{"skill": skill, "description": "Says sorry\nOffers a solution"} for skill in skills]
    site.make(site.rounds, ROUND, designation="Agent", expected_average_rating=0.8, expected_skill_set=asked)
    site.make("Job Opening", "OPN-1", job_title="Agent", designation="Agent", department="Service", status="Open")
    async with aiohttp.ClientSession() as client, TestServer(site.app()) as running:
        line = FaultyLine(client, str(running.make_url("")).rstrip("/"))
        async with TestServer(line.app()) as before, SafeClient(inside=["127.0.0.0/8"]) as safe:
            yield ConnectedFrappe(site, line, str(before.make_url("")).rstrip("/"), safe)


def left(site: FakeFrappe, applicant: str) -> tuple[dict[str, Any], Sequence[dict[str, Any]]]:
    """The one Interview and its feedbacks that stand."""
    [interview] = site.docs("Interview", job_applicant=applicant)
    return interview, site.docs("Interview Feedback", interview=interview["name"], docstatus=1)
