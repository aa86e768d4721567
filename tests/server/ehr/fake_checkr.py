"""Checkr: makes a candidate for every call that asks for one, invites, and signs its events with the account's key.

After "Checkr API" (docs.checkr.com): Candidates, Invitations, Webhooks, Pagination, Idempotency support, Rate limiting.
"""

from __future__ import annotations

import hmac
import json
import re
import uuid
from base64 import b64encode
from datetime import timedelta
from hashlib import sha256
from typing import Any

from aiohttp import web

from tests.server.ehr.faults import Faults

KEY = "checkr-secret-key-0123456789"
CANDIDATE_FIELDS = {
    "first_name", "middle_name", "no_middle_name", "last_name", "mother_maiden_name", "email", "phone", "zipcode",
    "dob", "ssn", "driver_license_number", "driver_license_state", "previous_driver_license_number",
    "previous_driver_license_state", "copy_requested", "custom_id", "geo_ids", "postal_address", "work_locations",
    "metadata",
}  # fmt: skip
INVITATION_FIELDS = {"candidate_id", "package", "work_locations", "node", "tags"}
CANDIDATE_FILTERS = {"custom_id", "email", "full_name", "created_after", "created_before", "page", "per_page"}
INVITATION_FILTERS = {"candidate_id", "status", "page", "per_page"}
RETRIES = tuple(timedelta(minutes=n) for n in range(1, 11)) + tuple(timedelta(hours=n) for n in range(1, 25))
"""When it sends an event again that was not answered with 2xx, after the first time."""


class FakeCheckr:
    """page_size: of its lists, when none is asked for (25 there). nodes: custom_ids; with some, an order needs one."""

    def __init__(
        self,
        key: str = KEY,
        packages: tuple[str, ...] = ("basic_plus",),
        page_size: int = 2,
        nodes: tuple[str, ...] = (),
    ) -> None:
        self.key = key
        self.faults = Faults()
        self.candidates: list[dict[str, Any]] = []
        self.invitations: list[dict[str, Any]] = []
        # (path, Idempotency-Key) → what was answered with 2xx; for 24 h, which a test ends by emptying it.
        self.answered: dict[tuple[str, str], dict[str, Any]] = {}
        self._packages = packages
        self._page_size = page_size
        self._nodes = nodes
        self.app = web.Application(middlewares=[self.faults.middleware, self._known])
        self.app.router.add_get("/v1/candidates", self._list_candidates)
        self.app.router.add_post("/v1/candidates", self._create)
        self.app.router.add_get("/v1/invitations", self._list_invitations)
        self.app.router.add_post("/v1/invitations", self._create)

    @web.middleware
    async def _known(self, request: web.Request, handler: Any) -> web.StreamResponse:
        basic = b64encode(f"{self.key}:".encode()).decode()
        if request.headers.get("Authorization") != f"Basic {basic}":
            return web.json_response({"error": "Bad authentication error"}, status=401)
        answer: web.StreamResponse = await handler(request)
        return answer

    async def _list_candidates(self, request: web.Request) -> web.Response:
        return self._page(request, self.candidates, CANDIDATE_FILTERS)

    async def _list_invitations(self, request: web.Request) -> web.Response:
        return self._page(request, self.invitations, INVITATION_FILTERS)

    def _page(self, request: web.Request, kept: list[dict[str, Any]], filters: set[str]) -> web.Response:
        asked = dict(request.query)
        page, size = int(asked.pop("page", "1")), int(asked.pop("per_page", str(self._page_size)))
        if page < 1 or not 0 <= size <= 100 or set(asked) - filters:
            return _refused("parameters")
        # Whoever works elsewhere than in the US is not listed.
        found = [
            one
            for one in kept
            if all(one.get(name) == value for name, value in asked.items())
            and all(place.get("country", "US") == "US" for place in one.get("work_locations", []))
        ]
        next_href = f"{request.url.with_query(page=page + 1, per_page=size)}" if page * size < len(found) else None
        shown = found[(page - 1) * size : page * size]
        listed = {"object": "list", "next_href": next_href, "previous_href": None, "count": len(found), "data": shown}
        return web.json_response(listed)

    async def _create(self, request: web.Request) -> web.Response:
        key = (request.path, request.headers.get("Idempotency-Key", ""))
        if key[1] and key in self.answered:
            return web.json_response(self.answered[key], status=201)
        if request.content_type != "application/json":
            return _refused("content type")
        sent = await request.json()
        made = self._candidate(sent) if request.path.endswith("/candidates") else self._invitation(sent)
        if isinstance(made, dict):
            self.answered[key] = made
            return web.json_response(made, status=201)
        return made

    def _candidate(self, sent: dict[str, Any]) -> dict[str, Any] | web.Response:
        if unknown := set(sent) - CANDIDATE_FIELDS:
            return _refused(*sorted(unknown))
        email = sent.get("email", "")
        if "@" not in email or len(email) > 255:
            return _refused("Email is not a valid email address")
        if not re.fullmatch(r"\d{10}", sent.get("phone", "5555555555")):
            return _refused("Phone is invalid")
        if "work_locations" in sent and not _are_places(sent["work_locations"]):
            return _refused("work_locations")
        self.candidates.append({"id": uuid.uuid4().hex[:24], "object": "candidate", **sent})
        return self.candidates[-1]

    def _invitation(self, sent: dict[str, Any]) -> dict[str, Any] | web.Response:
        if set(sent) - INVITATION_FIELDS or not _are_places(sent.get("work_locations")):
            return _refused("work_locations")
        if (sent.get("node") not in self._nodes) if self._nodes else ("node" in sent):
            return _refused("node")
        if sent.get("package") not in self._packages:
            return web.json_response({"error": "Package not found"}, status=404)
        of = [one for one in self.candidates if one["id"] == sent.get("candidate_id")]
        if not of:
            return web.json_response({"error": "Candidate not found"}, status=404)
        abroad = any(place.get("country", "US") != "US" for place in sent["work_locations"])
        if abroad and "work_locations" not in of[0]:
            return _refused("work_locations of the candidate")
        made = {"id": uuid.uuid4().hex[:24], "object": "invitation", "status": "pending", "report_id": None, **sent}
        self.invitations.append(made)
        return made

    def event(
        self, type_: str, about: dict[str, Any], event_id: str = "evt-1", *, include_object: bool = True
    ) -> tuple[dict[str, str], bytes]:
        """Headers and body of a webhook; repeated ones are the same to the byte. include_object: as it is set there."""
        kind = type_.partition(".")[0]
        where = {"uri": f"/v1/{kind}s/{about.get('id')}"}
        short = {"id": about.get("id"), "object": kind, **where}
        whole = {
            "id": event_id,
            "object": "event",
            "type": type_,
            "created_at": "2026-03-02T09:00:00Z",
            "webhook_url": "https://interviews.example.org/ehr/in/checkr/",
            "data": {"object": {**where, **about} if include_object else short},
            "account_id": "8e122cc56b8fa82d33c6118a",
        }
        raw = json.dumps(whole, separators=(",", ":")).encode()
        signature = hmac.new(self.key.encode(), raw, sha256).hexdigest()
        return {"X-Checkr-Signature": signature, "User-Agent": "Checkr-Webhook/1.0"}, raw

    def report(self, result: str | None, candidate_id: str | None = None) -> dict[str, Any]:
        """A report of the last candidate, or of this one."""
        return {
            "id": "4722c07dd9a10c3985ae432a",
            "object": "report",
            "status": "complete",
            "result": result,
            "candidate_id": candidate_id or self.candidates[-1]["id"],
            "package": "basic_plus",
            "completed_at": "2026-03-02T09:00:00Z",
            "includes_canceled": False,
            "assessment": None,
            "adjudication": None,
        }


def _are_places(places: Any) -> bool:
    """Country and state of two letters; the state is needed in the US, which is meant where no country is named."""
    if not isinstance(places, list) or not places or not all(isinstance(one, dict) for one in places):
        return False
    return all(
        set(one) <= {"country", "state", "city"}
        and re.fullmatch("[A-Z]{2}", one.get("country", "US"))
        and (one.get("country", "US") != "US" or re.fullmatch("[A-Z]{2}", one.get("state", "")))
        for one in places
    )


def _refused(*errors: str) -> web.Response:
    return web.json_response({"error": list(errors)}, status=400)
