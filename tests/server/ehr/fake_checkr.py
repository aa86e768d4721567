"""Checkr: makes a candidate for every call that asks for one, invites, and signs its events with the account's key."""

from __future__ import annotations

import hmac
import json
import uuid
from base64 import b64encode
from hashlib import sha256
from typing import Any

from aiohttp import web

from tests.server.ehr.faults import Faults

KEY = "checkr-secret-key-0123456789"
CANDIDATE_FIELDS = {
    "first_name", "middle_name", "no_middle_name", "last_name", "email", "phone", "zipcode", "dob", "ssn",
    "driver_license_number", "driver_license_state", "copy_requested", "custom_id", "work_locations", "metadata",
}  # fmt: skip
INVITATION_FIELDS = {"candidate_id", "package", "work_locations", "node", "tags", "communication_types"}


class FakeCheckr:
    """page_size: of its lists. It knows no idempotency key."""

    def __init__(self, key: str = KEY, packages: tuple[str, ...] = ("basic_plus",), page_size: int = 2) -> None:
        self.key = key
        self.faults = Faults()
        self.candidates: list[dict[str, Any]] = []
        self.invitations: list[dict[str, Any]] = []
        self._packages = packages
        self._page_size = page_size
        self.app = web.Application(middlewares=[self.faults.middleware, self._known])
        self.app.router.add_get("/v1/candidates", self._list_candidates)
        self.app.router.add_post("/v1/candidates", self._create_candidate)
        self.app.router.add_get("/v1/invitations", self._list_invitations)
        self.app.router.add_post("/v1/invitations", self._create_invitation)

    @web.middleware
    async def _known(self, request: web.Request, handler: Any) -> web.StreamResponse:
        basic = b64encode(f"{self.key}:".encode()).decode()
        if request.headers.get("Authorization") != f"Basic {basic}":
            return web.json_response({"error": "Bad authentication error"}, status=401)
        answer: web.StreamResponse = await handler(request)
        return answer

    async def _list_candidates(self, request: web.Request) -> web.Response:
        return self._page(request, [one for one in self.candidates if one["email"] == request.query["email"]])

    async def _list_invitations(self, request: web.Request) -> web.Response:
        of = request.query["candidate_id"]
        return self._page(request, [one for one in self.invitations if one["candidate_id"] == of])

    def _page(self, request: web.Request, found: list[dict[str, Any]]) -> web.Response:
        page = int(request.query.get("page", "1"))
        start, end = (page - 1) * self._page_size, page * self._page_size
        next_href = f"{request.path}?page={page + 1}" if end < len(found) else None
        listed = {"object": "list", "next_href": next_href, "count": len(found), "data": found[start:end]}
        return web.json_response(listed)

    async def _create_candidate(self, request: web.Request) -> web.Response:
        sent = await request.json()
        if unknown := set(sent) - CANDIDATE_FIELDS:
            return web.json_response({"error": sorted(unknown)}, status=400)
        if "@" not in sent.get("email", ""):
            return web.json_response({"error": ["email is invalid"]}, status=400)
        self.candidates.append({"id": uuid.uuid4().hex[:24], "object": "candidate", **sent})
        return web.json_response(self.candidates[-1], status=201)

    async def _create_invitation(self, request: web.Request) -> web.Response:
        sent = await request.json()
        if set(sent) - INVITATION_FIELDS or not sent.get("work_locations"):
            return web.json_response({"error": ["work_locations"]}, status=400)
        if sent["package"] not in self._packages:
            return web.json_response({"error": "Package not found"}, status=404)
        if sent["candidate_id"] not in {one["id"] for one in self.candidates}:
            return web.json_response({"error": "Candidate not found"}, status=404)
        made = {"id": uuid.uuid4().hex[:24], "object": "invitation", "status": "pending", **sent}
        self.invitations.append(made)
        return web.json_response(made, status=201)

    def event(self, type_: str, about: dict[str, Any], event_id: str = "evt-1") -> tuple[dict[str, str], bytes]:
        """Headers and body of a webhook; repeated ones are the same to the byte."""
        whole = {
            "id": event_id,
            "object": "event",
            "type": type_,
            "created_at": "2026-03-02T09:00:00Z",
            "webhook_url": "https://interviews.example.org/ehr/in/checkr/",
            "data": {"object": about},
        }
        raw = json.dumps(whole).encode()
        return {"X-Checkr-Signature": hmac.new(self.key.encode(), raw, sha256).hexdigest()}, raw

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
        }
