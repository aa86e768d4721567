"""An Odoo with stages of its own, fake or real, behind a line that tests cut; and connectors for it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp
import pytest
from aiohttp.test_utils import TestServer

from server.delivery.safe_client import SafeClient
from server.ehr.connectors.odoo import OdooConnector
from server.ehr.connectors.odoo_settings import OdooSecrets, OdooSettings
from tests.server.ehr.fake_odoo import FakeOdoo
from tests.server.ehr.faulty_line import FaultyLine
from tests.server.ehr.odoo_house import OdooHouse

KEY = "the-key"


@dataclass
class Connected:
    """house: Odoo itself. line: what the connector reaches it by. stages: New, AI interview, Interviewed, Offer."""

    house: OdooHouse
    line: FaultyLine
    url: str
    client: SafeClient
    stages: Sequence[str]

    def connector(self, **settings: Any) -> OdooConnector:
        """A new one, as after a restart."""
        given = self.settings(**settings)
        secrets = OdooSecrets.model_validate({"api_key": given.pop("api_key", self.house.key)})
        return OdooConnector(OdooSettings.model_validate(given), secrets, self.client)

    def settings(self, **settings: Any) -> dict[str, Any]:
        """As HR fills them in: a stage for those whose report is there, and one for an offer."""
        return {
            "url": self.url,
            "database": self.house.database,
            "stages": self.stages[1],
            "report_stage": self.stages[2],
            "offer_stage": self.stages[3],
            # It takes seconds, and one test is about it.
            "attaches_pdf": False,
            **settings,
        }

    async def interviewed(self, skills: Mapping[str, str]) -> int:
        """An applicant for a job with these skills, in the stage of the interview."""
        applicant = await self.house.applicant(await self.house.job(skills))
        await self.house.move(applicant, self.stages[1])
        return applicant


@asynccontextmanager
async def connected_odoo(config: pytest.Config, kind: str) -> AsyncIterator[Connected]:
    """kind: "fake", or "real": the one that pytest was told of; skips the test without one."""
    url = config.getoption("--odoo")
    if kind == "real" and not url:
        pytest.skip("no real Odoo: scripts/test --odoo URL --odoo-database NAME --odoo-key KEY")
    async with aiohttp.ClientSession() as client:
        if kind == "real":
            name, key = (config.getoption(f"--odoo-{what}") for what in ("database", "key"))
            async with _behind_a_line(OdooHouse(client, url.rstrip("/"), name, key)) as connected:
                yield connected
            return
        async with TestServer(FakeOdoo("fake", KEY).app()) as running:
            house = OdooHouse(client, str(running.make_url("")).rstrip("/"), "fake", KEY)
            async with _behind_a_line(house) as connected:
                yield connected


@asynccontextmanager
async def _behind_a_line(house: OdooHouse) -> AsyncIterator[Connected]:
    line = FaultyLine(house.client, house.url)
    names = ("New", "AI interview", "Interviewed", "Offer")
    stages = [await house.stage(name, place) for place, name in enumerate(names, start=100)]
    async with TestServer(line.app()) as running, SafeClient(inside=["127.0.0.0/8"]) as client:
        yield Connected(house, line, str(running.make_url("")).rstrip("/"), client, stages)
