"""The systems that can be connected: one class of `connectors/` each, named by its kind."""

from __future__ import annotations

from collections.abc import Mapping

from server.delivery.connector import Connector
from server.delivery.safe_client import SafeClient
from server.ehr.connectors.assessment import Assessment
from server.ehr.connectors.checkr import Checkr
from server.ehr.connectors.email import connector_of
from server.ehr.connectors.feishu import Feishu
from server.ehr.connectors.frappe import FrappeConnector
from server.ehr.connectors.greenhouse import Greenhouse
from server.ehr.connectors.odoo import OdooConnector
from server.ehr.connectors.standard_webhooks import StandardWebhooks
from server.ehr.connectors.training import Training
from server.mail.letter import DESTINATION
from server.settings import Settings

KINDS: Mapping[str, type[Connector]] = {
    one.kind: one
    for one in (
        StandardWebhooks,
        OdooConnector,
        FrappeConnector,
        Assessment,
        Training,
        Greenhouse,
        Feishu,
        Checkr,
    )
}


def given(settings: Settings, client: SafeClient) -> Mapping[str, Connector]:
    """The connections that the settings make, by id: HR's pages change none of them."""
    return {DESTINATION: connector_of(settings, client)} if settings.mail_from else {}
