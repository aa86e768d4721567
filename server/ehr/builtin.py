"""The destination that is always there: signed reports to the settings' endpoint, or to this server's own records."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime

import aiohttp
from aiohttp import web

from server.delivery.connector import Outgoing, Sent
from server.ehr.connectors.signed import encode
from server.ehr.connectors.standard_webhooks import TIMEOUT, send
from server.keys import REPORT_ENDPOINT, SETTINGS


class Builtin:
    """Posts to one endpoint. secret: whsec_…"""

    def __init__(
        self, client: aiohttp.ClientSession, url: str, secret: str, timeout: aiohttp.ClientTimeout = TIMEOUT
    ) -> None:
        self._client = client
        self._url = url
        self._secret = secret
        self._timeout = timeout

    async def deliver(self, message: Outgoing, now: datetime) -> Sent:
        """Sends it once; a 410 ends this message only, since settings, not HR, say where reports go."""
        answer = await send(
            self._client, self._url, self._secret, message.id, encode(message.body), now, timeout=self._timeout
        )
        return Sent(answer.error, answer.status, answer.retry_after, final=answer.gone)


@asynccontextmanager
async def builtin(app: web.Application) -> AsyncIterator[Builtin]:
    """The application's own; there once the server listens."""
    url = await app[REPORT_ENDPOINT]
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as client:
        yield Builtin(client, url, app[SETTINGS].signing_secret())
