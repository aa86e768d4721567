"""A system at the other end of signed webhooks, as strict as one may be: knows each message once, by its webhook id."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from aiohttp import web
from standardwebhooks import Webhook, WebhookVerificationError

from tests.server.ehr.faults import Faults

SECRET = "whsec_" + "c2VjcmV0LWZvci10aGUtdGVzdHMtb25seS0hIQ=="
FORMER = "whsec_" + "YW5vdGhlci1zZWNyZXQtZm9yLXRoZS10ZXN0cyE="


TOLERANCE_S = 300


class FakeProvider:
    """fields: those that `data` must have, no less and no more; None: any. name: what it calls the order.

    now: its clock; None: it takes a message of any time.
    """

    def __init__(self, secret: str = SECRET, *, fields: set[str] | None = None, name: str = "") -> None:
        self.secret = secret
        self.faults = Faults()
        self.now: datetime | None = None
        # webhook id → body, each applied once.
        self.applied: dict[str, dict[str, Any]] = {}
        self._fields = fields
        self._name = name
        self.app = web.Application(middlewares=[self.faults.middleware], client_max_size=8 << 20)
        self.app.router.add_post("/webhooks", self._take)

    async def _take(self, request: web.Request) -> web.Response:
        raw = await request.read()
        try:
            # Its clock is not the test's: the library checks only the signature here.
            webhook_id, seconds = request.headers["webhook-id"], int(request.headers["webhook-timestamp"])
            expected = Webhook(self.secret).sign(webhook_id, datetime.fromtimestamp(seconds, UTC), raw.decode())
        except (KeyError, ValueError, WebhookVerificationError):
            return web.json_response({"error": "unsigned"}, status=401)
        if self.now is not None and abs(self.now.timestamp() - seconds) > TOLERANCE_S:
            return web.json_response({"error": "too old or too new"}, status=401)
        if expected not in request.headers["webhook-signature"].split(" "):
            return web.json_response({"error": "signature"}, status=401)
        if request.content_type != "application/json":
            return web.json_response({"error": "content type"}, status=415)
        body = json.loads(raw)
        if set(body) != {"type", "timestamp", "data"} or (self._fields and set(body["data"]) != self._fields):
            return web.json_response({"error": "fields"}, status=422)
        self.applied.setdefault(webhook_id, body)
        return web.json_response({"id": self._name} if self._name else {}, status=201)

    def tell(
        self, type_: str, data: Mapping[str, Any], now: datetime, *, webhook_id: str = "msg_in_1"
    ) -> tuple[dict[str, str], bytes]:
        """Headers and body of a message of its own; repeated ones carry the same id and a new time."""
        raw = json.dumps({"type": type_, "timestamp": now.isoformat(), "data": data}, ensure_ascii=False).encode()
        signature = Webhook(self.secret).sign(webhook_id, now, raw.decode())
        stamp = str(int(now.timestamp()))
        return {"webhook-id": webhook_id, "webhook-timestamp": stamp, "webhook-signature": signature}, raw
